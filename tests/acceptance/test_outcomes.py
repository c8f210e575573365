"""Every row of the simulated carrier's table: what history says of a call to such a number."""

import asyncio

import pytest

from ari_app.runtime.carrier_plan import TABLE, Behaviour, Kind, Row, behaviour_of
from ari_app.runtime.carrier_sounds import AGENT_HERTZ, CUSTOMER_HERTZ
from dialer.rules.hangup_cause import CallOutcome
from tests.acceptance.audio import seconds_with
from tests.acceptance.call_rows import CallRow, Heard
from tests.acceptance.installation import Installation, number

pytestmark = pytest.mark.real

AGENTS = 8
RING_TIMEOUT = 10  # more than anybody rings before answering
AGENT_TALKS_SECONDS = 4.0

CONVERSATIONS = {
    Kind.ANSWERS,
    Kind.ANSWERS_AND_WAITS,
    Kind.EARLY_MEDIA,
    Kind.HANGS_UP_AT_ONCE,
    Kind.MACHINE,
    Kind.SILENT,
}
WAITS_FOR_THE_AGENT = {Kind.ANSWERS_AND_WAITS, Kind.MACHINE, Kind.SILENT}
UNANSWERED = {
    Kind.NO_ANSWER: CallOutcome.NO_ANSWER,
    Kind.BUSY: CallOutcome.BUSY,
    Kind.RINGS_THEN_BUSY: CallOutcome.BUSY,
    Kind.REJECTS: CallOutcome.REJECTED,
    Kind.NOT_IN_USE: CallOutcome.UNREACHABLE,
    Kind.CONGESTION: CallOutcome.CONGESTION,
    Kind.REFUSED: CallOutcome.REFUSED,
}
RINGS = CONVERSATIONS - {Kind.EARLY_MEDIA} | {Kind.NO_ANSWER, Kind.RINGS_THEN_BUSY, Kind.REJECTS}


def quickest(row: Row) -> Behaviour:
    """The number of this row that takes the least time, and its ending."""
    endings = (behaviour_of(f"{digits:02d}") for digits in range(row.first, row.last + 1))
    return min(endings, key=lambda one: one.ring_seconds + one.talk_seconds)


def ending_of(row: Row) -> str:
    endings = [f"{digits:02d}" for digits in range(row.first, row.last + 1)]
    return next(ending for ending in endings if behaviour_of(ending) == quickest(row))


async def make_calls() -> tuple[dict[Kind, CallRow], dict[Kind, Heard], list[str], list[str]]:
    """One call to each row, all at the same time."""
    settings = {"ring_timeout_seconds": RING_TIMEOUT}
    async with Installation(agents=AGENTS, campaigns={"carrier": settings}) as kakeru:
        await kakeru.all_ready()
        await kakeru.start("carrier")

        async def call(row: Row) -> CallRow:
            e164 = number(ending_of(row))
            if row.kind in WAITS_FOR_THE_AGENT:
                await kakeru.add_leads("carrier", [e164])
                talking = await kakeru.row_when(e164, lambda one: one.connected_at is not None)
                await asyncio.sleep(AGENT_TALKS_SECONDS)
                assert talking.user_id is not None
                await kakeru.running.controller.floor.hang_up(talking.user_id)
                return await kakeru.settled(e164)
            return await kakeru.call("carrier", e164)

        rows = await asyncio.gather(*(call(row) for row in TABLE))
        await kakeru.wait_for_floor("ready", seconds=5)
        made = {row.kind: found for row, found in zip(TABLE, rows, strict=True)}
        heard = {kind: kakeru.listen(row) for kind, row in made.items() if row.state == "ready"}
        return made, heard, await kakeru.channels(), kakeru.pbx.errors()


@pytest.fixture(scope="module")
def result() -> tuple[dict[Kind, CallRow], dict[Kind, Heard], list[str], list[str]]:
    return asyncio.run(make_calls())


@pytest.fixture(scope="module")
def calls(result: tuple[dict[Kind, CallRow], object, object, object]) -> dict[Kind, CallRow]:
    return result[0]


@pytest.fixture(scope="module")
def heard(result: tuple[object, dict[Kind, Heard], object, object]) -> dict[Kind, Heard]:
    return result[1]


ROWS = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.kind)
TALKS = pytest.mark.parametrize("kind", sorted(CONVERSATIONS))


@ROWS
def test_history_says_what_became_of_the_call(row: Row, calls: dict[Kind, CallRow]) -> None:
    call = calls[row.kind]
    assert call.outcome == UNANSWERED.get(row.kind, CallOutcome.CONNECTED)
    assert call.hangup_cause == row.cause
    assert not call.end_estimated
    assert call.lead_attempts == 1


@ROWS
def test_history_says_who_hung_up(row: Row, calls: dict[Kind, CallRow]) -> None:
    if row.kind in UNANSWERED:
        wanted = ""
    elif row.kind in WAITS_FOR_THE_AGENT:
        wanted = "agent"
    else:
        wanted = "customer"
    assert calls[row.kind].hung_up_by == wanted


@ROWS
def test_times_follow_one_another(row: Row, calls: dict[Kind, CallRow]) -> None:
    call = calls[row.kind]
    assert call.in_order
    assert call.dialled_at
    assert call.ended_at
    assert (call.ringing_at is not None) == (row.kind in RINGS)
    assert (call.answered_at is not None) == (row.kind in CONVERSATIONS)
    assert (call.connected_at is not None) == (row.kind in CONVERSATIONS)


@ROWS
def test_it_rings_as_long_as_the_person_lets_it(row: Row, calls: dict[Kind, CallRow]) -> None:
    if row.kind not in RINGS:
        return
    call = calls[row.kind]
    assert call.ringing_at
    ended = call.answered_at or call.ended_at
    assert ended
    wanted = RING_TIMEOUT if row.kind is Kind.NO_ANSWER else quickest(row).ring_seconds
    assert (ended - call.ringing_at).total_seconds() == pytest.approx(wanted, abs=0.5)


@TALKS
def test_the_conversation_is_as_long_as_it_was(kind: Kind, calls: dict[Kind, CallRow]) -> None:
    call = calls[kind]
    row = next(row for row in TABLE if row.kind is kind)
    if kind is Kind.HANGS_UP_AT_ONCE:
        wanted = 0.2
    elif kind in WAITS_FOR_THE_AGENT:
        wanted = AGENT_TALKS_SECONDS
    else:
        wanted = quickest(row).talk_seconds
    assert call.talk_seconds == pytest.approx(wanted, abs=0.5)
    assert call.duration_ms
    assert call.duration_ms / 1000 == pytest.approx(call.talk_seconds, abs=0.5)
    assert call.to_agent_ms < 1000


@TALKS
def test_both_are_in_the_recording_each_on_his_side(kind: Kind, heard: dict[Kind, Heard]) -> None:
    recording = heard[kind]
    speaks = kind not in {Kind.HANGS_UP_AT_ONCE, Kind.SILENT, Kind.MACHINE}
    most = recording.seconds - 0.5
    assert seconds_with(recording.agent, AGENT_HERTZ) >= most
    assert seconds_with(recording.agent, CUSTOMER_HERTZ, level=0.01) <= recording.seconds / 2
    if speaks:
        assert seconds_with(recording.customer, CUSTOMER_HERTZ) >= most


def test_nothing_is_left_behind(result: tuple[object, object, list[str], list[str]]) -> None:
    _, _, channels, errors = result
    assert len(channels) == AGENTS  # the held-open phones
    assert not errors
