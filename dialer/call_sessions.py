"""The calls that live now: events go in, the rules decide, commands go out.

A thin shell around `dialer.rules.call_state`. It never waits: commands are sent
and their failures come back as events, so one slow answer from Asterisk holds
up no other call.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from dialer.call_journal import CallJournal, Entry, LeadOfCall
from dialer.campaign import CampaignSettings
from dialer.claiming import ClaimedCall
from dialer.messages import (
    AgentLegGone,
    CallEvent,
    CallId,
    ConnectCustomer,
    DialCustomer,
    HangUpCustomer,
    LegId,
    OriginateFailed,
    PauseRecording,
    PlayAbandonedMessage,
    PlayNotice,
    ResumeRecording,
    UserId,
)
from dialer.ports import Clock, RecordingFault, RecordingStore, Telephony, Timer
from dialer.recording_room import RecordingRoom
from dialer.rules import call_events, call_state
from dialer.rules.call_events import (
    AgentFound,
    AgentFoundTalking,
    AgentFreed,
    AgentHangsUp,
    AgentTalks,
    AnswerDeadlinePassed,
    CancelUnanswered,
    CloseCall,
    FindAgent,
    GiveNotice,
    NotDialled,
    StartAnswerTimer,
    StopFindingAgent,
)
from dialer.rules.call_state import UNANSWERED, WITH_AGENT, CallState, Notice, Phase
from dialer.rules.recording_room import Recording
from dialer.running_campaign import RunningCampaign

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Session:
    """One live call with what it needs to know of its campaign and lead."""

    state: CallState
    campaign: RunningCampaign
    lead: LeadOfCall
    e164: str
    workgroup_ids: frozenset[int]  # that the gate asked for: the campaign's, and a held agent's
    by_hand: bool = False  # an agent's own decision, whatever becomes of the campaign

    @property
    def unanswered(self) -> bool:
        return self.state.phase in UNANSWERED


class AgentFinder(Protocol):
    """The floor, as calls see it."""

    def find_agent(self, session: Session) -> None: ...

    def stop_finding(self, call_id: CallId) -> None: ...

    def talks(self, call_id: CallId, user_id: UserId) -> None: ...

    def found_talking(self, session: Session, user_id: UserId) -> None: ...

    def freed(self, call_id: CallId, user_id: UserId, *, talked: bool) -> None: ...


class CallSessions:
    """All live calls of this controller."""

    def __init__(
        self,
        *,
        telephony: Telephony,
        journal: CallJournal,
        clock: Clock,
        recordings: RecordingStore,
        room: RecordingRoom | None = None,
    ) -> None:
        self._telephony = telephony
        self._journal = journal
        self._clock = clock
        self._recordings = recordings
        self._room = room or RecordingRoom()
        self._sessions: dict[CallId, Session] = {}
        self._by_leg: dict[LegId, CallId] = {}
        self._timers: dict[CallId, Timer] = {}
        self._phases: Counter[tuple[int, Phase]] = Counter()
        self._held_phases: Counter[tuple[int, Phase]] = Counter()
        self._on_change: list[Callable[[Session], None]] = []
        self._finder: AgentFinder | None = None

    def served_by(self, finder: AgentFinder) -> None:
        """Names the floor; calls and floor know each other, so one comes second."""
        self._finder = finder

    def on_change(self, listener: Callable[[Session], None]) -> None:
        """`listener` is called after each change of a call, its end included."""
        self._on_change.append(listener)

    # --- starting and stopping ------------------------------------------------------------

    def start(
        self,
        claimed: ClaimedCall,
        campaign: RunningCampaign,
        *,
        workgroup_ids: frozenset[int] | None = None,
        by_hand: bool = False,
    ) -> None:
        """Dials a claimed call. Its row is committed already.

        A conversation that could not be recorded is not begun: the call fails at once. A claim
        whose lease has passed is given back: what the gate said then may be true no more.
        """
        settings = campaign.settings
        now = self._clock.now()
        if claimed.lease_until <= now:
            log.warning("claimed too long ago: not dialled", call_id=str(claimed.call_id))
            self.give_back(claimed, campaign)
            return
        recorded = self.recording_of(settings) is Recording.RECORDED
        session = self._open(claimed, campaign, now, recorded=recorded)
        session.workgroup_ids = workgroup_ids or campaign.workgroup_ids
        session.by_hand = by_hand
        try:
            path = self._recordings.raw_path(claimed.call_id, now) if recorded else ""
        except RecordingFault as error:
            log.error("not dialled", call_id=str(claimed.call_id), error=str(error))
            self.apply(OriginateFailed(claimed.call_id, str(error), now))
            return
        self._telephony.send(
            DialCustomer(
                call_id=claimed.call_id,
                e164=claimed.e164,
                trunk=settings.trunk,
                caller_id=claimed.caller_id,
                ring_timeout_seconds=settings.ring_timeout_seconds,
                recording_path=str(path),
                campaign=settings.name,
            )
        )

    def recording_of(self, settings: CampaignSettings) -> Recording:
        """What becomes of a call of this campaign that is started now."""
        return self._room.recording_of(wanted=settings.record)

    def give_back(self, claimed: ClaimedCall, campaign: RunningCampaign) -> None:
        """Ends a claimed call that is not to be dialled after all; the lead loses no attempt."""
        now = self._clock.now()
        self._open(claimed, campaign, now, recorded=False)
        self.apply(NotDialled(claimed.call_id, now))

    def _open(
        self, claimed: ClaimedCall, campaign: RunningCampaign, now: datetime, *, recorded: bool
    ) -> Session:
        settings = campaign.settings
        state = CallState(
            call_id=claimed.call_id,
            recorded=recorded,
            answer_to_agent=timedelta(seconds=settings.answer_to_agent_seconds),
            dialled_at=now,
            for_user=claimed.for_user,
            notice=Notice.DUE if recorded and settings.has_notice else Notice.NONE,
        )
        lead = LeadOfCall(claimed.lead_id, claimed.attempt, campaign.retries)
        session = Session(state, campaign, lead, claimed.e164, campaign.workgroup_ids)
        self._store(session, state)
        return session

    def take_up(self, session: Session) -> None:
        """Goes on with a call that an earlier run of this program left open."""
        call = session.state
        self._sessions[call.call_id] = session
        self._count(session, 1)
        if call.leg_id is not None:
            self._by_leg[call.leg_id] = call.call_id
        if call.connected_at is not None:
            self._journal.recording_known(call.call_id, call.pauses)

    def cancel_unanswered(self, campaign_id: int) -> None:
        """Stops all calls of the campaign that nobody has answered yet; by hand ones go on."""
        for session in self.unanswered():
            if session.campaign.campaign_id == campaign_id and not session.by_hand:
                self.cancel(session.state.call_id)

    def cancel_surplus(self, campaign_id: int, *, keep: int) -> None:
        """Stops the youngest unanswered calls for anyone, but for the `keep` oldest."""
        for_anyone = [
            session.state
            for session in self.unanswered()
            if session.campaign.campaign_id == campaign_id and session.state.for_user is None
        ]
        for call in sorted(for_anyone, key=lambda call: call.dialled_at)[keep:]:
            self.cancel(call.call_id)

    def cancel(self, call_id: CallId) -> None:
        """Stops the call if nobody has answered it yet."""
        self.apply(CancelUnanswered(call_id))

    def agent_hangs_up(self, call_id: CallId) -> None:
        self.apply(AgentHangsUp(call_id))

    # --- looking --------------------------------------------------------------------------

    def states(self) -> list[CallState]:
        return [session.state for session in self._sessions.values()]

    def unanswered(self) -> list[Session]:
        """Calls that nobody has answered yet."""
        return [session for session in self._sessions.values() if session.unanswered]

    def with_agents(self) -> list[Session]:
        """Calls in which an agent talks with somebody, or is being joined with him."""
        return [s for s in self._sessions.values() if s.state.phase in WITH_AGENT]

    def session(self, call_id: CallId) -> Session | None:
        return self._sessions.get(call_id)

    def count(self, campaign_id: int, *phases: Phase) -> int:
        """The campaign's calls in these phases."""
        return sum(self._phases[campaign_id, phase] for phase in phases)

    def count_for_anyone(self, campaign_id: int, *phases: Phase) -> int:
        """Without those that an agent is held for."""
        held = sum(self._held_phases[campaign_id, phase] for phase in phases)
        return self.count(campaign_id, *phases) - held

    def on_trunk(self, trunk: str) -> int:
        """Channels in use on a trunk."""
        return sum(s.campaign.settings.trunk == trunk for s in self._sessions.values())

    # --- events ---------------------------------------------------------------------------

    def agent_leg_gone(self, event: AgentLegGone) -> None:
        call_id = self._by_leg.get(event.leg_id)
        if call_id is not None:
            self._decide(call_id, event)

    def apply(self, event: CallEvent | call_events.Event) -> None:
        """Lets one event happen to its call."""
        if isinstance(event, AgentLegGone):
            self.agent_leg_gone(event)
            return
        self._decide(event.call_id, event)

    def _decide(self, call_id: CallId, event: CallEvent | call_events.Event) -> None:
        session = self._sessions.get(call_id)
        if session is None:
            # Its end was written before; an agent found for it meanwhile must be let go.
            if isinstance(event, AgentFound):
                self._floor.freed(call_id, event.user_id, talked=False)
            return
        before = session.state
        after, commands = call_state.decide(before, event, self._clock.now())
        if after is not before:
            self._store(session, after)
        for command in commands:
            self._run(session, command)
        if after is not before:
            for listener in self._on_change:
                listener(session)

    def _store(self, session: Session, state: CallState) -> None:
        if state.call_id in self._sessions:
            self._count(session, -1)
        if session.state.leg_id is not None:
            self._by_leg.pop(session.state.leg_id, None)
        if state.leg_id is not None:
            self._by_leg[state.leg_id] = state.call_id
        session.state = state
        self._sessions[state.call_id] = session
        self._count(session, 1)
        self._journal.note(Entry(state, session.lead))

    def _count(self, session: Session, change: int) -> None:
        key = session.campaign.campaign_id, session.state.phase
        self._phases[key] += change
        if session.state.for_user is not None:
            self._held_phases[key] += change

    # --- commands -------------------------------------------------------------------------

    @property
    def _floor(self) -> AgentFinder:
        if self._finder is None:
            raise RuntimeError("calls cannot run before served_by() has named the floor")
        return self._finder

    def _run(self, session: Session, command: call_events.Command) -> None:
        match command:
            case (
                ConnectCustomer()
                | PauseRecording()
                | ResumeRecording()
                | HangUpCustomer()
                | PlayAbandonedMessage()
            ):
                self._telephony.send(command)
            case GiveNotice(call_id=call_id):
                self._telephony.send(PlayNotice(call_id, session.campaign.name))
            case FindAgent():
                self._floor.find_agent(session)
            case StopFindingAgent(call_id=call_id):
                self._floor.stop_finding(call_id)
            case StartAnswerTimer(call_id=call_id, seconds=seconds):
                self._start_answer_timer(call_id, seconds)
            case AgentTalks(call_id=call_id, user_id=user_id):
                self._floor.talks(call_id, user_id)
            case AgentFoundTalking(user_id=user_id):
                self._floor.found_talking(session, user_id)
            case AgentFreed(call_id=call_id, user_id=user_id, talked=talked):
                self._floor.freed(call_id, user_id, talked=talked)
            case CloseCall(call_id=call_id):
                self._close(session, call_id)

    def _start_answer_timer(self, call_id: CallId, seconds: float) -> None:
        if earlier := self._timers.pop(call_id, None):
            earlier.cancel()
        self._timers[call_id] = self._clock.call_later(seconds, lambda: self._deadline(call_id))

    def _deadline(self, call_id: CallId) -> None:
        self._timers.pop(call_id, None)
        self.apply(AnswerDeadlinePassed(call_id, self._clock.now()))

    def _close(self, session: Session, call_id: CallId) -> None:
        if timer := self._timers.pop(call_id, None):
            timer.cancel()
        state = session.state
        self._count(session, -1)
        del self._sessions[call_id]
        if state.leg_id is not None:
            self._by_leg.pop(state.leg_id, None)
        log.info(
            "call ended",
            call_id=str(call_id),
            campaign=session.campaign.name,
            outcome=state.outcome,
            cause=state.hangup_cause,
        )
