"""Claims in the same moment never take the same lead or the same number, on both databases."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select, update

from dialer.claiming import ClaimedCall, ClaimError, ClaimRequest, claim
from dialer.storage.engine import Database
from dialer.storage.tables import actions, calls, campaigns, contact_points
from tests.integration.claiming_world_rows import build
from tests.integration.claiming_worlds import NOON, Lead, Point, World
from tests.small_world import add_lead


def a_lead(*numbers: str) -> Lead:
    return Lead(tuple(Point("phone", number, "fixed", 0) for number in numbers))


def numbered(first: int) -> str:
    return f"+81352{first:06}"


async def build_leads(database: Database, *some: Lead) -> tuple[ClaimRequest, list[int]]:
    async with database.write() as connection:
        return await build(connection, World(some))


async def persistently(database: Database, request: ClaimRequest, count: int) -> list[ClaimedCall]:
    """As a runner does: when other claims were in the way, it comes again."""
    while True:
        try:
            return list((await claim(database, request, count, NOON)).calls)
        except ClaimError:
            await asyncio.sleep(0)


async def all_at_once(
    database: Database, request: ClaimRequest, *, claims: int, count: int
) -> list[ClaimedCall]:
    taken = await asyncio.gather(*(persistently(database, request, count) for _ in range(claims)))
    return [call for some in taken for call in some]


@pytest.mark.parametrize("round_", range(4))
async def test_no_lead_is_taken_twice_even_on_two_of_its_numbers(
    database: Database, round_: int
) -> None:
    request, ids = await build_leads(
        database, *(a_lead(numbered(2 * n), numbered(2 * n + 1)) for n in range(30))
    )
    taken = await all_at_once(database, request, claims=8, count=5)
    assert max(Counter(call.lead_id for call in taken).values()) == 1
    async with database.read() as connection:
        written = await connection.scalar(select(func.count()).select_from(calls))
    assert written == len(taken)
    # Whoever came too late for the first ones finds the rest.
    while more := (await claim(database, request, 5, NOON)).calls:
        taken += more
    assert sorted(call.lead_id for call in taken) == ids


@pytest.mark.parametrize("round_", range(4))
async def test_no_number_is_taken_twice_through_different_leads(
    database: Database, round_: int
) -> None:
    request, _ = await build_leads(database, *(a_lead(numbered(n % 10)) for n in range(40)))
    taken = await all_at_once(database, request, claims=6, count=4)
    assert max(Counter(call.e164 for call in taken).values()) == 1
    while more := await persistently(database, request, 4):
        taken += more
    assert len(taken) == 10


async def test_runners_that_go_on_and_on_never_meet_at_a_lead(database: Database) -> None:
    """One claim begins while another commits: it must not believe what it saw before."""
    request, ids = await build_leads(
        database, *(a_lead(numbered(2 * n), numbered(2 * n + 1)) for n in range(200))
    )
    taken: list[ClaimedCall] = []

    async def run() -> None:
        while some := await persistently(database, request, 3):
            taken.extend(some)

    await asyncio.gather(*(run() for _ in range(10)))
    assert sorted(call.lead_id for call in taken) == ids


async def test_two_campaigns_that_want_the_same_numbers_never_block_each_other(
    database: Database,
) -> None:
    """Each begins where the other ends: whoever locks in his own order waits for ever."""
    numbers = [numbered(n) for n in range(40)]
    request, _ = await build_leads(database, *(a_lead(number) for number in numbers))
    async with database.write() as connection:
        await connection.execute(
            insert(campaigns).values(id=2, name="winter", project_id=2, state_changed_at=NOON)
        )
        for number in reversed(numbers):
            await add_lead(connection, 2, number)
    other = replace(request, campaign_id=2, project_id=2)
    some = await asyncio.gather(
        *(persistently(database, wanted, 40) for _ in range(4) for wanted in (request, other))
    )
    taken = Counter(call.e164 for calls_ in some for call in calls_)
    assert max(taken.values()) == 1
    assert set(taken) == set(numbers)


async def test_a_lead_whose_number_goes_meanwhile_is_left_alone(database: Database) -> None:
    request, ids = await build_leads(database, *(a_lead(numbered(n)) for n in range(20)))

    async def lose_numbers() -> None:
        for lead_id in ids:
            async with database.write() as connection:
                await connection.execute(
                    update(contact_points)
                    .where(contact_points.c.lead_id == lead_id)
                    .values(e164=None)
                )

    _, taken = await asyncio.gather(
        lose_numbers(), all_at_once(database, request, claims=6, count=3)
    )
    assert len({call.lead_id for call in taken}) == len(taken)


async def test_the_history_has_one_action_a_call(database: Database) -> None:
    request, _ = await build_leads(database, *(a_lead(numbered(n)) for n in range(12)))
    taken = await all_at_once(database, request, claims=4, count=3)
    async with database.read() as connection:
        rows = (await connection.execute(select(actions.c.id, actions.c.lead_id))).all()
    assert {(row.id, row.lead_id) for row in rows} == {(c.call_id, c.lead_id) for c in taken}
