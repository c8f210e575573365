"""What follows for a call from each thing that happens to it or to its people."""

from datetime import timedelta

import pytest

from dialer.messages import (
    AgentLegGone,
    ConnectCustomer,
    ConnectFailed,
    CustomerAnswered,
    CustomerConnected,
    CustomerGone,
    CustomerRinging,
    HangUpCustomer,
    OriginateFailed,
    PlayAbandonedMessage,
)
from dialer.rules.call_events import (
    AgentFoundTalking,
    AgentFreed,
    AgentHangsUp,
    AgentTalks,
    AnswerDeadlinePassed,
    CancelUnanswered,
    CloseCall,
    FindAgent,
    FoundTalking,
    StartAnswerTimer,
    StopFindingAgent,
)
from dialer.rules.call_state import UNANSWERED, HungUpBy, Phase
from dialer.rules.hangup_cause import CallOutcome
from tests.unit.rules.calls import (
    ANSWERS,
    CALL,
    CANCELLED,
    GONE,
    JOINED,
    NOON,
    RINGS,
    SATO,
    SATO_FOUND,
    SATOS_LEG,
    SUZUKI,
    SUZUKI_FOUND,
    SUZUKIS_LEG,
    WAYS,
    a_call,
    after,
    happens,
    in_phase,
)

SATO_IS_FREE = AgentFreed(CALL, SATO, talked=False)
LATE = NOON + timedelta(seconds=30)
REFUSED_TO_JOIN = ConnectFailed(CALL, SATOS_LEG, "bridge gone", NOON)
SATOS_PHONE_DIES = AgentLegGone(SATOS_LEG, 16, NOON)
TIME_IS_OVER = AnswerDeadlinePassed(CALL, NOON)


# --- the way of a good call -------------------------------------------------------------------


def test_a_call_begins_dialling() -> None:
    assert a_call().phase is Phase.DIALLING


def test_the_phone_rings() -> None:
    call, commands = happens(a_call(), RINGS)
    assert (call.phase, call.ringing_at, commands) == (Phase.RINGING, RINGS.at, [])


def test_ringing_told_twice_keeps_the_first_time() -> None:
    call = after(RINGS, CustomerRinging(CALL, LATE))
    assert call.ringing_at == RINGS.at


@pytest.mark.parametrize("phase", sorted(UNANSWERED))
def test_an_answer_starts_the_timer_and_the_search_for_an_agent(phase: Phase) -> None:
    call, commands = happens(in_phase(phase), ANSWERS)
    assert (call.phase, call.answered_at) == (Phase.WAITING, ANSWERS.at)
    assert commands == [StartAnswerTimer(CALL, 2.0), FindAgent(CALL)]


def test_an_answer_told_twice_starts_nothing_anew() -> None:
    call, commands = happens(in_phase(Phase.WAITING), CustomerAnswered(CALL, LATE))
    assert (call.answered_at, commands) == (ANSWERS.at, [])


@pytest.mark.parametrize("recorded", [True, False])
def test_a_found_agent_is_joined_with_the_customer(recorded: bool) -> None:
    call, commands = happens(after(ANSWERS, call=a_call(recorded=recorded)), SATO_FOUND)
    assert (call.phase, call.user_id, call.leg_id) == (Phase.CONNECTING, SATO, SATOS_LEG)
    assert commands == [ConnectCustomer(CALL, SATOS_LEG, recorded)]


def test_once_joined_they_talk() -> None:
    call, commands = happens(in_phase(Phase.CONNECTING), JOINED)
    assert (call.phase, call.connected_at) == (Phase.TALKING, JOINED.at)
    assert commands == [AgentTalks(CALL, SATO)]


def test_the_customer_hangs_up() -> None:
    call, commands = happens(in_phase(Phase.TALKING), GONE)
    assert call.phase is Phase.ENDED
    assert (call.outcome, call.hung_up_by) == (CallOutcome.CONNECTED, HungUpBy.CUSTOMER)
    assert (call.ended_at, call.hangup_cause) == (GONE.at, 16)
    assert commands == [CloseCall(CALL), AgentFreed(CALL, SATO, talked=True)]


def test_the_agent_hangs_up_and_the_call_ends_when_the_leg_is_gone() -> None:
    leaving, commands = happens(in_phase(Phase.TALKING), AgentHangsUp(CALL))
    assert (leaving.phase, commands) == (Phase.LEAVING, [HangUpCustomer(CALL)])
    ended, commands = happens(leaving, GONE)
    assert (ended.outcome, ended.hung_up_by) == (CallOutcome.CONNECTED, HungUpBy.AGENT)
    assert commands == [CloseCall(CALL), AgentFreed(CALL, SATO, talked=True)]


# --- agents who come, go and fail -------------------------------------------------------------


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.WAITING])
def test_another_agent_found_too_late_is_free_at_once(phase: Phase) -> None:
    before = in_phase(phase)
    call, commands = happens(before, SUZUKI_FOUND)
    assert call == before
    assert commands == [AgentFreed(CALL, SUZUKI, talked=False)]


@pytest.mark.parametrize("phase", [Phase.CONNECTING, Phase.TALKING])
def test_an_agent_told_twice_keeps_his_call(phase: Phase) -> None:
    before = in_phase(phase)
    assert happens(before, SATO_FOUND) == (before, [])


@pytest.mark.parametrize("trouble", [REFUSED_TO_JOIN, SATOS_PHONE_DIES])
def test_an_agent_who_cannot_be_joined_is_replaced(
    trouble: ConnectFailed | AgentLegGone,
) -> None:
    call, commands = happens(in_phase(Phase.CONNECTING), trouble)
    assert (call.phase, call.user_id, call.leg_id) == (Phase.WAITING, None, None)
    assert commands == [SATO_IS_FREE, StartAnswerTimer(CALL, 1.5), FindAgent(CALL)]


@pytest.mark.parametrize("trouble", [REFUSED_TO_JOIN, SATOS_PHONE_DIES])
def test_no_other_agent_is_sought_when_the_customer_has_waited_too_long(
    trouble: ConnectFailed | AgentLegGone,
) -> None:
    call, commands = happens(in_phase(Phase.CONNECTING), trouble, now=LATE)
    assert (call.phase, call.abandoned, call.user_id) == (Phase.LEAVING, True, None)
    assert commands == [SATO_IS_FREE, StopFindingAgent(CALL), PlayAbandonedMessage(CALL)]


@pytest.mark.parametrize(
    "old_news", [REFUSED_TO_JOIN, SATOS_PHONE_DIES, CustomerConnected(CALL, SATOS_LEG, NOON)]
)
def test_news_of_an_earlier_agent_does_not_touch_the_present_one(
    old_news: ConnectFailed | AgentLegGone | CustomerConnected,
) -> None:
    with_suzuki = after(ANSWERS, SATO_FOUND, SATOS_PHONE_DIES, SUZUKI_FOUND)
    assert with_suzuki.phase is Phase.CONNECTING
    assert happens(with_suzuki, old_news) == (with_suzuki, [])


def test_an_agents_phone_that_dies_ends_the_conversation() -> None:
    call, commands = happens(in_phase(Phase.TALKING), SATOS_PHONE_DIES)
    assert (call.phase, call.hung_up_by) == (Phase.LEAVING, HungUpBy.AGENT)
    assert commands == [HangUpCustomer(CALL)]


def test_another_agents_phone_that_dies_changes_nothing() -> None:
    talking = in_phase(Phase.TALKING)
    assert happens(talking, AgentLegGone(SUZUKIS_LEG, 16, NOON)) == (talking, [])


def test_an_agent_may_hang_up_while_he_is_being_joined() -> None:
    leaving, commands = happens(in_phase(Phase.CONNECTING), AgentHangsUp(CALL))
    assert commands == [HangUpCustomer(CALL)]
    joined_late, commands = happens(leaving, JOINED)
    assert (joined_late, commands) == (leaving, [])
    ended, commands = happens(leaving, GONE)
    assert ended.outcome is CallOutcome.HUNG_UP
    assert commands == [CloseCall(CALL), SATO_IS_FREE]


@pytest.mark.parametrize("phase", [Phase.DIALLING, Phase.RINGING, Phase.WAITING, Phase.LEAVING])
def test_there_is_nothing_for_an_agent_to_hang_up(phase: Phase) -> None:
    before = in_phase(phase)
    assert happens(before, AgentHangsUp(CALL)) == (before, [])


# --- nobody was free --------------------------------------------------------------------------


def test_an_answered_call_without_an_agent_is_abandoned_with_a_message() -> None:
    call, commands = happens(in_phase(Phase.WAITING), TIME_IS_OVER)
    assert (call.phase, call.abandoned, call.hung_up_by) == (
        Phase.LEAVING,
        True,
        HungUpBy.SYSTEM,
    )
    assert commands == [StopFindingAgent(CALL), PlayAbandonedMessage(CALL)]
    ended, commands = happens(call, GONE)
    assert (ended.outcome, commands) == (CallOutcome.ABANDONED, [CloseCall(CALL)])


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.WAITING])
def test_the_time_limit_means_only_those_who_wait(phase: Phase) -> None:
    before = in_phase(phase)
    assert happens(before, TIME_IS_OVER) == (before, [])


def test_the_message_is_not_cut_short_by_an_answer_told_twice() -> None:
    abandoned = after(ANSWERS, TIME_IS_OVER)
    assert happens(abandoned, ANSWERS) == (abandoned, [])


def test_who_hangs_up_before_an_agent_came_was_not_abandoned() -> None:
    call, commands = happens(in_phase(Phase.WAITING), GONE)
    assert (call.outcome, call.hung_up_by) == (CallOutcome.HUNG_UP, HungUpBy.CUSTOMER)
    assert commands == [CloseCall(CALL), StopFindingAgent(CALL)]


def test_who_hangs_up_while_an_agent_is_joined_gives_the_agent_back() -> None:
    call, commands = happens(in_phase(Phase.CONNECTING), GONE)
    assert call.outcome is CallOutcome.HUNG_UP
    assert commands == [CloseCall(CALL), SATO_IS_FREE]


# --- cancelling -------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", sorted(UNANSWERED))
def test_a_call_that_rings_can_be_cancelled(phase: Phase) -> None:
    call, commands = happens(in_phase(phase), CancelUnanswered(CALL))
    assert (call.phase, call.hung_up_by) == (Phase.LEAVING, HungUpBy.SYSTEM)
    assert commands == [HangUpCustomer(CALL)]
    ended, commands = happens(call, CustomerGone(CALL, 26, LATE))
    assert (ended.outcome, commands) == (CallOutcome.CANCELLED, [CloseCall(CALL)])


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase not in UNANSWERED])
def test_an_answered_call_is_never_cancelled(phase: Phase) -> None:
    before = in_phase(phase)
    assert happens(before, CancelUnanswered(CALL)) == (before, [])


def test_an_answer_in_the_moment_of_cancelling_counts_as_abandoned() -> None:
    call, commands = happens(after(*CANCELLED), ANSWERS)
    assert (call.phase, call.answered_at, commands) == (
        Phase.LEAVING,
        ANSWERS.at,
        [HangUpCustomer(CALL)],
    )
    assert after(GONE, call=call).outcome is CallOutcome.ABANDONED


# --- the network and our own side --------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "sip_status", "outcome"),
    [
        (17, None, CallOutcome.BUSY),
        (19, None, CallOutcome.NO_ANSWER),
        (16, 603, CallOutcome.REJECTED),
        (1, 404, CallOutcome.UNREACHABLE),
        (38, 503, CallOutcome.CONGESTION),
    ],
)
@pytest.mark.parametrize("phase", sorted(UNANSWERED))
def test_the_network_says_why_nobody_answered(
    phase: Phase, cause: int, sip_status: int | None, outcome: CallOutcome
) -> None:
    call, commands = happens(in_phase(phase), CustomerGone(CALL, cause, LATE, sip_status))
    assert (call.outcome, call.hung_up_by) == (outcome, HungUpBy.NOBODY)
    assert commands == [CloseCall(CALL)]


@pytest.mark.parametrize("way", [(), (RINGS,), CANCELLED])
def test_an_originate_that_fails_ends_the_call(way: tuple[CustomerRinging, ...]) -> None:
    call, commands = happens(after(*way), OriginateFailed(CALL, "no such endpoint", LATE))
    assert (call.phase, call.outcome, call.ended_at) == (Phase.ENDED, CallOutcome.FAILED, LATE)
    assert commands == [CloseCall(CALL)]


@pytest.mark.parametrize("phase", [Phase.WAITING, Phase.CONNECTING, Phase.TALKING])
def test_an_originate_cannot_have_failed_once_somebody_answered(phase: Phase) -> None:
    before = in_phase(phase)
    assert happens(before, OriginateFailed(CALL, "late error", LATE)) == (before, [])


def test_an_end_that_nobody_saw_is_marked_as_estimated() -> None:
    missed = CustomerGone(CALL, 0, LATE, estimated=True)
    assert after(missed, call=in_phase(Phase.TALKING)).end_estimated
    assert not in_phase(Phase.ENDED).end_estimated


# --- found after an absence -------------------------------------------------------------------

FOUND = FoundTalking(CALL, SATO, SATOS_LEG, LATE)


@pytest.mark.parametrize("phase", [Phase.DIALLING, Phase.RINGING, Phase.CONNECTING])
def test_a_conversation_that_was_found_goes_on(phase: Phase) -> None:
    call, commands = happens(in_phase(phase), FOUND)
    assert (call.phase, call.user_id, call.leg_id) == (Phase.TALKING, SATO, SATOS_LEG)
    assert call.connected_at == LATE
    assert call.answered_at is not None
    assert commands == [AgentFoundTalking(CALL, SATO)]


def test_a_conversation_that_was_found_ends_the_search_for_an_agent() -> None:
    _, commands = happens(in_phase(Phase.WAITING), FOUND)
    assert commands == [StopFindingAgent(CALL), AgentFoundTalking(CALL, SATO)]


def test_the_agent_who_was_thought_to_be_joined_is_freed() -> None:
    _, commands = happens(after(ANSWERS, SUZUKI_FOUND), FOUND)
    assert commands == [AgentFreed(CALL, SUZUKI, talked=False), AgentFoundTalking(CALL, SATO)]


def test_a_conversation_found_again_keeps_its_beginning() -> None:
    call, commands = happens(in_phase(Phase.TALKING), FOUND)
    assert (call.connected_at, commands) == (JOINED.at, [AgentFoundTalking(CALL, SATO)])


@pytest.mark.parametrize("phase", [Phase.LEAVING, Phase.ENDED])
def test_a_call_whose_end_was_decided_is_not_taken_up_again(phase: Phase) -> None:
    before = in_phase(phase)
    assert happens(before, FOUND) == (before, [])


@pytest.mark.parametrize("phase", list(WAYS))
def test_times_are_known_only_of_what_has_happened(phase: Phase) -> None:
    call = in_phase(phase)
    assert (call.answered_at is None) == (phase in UNANSWERED)
    assert (call.ended_at is None) == (phase is not Phase.ENDED)
