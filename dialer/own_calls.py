"""A campaign's calls for its agents' own leads: each with its agent held from the beginning."""

import asyncio
from collections.abc import Callable, Collection

import structlog

from dialer.claiming import ClaimedCall, ClaimError
from dialer.held_calls import HeldCalls
from dialer.messages import UserId
from dialer.own_leads import users_with_own_leads
from dialer.patient_claims import PatientClaims
from dialer.ports import Clock
from dialer.running_campaign import RunningCampaign
from dialer.storage.engine import Database
from dialer.storage.faults import DATABASE_ERRORS

log = structlog.get_logger(__name__)

_ASK_EVERY_SECONDS = 1.0
# What the read found the gate may refuse (prohibited, at night): no claim every second for that.
_REST_SECONDS = 10.0
_FAULTS: tuple[type[Exception], ...] = (*DATABASE_ERRORS, ClaimError)


class OwnCalls:
    """`started` is called for each call that is dialled."""

    def __init__(
        self,
        *,
        campaign: RunningCampaign,
        database: Database,
        clock: Clock,
        held_calls: HeldCalls,
        claims: PatientClaims,
        started: Callable[[], None],
    ) -> None:
        self._campaign = campaign
        self._database = database
        self._clock = clock
        self._held_calls = held_calls
        self._claims = claims
        self._started = started
        self._ask_at = 0.0
        self._due: set[UserId] = set()
        self._rest_until: dict[UserId, float] = {}
        self._tasks: dict[UserId, asyncio.Task[None]] = {}

    def take_on(self, campaign: RunningCampaign) -> None:
        """The campaign's project was changed: from the next call on."""
        self._campaign = campaign

    async def due(self, ready: Collection[UserId]) -> list[UserId]:
        """Who of these ready agents has something of his own to call. Raises SQLAlchemyError."""
        now = asyncio.get_running_loop().time()
        if now >= self._ask_at:
            self._ask_at = now + _ASK_EVERY_SECONDS
            async with self._database.read() as connection:
                self._due = await users_with_own_leads(
                    connection,
                    project_id=self._campaign.project_id,
                    user_ids=ready,
                    max_attempts=self._campaign.retries.max_attempts,
                    now=self._clock.now(),
                )
        return [
            user_id
            for user_id in ready
            if user_id in self._due
            and user_id not in self._tasks
            and self._rest_until.get(user_id, 0.0) <= now
        ]

    def call(self, user_id: UserId, workgroup_ids: frozenset[int]) -> None:
        """Holds the agent and calls the first lead of his own; returns at once."""
        self._due.discard(user_id)
        self._tasks[user_id] = asyncio.create_task(self._call(user_id, workgroup_ids))

    async def end(self) -> None:
        """Returns when nothing is in hand any more; end the claims first."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _call(self, user_id: UserId, workgroup_ids: frozenset[int]) -> None:
        request = self._campaign.request_held_for(user_id, workgroup_ids)

        async def take() -> ClaimedCall | None:
            claimed = await self._claims.take(request, 1, self._clock.now())
            return claimed.calls[0] if claimed.calls else None

        called = None
        try:
            called = await self._held_calls.call(
                user_id, self._campaign, take, workgroup_ids=workgroup_ids
            )
        except _FAULTS as error:
            log.error("an agent's own lead is not called", user_id=user_id, error=str(error))
        finally:
            self._tasks.pop(user_id, None)
        if isinstance(called, ClaimedCall):
            self._started()
        else:
            self._rest_until[user_id] = asyncio.get_running_loop().time() + _REST_SECONDS
