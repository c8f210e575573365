"""What happened while nobody looked: our open calls and agents against Asterisk's legs.

Asterisk does not replay events. After every absence of ours (a restart, a lost
connection) the legs that live there are compared with what we believe, and the
differences are told as the events that were missed. So nothing is dialled
twice, no live conversation is dropped and no agent stays reserved for a ghost.
"""

from collections.abc import Sequence
from datetime import datetime

from dialer.messages import (
    AgentLegAnswered,
    AgentLegGone,
    CallEvent,
    ConnectFailed,
    CustomerAnswered,
    CustomerConnected,
    CustomerGone,
    HangUpAgent,
    HangUpCustomer,
    OpenLegs,
)
from dialer.rules.agent_state import Agent
from dialer.rules.call_state import UNANSWERED, CallState, Phase

UNKNOWN_CAUSE = 0

MissedEvent = CallEvent | AgentLegAnswered | AgentLegGone
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
    customer_legs = {leg.call_id: leg for leg in legs.customers}
    for call in calls:
        if call.phase is Phase.ENDED:
            continue
        customer = customer_legs.get(call.call_id)
        if customer is None:
            events.append(CustomerGone(call.call_id, UNKNOWN_CAUSE, now, estimated=True))
            continue
        if call.phase in UNANSWERED and customer.answered:
            events.append(CustomerAnswered(call.call_id, now))
        elif call.phase is Phase.CONNECTING and call.leg_id:
            if customer.joined_to == call.leg_id:
                events.append(CustomerConnected(call.call_id, call.leg_id, now))
            else:
                events.append(ConnectFailed(call.call_id, "not joined", now))
        elif call.phase is Phase.TALKING and customer.joined_to is None and call.leg_id:
            events.append(AgentLegGone(call.leg_id, UNKNOWN_CAUSE, now))
    return events


def orphans(calls: Sequence[CallState], agents: Sequence[Agent], legs: OpenLegs) -> list[Orphan]:
    """Legs that belong to no open call and no agent: they must go."""
    known_calls = {call.call_id for call in calls if call.phase is not Phase.ENDED}
    known_legs = {agent.leg_id for agent in agents} | {
        call.leg_id for call in calls if call.phase is not Phase.ENDED
    }
    return [
        *(HangUpCustomer(leg.call_id) for leg in legs.customers if leg.call_id not in known_calls),
        *(HangUpAgent(leg.leg_id) for leg in legs.agents if leg.leg_id not in known_legs),
    ]
