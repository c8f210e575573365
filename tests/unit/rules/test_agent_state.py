"""What an agent does next, whatever happens to him, his phone and his call."""

from dataclasses import replace

import pytest

from dialer.messages import AgentLegAnswered, AgentLegFailed, AgentLegGone, HangUpAgent
from dialer.rules.agent_events import (
    AfterCallWorkExpired,
    CallConnected,
    CallOver,
    FoundOnCall,
    GiveBackCall,
    GoAway,
    GoReady,
    JoinCall,
    LogOut,
    Reserve,
    ResultSaved,
    RingPhone,
    StartAfterCallTimer,
)
from dialer.rules.agent_state import PHONE_DID_NOT_ANSWER, PHONE_LOST, Agent, AgentState
from tests.unit.rules.agents import (
    ANOTHER_CALL,
    ANSWERED,
    CALL,
    CONNECTED,
    GONE,
    HELD,
    LATER,
    LEG,
    NOT_TALKED,
    PER_CALL,
    RESERVE,
    SECOND_LEG,
    TALKED,
    THIRD_LEG,
    after,
    happens,
    held_agent,
    per_call_agent,
)

SAVED = ResultSaved(CALL, THIRD_LEG)
WORK_TIME_IS_OVER = AfterCallWorkExpired(CALL, THIRD_LEG)
AT_WORK = [AgentState.RESERVED, AgentState.ON_CALL, AgentState.AFTER_CALL_WORK]


def owes_a_result(agent: Agent) -> Agent:
    return replace(agent, result_required=True)


# --- coming --------------------------------------------------------------------------------------


def test_a_held_phone_is_rung_to_log_in() -> None:
    agent, commands = happens(held_agent(), GoReady(LEG))
    assert (agent.state, agent.leg_id) == (AgentState.LOGGING_IN, LEG)
    assert commands == [RingPhone(LEG)]


def test_who_picks_up_is_ready() -> None:
    agent, commands = happens(held_agent(AgentState.LOGGING_IN), ANSWERED)
    assert (agent.state, agent.since, commands) == (AgentState.READY, LATER, [])


def test_who_does_not_pick_up_is_not_on_the_floor() -> None:
    for event in (GONE, AgentLegFailed(LEG, "not registered", LATER)):
        agent, _ = happens(held_agent(AgentState.LOGGING_IN), event)
        assert agent.state is AgentState.OFFLINE
        assert agent.away_reason == PHONE_DID_NOT_ANSWER
        assert agent.leg_id is None


def test_a_phone_that_is_rung_per_call_stays_silent_until_there_is_one() -> None:
    agent, commands = happens(per_call_agent(), GoReady(LEG))
    assert (agent.state, agent.leg_id, commands) == (AgentState.READY, None, [])


def test_a_second_wish_to_be_ready_rings_no_second_time() -> None:
    for agent in (held_agent(AgentState.LOGGING_IN), held_agent(AgentState.READY)):
        assert happens(agent, GoReady(SECOND_LEG)) == (agent, [])


def test_who_comes_back_while_his_phone_still_rings_is_not_rung_twice() -> None:
    away = after(held_agent(AgentState.LOGGING_IN), GoAway("電話"))
    agent, commands = happens(away, GoReady(SECOND_LEG))
    assert (agent.state, agent.leg_id, commands) == (AgentState.LOGGING_IN, LEG, [])


def test_an_open_phone_needs_no_ringing_after_a_break() -> None:
    agent, commands = happens(held_agent(AgentState.AWAY), GoReady(SECOND_LEG))
    assert (agent.state, agent.leg_id, commands) == (AgentState.READY, LEG, [])


# --- going ---------------------------------------------------------------------------------------


def test_away_has_a_reason() -> None:
    agent, _ = happens(held_agent(AgentState.READY), GoAway("昼食"))
    assert (agent.state, agent.away_reason) == (AgentState.AWAY, "昼食")


@pytest.mark.parametrize("state", AT_WORK)
def test_who_is_at_work_goes_away_when_it_is_done(state: AgentState) -> None:
    agent, commands = happens(held_agent(state), GoAway("昼食"))
    assert (agent.state, agent.away_wish, commands) == (state, "昼食", [])
    done = after(agent, CONNECTED, TALKED, SAVED)
    assert (done.state, done.away_reason, done.away_wish) == (AgentState.AWAY, "昼食", None)


@pytest.mark.parametrize("state", [AgentState.RESERVED, AgentState.ON_CALL])
def test_who_changes_his_mind_stays(state: AgentState) -> None:
    agent = after(held_agent(state), GoAway("昼食"), GoReady(SECOND_LEG))
    assert agent.away_wish is None
    assert after(agent, CONNECTED, TALKED, SAVED).state is AgentState.READY


@pytest.mark.parametrize("state", [state for state in HELD if state is not AgentState.OFFLINE])
def test_logging_out_hangs_the_held_phone_up(state: AgentState) -> None:
    agent, commands = happens(held_agent(state), LogOut())
    assert (agent.state, agent.leg_id, agent.call_id) == (AgentState.OFFLINE, None, None)
    assert commands == [HangUpAgent(LEG)]


def test_logging_out_while_the_phone_rings_for_a_call_gives_the_call_back() -> None:
    agent, commands = happens(per_call_agent(AgentState.RESERVED), LogOut())
    assert agent.state is AgentState.OFFLINE
    assert commands == [HangUpAgent(LEG), GiveBackCall(CALL)]


def test_the_end_of_a_call_does_not_bring_back_who_logged_out() -> None:
    gone_home = after(held_agent(AgentState.ON_CALL), LogOut())
    assert happens(gone_home, TALKED) == (gone_home, [])


# --- a call --------------------------------------------------------------------------------------


def test_a_held_phone_is_joined_at_once() -> None:
    agent, commands = happens(held_agent(AgentState.READY), RESERVE)
    assert (agent.state, agent.call_id) == (AgentState.RESERVED, CALL)
    assert commands == [JoinCall(CALL, LEG)]


def test_a_phone_that_is_rung_per_call_is_joined_when_it_is_picked_up() -> None:
    reserved, commands = happens(per_call_agent(AgentState.READY), RESERVE)
    assert commands == [RingPhone(LEG)]
    agent, commands = happens(reserved, ANSWERED)
    assert (agent.state, commands) == (AgentState.RESERVED, [JoinCall(CALL, LEG)])


def test_an_answer_told_twice_joins_once() -> None:
    reserved = held_agent(AgentState.RESERVED)
    assert happens(reserved, ANSWERED) == (reserved, [])


def test_once_joined_he_is_on_the_call() -> None:
    agent, _ = happens(held_agent(AgentState.RESERVED), CONNECTED)
    assert (agent.state, agent.call_id) == (AgentState.ON_CALL, CALL)


@pytest.mark.parametrize("state", [state for state in HELD if state is not AgentState.READY])
def test_only_a_ready_agent_is_reserved(state: AgentState) -> None:
    agent = held_agent(state)
    assert happens(agent, Reserve(ANOTHER_CALL, False, SECOND_LEG)) == (agent, [])


def test_news_of_another_call_do_not_concern_him() -> None:
    agent = held_agent(AgentState.ON_CALL)
    for event in (
        CallConnected(ANOTHER_CALL),
        CallOver(ANOTHER_CALL, True, SECOND_LEG),
        ResultSaved(ANOTHER_CALL, SECOND_LEG),
        AfterCallWorkExpired(ANOTHER_CALL, SECOND_LEG),
    ):
        assert happens(agent, event) == (agent, [])


def test_a_customer_who_was_gone_too_soon_leaves_no_work() -> None:
    agent, commands = happens(held_agent(AgentState.RESERVED), NOT_TALKED)
    assert (agent.state, agent.call_id, commands) == (AgentState.READY, None, [])


def test_a_phone_that_rings_for_a_customer_who_is_gone_is_silenced() -> None:
    agent, commands = happens(per_call_agent(AgentState.RESERVED), NOT_TALKED)
    assert (agent.state, agent.leg_id) == (AgentState.READY, None)
    assert commands == [HangUpAgent(LEG)]


def test_a_reserved_agent_who_does_not_pick_up_is_away_and_the_call_goes_back() -> None:
    agent, commands = happens(per_call_agent(AgentState.RESERVED), GONE)
    assert (agent.state, agent.away_reason) == (AgentState.AWAY, PHONE_DID_NOT_ANSWER)
    assert (agent.call_id, commands) == (None, [GiveBackCall(CALL)])


# --- after-call work -----------------------------------------------------------------------------


def test_after_a_conversation_there_is_work_with_a_time_limit() -> None:
    agent, commands = happens(held_agent(AgentState.ON_CALL), TALKED)
    assert (agent.state, agent.call_id) == (AgentState.AFTER_CALL_WORK, CALL)
    assert commands == [StartAfterCallTimer(CALL)]


def test_the_phone_that_was_rung_for_the_call_is_hung_up_for_the_work() -> None:
    agent, commands = happens(per_call_agent(AgentState.ON_CALL), TALKED)
    assert (agent.state, agent.leg_id) == (AgentState.AFTER_CALL_WORK, None)
    assert commands == [HangUpAgent(LEG), StartAfterCallTimer(CALL)]


@pytest.mark.parametrize("required", [True, False])
def test_a_saved_result_ends_the_work(required: bool) -> None:
    working = replace(held_agent(AgentState.AFTER_CALL_WORK), result_required=required)
    agent, commands = happens(working, SAVED)
    assert (agent.state, agent.call_id, commands) == (AgentState.READY, None, [])


def test_a_result_saved_during_the_call_spares_the_work() -> None:
    saved = after(owes_a_result(held_agent(AgentState.ON_CALL)), SAVED)
    assert saved.state is AgentState.ON_CALL
    agent, commands = happens(saved, TALKED)
    assert (agent.state, agent.call_id, commands) == (AgentState.READY, None, [])


def test_the_work_ends_when_its_time_is_over() -> None:
    agent, _ = happens(held_agent(AgentState.AFTER_CALL_WORK), WORK_TIME_IS_OVER)
    assert agent.state is AgentState.READY


def test_a_required_result_is_waited_for_however_long_it_takes() -> None:
    working = owes_a_result(held_agent(AgentState.AFTER_CALL_WORK))
    assert happens(working, WORK_TIME_IS_OVER) == (working, [])
    assert happens(working, GoReady(THIRD_LEG)) == (working, [])


def test_a_required_result_that_is_saved_already_holds_nobody_up() -> None:
    """After a restart: the result was stored, the agent's state was not."""
    working = replace(owes_a_result(held_agent(AgentState.AFTER_CALL_WORK)), result_saved=True)
    for event in (WORK_TIME_IS_OVER, GoReady(THIRD_LEG)):
        assert after(working, event).state is AgentState.READY


def test_ready_cuts_the_work_short() -> None:
    agent, _ = happens(held_agent(AgentState.AFTER_CALL_WORK), GoReady(THIRD_LEG))
    assert agent.state is AgentState.READY


# --- phones that die -----------------------------------------------------------------------------


def test_a_ready_agent_whose_phone_dies_is_taken_off_the_floor() -> None:
    agent, commands = happens(held_agent(AgentState.READY), GONE)
    assert (agent.state, agent.away_reason, commands) == (AgentState.OFFLINE, PHONE_LOST, [])


def test_a_phone_that_dies_during_the_call_leaves_the_work_to_be_done() -> None:
    agent = after(held_agent(AgentState.ON_CALL), GONE)
    assert (agent.state, agent.leg_id) == (AgentState.ON_CALL, None)
    assert after(agent, TALKED).state is AgentState.AFTER_CALL_WORK


def test_a_phone_that_died_is_rung_again_when_the_work_is_done() -> None:
    lost = after(held_agent(AgentState.AFTER_CALL_WORK), GONE)
    agent, commands = happens(lost, SAVED)
    assert (agent.state, commands) == (AgentState.LOGGING_IN, [RingPhone(THIRD_LEG)])


def test_a_phone_that_dies_while_he_is_joined_is_rung_again_when_the_call_lets_him_go() -> None:
    lost, commands = happens(held_agent(AgentState.RESERVED), GONE)
    assert (lost.state, commands) == (AgentState.RESERVED, [])
    agent, commands = happens(lost, NOT_TALKED)
    assert (agent.state, commands) == (AgentState.LOGGING_IN, [RingPhone(SECOND_LEG)])


def test_a_phone_that_dies_during_a_break_does_not_end_the_break() -> None:
    agent = after(held_agent(AgentState.AWAY), GONE)
    assert (agent.state, agent.leg_id) == (AgentState.AWAY, None)


def test_somebody_elses_phone_does_not_concern_him() -> None:
    agent = held_agent(AgentState.READY)
    for event in (AgentLegGone(SECOND_LEG, 16, LATER), AgentLegAnswered(SECOND_LEG, LATER)):
        assert happens(agent, event) == (agent, [])


# --- found after an absence ----------------------------------------------------------------------


@pytest.mark.parametrize("state", [state for state in HELD if state is not AgentState.OFFLINE])
def test_who_is_found_talking_is_on_that_call(state: AgentState) -> None:
    agent, commands = happens(held_agent(state), FoundOnCall(CALL, LEG, result_required=True))
    assert (agent.state, agent.call_id) == (AgentState.ON_CALL, CALL)
    assert agent.leg_answered
    assert commands == []


def test_who_is_found_talking_although_he_was_away_is_away_again_afterwards() -> None:
    agent = after(held_agent(AgentState.AWAY), FoundOnCall(CALL, LEG, False), TALKED, SAVED)
    assert (agent.state, agent.away_reason) == (AgentState.AWAY, "昼食")


@pytest.mark.parametrize("state", list(PER_CALL))
def test_who_does_not_hold_the_leg_is_not_the_one_who_was_found(state: AgentState) -> None:
    agent = per_call_agent(state)
    assert happens(agent, FoundOnCall(CALL, THIRD_LEG, False)) == (agent, [])
