"""Each row of the carrier's table, called for real: answer, times and causes are as documented."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ari_app.runtime.carrier_plan import TABLE, Behaviour, Kind, Row, behaviour_of
from tests.acceptance.carrier_rig import Call, Rig, carrier_rig

pytestmark = pytest.mark.real

SEED = 11
RINGS_FIRST = {
    Kind.ANSWERS,
    Kind.ANSWERS_AND_WAITS,
    Kind.HANGS_UP_AT_ONCE,
    Kind.SILENT,
    Kind.MACHINE,
    Kind.RINGS_THEN_BUSY,
    Kind.REJECTS,
}
WE_HANG_UP_AFTER = {Kind.ANSWERS_AND_WAITS: 1.5, Kind.SILENT: 1.0, Kind.MACHINE: 2.0}


def quickest(row: Row) -> tuple[str, Behaviour]:
    """The number of this row whose call is over first."""
    numbers = [f"03123456{ending:02d}" for ending in range(row.first, row.last + 1)]
    behaviours = [(number, behaviour_of(number, seed=SEED)) for number in numbers]
    return min(behaviours, key=lambda each: each[1].ring_seconds + each[1].talk_seconds)


async def call_row(rig: Rig, row: Row) -> Call:
    number, _ = quickest(row)
    return await rig.call(number, seconds=60, hang_up_after=WE_HANG_UP_AFTER.get(row.kind))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[Kind, Call]]:
    """One call per row, all at the same time."""
    folder = tmp_path_factory.mktemp("table")
    async with carrier_rig(folder, seed=SEED) as rig:
        done = await asyncio.gather(*(call_row(rig, row) for row in TABLE))
        yield {row.kind: call for row, call in zip(TABLE, done, strict=True)}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.kind.value)
@pytest.mark.asyncio(loop_scope="module")
async def test_the_network_does_what_the_row_says(row: Row, calls: dict[Kind, Call]) -> None:
    call = calls[row.kind]
    _, behaviour = quickest(row)
    assert (call.answered is not None) == behaviour.answers
    assert call.cause == row.cause
    if row.sip_status >= 400:
        assert call.sip_status == row.sip_status
    if row.kind in RINGS_FIRST:
        over = call.answered if behaviour.answers else call.ended
        assert call.rang is not None
        assert over == pytest.approx(behaviour.ring_seconds, abs=0.7)


@pytest.mark.asyncio(loop_scope="module")
async def test_people_who_hang_up_do_so_after_their_time(calls: dict[Kind, Call]) -> None:
    row = next(row for row in TABLE if row.kind is Kind.ANSWERS)
    call = calls[Kind.ANSWERS]
    assert call.answered is not None
    assert call.ended is not None
    assert call.ended - call.answered == pytest.approx(quickest(row)[1].talk_seconds, abs=1)


@pytest.mark.asyncio(loop_scope="module")
async def test_some_hang_up_before_a_word_is_said(calls: dict[Kind, Call]) -> None:
    call = calls[Kind.HANGS_UP_AT_ONCE]
    assert call.answered is not None
    assert call.ended is not None
    assert call.ended - call.answered < 1


@pytest.mark.asyncio(loop_scope="module")
async def test_no_answer_ends_with_our_ring_timeout(calls: dict[Kind, Call]) -> None:
    call = calls[Kind.NO_ANSWER]
    assert call.rang is not None
    assert call.ended == pytest.approx(9, abs=0.7)


@pytest.mark.asyncio(loop_scope="module")
async def test_early_media_is_no_answer(calls: dict[Kind, Call]) -> None:
    call = calls[Kind.EARLY_MEDIA]
    assert call.rang is None
    assert call.answered == pytest.approx(3, abs=0.7)
