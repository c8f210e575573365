"""What is decided while a telephone rings stops the call: prohibitions, boxes, pauses, deletions.

The gate was asked when the lead was taken. Until somebody answers, the truth is asked
again ten times a second, so that what another process has committed counts as well; news
from this process is obeyed at once. Answered calls go on: their agents are told.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.call_sessions import CallSessions, Session
from dialer.floor import Floor
from dialer.lead_facts import KnownLead, facts_of
from dialer.messages import UserId
from dialer.ports import Clock, LiveUpdates
from dialer.rules.eligibility import Actor, Refusal
from dialer.rules.ringing import came_up
from dialer.storage.batches import batches
from dialer.storage.engine import Database
from dialer.storage.faults import DATABASE_ERRORS
from dialer.storage.tables import campaigns, prohibitions

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 0.1
_TELL_AGENTS_EVERY_SECONDS = 1.0


class RingingWatch:
    """Start `run` as a task. `campaign_stopped` is called when a call rings for a campaign that
    is not running any more."""

    def __init__(
        self,
        *,
        calls: CallSessions,
        floor: Floor,
        database: Database,
        clock: Clock,
        live: LiveUpdates,
        campaign_stopped: Callable[[], None],
        look_every_seconds: float = LOOK_EVERY_SECONDS,
    ) -> None:
        self._calls = calls
        self._floor = floor
        self._database = database
        self._clock = clock
        self._live = live
        self._campaign_stopped = campaign_stopped
        self._look_every_seconds = look_every_seconds
        self._news = asyncio.Event()
        self._agents_told_at = 0.0
        self._failing = False

    async def run(self) -> None:
        """Watches until cancelled."""
        subscription = self._live.subscribe("prohibited", "gate")
        try:
            async with asyncio.TaskGroup() as together:
                watching = together.create_task(self._watch())
                # What the news says is asked of the database, so lost news is no harm either.
                async for _ in subscription:
                    self._news.set()
                watching.cancel()
        finally:
            subscription.close()

    async def look(self, *, agents_too: bool = True) -> bool:
        """Stops what must not ring any longer; False when the database does not tell.

        What rings then goes on ringing. The gate let it through, nothing says otherwise, and
        to hang up on everybody whose telephone rings would be the nuisance that the rules are
        there to prevent. Nothing new is dialled meanwhile, because no claim is possible.
        """
        ringing = self._calls.unanswered()
        talking = self._calls.with_agents() if agents_too else []
        if not ringing and not talking:
            return True
        try:
            async with self._database.read() as connection:
                known = await _ask(connection, ringing + talking, self._clock.now())
        except DATABASE_ERRORS as error:
            if not self._failing:
                log.error("what rings cannot be checked; will try again", error=str(error))
            self._failing = True
            return False
        self._failing = False
        self._stop(ringing, known)
        self._tell(talking, known)
        return True

    async def _watch(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_every_seconds):
                    await self._news.wait()
            agents_too = self._news.is_set() or now() >= self._agents_told_at
            self._news.clear()
            if agents_too:
                self._agents_told_at = now() + _TELL_AGENTS_EVERY_SECONDS
            await self.look(agents_too=agents_too)

    def _stop(self, ringing: Sequence[Session], known: "_Known") -> None:
        for session in ringing:
            reason = known.came_up(session)
            if reason is None and (session.by_hand or known.is_running(session)):
                continue
            if session.unanswered:  # he may have answered while the database was asked
                log.info(
                    "stopped while it rang",
                    call_id=str(session.state.call_id),
                    reason=reason or "campaign not running",
                )
                self._calls.cancel(session.state.call_id)
            if reason is None:
                self._campaign_stopped()

    def _tell(self, talking: Sequence[Session], known: "_Known") -> None:
        for session in talking:
            if session.state.user_id is not None:
                self._floor.notice(
                    session.state.call_id, session.state.user_id, known.came_up(session)
                )


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database says about some calls. `prohibited`: for whom, by the called number."""

    leads: Mapping[int, KnownLead]
    prohibited: Mapping[str, frozenset[int | None]]
    running: Collection[int]
    now: datetime

    def is_running(self, session: Session) -> bool:
        return session.campaign.campaign_id in self.running

    def came_up(self, session: Session) -> Refusal | None:
        lead = self.leads.get(session.lead.lead_id)
        if lead is None:
            return Refusal.LEAD_DELETED
        # The called number may have been taken off the lead since.
        everywhere = lead.facts.prohibited_for | self.prohibited.get(session.e164, frozenset())
        facts = replace(lead.facts, prohibited_for=everywhere)
        return came_up(facts, _actor(session), self.now)


def _actor(session: Session) -> Actor:
    call, campaign = session.state, session.campaign
    user_id: UserId | None = call.for_user if call.user_id is None else call.user_id
    return Actor(
        user_id=user_id,
        project_id=campaign.project_id,
        workgroup_ids=session.workgroup_ids,
        hours=campaign.hours,
        max_attempts=campaign.retries.max_attempts,
    )


async def _ask(connection: AsyncConnection, sessions: Sequence[Session], now: datetime) -> _Known:
    """The facts of all these calls' leads, a few queries whatever their number."""
    running = await connection.scalars(select(campaigns.c.id).where(campaigns.c.state == "running"))
    prohibited: dict[str, frozenset[int | None]] = {}
    for some in batches(sorted({session.e164 for session in sessions})):
        for e164, workgroup_id in await connection.execute(
            select(prohibitions.c.e164, prohibitions.c.workgroup_id).where(
                prohibitions.c.e164.in_(some), prohibitions.c.lifted_at.is_(None)
            )
        ):
            prohibited[e164] = prohibited.get(e164, frozenset()) | {workgroup_id}
    leads = await facts_of(connection, {session.lead.lead_id for session in sessions}, now)
    return _Known(leads, prohibited, frozenset(running), now)
