"""What happened while nobody looked: our open calls and agents against Asterisk's legs.

Asterisk does not replay events. After every absence of ours (a restart, a lost
connection) the legs that live there are compared with what we believe, and the
differences are told as the events that were missed. So nothing is dialled
twice, no live conversation is dropped and no agent stays reserved for a ghost.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from dialer.messages import (
    AgentLegAnswered,
    AgentLegGone,
    CallEvent,
    ConnectFailed,
    CustomerAnswered,
    CustomerConnected,
    CustomerGone,
    CustomerReleased,
    HangUpAgent,
    HangUpCustomer,
    LegId,
    OpenCustomerLeg,
    OpenLegs,
    RecordingPaused,
    RecordingResumed,
)
from dialer.rules.agent_state import Agent, AgentState
from dialer.rules.call_events import AgentHangsUp, FoundTalking, ResumeWanted
from dialer.rules.call_state import UNANSWERED, CallState, Phase
from dialer.rules.recording_pause import open_pause

UNKNOWN_CAUSE = 0

MissedEvent = (
    CallEvent | AgentLegAnswered | AgentLegGone | FoundTalking | AgentHangsUp | ResumeWanted
)
Orphan = HangUpCustomer | HangUpAgent


def missed_events(
    calls: Sequence[CallState], agents: Sequence[Agent], legs: OpenLegs, now: datetime
) -> list[MissedEvent]:
    """The events that turn what we believe into what is. Agents' legs come first,
    because a call whose agent is gone must not be joined with him."""
    events: list[MissedEvent] = []
    agent_legs = {leg.leg_id: leg for leg in legs.agents}
    for agent in agents:
        if agent.leg_id is None:
            continue
        leg = agent_legs.get(agent.leg_id)
        if leg is None:
            events.append(AgentLegGone(agent.leg_id, UNKNOWN_CAUSE, now))
        elif leg.answered and not agent.leg_answered:
            events.append(AgentLegAnswered(agent.leg_id, now))
    holders = {agent.leg_id: agent for agent in agents if agent.leg_id is not None}
    customer_legs = {leg.call_id: leg for leg in legs.customers}
    for call in calls:
        customer = customer_legs.get(call.call_id)
        if call.phase is Phase.ENDED:
            continue
        if customer is None:
            events.append(CustomerGone(call.call_id, UNKNOWN_CAUSE, now, estimated=True))
        elif missed := _missed_of(call, customer, holders, now):
            events.append(missed)
    return events


def _missed_of(
    call: CallState, customer: OpenCustomerLeg, holders: Mapping[LegId, Agent], now: datetime
) -> MissedEvent | None:
    if call.phase is Phase.LEAVING:
        return None
    if customer.released and call.phase is not Phase.TALKING:
        return CustomerReleased(call.call_id, now)
    joined_to = customer.joined_to
    if joined_to is not None and joined_to in holders:
        joined = _missed_of_joined(call, joined_to, holders[joined_to], now)
        return joined or _missed_of_recording(call, paused=customer.paused, now=now)
    if call.phase in UNANSWERED and customer.answered:
        return CustomerAnswered(call.call_id, now)
    if call.phase is Phase.CONNECTING and call.leg_id is not None and joined_to is None:
        return ConnectFailed(call.call_id, call.leg_id, "not joined", now)
    if call.phase is Phase.TALKING and joined_to is None:
        return AgentHangsUp(call.call_id)
    return None


def _missed_of_joined(
    call: CallState, leg_id: LegId, agent: Agent, now: datetime
) -> MissedEvent | None:
    if call.leg_id == leg_id and agent.call_id == call.call_id:
        if (call.phase, agent.state) == (Phase.TALKING, AgentState.ON_CALL):
            return None
        if (call.phase, agent.state) == (Phase.CONNECTING, AgentState.RESERVED):
            return CustomerConnected(call.call_id, leg_id, now)
    return FoundTalking(call.call_id, agent.user_id, leg_id, now)


def _missed_of_recording(call: CallState, *, paused: bool, now: datetime) -> MissedEvent | None:
    """Whether it goes on is what Asterisk says; that it should may be a word that was lost."""
    if not call.recorded:
        return None
    pause = open_pause(call.pauses)
    if paused and pause is None:
        return RecordingPaused(call.call_id, now)
    if paused and pause is not None and pause.ended_by is not None:
        return ResumeWanted(call.call_id, pause.ended_by)
    if not paused and pause is not None:
        return RecordingResumed(call.call_id, now)
    return None


def orphans(calls: Sequence[CallState], agents: Sequence[Agent], legs: OpenLegs) -> list[Orphan]:
    """Legs that must go: they belong to no open call and no agent, or their end was decided
    and the word of it was lost. An agent's leg that talks with a customer of ours stays."""
    open_calls = {call.call_id: call for call in calls if call.phase is not Phase.ENDED}
    known_legs = {agent.leg_id for agent in agents}
    known_legs |= {call.leg_id for call in open_calls.values()}
    known_legs |= {leg.joined_to for leg in legs.customers if leg.call_id in open_calls}
    return [
        *(
            HangUpCustomer(leg.call_id)
            for leg in legs.customers
            if leg.call_id not in open_calls or _must_go(open_calls[leg.call_id])
        ),
        *(HangUpAgent(leg.leg_id) for leg in legs.agents if leg.leg_id not in known_legs),
    ]


def _must_go(call: CallState) -> bool:
    """An abandoned person hears a message, after which his leg ends by itself."""
    return call.phase is Phase.LEAVING and not call.abandoned
