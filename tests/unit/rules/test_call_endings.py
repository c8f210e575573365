"""Ends at awkward moments: what history says of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dialer.messages import CustomerAnswered, CustomerGone, CustomerReleased
from dialer.rules.call_events import AgentFreed, AgentHangsUp, StopFindingAgent
from dialer.rules.call_state import CallState, HungUpBy, Phase
from dialer.rules.hangup_cause import CallOutcome, outcome_of_unanswered
from tests.unit.rules.calls import (
    CALL,
    CANCELLED,
    GONE,
    JOINED,
    SATO,
    WAYS,
    after,
    happens,
    in_phase,
)


def gone_after(seconds: float, *, cause: int = 16, estimated: bool = False) -> CustomerGone:
    """So long after the customer was joined with the agent."""
    return CustomerGone(CALL, cause, JOINED.at + timedelta(seconds=seconds), estimated=estimated)


def test_who_hangs_up_while_he_is_joined_was_not_connected() -> None:
    call, commands = happens(in_phase(Phase.TALKING), gone_after(0.05))
    assert call.outcome is CallOutcome.HUNG_UP
    assert call.connected_at is None
    assert call.hung_up_by is HungUpBy.CUSTOMER
    assert AgentFreed(CALL, SATO, talked=False) in commands


def test_a_short_conversation_is_one() -> None:
    assert after(gone_after(0.2), call=in_phase(Phase.TALKING)).outcome is CallOutcome.CONNECTED


def test_an_agent_may_hang_up_at_once() -> None:
    call = after(AgentHangsUp(CALL), gone_after(0.01), call=in_phase(Phase.TALKING))
    assert call.outcome is CallOutcome.CONNECTED


def test_an_end_that_nobody_saw_takes_no_conversation_away() -> None:
    call = after(gone_after(0.01, estimated=True), call=in_phase(Phase.TALKING))
    assert call.outcome is CallOutcome.CONNECTED


def test_a_call_never_ends_before_it_was_connected() -> None:
    call = after(AgentHangsUp(CALL), gone_after(-0.003), call=in_phase(Phase.TALKING))
    assert call.ended_at == JOINED.at


def test_hanging_up_without_a_cause_is_normal() -> None:
    assert after(replace(GONE, cause=0), call=in_phase(Phase.WAITING)).hangup_cause == 16
    assert after(replace(GONE, cause=0), call=in_phase(Phase.RINGING)).hangup_cause == 0


@pytest.mark.parametrize("phase", [Phase.DIALLING, Phase.RINGING])
def test_who_hangs_up_before_we_knew_that_he_had_answered(phase: Phase) -> None:
    call = after(replace(GONE, cause=0, answered=True), call=in_phase(phase))
    assert call.outcome is CallOutcome.HUNG_UP
    assert call.answered_at == call.ended_at == GONE.at
    assert (call.hangup_cause, call.hung_up_by) == (16, HungUpBy.CUSTOMER)


def test_an_answer_that_meets_our_cancelling_is_abandoned() -> None:
    call = after(*CANCELLED, replace(GONE, answered=True))
    assert (call.outcome, call.hung_up_by) == (CallOutcome.ABANDONED, HungUpBy.SYSTEM)


@pytest.mark.parametrize("status", [415, 488, 606])
def test_phones_that_cannot_take_our_audio_are_our_failure(status: int) -> None:
    assert outcome_of_unanswered(58, status) is CallOutcome.FAILED


@pytest.mark.parametrize("phase", [Phase.DIALLING, Phase.RINGING, Phase.WAITING, Phase.CONNECTING])
def test_whom_the_dialplan_has_released_is_abandoned(phase: Phase) -> None:
    released = CustomerReleased(CALL, GONE.at)
    call, commands = happens(after(*WAYS[phase]), released)
    assert (call.phase, call.abandoned) == (Phase.LEAVING, True)
    assert call.answered_at is not None
    assert (StopFindingAgent(CALL) in commands) == (phase is Phase.WAITING)
    assert (AgentFreed(CALL, SATO, talked=False) in commands) == (phase is Phase.CONNECTING)
    assert ended(call).outcome is CallOutcome.ABANDONED


@pytest.mark.parametrize("phase", [Phase.TALKING, Phase.LEAVING, Phase.ENDED])
def test_afterwards_releasing_changes_nothing(phase: Phase) -> None:
    call = in_phase(phase)
    assert happens(call, CustomerReleased(CALL, GONE.at)) == (call, [])


def ended(call: CallState) -> CallState:
    return after(GONE, call=call)


def test_who_waited_when_we_lost_sight_of_him_was_abandoned() -> None:
    gone = CustomerGone(CALL, 0, JOINED.at + timedelta(seconds=20), estimated=True)
    for phase in (Phase.WAITING, Phase.CONNECTING):
        call = after(gone, call=in_phase(phase))
        assert (call.outcome, call.hung_up_by) == (CallOutcome.ABANDONED, HungUpBy.SYSTEM)


def test_an_answer_that_was_known_before_keeps_its_time() -> None:
    taken_up = replace(in_phase(Phase.RINGING), answered_at=JOINED.at)
    again = CustomerAnswered(CALL, JOINED.at + timedelta(seconds=9))
    assert after(again, call=taken_up).answered_at == JOINED.at
