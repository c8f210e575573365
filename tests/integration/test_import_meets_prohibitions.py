"""A prohibition, or a box, also holds for leads that are imported later, or at the same moment."""

import asyncio
from collections.abc import Collection
from datetime import timedelta

import pytest
from sqlalchemy import select

from dialer import lanes, mybox, prohibitions
from dialer.claiming import ClaimRequest, claim
from dialer.lead_facts import facts_of
from dialer.rules.import_choices import ImportChoices, InProject
from dialer.rules.lane import lane_of
from dialer.storage.engine import Database
from dialer.storage.tables import contact_points, gate_lanes, leads
from tests.integration.claiming_worlds import DAYTIME
from tests.lists import import_text
from tests.small_world import NOON, SmallWorld, add_lead, build_small_world

NUMBERS = {f"03-5254-{number:04}": f"+8135254{number:04}" for number in range(1001, 1011)}
LIST = "会社名,電話番号\n" + "".join(f"会社{number},{number}\n" for number in NUMBERS)
STOPPED = "+81352541003"
BOXED = "+81352541004"


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def import_the_list(database: Database) -> None:
    everything = ImportChoices(in_project=InProject.CREATE)
    await import_text(database, LIST, project="光回線", choices=everything)


async def called(database: Database, world: SmallWorld) -> set[str]:
    """The numbers that a campaign of 東京 takes, all at once."""
    request = ClaimRequest(
        campaign_id=world.campaign_id,
        project_id=world.project_id,
        workgroup_ids=(world.tokyo,),
        max_attempts=3,
        hours=DAYTIME,
        trunk="carrier",
        caller_ids=("+81312345678",),
    )
    claimed = await claim(database, request, 50, NOON + timedelta(minutes=1))
    return {call.e164 for call in claimed.calls}


async def misplaced(database: Database) -> Collection[str]:
    """The numbers of leads that are in another lane than their facts say."""
    async with database.read() as connection:
        rows = (
            await connection.execute(
                select(leads.c.id.label("lead_id"), contact_points.c.e164, gate_lanes)
                .join(gate_lanes, gate_lanes.c.id == leads.c.lane_id)
                .join(contact_points, contact_points.c.lead_id == leads.c.id)
            )
        ).all()
        facts = await facts_of(connection, [row.lead_id for row in rows], NOON)
    return [row.e164 for row in rows if lanes.lane_in(row) != lane_of(facts[row.lead_id].facts)]


async def test_what_was_prohibited_before_the_import_is_not_called(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await prohibitions.prohibit(
            connection, e164s=[STOPPED], workgroup_ids=[world.tokyo], now=NOON
        )
    await import_the_list(database)
    assert await called(database, world) == set(NUMBERS.values()) - {STOPPED}
    assert not await misplaced(database)


async def test_what_is_said_while_the_import_is_on_its_way_holds_too(
    database: Database, world: SmallWorld
) -> None:
    """Whoever says something about a number holds its lock, and the import waits for it."""
    async with database.write() as connection:
        twin = await add_lead(connection, world.project_id, BOXED)
    said = asyncio.Event()

    async def say() -> None:
        async with database.write() as connection:
            await prohibitions.prohibit(
                connection, e164s=[STOPPED], workgroup_ids=[world.tokyo], now=NOON
            )
            await mybox.put(connection, lead_id=twin, user_id=world.suzuki.id, now=NOON)
            said.set()
            # The import comes to these numbers before this commits, and has to wait for it.
            await asyncio.sleep(0.3)

    async def bring() -> None:
        await said.wait()
        await import_the_list(database)

    await asyncio.gather(say(), bring())

    assert not await misplaced(database)
    assert await called(database, world) == set(NUMBERS.values()) - {STOPPED, BOXED}
