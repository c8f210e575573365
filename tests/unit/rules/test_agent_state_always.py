"""What holds for an agent whatever happens to him, in whatever order."""

from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from dialer.messages import AgentLegAnswered, AgentLegFailed, AgentLegGone, CallId, LegId
from dialer.rules.agent_events import (
    AfterCallWorkExpired,
    CallConnected,
    CallOver,
    Command,
    Event,
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
)
from dialer.rules.agent_state import Agent, AgentState, PhoneMode, decide
from tests.unit.rules.agents import MORNING, SATO

STEPS = st.lists(
    st.sampled_from(
        [
            *("ready",) * 3,
            *("answered",) * 4,
            *("reserve",) * 3,
            *("connected",) * 3,
            *("talked",) * 2,
            *("not_talked", "saved", "saved_late", "expired", "away", "out", "gone", "failed"),
            "answered_late",
            *("hold", "hold_for", "join") * 2,
            "let_go",
        ]
    ),
    max_size=25,
)
MODES = st.sampled_from(list(PhoneMode))


@dataclass
class Shift:
    """An agent's day: each step happens to the leg and the call that he has just then."""

    agent: Agent
    result_required: bool
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    commands: list[Command] = field(default_factory=list)
    old_leg: LegId = LegId(UUID(int=999))  # noqa: RUF009 - an id, not a mutable value

    def step(self, name: str) -> list[Command]:
        before = self.agent.leg_id
        event = self._event(name)
        self.agent, commands = decide(self.agent, event, MORNING)
        if before is not None and before != self.agent.leg_id:
            self.old_leg = before
        self.commands.extend(commands)
        return list(commands)

    def _event(self, name: str) -> Event:
        new_leg = LegId(UUID(int=next(self.numbers)))
        leg = self.agent.leg_id or self.old_leg
        call = self.agent.call_id or CallId(UUID(int=7))
        events: dict[str, Event] = {
            "ready": GoReady(new_leg),
            "answered": AgentLegAnswered(leg, MORNING),
            "answered_late": AgentLegAnswered(self.old_leg, MORNING),
            "reserve": Reserve(
                CallId(UUID(int=10_000 + next(self.numbers))), self.result_required, new_leg
            ),
            "hold": Hold(new_leg),
            "hold_for": HoldFor(
                CallId(UUID(int=10_000 + next(self.numbers))), self.result_required
            ),
            "join": Join(call),
            "let_go": LetGo(new_leg),
            "connected": CallConnected(call),
            "talked": CallOver(call, True, new_leg),
            "not_talked": CallOver(call, False, new_leg),
            "saved": ResultSaved(call, new_leg),
            "saved_late": ResultSaved(CallId(UUID(int=8)), new_leg),
            "expired": AfterCallWorkExpired(call, new_leg),
            "away": GoAway("昼食"),
            "out": LogOut(),
            "gone": AgentLegGone(leg, 16, MORNING),
            "failed": AgentLegFailed(leg, "no phone", MORNING),
        }
        return events[name]


def a_shift(mode: PhoneMode, result_required: bool = False) -> Shift:
    return Shift(Agent(SATO, mode, MORNING), result_required)


@given(STEPS)
def test_with_a_held_phone_nobody_is_ready_without_an_open_leg(steps: list[str]) -> None:
    shift = a_shift(PhoneMode.HELD)
    for step in steps:
        shift.step(step)
        if shift.agent.state is AgentState.READY:
            assert shift.agent.leg_answered
            assert shift.agent.leg_id is not None


@given(MODES, STEPS)
def test_an_answered_leg_is_a_leg(mode: PhoneMode, steps: list[str]) -> None:
    shift = a_shift(mode)
    for step in steps:
        shift.step(step)
        assert shift.agent.leg_id is not None or not shift.agent.leg_answered


@given(MODES, STEPS)
def test_whoever_is_at_work_has_a_call_and_nobody_else(mode: PhoneMode, steps: list[str]) -> None:
    shift = a_shift(mode)
    at_work = {AgentState.RESERVED, AgentState.ON_CALL, AgentState.AFTER_CALL_WORK}
    for step in steps:
        shift.step(step)
        waits = shift.agent.held and shift.agent.call_id is None  # for a call yet to be taken
        assert (shift.agent.call_id is not None or waits) == (shift.agent.state in at_work)
        assert not shift.agent.held or shift.agent.state is AgentState.RESERVED


@given(MODES, STEPS)
def test_nobody_is_offline_with_an_open_phone(mode: PhoneMode, steps: list[str]) -> None:
    shift = a_shift(mode)
    for step in steps:
        shift.step(step)
        if shift.agent.state is AgentState.OFFLINE:
            assert shift.agent.leg_id is None


@given(STEPS)
def test_between_calls_a_phone_that_is_rung_per_call_is_free(steps: list[str]) -> None:
    shift = a_shift(PhoneMode.PER_CALL)
    for step in steps:
        shift.step(step)
        if shift.agent.state not in (AgentState.RESERVED, AgentState.ON_CALL):
            assert shift.agent.leg_id is None


@given(MODES, STEPS)
def test_a_phone_is_never_rung_while_another_leg_of_his_is_open(
    mode: PhoneMode, steps: list[str]
) -> None:
    shift = a_shift(mode)
    for step in steps:
        had = shift.agent.leg_id
        commands = shift.step(step)
        rung = [command for command in commands if isinstance(command, RingPhone)]
        assert len(rung) <= 1
        if rung:
            assert had is None or step in ("gone", "failed", "not_talked", "talked")
            assert shift.agent.leg_id == rung[0].leg_id


@given(MODES, STEPS)
def test_a_reserved_call_is_joined_once_or_given_back_once(
    mode: PhoneMode, steps: list[str]
) -> None:
    shift = a_shift(mode)
    for step in steps:
        shift.step(step)
    for kind in (JoinCall, GiveBackCall):
        calls = [command.call_id for command in shift.commands if isinstance(command, kind)]
        assert len(calls) == len(set(calls))
    joined = {c.call_id for c in shift.commands if isinstance(c, JoinCall)}
    given_back = {c.call_id for c in shift.commands if isinstance(c, GiveBackCall)}
    assert not joined & given_back


@given(MODES, STEPS)
def test_a_required_result_is_never_skipped_into_the_next_call(
    mode: PhoneMode, steps: list[str]
) -> None:
    """From after-call work only the result leads on; leaving the floor is always possible."""
    shift = a_shift(mode, result_required=True)
    for step in steps:
        before = shift.agent
        shift.step(step)
        left_work = (
            before.state is AgentState.AFTER_CALL_WORK
            and shift.agent.state is not AgentState.AFTER_CALL_WORK
        )
        if left_work:
            assert step in ("saved", "out")


@given(MODES, STEPS)
def test_every_agent_can_go_home_and_come_back(mode: PhoneMode, steps: list[str]) -> None:
    shift = a_shift(mode)
    for step in steps:
        shift.step(step)
    states = []
    for step in ("out", "ready", "answered"):
        shift.step(step)
        states.append(shift.agent.state)
    assert (states[0], states[-1]) == (AgentState.OFFLINE, AgentState.READY)
