"""What a call is, and what follows from each event: a pure state machine.

    DIALLING → RINGING → WAITING → CONNECTING → TALKING → LEAVING → ENDED
                            ↑___________|

WAITING is answered, without an agent yet. LEAVING means that the call's end was
decided (we hang up, or a message is being played) and its leg is still there.
Early media does not count as an answer: only `CustomerAnswered` does.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dialer.messages import (
    AgentLegGone,
    CallId,
    ConnectCustomer,
    ConnectFailed,
    CustomerAnswered,
    CustomerConnected,
    CustomerGone,
    CustomerReleased,
    CustomerRinging,
    HangUpCustomer,
    LegId,
    NoticeEnded,
    OriginateFailed,
    PauseRecording,
    PlayAbandonedMessage,
    RecordingPaused,
    RecordingResumed,
    ResumeRecording,
    UserId,
)
from dialer.rules import recording_pause
from dialer.rules.call_events import (
    AgentFound,
    AgentFoundTalking,
    AgentFreed,
    AgentHangsUp,
    AgentTalks,
    AnswerDeadlinePassed,
    CancelUnanswered,
    CloseCall,
    Command,
    Event,
    FindAgent,
    FoundTalking,
    GiveNotice,
    NotDialled,
    PauseWanted,
    ResumeWanted,
    StartAnswerTimer,
    StopFindingAgent,
)
from dialer.rules.hangup_cause import CallOutcome, outcome_of_unanswered
from dialer.rules.recording_pause import PauseEnd, Pauses


class Phase(StrEnum):
    DIALLING = "dialling"
    RINGING = "ringing"
    WAITING = "waiting"
    CONNECTING = "connecting"
    TALKING = "talking"
    LEAVING = "leaving"
    ENDED = "ended"


UNANSWERED = frozenset({Phase.DIALLING, Phase.RINGING})
WITH_AGENT = frozenset({Phase.CONNECTING, Phase.TALKING})

_SHORTEST_CONVERSATION = timedelta(milliseconds=100)
_NORMAL_CLEARING = 16  # Q.850


class HungUpBy(StrEnum):
    NOBODY = ""
    AGENT = "agent"
    CUSTOMER = "customer"
    SYSTEM = "system"


class Notice(StrEnum):
    """What the customer is told of the recording, before he is joined with an agent."""

    NONE = "none"  # the campaign has none, or the call is not recorded
    DUE = "due"
    PLAYING = "playing"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class CallState:
    """One call. Times are None until the thing has happened."""

    call_id: CallId
    recorded: bool
    answer_to_agent: timedelta  # an answered call without an agent for longer is abandoned
    dialled_at: datetime
    for_user: UserId | None = None  # the agent who is held for it from the beginning
    phase: Phase = Phase.DIALLING
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    user_id: UserId | None = None
    leg_id: LegId | None = None
    hung_up_by: HungUpBy = HungUpBy.NOBODY
    abandoned: bool = False
    cancelled: bool = False
    never_dialled: bool = False  # taken, and given back before anybody's phone could ring
    outcome: CallOutcome | None = None
    hangup_cause: int | None = None
    end_estimated: bool = False  # it ended while nobody was looking
    notice: Notice = Notice.NONE
    pauses: Pauses = ()  # of its recording

    @property
    def paused_at(self) -> datetime | None:
        """Since when nothing of the conversation is recorded, though it otherwise would be."""
        pause = recording_pause.open_pause(self.pauses)
        return None if pause is None else pause.begun_at


Decision = tuple[CallState, tuple[Command, ...]]


def decide(call: CallState, event: Event, now: datetime) -> Decision:
    """The call after `event`, and what is to be done. Events out of season change nothing."""
    if call.phase is Phase.ENDED:
        return _late(call, event)
    match event:
        case CustomerRinging(at=at) if call.phase is Phase.DIALLING:
            return replace(call, phase=Phase.RINGING, ringing_at=at), ()
        case CustomerAnswered(at=at) if call.phase in UNANSWERED:
            return _answered(call, at)
        case CustomerAnswered(at=at) if call.phase is Phase.LEAVING and call.answered_at is None:
            # Answered in the moment in which we cancelled it: a person picked up and hears
            # nobody, so the call counts as abandoned, and he is left alone as long.
            answered = replace(call, answered_at=at, abandoned=True)
            return answered, (HangUpCustomer(call.call_id),)
        case AgentFound(user_id=user_id, leg_id=leg_id):
            return _agent_found(call, user_id, leg_id)
        case FoundTalking() if call.phase is not Phase.LEAVING:
            return _found_talking(call, event)
        case CustomerConnected(leg_id=leg_id, at=at) if (
            call.phase is Phase.CONNECTING and call.leg_id == leg_id and call.user_id is not None
        ):
            talking = replace(call, phase=Phase.TALKING, connected_at=at)
            return talking, (AgentTalks(call.call_id, call.user_id),)
        case NoticeEnded(heard=heard) if call.notice is Notice.PLAYING:
            return _notice_over(call, heard=heard)
        case ConnectFailed(leg_id=leg_id) | AgentLegGone(leg_id=leg_id) if (
            call.phase is Phase.CONNECTING and call.leg_id == leg_id
        ):
            return _find_another_agent(call, now)
        case CustomerReleased(at=at) if call.phase not in (Phase.TALKING, Phase.LEAVING):
            return _released(call, at)
        case AnswerDeadlinePassed() if call.phase is Phase.WAITING:
            return _abandon(call)
        case AgentLegGone(leg_id=leg_id) if call.phase is Phase.TALKING and call.leg_id == leg_id:
            return _hang_up(call, HungUpBy.AGENT)
        case AgentHangsUp() if call.phase in (Phase.TALKING, Phase.CONNECTING):
            return _hang_up(call, HungUpBy.AGENT)
        case AgentHangsUp() if call.phase in UNANSWERED and call.for_user is not None:
            return _hang_up(replace(call, cancelled=True), HungUpBy.AGENT)
        case CancelUnanswered() if call.phase in UNANSWERED:
            return _hang_up(replace(call, cancelled=True), HungUpBy.SYSTEM)
        case PauseWanted() | ResumeWanted() | RecordingPaused() | RecordingResumed() if (
            call.phase is Phase.TALKING and call.recorded
        ):
            return _pausing(call, event)
        case CustomerGone():
            return _customer_gone(call, event)
        case OriginateFailed(at=at) if call.answered_at is None:
            return _never_rang(call, CallOutcome.FAILED, at)
        case NotDialled(at=at) if call.phase is Phase.DIALLING:
            return _never_rang(replace(call, never_dialled=True), CallOutcome.CANCELLED, at)
    return call, ()


def _late(call: CallState, event: Event) -> Decision:
    """An agent who was found for a call that had just ended must not stay reserved."""
    if isinstance(event, AgentFound):
        return call, (AgentFreed(call.call_id, event.user_id, talked=False),)
    return call, ()


def _answered(call: CallState, at: datetime) -> Decision:
    # Known before when an earlier run of this program saw him answer.
    waiting = replace(call, phase=Phase.WAITING, answered_at=call.answered_at or at)
    return waiting, (
        StartAnswerTimer(call.call_id, call.answer_to_agent.total_seconds()),
        FindAgent(call.call_id),
    )


def _agent_found(call: CallState, user_id: UserId, leg_id: LegId) -> Decision:
    if call.user_id == user_id:
        return call, ()  # told twice: he has this call already
    if call.phase is not Phase.WAITING:
        return call, (AgentFreed(call.call_id, user_id, talked=False),)
    connecting = replace(call, phase=Phase.CONNECTING, user_id=user_id, leg_id=leg_id)
    match call.notice:
        case Notice.DUE:
            return replace(connecting, notice=Notice.PLAYING), (GiveNotice(call.call_id),)
        case Notice.PLAYING:  # since another agent was found, whose phone died
            return connecting, ()
        case _:
            return connecting, (ConnectCustomer(call.call_id, leg_id, call.recorded),)


def _notice_over(call: CallState, *, heard: bool) -> Decision:
    """Whoever was not told is not recorded."""
    told = replace(call, notice=Notice.OVER, recorded=call.recorded and heard)
    if call.phase is not Phase.CONNECTING or call.leg_id is None:
        return told, ()
    return told, (ConnectCustomer(call.call_id, call.leg_id, told.recorded),)


def _found_talking(call: CallState, event: FoundTalking) -> Decision:
    commands: list[Command] = []
    if call.phase is Phase.WAITING:
        commands.append(StopFindingAgent(call.call_id))
    if call.user_id is not None and call.user_id != event.user_id:
        commands.append(AgentFreed(call.call_id, call.user_id, talked=False))
    talking = replace(
        call,
        phase=Phase.TALKING,
        answered_at=call.answered_at or event.at,
        connected_at=call.connected_at or event.at,
        user_id=event.user_id,
        leg_id=event.leg_id,
    )
    return talking, (*commands, AgentFoundTalking(call.call_id, event.user_id))


def _find_another_agent(call: CallState, now: datetime) -> Decision:
    waiting = replace(call, phase=Phase.WAITING, user_id=None, leg_id=None)
    freed: tuple[Command, ...] = ()
    if call.user_id is not None:
        freed = (AgentFreed(call.call_id, call.user_id, talked=False),)
    left = (call.answered_at or now) + call.answer_to_agent - now
    if left <= timedelta(0):
        abandoned, commands = _abandon(waiting)
        return abandoned, freed + commands
    # The timer that was started at the answer is lost when this program began anew since.
    timer = StartAnswerTimer(call.call_id, left.total_seconds())
    return waiting, (*freed, timer, FindAgent(call.call_id))


def _abandon(call: CallState) -> Decision:
    leaving = replace(call, phase=Phase.LEAVING, abandoned=True, hung_up_by=HungUpBy.SYSTEM)
    return leaving, (StopFindingAgent(call.call_id), PlayAbandonedMessage(call.call_id))


def _released(call: CallState, at: datetime) -> Decision:
    """As abandoned, but the message is being played already."""
    commands: tuple[Command, ...] = ()
    if call.phase is Phase.WAITING:
        commands = (StopFindingAgent(call.call_id),)
    elif call.user_id is not None:
        commands = (AgentFreed(call.call_id, call.user_id, talked=False),)
    else:
        commands = _free_held_agent(call)
    leaving = replace(
        call,
        phase=Phase.LEAVING,
        answered_at=call.answered_at or at,
        abandoned=True,
        hung_up_by=HungUpBy.SYSTEM,
        user_id=None,
        leg_id=None,
    )
    return leaving, commands


def _pausing(
    call: CallState, event: PauseWanted | ResumeWanted | RecordingPaused | RecordingResumed
) -> Decision:
    """What is wanted is only true when the telephony has done it."""
    paused = call.paused_at is not None
    match event:
        case PauseWanted() if not paused and call.leg_id is not None:
            return call, (PauseRecording(call.call_id, call.leg_id),)
        case RecordingPaused(at=at) if not paused:
            return replace(call, pauses=recording_pause.begun(call.pauses, at)), ()
        case ResumeWanted(by=by) if paused and call.leg_id is not None:
            going_on = replace(call, pauses=recording_pause.end_wanted(call.pauses, by))
            return going_on, (ResumeRecording(call.call_id, call.leg_id),)
        case RecordingResumed(at=at) if paused:
            over = recording_pause.ended(call.pauses, at, PauseEnd.FOUND)
            return replace(call, pauses=over), ()
    return call, ()


def _hang_up(call: CallState, by: HungUpBy) -> Decision:
    return replace(call, phase=Phase.LEAVING, hung_up_by=by), (HangUpCustomer(call.call_id),)


def _never_rang(call: CallState, outcome: CallOutcome, at: datetime) -> Decision:
    ended = replace(
        call, phase=Phase.ENDED, ended_at=at, outcome=outcome, hung_up_by=HungUpBy.SYSTEM
    )
    return ended, (CloseCall(call.call_id), *_free_held_agent(call))


def _free_held_agent(call: CallState) -> tuple[AgentFreed, ...]:
    """The agent who was held for a call that nobody answered."""
    if call.for_user is None or call.phase is Phase.WAITING:
        return ()
    return (AgentFreed(call.call_id, call.for_user, talked=False),)


def _customer_gone(call: CallState, event: CustomerGone) -> Decision:
    if event.answered and call.answered_at is None:
        # As for every answer that meets our cancelling: a person picked up and hears nobody.
        call = replace(call, answered_at=event.at, abandoned=call.cancelled)
    if _left_before_a_word(call, event):
        call = replace(call, connected_at=None, pauses=())
    outcome = _outcome(call, event.cause, event.sip_status, estimated=event.estimated)
    ended_at = max(event.at, call.answered_at or event.at, call.connected_at or event.at)
    pauses = call.pauses
    if not event.estimated:  # else nobody knows for how long he was still there
        pauses = recording_pause.ended(pauses, ended_at, PauseEnd.CALL_OVER)
    ended = replace(
        call,
        phase=Phase.ENDED,
        ended_at=ended_at,
        pauses=pauses,
        end_estimated=event.estimated,
        hangup_cause=_cause(call, event),
        outcome=outcome,
        hung_up_by=call.hung_up_by or _who_hung_up(call, outcome),
    )
    commands: list[Command] = [CloseCall(call.call_id)]
    if call.user_id is not None:
        talked = call.connected_at is not None
        commands.append(AgentFreed(call.call_id, call.user_id, talked=talked))
    elif call.phase is Phase.WAITING:
        commands.append(StopFindingAgent(call.call_id))
    commands += _free_held_agent(call) if call.user_id is None else ()
    return ended, tuple(commands)


def _who_hung_up(call: CallState, outcome: CallOutcome) -> HungUpBy:
    if outcome is CallOutcome.ABANDONED:
        return HungUpBy.SYSTEM
    return HungUpBy.CUSTOMER if call.answered_at else HungUpBy.NOBODY


def _left_before_a_word(call: CallState, event: CustomerGone) -> bool:
    """He hung up in the moment in which he was joined: nobody has heard anybody."""
    return (
        call.connected_at is not None
        and not call.hung_up_by
        and not event.estimated
        and event.at - call.connected_at < _SHORTEST_CONVERSATION
    )


def _cause(call: CallState, event: CustomerGone) -> int:
    """Asterisk tells no cause for a person who hangs up while nobody is joined with him."""
    said_nothing = event.cause == 0 and call.answered_at is not None and not event.estimated
    return _NORMAL_CLEARING if said_nothing else event.cause


def _outcome(
    call: CallState, cause: int, sip_status: int | None, *, estimated: bool
) -> CallOutcome:
    if call.connected_at is not None:
        return CallOutcome.CONNECTED
    if call.abandoned:
        return CallOutcome.ABANDONED
    if call.answered_at is not None and (estimated or call.cancelled):
        # He waited for an agent when we lost sight of him, and the dialplan has released him.
        return CallOutcome.ABANDONED
    if call.answered_at is not None:
        return CallOutcome.HUNG_UP
    if call.cancelled:
        return CallOutcome.CANCELLED
    return outcome_of_unanswered(cause, sip_status)
