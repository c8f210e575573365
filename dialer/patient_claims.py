"""Claims that wait for a database without keeping anybody else waiting."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from dialer.claiming import Claim, ClaimedCall, ClaimError, ClaimRequest, claim
from dialer.storage.engine import Database
from dialer.storage.faults import DATABASE_ERRORS

log = structlog.get_logger(__name__)

# SQLite waits ten seconds for another program's lock; that it waits is said sooner.
_SAY_SO_AFTER_SECONDS = 2.0


class PatientClaims:
    """Claims of one runner.

    `waiting` is called when the database keeps a claim waiting. A claim is never broken off:
    one that comes in after `end` is handed to `give_back`, call by call.
    """

    def __init__(
        self,
        database: Database,
        *,
        give_back: Callable[[ClaimedCall], None],
        waiting: Callable[[], None],
    ) -> None:
        self._database = database
        self._give_back = give_back
        self._waiting = waiting
        self._ended = asyncio.Event()
        self._late: set[asyncio.Task[Claim]] = set()

    async def take(self, request: ClaimRequest, count: int, now: datetime) -> Claim:
        """As `dialer.claiming.claim`; nothing when it was ended meanwhile."""
        claiming = asyncio.create_task(claim(self._database, request, count, now))
        ended = asyncio.create_task(self._ended.wait())
        try:
            for patience in (_SAY_SO_AFTER_SECONDS, None):
                await asyncio.wait(
                    {claiming, ended}, timeout=patience, return_when=asyncio.FIRST_COMPLETED
                )
                if not claiming.done() and not ended.done():
                    self._waiting()
        finally:
            ended.cancel()
            if not claiming.done() or self._ended.is_set():
                self._late.add(claiming)
                claiming.add_done_callback(self._never_dialled)
        return Claim(()) if claiming in self._late else claiming.result()

    def end(self) -> None:
        """`take` returns soon, with nothing."""
        self._ended.set()

    def _never_dialled(self, claiming: asyncio.Task[Claim]) -> None:
        self._late.discard(claiming)
        if claiming.cancelled():
            return
        error = claiming.exception()
        if isinstance(error, (*DATABASE_ERRORS, ClaimError)):
            log.info("a claim came to nothing after its runner had ended", error=str(error))
        elif error is not None:
            raise error
        else:
            for call in claiming.result().calls:
                self._give_back(call)
