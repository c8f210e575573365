"""What an agent is doing, and what follows from each event: a pure state machine.

    OFFLINE → LOGGING_IN → READY → RESERVED → ON_CALL → AFTER_CALL_WORK → READY
                             ↕ AWAY                            ↘ AWAY

A phone is *held* (its leg stays open for the whole shift, so that a customer is
joined within milliseconds) or rung *per call*. In held mode nobody is ready
without an open leg; a leg that is lost takes the agent out of the floor at once.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dialer.messages import (
    AgentLegAnswered,
    AgentLegFailed,
    AgentLegGone,
    CallId,
    HangUpAgent,
    LegId,
    UserId,
)


class AgentState(StrEnum):
    OFFLINE = "offline"
    LOGGING_IN = "logging_in"  # the phone rings to be held open
    READY = "ready"  # 待機
    RESERVED = "reserved"  # a customer is being joined
    ON_CALL = "on_call"  # 通話中
    AFTER_CALL_WORK = "after_call_work"  # 後処理
    AWAY = "away"  # 離席


class PhoneMode(StrEnum):
    HELD = "held"
    PER_CALL = "per_call"


PHONE_LOST = "phone_lost"  # away or offline reasons that the system gives
PHONE_DID_NOT_ANSWER = "phone_did_not_answer"


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent on the floor. `call_id` stays set in after-call work until a result is saved."""

    user_id: UserId
    phone_mode: PhoneMode
    since: datetime
    state: AgentState = AgentState.OFFLINE
    away_reason: str = ""
    leg_id: LegId | None = None
    leg_answered: bool = False
    call_id: CallId | None = None
    result_required: bool = False
    result_saved: bool = False
    away_wish: str | None = None  # reason; taken when the work at hand is done


# --- events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GoReady:
    new_leg: LegId  # used when the phone must be rung


@dataclass(frozen=True, slots=True)
class GoAway:
    reason: str


@dataclass(frozen=True, slots=True)
class LogOut:
    pass


@dataclass(frozen=True, slots=True)
class Reserve:
    call_id: CallId
    result_required: bool
    new_leg: LegId


@dataclass(frozen=True, slots=True)
class CallConnected:
    call_id: CallId


@dataclass(frozen=True, slots=True)
class FoundOnCall:
    """After an absence of ours this leg is found joined with a customer."""

    call_id: CallId
    leg_id: LegId
    result_required: bool


@dataclass(frozen=True, slots=True)
class CallOver:
    call_id: CallId
    talked: bool
    new_leg: LegId


@dataclass(frozen=True, slots=True)
class ResultSaved:
    call_id: CallId
    new_leg: LegId


@dataclass(frozen=True, slots=True)
class AfterCallWorkExpired:
    call_id: CallId
    new_leg: LegId


Event = (
    GoReady
    | GoAway
    | LogOut
    | Reserve
    | CallConnected
    | FoundOnCall
    | CallOver
    | ResultSaved
    | AfterCallWorkExpired
    | AgentLegAnswered
    | AgentLegGone
    | AgentLegFailed
)


# --- commands -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RingPhone:
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class JoinCall:
    """The reserved agent's leg is open: the call may be joined with it."""

    call_id: CallId
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class GiveBackCall:
    """The reserved agent cannot take the call after all."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class StartAfterCallTimer:
    call_id: CallId


Command = RingPhone | HangUpAgent | JoinCall | GiveBackCall | StartAfterCallTimer
Decision = tuple[Agent, tuple[Command, ...]]

_AT_WORK = frozenset({AgentState.RESERVED, AgentState.ON_CALL, AgentState.AFTER_CALL_WORK})


def decide(agent: Agent, event: Event, now: datetime) -> Decision:
    """The agent after `event`, and what is to be done. Events out of season change nothing."""
    match event:
        case GoReady(new_leg=new_leg):
            return _go_ready(agent, new_leg, now)
        case GoAway(reason=reason):
            return _go_away(agent, reason, now)
        case LogOut():
            return _log_out(agent, now)
        case Reserve() if agent.state is AgentState.READY:
            return _reserve(agent, event, now)
        case CallConnected(call_id=call_id) if _reserved_for(agent, call_id):
            return _to(agent, AgentState.ON_CALL, now), ()
        case FoundOnCall(leg_id=leg_id) if agent.leg_id == leg_id:
            return _found_on_call(agent, event, now)
        case CallOver(call_id=call_id) if agent.call_id == call_id:
            return _call_over(agent, event, now)
        case ResultSaved(call_id=call_id, new_leg=new_leg) if agent.call_id == call_id:
            if agent.state is AgentState.AFTER_CALL_WORK:
                return _work_done(agent, new_leg, now)
            return replace(agent, result_saved=True), ()
        case AfterCallWorkExpired(call_id=call_id, new_leg=new_leg) if (
            agent.state is AgentState.AFTER_CALL_WORK
            and agent.call_id == call_id
            and not _owes_result(agent)
        ):
            return _work_done(agent, new_leg, now)
        case AgentLegAnswered(leg_id=leg_id) if leg_id == agent.leg_id:
            return _leg_answered(agent, now)
        case AgentLegGone(leg_id=leg_id) | AgentLegFailed(leg_id=leg_id) if leg_id == agent.leg_id:
            return _leg_gone(agent, now)
    return agent, ()


def _reserved_for(agent: Agent, call_id: CallId) -> bool:
    return agent.state is AgentState.RESERVED and agent.call_id == call_id


def _owes_result(agent: Agent) -> bool:
    return agent.result_required and not agent.result_saved


def _to(agent: Agent, state: AgentState, now: datetime, *, away_reason: str = "") -> Agent:
    return replace(agent, state=state, since=now, away_reason=away_reason)


def _go_ready(agent: Agent, new_leg: LegId, now: datetime) -> Decision:
    if agent.state is AgentState.AFTER_CALL_WORK and not _owes_result(agent):
        return _work_done(replace(agent, away_wish=None), new_leg, now)
    if agent.state in _AT_WORK:
        return replace(agent, away_wish=None), ()
    if agent.state in (AgentState.READY, AgentState.LOGGING_IN):
        return agent, ()
    return _become_ready(agent, new_leg, now)


def _become_ready(agent: Agent, new_leg: LegId, now: datetime) -> Decision:
    needs_phone = agent.phone_mode is PhoneMode.HELD and not agent.leg_answered
    if needs_phone and agent.leg_id is not None:
        return _to(agent, AgentState.LOGGING_IN, now), ()  # it rings already
    if needs_phone:
        ringing = replace(agent, leg_id=new_leg, leg_answered=False)
        return _to(ringing, AgentState.LOGGING_IN, now), (RingPhone(new_leg),)
    return _to(agent, AgentState.READY, now), ()


def _go_away(agent: Agent, reason: str, now: datetime) -> Decision:
    if agent.state in _AT_WORK:
        return replace(agent, away_wish=reason), ()
    return _to(agent, AgentState.AWAY, now, away_reason=reason), ()


def _log_out(agent: Agent, now: datetime) -> Decision:
    """Leaving while on a call ends the call: its leg goes, and the call's machine follows."""
    hang_up = (HangUpAgent(agent.leg_id),) if agent.leg_id else ()
    give_back: tuple[Command, ...] = ()
    if agent.state is AgentState.RESERVED and agent.call_id and not agent.leg_answered:
        give_back = (GiveBackCall(agent.call_id),)
    gone = replace(
        agent, leg_id=None, leg_answered=False, call_id=None, away_wish=None, result_saved=False
    )
    return _to(gone, AgentState.OFFLINE, now), (*hang_up, *give_back)


def _reserve(agent: Agent, event: Reserve, now: datetime) -> Decision:
    reserved = replace(
        _to(agent, AgentState.RESERVED, now),
        call_id=event.call_id,
        result_required=event.result_required,
        result_saved=False,
    )
    if agent.leg_id is not None and agent.leg_answered:
        return reserved, (JoinCall(event.call_id, agent.leg_id),)
    return replace(reserved, leg_id=event.new_leg), (RingPhone(event.new_leg),)


def _leg_answered(agent: Agent, now: datetime) -> Decision:
    if agent.leg_answered:
        return agent, ()
    answered = replace(agent, leg_answered=True)
    if agent.state is AgentState.LOGGING_IN:
        return _to(answered, AgentState.READY, now), ()
    if agent.state is AgentState.RESERVED and agent.call_id and agent.leg_id:
        return answered, (JoinCall(agent.call_id, agent.leg_id),)
    return answered, ()


def _leg_gone(agent: Agent, now: datetime) -> Decision:
    lost = replace(agent, leg_id=None, leg_answered=False)
    match agent.state:
        case AgentState.LOGGING_IN:
            return _to(lost, AgentState.OFFLINE, now, away_reason=PHONE_DID_NOT_ANSWER), ()
        case AgentState.READY if agent.phone_mode is PhoneMode.HELD:
            return _to(lost, AgentState.OFFLINE, now, away_reason=PHONE_LOST), ()
        case AgentState.RESERVED if agent.call_id and not agent.leg_answered:
            away = _to(lost, AgentState.AWAY, now, away_reason=PHONE_DID_NOT_ANSWER)
            return replace(away, call_id=None), (GiveBackCall(agent.call_id),)
    # On a call the customer's side ends it; in after-call work the work goes on.
    return lost, ()


def _found_on_call(agent: Agent, event: FoundOnCall, now: datetime) -> Decision:
    if agent.state is AgentState.ON_CALL and agent.call_id == event.call_id:
        return agent, ()
    on_call = replace(
        _to(agent, AgentState.ON_CALL, now),
        leg_answered=True,
        call_id=event.call_id,
        result_required=event.result_required,
        result_saved=agent.result_saved and agent.call_id == event.call_id,
        away_wish=agent.away_reason if agent.state is AgentState.AWAY else agent.away_wish,
    )
    return on_call, ()


def _call_over(agent: Agent, event: CallOver, now: datetime) -> Decision:
    close_leg: tuple[Command, ...] = ()
    if agent.phone_mode is PhoneMode.PER_CALL and agent.leg_id:
        close_leg = (HangUpAgent(agent.leg_id),)
        agent = replace(agent, leg_id=None, leg_answered=False)
    if not event.talked:
        freed, commands = _work_done(agent, event.new_leg, now)
        return freed, close_leg + commands
    if agent.result_saved:
        done, commands = _work_done(agent, event.new_leg, now)
        return done, close_leg + commands
    working = _to(agent, AgentState.AFTER_CALL_WORK, now)
    return working, (*close_leg, StartAfterCallTimer(event.call_id))


def _work_done(agent: Agent, new_leg: LegId, now: datetime) -> Decision:
    free = replace(agent, call_id=None, result_saved=False, away_wish=None)
    if agent.away_wish is not None:
        return _to(free, AgentState.AWAY, now, away_reason=agent.away_wish), ()
    return _become_ready(free, new_leg, now)
