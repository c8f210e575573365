"""When the next lead of a campaign becomes callable: asked aside, while there is none."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from dialer.claiming import ClaimRequest
from dialer.held_back import held_back
from dialer.ports import Clock
from dialer.storage.engine import Database
from dialer.storage.faults import DATABASE_ERRORS

log = structlog.get_logger(__name__)

# It reads every lead of the project.
_ASK_EVERY_SECONDS = 10.0


class Foresight:
    """`next_at` is the answer as last heard; `news` is called when it is another."""

    def __init__(
        self,
        database: Database,
        request: ClaimRequest,
        clock: Clock,
        news: Callable[[], None],
    ) -> None:
        self.next_at: datetime | None = None
        self._database = database
        self._request = request
        self._clock = clock
        self._news = news
        self._task: asyncio.Task[None] | None = None
        self._not_before = 0.0

    def look(self) -> None:
        """Asks again, unless it was asked a moment ago; returns at once."""
        now = asyncio.get_running_loop().time()
        if self.next_at is not None and self.next_at <= self._clock.now():
            self.next_at, self._not_before = None, now
        if now >= self._not_before and (self._task is None or self._task.done()):
            self._not_before = now + _ASK_EVERY_SECONDS
            self._task = asyncio.create_task(self._ask())

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _ask(self) -> None:
        try:
            async with self._database.read() as connection:
                found = await held_back(connection, self._request, self._clock.now())
        except DATABASE_ERRORS as error:
            log.warning("when the next leads may be called cannot be told", error=str(error))
            return
        if found.next_at != self.next_at:
            self.next_at = found.next_at
            self._news()
