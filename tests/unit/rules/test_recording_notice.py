"""A person is told that the conversation is recorded, and only then joined with the agent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dialer.messages import (
    AgentLegGone,
    ConnectCustomer,
    CustomerConnected,
    NoticeEnded,
    PlayAbandonedMessage,
)
from dialer.rules.call_events import AgentFound, FindAgent, GiveNotice
from dialer.rules.call_state import CallState, Notice, Phase
from dialer.rules.hangup_cause import CallOutcome
from tests.unit.rules.calls import (
    ANSWERS,
    CALL,
    GONE,
    JOINED,
    NOON,
    RINGS,
    SATO_FOUND,
    SATOS_LEG,
    SUZUKI,
    SUZUKIS_LEG,
    a_call,
    after,
    happens,
)

HEARD = NoticeEnded(CALL, heard=True, at=NOON)
NOT_HEARD = NoticeEnded(CALL, heard=False, at=NOON)
SUZUKI_FOUND = AgentFound(CALL, SUZUKI, SUZUKIS_LEG)
LEG_GONE = AgentLegGone(SATOS_LEG, 16, NOON)


def with_notice() -> CallState:
    return replace(a_call(), notice=Notice.DUE)


LISTENS = after(RINGS, ANSWERS, SATO_FOUND, call=with_notice())


def test_the_notice_is_given_when_an_agent_is_there_and_not_before() -> None:
    waiting = after(RINGS, ANSWERS, call=with_notice())
    call, commands = happens(waiting, SATO_FOUND)
    assert commands == [GiveNotice(CALL)]
    assert (call.phase, call.notice) == (Phase.CONNECTING, Notice.PLAYING)


def test_he_is_joined_and_recorded_when_he_has_heard_it() -> None:
    call, commands = happens(LISTENS, HEARD)
    assert commands == [ConnectCustomer(CALL, SATOS_LEG, recorded=True)]
    assert after(JOINED, call=call).phase is Phase.TALKING


def test_who_has_not_heard_it_is_joined_and_not_recorded() -> None:
    call, commands = happens(LISTENS, NOT_HEARD)
    assert commands == [ConnectCustomer(CALL, SATOS_LEG, recorded=False)]
    assert not call.recorded


@pytest.mark.parametrize("seconds", [5.5, 30])
def test_another_agent_takes_over_a_listener_without_a_second_notice(seconds: float) -> None:
    call, commands = happens(LISTENS, LEG_GONE, NOON + timedelta(seconds=seconds))
    if seconds == 30:  # too late for the answered person: he hears that nobody is there
        assert PlayAbandonedMessage(CALL) in commands
        assert happens(call, HEARD)[1] == []
        return
    assert FindAgent(CALL) in commands
    call, commands = happens(call, SUZUKI_FOUND)
    assert commands == []
    assert happens(call, HEARD)[1] == [ConnectCustomer(CALL, SUZUKIS_LEG, recorded=True)]


def test_an_agent_who_is_found_after_the_notice_is_joined_at_once() -> None:
    call = after(LEG_GONE, HEARD, call=LISTENS)
    assert happens(call, SUZUKI_FOUND)[1] == [ConnectCustomer(CALL, SUZUKIS_LEG, recorded=True)]


def test_who_hangs_up_while_he_listens_was_not_connected() -> None:
    assert after(GONE, call=LISTENS).outcome is CallOutcome.HUNG_UP


def test_a_notice_is_over_once() -> None:
    call = after(HEARD, call=LISTENS)
    assert happens(call, HEARD) == (call, [])
    assert happens(call, NOT_HEARD) == (call, [])


def test_a_call_without_a_notice_is_joined_at_once() -> None:
    waiting = after(RINGS, ANSWERS)
    call, commands = happens(waiting, SATO_FOUND)
    assert commands == [ConnectCustomer(CALL, SATOS_LEG, recorded=True)]
    assert happens(call, HEARD) == (call, [])
    assert after(CustomerConnected(CALL, SATOS_LEG, NOON), call=call).phase is Phase.TALKING
