"""An agent stops the recording, and it goes on: by his wish, by itself, or not at all."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.messages import (
    CustomerGone,
    OpenAgentLeg,
    OpenCustomerLeg,
    OpenLegs,
    PauseRecording,
    RecordingPaused,
    RecordingResumed,
    ResumeRecording,
)
from dialer.rules.agent_state import Agent, AgentState, PhoneMode
from dialer.rules.call_events import PauseWanted, ResumeWanted
from dialer.rules.call_state import CallState, Phase
from dialer.rules.recording_pause import Pause, PauseEnd, Pauses, from_ms, in_ms
from dialer.rules.recovery import MissedEvent, missed_events
from tests.unit.rules.calls import (
    CALL,
    GONE,
    JOINED,
    NOON,
    SATO,
    SATOS_LEG,
    WAYS,
    a_call,
    after,
    happens,
    in_phase,
)


def at(seconds: float) -> RecordingPaused:
    return RecordingPaused(CALL, JOINED.at + timedelta(seconds=seconds))


def again(seconds: float) -> RecordingResumed:
    return RecordingResumed(CALL, JOINED.at + timedelta(seconds=seconds))


TALKING = in_phase(Phase.TALKING)
PAUSED = after(at(10), call=TALKING)
BY_AGENT = ResumeWanted(CALL, PauseEnd.AGENT)


def test_nothing_is_paused_before_the_telephony_says_so() -> None:
    call, commands = happens(TALKING, PauseWanted(CALL))
    assert commands == [PauseRecording(CALL, SATOS_LEG)]
    assert call.paused_at is None
    assert after(at(10), call=call).paused_at == JOINED.at + timedelta(seconds=10)


def test_it_is_paused_until_the_telephony_says_that_it_goes_on() -> None:
    call, commands = happens(PAUSED, BY_AGENT)
    assert commands == [ResumeRecording(CALL, SATOS_LEG)]
    assert call.paused_at == PAUSED.paused_at
    resumed = after(again(25), call=call)
    assert resumed.paused_at is None
    assert in_ms(resumed.pauses, JOINED.at) == [[10_000, 25_000]]
    assert resumed.pauses[0].ended_by is PauseEnd.AGENT


def test_a_second_pause_follows_the_first() -> None:
    call = after(at(10), BY_AGENT, again(25), at(40), BY_AGENT, again(41), call=TALKING)
    assert in_ms(call.pauses, JOINED.at) == [[10_000, 25_000], [40_000, 41_000]]


def test_pressed_twice_it_is_paused_once() -> None:
    assert happens(PAUSED, PauseWanted(CALL)) == (PAUSED, [])
    assert happens(PAUSED, at(11)) == (PAUSED, [])


def test_what_is_not_paused_is_not_resumed() -> None:
    assert happens(TALKING, BY_AGENT) == (TALKING, [])
    assert happens(TALKING, again(3)) == (TALKING, [])


def test_who_wanted_it_first_may_press_again() -> None:
    call, _ = happens(PAUSED, BY_AGENT)
    assert happens(call, BY_AGENT) == (call, [ResumeRecording(CALL, SATOS_LEG)])


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.TALKING])
def test_only_a_conversation_can_be_paused(phase: Phase) -> None:
    call = in_phase(phase)
    for event in (PauseWanted(CALL), at(1), BY_AGENT, again(1)):
        assert happens(call, event) == (call, [])


def test_what_is_not_recorded_cannot_be_paused() -> None:
    call = after(*WAYS[Phase.TALKING], call=a_call(recorded=False))
    assert happens(call, PauseWanted(CALL)) == (call, [])


def test_a_pause_ends_with_the_call() -> None:
    ended = after(GONE, call=PAUSED)
    assert ended.paused_at is None
    assert ended.pauses == (
        Pause(JOINED.at + timedelta(seconds=10), ended.ended_at, PauseEnd.CALL_OVER),
    )


def test_nobody_knows_how_long_the_pause_was_in_which_a_call_was_lost() -> None:
    gone = CustomerGone(CALL, 0, NOON + timedelta(hours=1), estimated=True)
    assert in_ms(after(gone, call=PAUSED).pauses, JOINED.at) == [[10_000, None]]


# --- after an absence --------------------------------------------------------------------------


def missed(call: CallState, *, paused: bool) -> list[MissedEvent]:
    agent = Agent(
        user_id=SATO,
        phone_mode=PhoneMode.HELD,
        since=NOON,
        state=AgentState.ON_CALL,
        leg_id=SATOS_LEG,
        leg_answered=True,
        call_id=CALL,
    )
    customer = OpenCustomerLeg(CALL, answered=True, joined_to=SATOS_LEG, paused=paused)
    return missed_events(
        [call], [agent], OpenLegs((customer,), (OpenAgentLeg(SATOS_LEG, True),)), NOON
    )


def test_what_asterisk_says_counts() -> None:
    assert missed(TALKING, paused=True) == [RecordingPaused(CALL, NOON)]
    assert missed(PAUSED, paused=False) == [RecordingResumed(CALL, NOON)]
    assert missed(TALKING, paused=False) == []
    assert missed(PAUSED, paused=True) == []


def test_a_wish_that_was_lost_is_wished_again() -> None:
    call, _ = happens(PAUSED, BY_AGENT)
    assert missed(call, paused=True) == [BY_AGENT]


# --- in the database -----------------------------------------------------------------------------

MS = st.integers(0, 24 * 3600 * 1000)


@given(st.lists(st.tuples(MS, MS), max_size=5), st.none() | MS)
def test_pauses_are_stored_in_milliseconds_from_the_connection(
    over: list[tuple[int, int]], lasting: int | None
) -> None:
    pauses: Pauses = tuple(
        Pause(NOON + timedelta(milliseconds=start), NOON + timedelta(milliseconds=end))
        for start, end in over
    )
    if lasting is not None:
        pauses += (Pause(NOON + timedelta(milliseconds=lasting)),)
    stored = in_ms(pauses, NOON)
    assert stored == [
        *(list(pause) for pause in over),
        *([[lasting, None]] if lasting is not None else []),
    ]
    assert in_ms(from_ms(stored, NOON), NOON) == stored
