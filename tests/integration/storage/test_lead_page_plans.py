"""A lead's page, reminders and duplicates read by index, however many leads there are.

The plans are those of the very statements that the use cases send.
"""

import re
from typing import Any

import pytest
from sqlalchemy import event, text

from dialer.callback_list import open_callbacks
from dialer.lead_creating import duplicates_of
from dialer.lead_duplicates import By, duplicates
from dialer.lead_table import TableRequest, list_leads
from dialer.lead_timeline import timeline_page
from dialer.rules.lead_filter import LeadFilter
from dialer.rules.lead_view import LeadView
from dialer.storage.engine import Database
from tests.small_world import NOON, SmallWorld, add_lead, build_small_world

_LEADS = 60
_GROWING = "leads|contact_points|actions|calls|mybox_entries|prohibitions|lead_changes|callbacks"


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        world = await build_small_world(connection)
        for place in range(_LEADS):
            await add_lead(connection, world.project_id, f"+8135254{place // 2:04}")
        await connection.execute(text("ANALYZE"))
    return world


async def plans_of(database: Database, ask: Any) -> list[str]:
    """The plan of each statement that `ask` sends."""
    sent: list[tuple[str, Any]] = []

    def note(
        _connection: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool
    ) -> None:
        sent.append((sql, values))

    engine = database.engine.sync_engine
    async with database.read() as connection:
        event.listen(engine, "before_cursor_execute", note)
        await ask(connection)
        event.remove(engine, "before_cursor_execute", note)
        plans = []
        if not database.is_sqlite:
            # Small tables are read whole, and sorted, with good reason; a list of years is not.
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            await connection.execute(text("SET LOCAL enable_sort = off"))
        for sql, values in sent:
            if not sql.startswith("SELECT"):
                continue
            explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
            rows = await connection.exec_driver_sql(f"{explain} {sql}", values)
            plans.append("\n".join(row.detail if database.is_sqlite else row[0] for row in rows))
    return plans


def reads_whole(plan: str) -> bool:
    on_sqlite = re.search(rf"SCAN ({_GROWING})\b(?! USING (COVERING )?INDEX)", plan)
    return bool(on_sqlite or re.search(rf"Seq Scan on ({_GROWING})\b", plan))


async def test_the_timeline_and_duplicates_of_a_number(
    database: Database, world: SmallWorld
) -> None:
    async def ask(connection: Any) -> None:
        page = await timeline_page(
            connection, lead_id=1, viewer=world.suzuki, now=NOON, after=None, limit=1
        )
        await timeline_page(
            connection, lead_id=1, viewer=world.suzuki, now=NOON, after=page.next_key
        )
        await duplicates_of(connection, numbers=["03-5254-0001"], viewer=world.suzuki)

    plans = await plans_of(database, ask)
    assert len(plans) > 10
    assert [plan for plan in plans if reads_whole(plan)] == []


@pytest.mark.parametrize("by", ["number", "name"])
async def test_duplicates_of_a_project(database: Database, world: SmallWorld, by: By) -> None:
    async def ask(connection: Any) -> None:
        await duplicates(connection, project_id=world.project_id, by=by)

    plans = await plans_of(database, ask)
    assert [plan for plan in plans if reads_whole(plan)] == []
    index = "ix_contact_points_e164" if by == "number" else "ix_leads_search"
    assert index in plans[0]


async def test_reminders(database: Database, world: SmallWorld) -> None:
    async def ask(connection: Any) -> None:
        await open_callbacks(connection, viewer=world.suzuki)
        await open_callbacks(connection, viewer=world.suzuki, whose="mine")

    plans = await plans_of(database, ask)
    assert [plan for plan in plans if reads_whole(plan)] == []


async def test_the_last_digits_of_a_number_are_found_by_their_index(
    database: Database, world: SmallWorld
) -> None:
    view = LeadView(filter=LeadFilter(text="0001"))
    request = TableRequest(world.project_id, world.sato, NOON, view=view)

    async def ask(connection: Any) -> None:
        assert len((await list_leads(connection, request)).rows) == 2

    plans = await plans_of(database, ask)
    assert any("ix_contact_points_last_digits" in plan for plan in plans)
