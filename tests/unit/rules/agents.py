"""An agent for tests of his machine, brought to any state by the events that lead there."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from dialer.messages import AgentLegAnswered, AgentLegGone, CallId, LegId, UserId
from dialer.rules.agent_events import (
    CallConnected,
    CallOver,
    Command,
    Event,
    GoAway,
    GoReady,
    Reserve,
)
from dialer.rules.agent_state import Agent, AgentState, PhoneMode, decide

MORNING = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
LATER = MORNING + timedelta(minutes=3)
SATO = UserId(1)
CALL, ANOTHER_CALL = CallId(UUID(int=1)), CallId(UUID(int=2))
LEG, SECOND_LEG, THIRD_LEG = (LegId(UUID(int=number)) for number in (101, 102, 103))

ANSWERED = AgentLegAnswered(LEG, MORNING)
GONE = AgentLegGone(LEG, 16, LATER)
RESERVE = Reserve(CALL, result_required=False, new_leg=LEG)
CONNECTED = CallConnected(CALL)
TALKED = CallOver(CALL, talked=True, new_leg=SECOND_LEG)
NOT_TALKED = CallOver(CALL, talked=False, new_leg=SECOND_LEG)

HELD: dict[AgentState, tuple[Event, ...]] = {
    AgentState.OFFLINE: (),
    AgentState.LOGGING_IN: (GoReady(LEG),),
    AgentState.READY: (GoReady(LEG), ANSWERED),
    AgentState.RESERVED: (GoReady(LEG), ANSWERED, RESERVE),
    AgentState.ON_CALL: (GoReady(LEG), ANSWERED, RESERVE, CONNECTED),
    AgentState.AFTER_CALL_WORK: (GoReady(LEG), ANSWERED, RESERVE, CONNECTED, TALKED),
    AgentState.AWAY: (GoReady(LEG), ANSWERED, GoAway("昼食")),
}
PER_CALL: dict[AgentState, tuple[Event, ...]] = {
    AgentState.OFFLINE: (),
    AgentState.READY: (GoReady(LEG),),
    AgentState.RESERVED: (GoReady(LEG), RESERVE),
    AgentState.ON_CALL: (GoReady(LEG), RESERVE, ANSWERED, CONNECTED),
    AgentState.AFTER_CALL_WORK: (GoReady(LEG), RESERVE, ANSWERED, CONNECTED, TALKED),
    AgentState.AWAY: (GoReady(LEG), GoAway("昼食")),
}


def held_agent(state: AgentState = AgentState.OFFLINE) -> Agent:
    agent = after(Agent(SATO, PhoneMode.HELD, MORNING), *HELD[state])
    assert agent.state is state
    return agent


def per_call_agent(state: AgentState = AgentState.OFFLINE) -> Agent:
    agent = after(Agent(SATO, PhoneMode.PER_CALL, MORNING), *PER_CALL[state])
    assert agent.state is state
    return agent


def after(agent: Agent, *events: Event) -> Agent:
    for event in events:
        agent, _ = decide(agent, event, MORNING)
    return agent


def happens(agent: Agent, event: Event) -> tuple[Agent, list[Command]]:
    changed, commands = decide(agent, event, LATER)
    return changed, list(commands)
