"""What is concluded from what lives in Asterisk after nobody had looked for a while."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.messages import (
    AgentLegAnswered,
    AgentLegGone,
    CallId,
    ConnectFailed,
    CustomerAnswered,
    CustomerConnected,
    CustomerGone,
    HangUpAgent,
    HangUpCustomer,
    LegId,
    OpenAgentLeg,
    OpenCustomerLeg,
    OpenLegs,
)
from dialer.rules import agent_events, agent_state, call_state
from dialer.rules.agent_state import Agent, AgentState, PhoneMode
from dialer.rules.call_events import (
    AgentFoundTalking,
    AgentHangsUp,
    AgentTalks,
    AnswerDeadlinePassed,
    FoundTalking,
)
from dialer.rules.call_state import CallState, Phase
from dialer.rules.recovery import MissedEvent, missed_events, orphans
from tests.unit.rules.calls import ANSWERS, CALL, CANCELLED, NOON, SATO, SATOS_LEG, after, in_phase

LATER = NOON + timedelta(minutes=5)
STRANGE_LEG = LegId(UUID(int=666))
NOTHING = OpenLegs((), ())


def sato(state: AgentState, *, call: bool = False, answered: bool = True) -> Agent:
    return Agent(
        user_id=SATO,
        phone_mode=PhoneMode.HELD,
        since=NOON,
        state=state,
        leg_id=SATOS_LEG,
        leg_answered=answered,
        call_id=CALL if call else None,
    )


ON_CALL = sato(AgentState.ON_CALL, call=True)


def legs(
    *, answered: bool = True, joined_to: LegId | None = None, agent: LegId | None = SATOS_LEG
) -> OpenLegs:
    """The customer's leg, and an agent's leg that is open."""
    agents = () if agent is None else (OpenAgentLeg(agent, answered=True),)
    return OpenLegs((OpenCustomerLeg(CALL, answered, joined_to),), agents)


def missed(call: CallState, agent: Agent, found: OpenLegs) -> list[MissedEvent]:
    return missed_events([call], [agent], found, LATER)


# --- calls ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.ENDED])
def test_a_call_without_a_leg_has_ended_at_an_estimated_time(phase: Phase) -> None:
    events = missed_events([in_phase(phase)], [], NOTHING, LATER)
    assert events == [CustomerGone(CALL, 0, LATER, estimated=True)]


def test_an_ended_call_misses_nothing() -> None:
    assert missed_events([in_phase(Phase.ENDED)], [], NOTHING, LATER) == []


@pytest.mark.parametrize("phase", [Phase.DIALLING, Phase.RINGING])
def test_an_answer_that_was_missed_is_told(phase: Phase) -> None:
    events = missed(in_phase(phase), sato(AgentState.READY), legs(answered=True))
    assert events == [CustomerAnswered(CALL, LATER)]


@pytest.mark.parametrize("phase", [Phase.DIALLING, Phase.RINGING])
def test_a_call_that_still_rings_goes_on(phase: Phase) -> None:
    assert missed(in_phase(phase), sato(AgentState.READY), legs(answered=False)) == []


def test_a_customer_who_waits_goes_on_waiting() -> None:
    assert missed(in_phase(Phase.WAITING), sato(AgentState.READY), legs()) == []


def test_a_join_that_happened_is_told() -> None:
    reserved = sato(AgentState.RESERVED, call=True)
    events = missed(in_phase(Phase.CONNECTING), reserved, legs(joined_to=SATOS_LEG))
    assert events == [CustomerConnected(CALL, SATOS_LEG, LATER)]


def test_a_join_that_did_not_happen_is_told() -> None:
    (event,) = missed(in_phase(Phase.CONNECTING), sato(AgentState.RESERVED, call=True), legs())
    assert isinstance(event, ConnectFailed)
    assert event.leg_id == SATOS_LEG


def test_a_conversation_that_lives_misses_nothing() -> None:
    assert missed(in_phase(Phase.TALKING), ON_CALL, legs(joined_to=SATOS_LEG)) == []


def test_a_customer_who_is_left_alone_is_let_go_and_the_agent_keeps_his_phone() -> None:
    assert missed(in_phase(Phase.TALKING), ON_CALL, legs()) == [AgentHangsUp(CALL)]


@pytest.mark.parametrize("phase", [Phase.DIALLING, Phase.RINGING, Phase.WAITING])
@pytest.mark.parametrize("state", [AgentState.READY, AgentState.RESERVED, AgentState.ON_CALL])
def test_a_conversation_that_was_not_written_down_yet_is_recognised(
    phase: Phase, state: AgentState
) -> None:
    events = missed(in_phase(phase), sato(state), legs(joined_to=SATOS_LEG))
    assert events == [FoundTalking(CALL, SATO, SATOS_LEG, LATER)]


@pytest.mark.parametrize("state", [AgentState.READY, AgentState.RESERVED, AgentState.AWAY])
def test_an_agent_whose_conversation_was_not_written_down_yet_is_told(state: AgentState) -> None:
    events = missed(in_phase(Phase.TALKING), sato(state), legs(joined_to=SATOS_LEG))
    assert events == [FoundTalking(CALL, SATO, SATOS_LEG, LATER)]


# --- agents --------------------------------------------------------------------------------------


def test_an_agent_whose_leg_is_gone_is_told_before_his_call() -> None:
    events = missed(in_phase(Phase.CONNECTING), ON_CALL, legs(agent=None))
    assert events[0] == AgentLegGone(SATOS_LEG, 0, LATER)
    assert isinstance(events[1], ConnectFailed)


def test_a_phone_that_was_picked_up_meanwhile_is_told() -> None:
    ringing = sato(AgentState.LOGGING_IN, answered=False)
    open_legs = OpenLegs((), (OpenAgentLeg(SATOS_LEG, answered=True),))
    assert missed_events([], [ringing], open_legs, LATER) == [AgentLegAnswered(SATOS_LEG, LATER)]


def test_a_phone_that_still_rings_goes_on() -> None:
    ringing = sato(AgentState.LOGGING_IN, answered=False)
    open_legs = OpenLegs((), (OpenAgentLeg(SATOS_LEG, answered=False),))
    assert missed_events([], [ringing], open_legs, LATER) == []


def test_an_agent_without_a_leg_misses_nothing() -> None:
    per_call = replace(sato(AgentState.READY), leg_id=None, leg_answered=False)
    assert missed_events([], [per_call], NOTHING, LATER) == []


# --- legs that must go ---------------------------------------------------------------------------


def test_legs_that_nobody_knows_are_hung_up() -> None:
    found = OpenLegs(
        (OpenCustomerLeg(CallId(UUID(int=9)), True, None),), (OpenAgentLeg(STRANGE_LEG, True),)
    )
    assert orphans([], [], found) == [
        HangUpCustomer(CallId(UUID(int=9))),
        HangUpAgent(STRANGE_LEG),
    ]


def test_the_leg_of_a_call_that_has_ended_is_hung_up() -> None:
    assert HangUpCustomer(CALL) in orphans([in_phase(Phase.ENDED)], [ON_CALL], legs())


def test_known_legs_stay() -> None:
    assert orphans([in_phase(Phase.TALKING)], [ON_CALL], legs(joined_to=SATOS_LEG)) == []


def test_a_hang_up_that_was_lost_is_said_again() -> None:
    for call in (in_phase(Phase.LEAVING), after(*CANCELLED)):
        assert orphans([call], [ON_CALL], legs()) == [HangUpCustomer(CALL)]


def test_an_abandoned_person_hears_the_message_to_its_end() -> None:
    abandoned = after(ANSWERS, AnswerDeadlinePassed(CALL, NOON))
    assert orphans([abandoned], [ON_CALL], legs()) == []


def test_an_agent_whom_nobody_knows_is_not_cut_off_while_he_talks() -> None:
    found = legs(joined_to=STRANGE_LEG, agent=STRANGE_LEG)
    assert orphans([in_phase(Phase.TALKING)], [], found) == []


# --- always --------------------------------------------------------------------------------------

AGENTS = st.builds(
    sato,
    st.sampled_from([state for state in AgentState if state is not AgentState.OFFLINE]),
    call=st.booleans(),
    answered=st.booleans(),
)
OPEN_LEGS = st.builds(
    legs,
    answered=st.just(True),
    joined_to=st.sampled_from([None, SATOS_LEG]),
    agent=st.just(SATOS_LEG),
)


@given(st.sampled_from([p for p in Phase if p is not Phase.ENDED]), AGENTS, OPEN_LEGS)
def test_after_comparing_a_conversation_that_lives_is_known_to_both(
    phase: Phase, agent: Agent, found: OpenLegs
) -> None:
    call = in_phase(phase)
    for event in missed(call, agent, found):
        if isinstance(event, AgentLegAnswered):
            agent, _ = agent_state.decide(agent, event, LATER)
            continue
        assert not isinstance(event, AgentLegGone)
        call, commands = call_state.decide(call, event, LATER)
        for command in commands:
            match command:
                case AgentFoundTalking():
                    told: agent_events.Event = agent_events.FoundOnCall(CALL, SATOS_LEG, False)
                case AgentTalks():
                    told = agent_events.CallConnected(CALL)
                case _:
                    continue
            agent, _ = agent_state.decide(agent, told, LATER)
    joined = found.customers[0].joined_to is not None
    if joined and phase is not Phase.LEAVING:
        assert call.phase is Phase.TALKING
        assert (agent.state, agent.call_id) == (AgentState.ON_CALL, CALL)
    else:
        assert call.phase is not Phase.TALKING
