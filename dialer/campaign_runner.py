"""Campaigns at work: pacing says how many, claiming takes leads, calls are started.

One runner a running campaign. It looks when something changed (an agent became
ready, a call ended) and once a second besides, for what time alone changes.
Why it starts nothing is always known and shown.
"""

import asyncio
import sys
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from dialer.call_sessions import CallSessions, Session
from dialer.claiming import Claim, ClaimError
from dialer.floor import Floor
from dialer.foresight import Foresight
from dialer.held_calls import HeldCalls
from dialer.own_calls import OwnCalls
from dialer.patient_claims import PatientClaims
from dialer.ports import Clock, LiveUpdates
from dialer.rules.abandonment import AbandonmentLedger
from dialer.rules.call_state import Phase
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.pacing import (
    NotDialling,
    PacingSnapshot,
    StartBudget,
    agents_to_hold,
    effective_lines_per_agent,
    lines_to_dial,
    refill,
    take,
)
from dialer.rules.recording_room import Recording
from dialer.running_campaign import RunningCampaign
from dialer.storage.engine import Database
from dialer.storage.faults import DATABASE_ERRORS, DatabaseFault, fault_of

log = structlog.get_logger(__name__)

_LOOK_EVERY_SECONDS = 1.0
# Changes come in bursts; one look after this pause serves them all.
_SETTLE_SECONDS = 0.01
# After a claim that found nothing, leads are not asked for again at every change.
_EMPTY_REST_SECONDS = 1.0
_CLOSED_REST_SECONDS = 10.0

_OPEN_LINES = (Phase.DIALLING, Phase.RINGING, Phase.WAITING)


@dataclass(slots=True)
class TrunkLines:
    """What is shared by the campaigns on one trunk."""

    max_channels: int
    budget: StartBudget


_FAULTS: tuple[type[Exception], ...] = (*DATABASE_ERRORS, ClaimError)
_NOTES = {
    DatabaseFault.DOWN: NotDialling.DATABASE_DOWN,
    DatabaseFault.LOCKED: NotDialling.DATABASE_LOCKED,
    DatabaseFault.FULL: NotDialling.DATABASE_FULL,
}


def _why(error: Exception) -> NotDialling:
    """A claim that others were in the way of found its numbers locked."""
    if isinstance(error, ClaimError):
        return NotDialling.DATABASE_LOCKED
    return _NOTES[fault_of(error)]


class CampaignRunner:
    """Dials one campaign until it is cancelled."""

    def __init__(
        self,
        *,
        campaign: RunningCampaign,
        database: Database,
        calls: CallSessions,
        floor: Floor,
        clock: Clock,
        live: LiveUpdates,
        trunk: TrunkLines,
        ledger: AbandonmentLedger,
    ) -> None:
        self.campaign = campaign
        self.note: NotDialling | None = None
        self.retry_at: datetime | None = None
        self._database = database
        self._calls = calls
        self._floor = floor
        self._clock = clock
        self._live = live
        self._trunk = trunk
        self._ledger = ledger
        self._telephony_up = False
        self._wake = asyncio.Event()
        self._ending = False
        self._rest_until: float = 0.0
        self._claims = PatientClaims(
            database,
            give_back=lambda call: calls.give_back(call, campaign),
            waiting=lambda: self._say(NotDialling.DATABASE_LOCKED),
        )
        self._own = OwnCalls(
            campaign=campaign,
            database=database,
            clock=clock,
            held_calls=HeldCalls(floor.held, calls),
            claims=self._claims,
            started=self._one_started,
        )
        self._foresight = Foresight(database, campaign.claim_request, clock, self.wake)
        self._started = 0

    def wake(self) -> None:
        """Something changed: look soon."""
        self._wake.set()

    def end(self) -> None:
        """`run` returns soon. A claim is never broken off: nobody would dial what it took."""
        self._ending = True
        self._claims.end()
        self.wake()

    def telephony(self, *, up: bool) -> None:
        self._telephony_up = up
        self.wake()

    def take_on(self, campaign: RunningCampaign) -> None:
        """The campaign's project was changed: from the next call on."""
        self.campaign = campaign
        self._own.take_on(campaign)
        self._rest_until = 0.0
        self.wake()

    def call_changed(self, session: Session) -> None:
        """Keeps the abandonment ledger; every change of a call may free a line."""
        state = session.state
        if state.outcome in (CallOutcome.CONNECTED, CallOutcome.ABANDONED) and state.ended_at:
            self._ledger.add(state.ended_at, abandoned=state.outcome is CallOutcome.ABANDONED)
        self.wake()

    @property
    def lines_per_agent_now(self) -> float:
        return effective_lines_per_agent(self._snapshot())

    async def run(self) -> None:
        """Dials until ended. A database that is away stops the dialling, not the runner."""
        while not self._ending:
            try:
                self._say(*await self._look())
            except _FAULTS as error:
                log.error(
                    "no leads: nothing is dialled", campaign=self.campaign.name, error=str(error)
                )
                self._say(_why(error))
                self._rest(_EMPTY_REST_SECONDS)
            await self._next_look()
        self._foresight.cancel()
        await self._own.end()

    def _say(self, note: NotDialling | None, retry_at: datetime | None = None) -> None:
        if (note, retry_at) != (self.note, self.retry_at):
            self.note, self.retry_at = note, retry_at
            self._live.publish(f"campaign:{self.campaign.name}", {"note": note})

    async def _next_look(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_EVERY_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()
        await asyncio.sleep(_SETTLE_SECONDS)

    async def _look(self) -> tuple[NotDialling | None, datetime | None]:
        """Starts what may be started; tells why nothing was, and until when."""
        if self.campaign.project_closed:
            return NotDialling.PROJECT_CLOSED, None
        if not self._telephony_up:
            return NotDialling.TELEPHONY_DOWN, None
        if self._calls.recording_of(self.campaign.settings) is Recording.NOT_CALLED:
            return NotDialling.RECORDINGS_FULL, None
        snapshot = self._snapshot()
        if snapshot.logged_in == 0:
            # Nobody could take an answer: people must not be rung for nothing.
            self._calls.cancel_unanswered(self.campaign.campaign_id)
        now = self._clock.now()
        snapshot = await self._call_for_owners(snapshot, now)
        wanted = lines_to_dial(snapshot)
        if isinstance(wanted, NotDialling):
            return self._or_closed(wanted, now)
        if self._resting():
            return self.note, self.retry_at
        wanted = min(wanted, self._calls_left())
        if wanted == 0:
            return NotDialling.CALL_LIMIT, None
        self._trunk.budget, granted = take(refill(self._trunk.budget, now), wanted)
        if granted == 0:
            self._look_again_soon()
            return NotDialling.RATE_LIMITED, None
        claimed = await self._claims.take(self.campaign.claim_request, granted, now)
        if not claimed.calls:
            return self._nothing_to_call(claimed, now)
        for call in claimed.calls:
            self._calls.start(call, self.campaign)
        self._started += len(claimed.calls)
        if len(claimed.calls) < wanted:
            self._look_again_soon()
        return None, None

    async def _call_for_owners(self, snapshot: PacingSnapshot, now: datetime) -> PacingSnapshot:
        """Agents with leads or callbacks of their own come first: each is held for his."""
        ready = self._floor.ready(self.campaign)
        due = await self._own.due(ready) if ready else []
        snapshot = replace(snapshot, own_due=len(due))
        may_start = min(agents_to_hold(snapshot), self._calls_left())
        self._trunk.budget, granted = take(refill(self._trunk.budget, now), may_start)
        for user_id in due[:granted]:
            groups = self.campaign.workgroup_ids | ready[user_id].workgroup_ids
            self._own.call(user_id, groups)
        if granted < len(due):
            self._look_again_soon()
        return replace(snapshot, ready=snapshot.ready - granted, own_due=len(due) - granted)

    def _one_started(self) -> None:
        self._started += 1

    def _or_closed(self, note: NotDialling, now: datetime) -> tuple[NotDialling, datetime | None]:
        """At night nobody need be told that nobody is logged in."""
        hours = self.campaign.hours
        if note is NotDialling.NO_AGENTS and not hours.is_open(now):
            return NotDialling.OUTSIDE_HOURS, hours.next_opening(now)
        return note, None

    def _nothing_to_call(
        self, claimed: Claim, now: datetime
    ) -> tuple[NotDialling, datetime | None]:
        if claimed.opens_at is None:
            self._rest(_EMPTY_REST_SECONDS)
            self._foresight.look()
            return NotDialling.NO_LEADS, self._foresight.next_at
        # No claim every second all night; but hours may be changed, and leads of other zones come.
        until_open = (claimed.opens_at - now).total_seconds()
        self._rest(min(_CLOSED_REST_SECONDS, max(until_open, _EMPTY_REST_SECONDS)))
        return NotDialling.OUTSIDE_HOURS, claimed.opens_at

    def _calls_left(self) -> int:
        limit = self.campaign.settings.call_limit
        return sys.maxsize if limit is None else max(0, limit - self._started)

    def _snapshot(self) -> PacingSnapshot:
        agents = self._floor.count(self.campaign)
        settings = self.campaign.settings
        return PacingSnapshot(
            lines_per_agent=self.campaign.lines_per_agent,
            logged_in=agents.logged_in,
            ready=agents.ready,
            open_lines=self._calls.count_for_anyone(self.campaign.campaign_id, *_OPEN_LINES),
            trunk_free=self._trunk.max_channels - self._calls.on_trunk(settings.trunk),
            over_abandon_limit=self._ledger.over_limit(
                settings.abandon_limit_percent, self._clock.now()
            ),
        )

    def _rest(self, seconds: float) -> None:
        self._rest_until = asyncio.get_running_loop().time() + seconds

    def _resting(self) -> bool:
        return asyncio.get_running_loop().time() < self._rest_until

    def _look_again_soon(self) -> None:
        pause = min(_LOOK_EVERY_SECONDS, 1 / max(self._trunk.budget.per_second, 1.0))
        self._clock.call_later(pause, self.wake)
