"""Migration 0002 with leads in the tables: each comes into the lane that its facts say."""

from typing import Any

from sqlalchemy import insert, select, text, update

from dialer import mybox, prohibitions
from dialer.lanes import lane_in, refresh
from dialer.lead_facts import facts_of
from dialer.rules.lane import Lane, lane_of
from dialer.storage import migrate
from dialer.storage.engine import Database
from dialer.storage.tables import contact_points, gate_lanes, leads
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world


async def test_down_and_up_again_leaves_every_lead_in_its_lane(
    database: Database, database_url: str
) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        await fill(connection, world)
    before = await lanes(database)
    kept = await rows(database)
    assert len(set(before.values())) >= 7

    await migrate.downgrade(database_url, "0001")
    assert await rows(database) == kept
    await migrate.upgrade(database_url)

    assert await lanes(database) == before
    assert await rows(database) == kept
    async with database.read() as connection:
        known = await facts_of(connection, list(before), NOON)
    assert {lead_id: lane_of(lead.facts) for lead_id, lead in known.items()} == before


async def fill(connection: Any, world: SmallWorld) -> None:
    """A lead of every kind that the gate tells apart, in two projects."""
    for project_id, digit in ((world.project_id, 1), (world.other_project_id, 2)):
        await add_lead(connection, project_id, f"+8135254{digit}001")
        company = await add_lead(connection, project_id, f"+8135254{digit}002", "+81352543000")
        await add_lead(connection, project_id, "+81352544000")  # one number, two leads
        await add_lead(connection, project_id)
        await add_lead(connection, project_id, f"+81990{digit}12345", number_kind="premium")
        abroad = await add_lead(connection, project_id, f"+1212736{digit}500")
        await connection.execute(
            update(leads).where(leads.c.id == abroad).values(time_zone="America/New_York")
        )
        await connection.execute(
            insert(contact_points).values(lead_id=company, kind="fax", position=9, raw="?")
        )
    both = await add_lead(connection, world.project_id, "+81352545000")
    held = await add_lead(connection, world.project_id, "+81352544000", "+81352546000")
    await prohibitions.prohibit(
        connection, e164s=["+81352543000"], workgroup_ids=None, now=NOON, reason="苦情"
    )
    await prohibitions.prohibit(
        connection,
        e164s=["+81352545000"],
        workgroup_ids=[world.tokyo, world.osaka],
        now=NOON,
    )
    await prohibitions.prohibit(
        connection, e164s=["+81352541001"], workgroup_ids=[world.osaka], now=NOON
    )
    await prohibitions.lift(
        connection, e164="+81352541001", workgroup_id=world.osaka, now=NOON, reason="誤り"
    )
    await mybox.put(connection, lead_id=held, user_id=world.suzuki.id, now=NOON)
    await mybox.put(connection, lead_id=both, user_id=world.tanaka.id, now=NOON)
    await add_call(connection, world, held)
    every = (await connection.execute(select(leads.c.id))).scalars().all()

    await refresh(connection, every, NOON)


async def lanes(database: Database) -> dict[int, Lane]:
    async with database.read() as connection:
        found = await connection.execute(
            select(gate_lanes, leads.c.id.label("lead_id")).join(
                leads, leads.c.lane_id == gate_lanes.c.id
            )
        )
        return {row.lead_id: lane_in(row) for row in found}


async def rows(database: Database) -> dict[str, int]:
    """How many there are, asked in words that both revisions understand."""
    async with database.read() as connection:
        return {
            table: int(await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
            for table in (
                "leads",
                "contact_points",
                "actions",
                "calls",
                "mybox_entries",
                "prohibitions",
                "audit_log",
                "users",
            )
        }
