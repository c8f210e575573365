"""What an import did is taken back to the last field, or refused with the reasons."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from dialer import custom_fields, mybox
from dialer.custom_fields import FieldDraft
from dialer.lead_imports import whole
from dialer.lead_imports.blockers import Obstacle, blockers
from dialer.lead_imports.jobs import ImportJob, WrongState
from dialer.lead_imports.workshop import Workshop
from dialer.rules.custom_field import FieldKind
from dialer.rules.import_choices import ImportChoices, ImportState, InFile, InProject
from dialer.storage.engine import Database, open_database
from dialer.storage.tables import actions, gate_lanes, lead_changes, leads, metadata, projects
from tests.lists import import_text
from tests.small_world import NOON, SmallWorld, add_call, build_small_world

Work = Callable[[Database], Awaitable[object]]
RunIn = Callable[[Work], None]

# What an import leaves behind on purpose, and lanes, which nobody removes.
LEFT = {"lead_imports", "lead_import_notes", "audit_log", "gate_lanes"}
HEADER = "会社名,フリガナ,電話番号,携帯番号,メール,市区町村,業種,区分,備考\n"
OLD = HEADER + (
    "日の出,,03-6200-0001,,,港区,建設,甲、乙,\n"
    "北斗,ホクト,03-6200-0002,,a@example.jp,,,,折返し\n"
    "南雲,,+1 808 555 1234,,,,製造,乙,\n"
)


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    return await build_world(database)


async def build_world(database: Database) -> SmallWorld:
    """Three leads with custom values in 光回線, of an import that is never touched."""
    async with database.write() as connection:
        made = await build_small_world(connection)
        set_id = await custom_fields.create_set(connection, name="項目", now=NOON)
        for draft in (
            FieldDraft("業種", FieldKind.TEXT),
            FieldDraft("区分", FieldKind.MULTIPLE_CHOICE, choices=("甲", "乙", "丙")),
        ):
            await custom_fields.add_field(connection, set_id, draft, now=NOON)
        await connection.execute(
            update(projects)
            .where(projects.c.id == made.project_id)
            .values(custom_field_set_id=set_id)
        )
    await import_text(database, OLD, project="光回線")
    return made


async def undo(database: Database, job: ImportJob) -> ImportJob:
    shop = Workshop(database, Path("/nowhere"), lambda: NOON)
    return await whole.undo(shop, job.id)


async def everything(database: Database) -> dict[str, list[str]]:
    """Every row of every table, apart from what an import leaves behind on purpose."""
    found: dict[str, list[str]] = {}
    async with database.read() as connection:
        lanes = {
            row.id: repr(tuple(row)[1:]) for row in await connection.execute(select(gate_lanes))
        }
        for table in metadata.sorted_tables:
            if table.name in LEFT:
                continue
            rows = (await connection.execute(select(table))).mappings()
            found[table.name] = sorted(
                json.dumps(
                    {
                        name: lanes[value] if name == "lane_id" else value
                        for name, value in row.items()
                        if name != "column_choices"  # remembered for the next try
                    },
                    default=str,
                    sort_keys=True,
                )
                for row in rows
            )
    return found


ROWS = st.fixed_dictionaries(
    {
        "会社名": st.sampled_from(["日の出", "日の出商会", "北斗", "新規", ""]),
        "フリガナ": st.sampled_from(["", "ヒノデ", "ホクト"]),
        "電話番号": st.sampled_from(
            ["03-6200-0001", "03-6200-0002", "03-6200-0009", "+1 808 555 1234", "なし"]
        ),
        "携帯番号": st.sampled_from(["", "090-6200-0001", "03-6200-0002", "+1 808 555 9876"]),
        "メール": st.sampled_from(["", "b@example.jp"]),
        "市区町村": st.sampled_from(["", "新宿区"]),
        "業種": st.sampled_from(["", "建設", "医療"]),
        "区分": st.sampled_from(["", "甲", "乙、丙"]),
        "備考": st.sampled_from(["", "急ぎ"]),
    }
)


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rows=st.lists(ROWS, min_size=1, max_size=8),
    in_project=st.sampled_from(InProject),
    in_file=st.sampled_from(InFile),
    key=st.booleans(),
    new_field=st.booleans(),
)
def test_undoing_leaves_all_tables_as_before(
    world_of: RunIn,
    rows: list[dict[str, str]],
    in_project: InProject,
    in_file: InFile,
    key: bool,
    new_field: bool,
) -> None:
    world_of(lambda database: _there_and_back(database, rows, in_project, in_file, key, new_field))


async def _there_and_back(
    database: Database,
    rows: list[dict[str, str]],
    in_project: InProject,
    in_file: InFile,
    key: bool,
    new_field: bool,
) -> None:
    before = await everything(database)
    async with database.read() as connection:
        project_id = (
            await connection.execute(select(projects.c.id).where(projects.c.name == "光回線"))
        ).scalar_one()
        fields = await custom_fields.fields_of_project(connection, project_id)
    text = HEADER.replace("備考", "備考,紹介元")
    text += "".join(",".join([*row.values(), "展示会"]) + "\n" for row in rows)
    job = await import_text(
        database,
        text,
        project="光回線",
        choices=ImportChoices(
            in_project=in_project,
            in_file=in_file,
            key=f"custom:{fields[0].id}" if key else "",
        ),
        columns={"紹介元": "new:single_choice"} if new_field else {},
    )
    if job.may_be_undone:
        undone = await undo(database, job)
        assert undone.state is ImportState.UNDONE
        assert undone.summary["kept"] == 0
        assert await everything(database) == before


@pytest.fixture
def world_of(database_url: str) -> RunIn:
    """Runs something on a loop of its own against one world, which every example leaves alone."""

    def run(work: Work) -> None:
        async def with_database() -> None:
            database = open_database(database_url)
            try:
                await work(database)
            finally:
                await database.close()

        asyncio.run(with_database())

    run(build_world)
    return run


# --- refused --------------------------------------------------------------------------------

LIST = HEADER + "日の出,ヒノデ,03-6200-0001,090-6200-0001,,,,,\n新規,,03-6200-0009,,,,,,\n"


async def take(database: Database) -> ImportJob:
    """Changes 日の出 and makes 新規."""
    return await import_text(
        database, LIST, project="光回線", choices=ImportChoices(in_project=InProject.FILL)
    )


async def lead_called(database: Database, name: str) -> int:
    async with database.read() as connection:
        return int(
            (
                await connection.execute(
                    select(leads.c.id).where(leads.c.name == name).order_by(leads.c.id.desc())
                )
            )
            .scalars()
            .first()
            or 0
        )


@pytest.mark.parametrize("name", ["日の出", "新規"])
@pytest.mark.parametrize("obstacle", [Obstacle.MEMO, Obstacle.BOXED, Obstacle.CALLED])
async def test_what_people_did_since_stands_in_the_way(
    database: Database, world: SmallWorld, obstacle: Obstacle, name: str
) -> None:
    job = await take(database)
    assert (job.created, job.updated) == (1, 1)
    lead_id = await lead_called(database, name)
    later = NOON + timedelta(minutes=1)
    memo = {
        "id": uuid4(),
        "kind": "memo",
        "at": later,
        "lead_id": lead_id,
        "project_id": world.project_id,
        "memo": "また",
    }
    async with database.write() as connection:
        match obstacle:
            case Obstacle.MEMO:
                await connection.execute(insert(actions), [memo])
            case Obstacle.BOXED:
                await mybox.put(connection, lead_id=lead_id, user_id=world.suzuki.id, now=later)
            case _:
                await add_call(connection, world, lead_id, at=later)
    before = await everything(database)

    async with database.read() as connection:
        found = await blockers(connection, job.id)
    assert [(one.obstacle, one.leads, one.first) for one in found] == [
        (obstacle, 1, ((lead_id, name),))
    ]
    again = await undo(database, job)
    assert again.state is ImportState.DONE
    assert "not undone" in again.why("en")
    assert await everything(database) == before


async def test_a_field_that_was_changed_again_stands_in_the_way(
    database: Database, world: SmallWorld
) -> None:
    job = await take(database)
    lead_id = await lead_called(database, "日の出")
    change = {"lead_id": lead_id, "at": NOON, "old": "", "new": "x"}
    async with database.write() as connection:
        await connection.execute(insert(lead_changes), [{**change, "field": "notes"}])
    async with database.read() as connection:
        assert await blockers(connection, job.id) == []
    async with database.write() as connection:
        await connection.execute(insert(lead_changes), [{**change, "field": "name_kana"}])
    async with database.read() as connection:
        assert [one.obstacle for one in await blockers(connection, job.id)] == [Obstacle.CHANGED]


async def test_an_earlier_call_of_a_lead_that_was_changed_is_none_of_the_imports(
    database: Database, world: SmallWorld
) -> None:
    lead_id = await lead_called(database, "日の出")
    async with database.write() as connection:
        await add_call(connection, world, lead_id, at=NOON - timedelta(days=1))
    job = await take(database)
    assert (await undo(database, job)).state is ImportState.UNDONE


async def test_an_undone_import_is_not_undone_again(database: Database, world: SmallWorld) -> None:
    job = await take(database)
    await undo(database, job)
    with pytest.raises(WrongState, match="undone"):
        await undo(database, job)


async def test_ids_of_leads_that_were_taken_back_are_not_given_again(
    database: Database, world: SmallWorld
) -> None:
    """The audit log and addresses of pages name leads by id."""
    first = await take(database)
    gone = await lead_called(database, "新規")
    await undo(database, first)
    await take(database)
    assert await lead_called(database, "新規") > gone
