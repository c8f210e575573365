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
from dialer.rules.agent_events import (
    AfterCallWorkExpired,
    CallConnected,
    CallOver,
    Command,
    Event,
    FoundOnCall,
    GiveBackCall,
    GoAway,
    GoReady,
    Hold,
    HoldFor,
    Join,
    JoinCall,
    LetGo,
    LogOut,
    Reserve,
    ResultSaved,
    RingPhone,
    StartAfterCallTimer,
)


class AgentState(StrEnum):
    OFFLINE = "offline"
    LOGGING_IN = "logging_in"  # the phone rings to be held open
    READY = "ready"  # 待機
    RESERVED = "reserved"  # a customer is being joined, or rings with this agent held for him
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
    held: bool = False  # reserved before anybody has answered; without `call_id`, or dialled


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
        case Hold(new_leg=new_leg) if may_be_held(agent):
            return _hold(agent, new_leg, now)
        case HoldFor() if _waits_for_a_call(agent):
            return replace(agent, call_id=event.call_id, result_required=event.result_required), ()
        case LetGo(new_leg=new_leg) if _waits_for_a_call(agent):
            return _free(agent, new_leg, now)
        case Join(call_id=call_id) if agent.held and agent.call_id == call_id:
            return _join(agent, call_id)
        case CallConnected(call_id=call_id) if _reserved_for(agent, call_id):
            return replace(_to(agent, AgentState.ON_CALL, now), held=False), ()
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


def may_be_held(agent: Agent) -> bool:
    """Whether he may be kept for a call of his own: ready, or done with his last one."""
    if agent.state is AgentState.AFTER_CALL_WORK:
        return not _owes_result(agent)
    return agent.state is AgentState.READY


def _waits_for_a_call(agent: Agent) -> bool:
    return agent.held and agent.call_id is None


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
    if agent.held:
        # Nobody has answered: the call that rings with him is taken back.
        free, commands = _free(replace(agent, away_wish=reason), None, now)
        return free, (*commands, *_give_back(agent))
    if agent.state in _AT_WORK:
        return replace(agent, away_wish=reason), ()
    return _to(agent, AgentState.AWAY, now, away_reason=reason), ()


def _log_out(agent: Agent, now: datetime) -> Decision:
    """Leaving while on a call ends the call: its leg goes, and the call's machine follows."""
    hang_up = (HangUpAgent(agent.leg_id),) if agent.leg_id else ()
    give_back: tuple[Command, ...] = ()
    if agent.state is AgentState.RESERVED and (agent.held or not agent.leg_answered):
        give_back = _give_back(agent)
    gone = replace(
        agent,
        leg_id=None,
        leg_answered=False,
        call_id=None,
        away_wish=None,
        result_saved=False,
        held=False,
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


def _hold(agent: Agent, new_leg: LegId, now: datetime) -> Decision:
    held = replace(
        _to(agent, AgentState.RESERVED, now), call_id=None, result_saved=False, held=True
    )
    if agent.leg_id is not None and agent.leg_answered:
        return held, ()
    return replace(held, leg_id=new_leg), (RingPhone(new_leg),)


def _join(agent: Agent, call_id: CallId) -> Decision:
    joining = replace(agent, held=False)
    if agent.leg_id is not None and agent.leg_answered:
        return joining, (JoinCall(call_id, agent.leg_id),)
    return joining, ()  # his phone rings still


def _give_back(agent: Agent) -> tuple[Command, ...]:
    return (GiveBackCall(agent.call_id),) if agent.call_id else ()


def _leg_answered(agent: Agent, now: datetime) -> Decision:
    if agent.leg_answered:
        return agent, ()
    answered = replace(agent, leg_answered=True)
    if agent.state is AgentState.LOGGING_IN:
        return _to(answered, AgentState.READY, now), ()
    if agent.state is AgentState.RESERVED and agent.call_id and agent.leg_id and not agent.held:
        return answered, (JoinCall(agent.call_id, agent.leg_id),)
    return answered, ()


def _leg_gone(agent: Agent, now: datetime) -> Decision:
    lost = replace(agent, leg_id=None, leg_answered=False)
    if agent.held:
        return _held_leg_gone(lost, answered=agent.leg_answered, now=now)
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


def _held_leg_gone(lost: Agent, *, answered: bool, now: datetime) -> Decision:
    """Nobody could take the call any more: it is taken back."""
    offline = answered and lost.phone_mode is PhoneMode.HELD
    gone = _to(
        replace(lost, call_id=None, held=False),
        AgentState.OFFLINE if offline else AgentState.AWAY,
        now,
        away_reason=PHONE_LOST if answered else PHONE_DID_NOT_ANSWER,
    )
    return gone, _give_back(lost)


def _found_on_call(agent: Agent, event: FoundOnCall, now: datetime) -> Decision:
    if agent.state is AgentState.ON_CALL and agent.call_id == event.call_id:
        return agent, ()
    on_call = replace(
        _to(agent, AgentState.ON_CALL, now),
        leg_answered=True,
        held=False,
        call_id=event.call_id,
        result_required=event.result_required,
        result_saved=agent.result_saved and agent.call_id == event.call_id,
        away_wish=agent.away_reason if agent.state is AgentState.AWAY else agent.away_wish,
    )
    return on_call, ()


def _call_over(agent: Agent, event: CallOver, now: datetime) -> Decision:
    if not event.talked or agent.result_saved:
        return _free(agent, event.new_leg, now)
    agent, close_leg = _close_leg(agent)
    working = _to(agent, AgentState.AFTER_CALL_WORK, now)
    return working, (*close_leg, StartAfterCallTimer(event.call_id))


def _close_leg(agent: Agent) -> Decision:
    """A phone that is rung per call is hung up after each."""
    if agent.phone_mode is not PhoneMode.PER_CALL or agent.leg_id is None:
        return agent, ()
    return replace(agent, leg_id=None, leg_answered=False), (HangUpAgent(agent.leg_id),)


def _free(agent: Agent, new_leg: LegId | None, now: datetime) -> Decision:
    """His call is over, and nothing is left to do. `new_leg` None: he has a wish to be away."""
    agent, close_leg = _close_leg(agent)
    done, commands = _work_done(agent, new_leg, now)
    return done, (*close_leg, *commands)


def _work_done(agent: Agent, new_leg: LegId | None, now: datetime) -> Decision:
    free = replace(agent, call_id=None, result_saved=False, away_wish=None, held=False)
    if agent.away_wish is not None:
        return _to(free, AgentState.AWAY, now, away_reason=agent.away_wish), ()
    if new_leg is None:
        raise ValueError("who becomes ready may need a leg")
    return _become_ready(free, new_leg, now)
