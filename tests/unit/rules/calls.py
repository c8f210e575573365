"""A call for tests of its machine, brought to any phase by the events that lead there."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from dialer.messages import (
    CallId,
    CustomerAnswered,
    CustomerConnected,
    CustomerGone,
    CustomerRinging,
    LegId,
    UserId,
)
from dialer.rules.call_events import AgentFound, AgentHangsUp, CancelUnanswered, Command, Event
from dialer.rules.call_state import CallState, Phase, decide

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
CALL = CallId(UUID(int=1))
SATO, SUZUKI = UserId(1), UserId(2)
SATOS_LEG, SUZUKIS_LEG = LegId(UUID(int=101)), LegId(UUID(int=102))

RINGS = CustomerRinging(CALL, NOON + timedelta(seconds=1))
ANSWERS = CustomerAnswered(CALL, NOON + timedelta(seconds=5))
SATO_FOUND = AgentFound(CALL, SATO, SATOS_LEG)
SUZUKI_FOUND = AgentFound(CALL, SUZUKI, SUZUKIS_LEG)
JOINED = CustomerConnected(CALL, SATOS_LEG, NOON + timedelta(seconds=6))
GONE = CustomerGone(CALL, 16, NOON + timedelta(seconds=60))

WAYS: dict[Phase, tuple[Event, ...]] = {
    Phase.DIALLING: (),
    Phase.RINGING: (RINGS,),
    Phase.WAITING: (RINGS, ANSWERS),
    Phase.CONNECTING: (RINGS, ANSWERS, SATO_FOUND),
    Phase.TALKING: (RINGS, ANSWERS, SATO_FOUND, JOINED),
    Phase.LEAVING: (RINGS, ANSWERS, SATO_FOUND, JOINED, AgentHangsUp(CALL)),
    Phase.ENDED: (RINGS, ANSWERS, SATO_FOUND, JOINED, GONE),
}
CANCELLED = (RINGS, CancelUnanswered(CALL))


def a_call(*, recorded: bool = True) -> CallState:
    return CallState(
        call_id=CALL,
        recorded=recorded,
        answer_to_agent=timedelta(seconds=2),
        dialled_at=NOON,
    )


def after(*events: Event, call: CallState | None = None) -> CallState:
    """The call after these events, each of which happened in time."""
    call = call or a_call()
    for event in events:
        call, _ = happens(call, event)
    return call


def happens(
    call: CallState, event: Event, now: datetime | None = None
) -> tuple[CallState, list[Command]]:
    after_it, commands = decide(call, event, now or NOON + timedelta(seconds=5.5))
    return after_it, list(commands)


def in_phase(phase: Phase) -> CallState:
    call = after(*WAYS[phase])
    assert call.phase is phase
    return call
