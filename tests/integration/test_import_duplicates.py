"""Rows about leads that are there: each choice does what it says, and the check says it before."""

from typing import Any

import pytest
from sqlalchemy import select

from dialer import custom_fields, mybox, prohibitions
from dialer.custom_fields import FieldDraft
from dialer.lead_imports.jobs import ImportJob
from dialer.rules.custom_field import FieldKind
from dialer.rules.import_choices import ImportChoices, InFile, InProject, Known
from dialer.rules.import_fate import Fate
from dialer.rules.lead_problem import RowNote
from dialer.storage.engine import Database
from dialer.storage.tables import contact_points, custom_values, lead_changes, leads, projects
from tests.lists import import_text
from tests.small_world import NOON, SmallWorld, add_lead, build_small_world

PROJECT = "光回線"
HEADER = "会社名,担当者名,電話番号,携帯番号,市区町村,備考\n"
THERE = HEADER + "日の出,,03-6200-0001,,,古い\n"
AGAIN = HEADER + "日の出商会,佐藤,03-6200-0001,090-6200-0001,港区,新しい\n"


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def take(database: Database, text: str, **choices: Any) -> ImportJob:
    return await import_text(database, text, project=PROJECT, choices=ImportChoices(**choices))


async def stored(database: Database) -> list[tuple[str, str, str, str, tuple[str, ...]]]:
    """Name, contact person, city and notes of each lead, and its numbers."""
    async with database.read() as connection:
        rows = (await connection.execute(select(leads).order_by(leads.c.id))).all()
        numbers: dict[int, list[str]] = {row.id: [] for row in rows}
        for point in await connection.execute(
            select(contact_points).order_by(contact_points.c.lead_id, contact_points.c.position)
        ):
            numbers[point.lead_id].append(point.e164)
    return [
        (row.name, row.contact_person, row.city, row.notes, tuple(numbers[row.id])) for row in rows
    ]


OLD, MOBILE = "+81362000001", "+819062000001"


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (InProject.SKIP, [("日の出", "", "", "古い", (OLD,))]),
        (InProject.FILL, [("日の出", "佐藤", "港区", "古い", (OLD, MOBILE))]),
        (InProject.OVERWRITE, [("日の出商会", "佐藤", "港区", "新しい", (OLD, MOBILE))]),
        (InProject.CONTACT, [("日の出", "", "", "古い", (OLD, MOBILE))]),
        (
            InProject.CREATE,
            [
                ("日の出", "", "", "古い", (OLD,)),
                ("日の出商会", "佐藤", "港区", "新しい", (OLD, MOBILE)),
            ],
        ),
    ],
)
async def test_a_lead_that_the_project_has(
    database: Database, world: SmallWorld, choice: InProject, expected: object
) -> None:
    await take(database, THERE)
    job = await take(database, AGAIN, in_project=choice)
    assert await stored(database) == expected
    assert job.fates == {Fate(choice.value): 1}
    async with database.read() as connection:
        changes = await connection.execute(select(lead_changes.c.import_id))
        assert {row.import_id for row in changes} <= {job.id}


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        (InFile.CREATE, [(OLD,), (OLD, MOBILE)]),
        (InFile.MERGE, [(OLD, MOBILE)]),
        (InFile.SKIP, [(OLD,)]),
    ],
)
@pytest.mark.parametrize("apart", [0, 1500])
async def test_a_lead_that_an_earlier_row_made(
    database: Database, world: SmallWorld, choice: InFile, numbers: object, apart: int
) -> None:
    """In the same batch or in an earlier one."""
    between = "".join(f"会社{n},,03-6300-{n:04},,,\n" for n in range(apart))
    job = await take(database, THERE + between + AGAIN.removeprefix(HEADER), in_file=choice)
    found = [lead[4] for lead in await stored(database) if lead[0].startswith("日の出")]
    assert found == numbers
    assert job.summary["notes"] == {RowNote.DUPLICATE_IN_FILE: 1}


async def test_a_number_that_is_known_elsewhere_is_told_and_may_be_left_out(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await add_lead(connection, world.other_project_id, "+81362000001")
        boxed = await add_lead(connection, world.project_id, "+81362000002")
        await mybox.put(connection, lead_id=boxed, user_id=world.suzuki.id, now=NOON)
        await prohibitions.prohibit(
            connection, e164s=["+81362000003"], workgroup_ids=None, now=NOON
        )
    text = HEADER + "".join(f"会社{n},,03-6200-000{n},,,\n" for n in (1, 2, 3, 4))

    job = await take(
        database,
        text,
        elsewhere=Known.SKIP,
        boxed=Known.SKIP,
        prohibited=Known.SKIP,
        in_project=InProject.CREATE,
    )
    assert job.summary["notes"] == {
        RowNote.IN_ANOTHER_PROJECT: 1,
        RowNote.ALREADY_IN_PROJECT: 1,
        RowNote.IN_A_BOX: 1,
        RowNote.PROHIBITED: 1,
    }
    assert (job.created, job.skipped) == (1, 3)
    assert (await take(database, text)).created == 2


async def test_a_custom_field_is_the_key(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        set_id = await custom_fields.create_set(connection, name="項目", now=NOON)
        field = await custom_fields.add_field(
            connection, set_id, FieldDraft("会員番号", FieldKind.TEXT), now=NOON
        )
        await connection.execute(projects.update().values(custom_field_set_id=set_id))
    header = "会社名,電話番号,会員番号\n"
    key = f"custom:{field.id}"
    await take(database, header + "日の出,03-6200-0001,A-1\n北斗,03-6200-0002,A-2\n", key=key)
    job = await take(
        database,
        header + "日の出商会,03-6200-0009,A-1\n別,03-6200-0002,A-3\n",
        key=key,
        in_project=InProject.OVERWRITE,
    )

    assert (job.created, job.updated) == (1, 1)
    assert [(lead[0], lead[4]) for lead in await stored(database)] == [
        ("日の出商会", ("+81362000001", "+81362000009")),
        ("北斗", ("+81362000002",)),
        ("別", ("+81362000002",)),
    ]
    async with database.read() as connection:
        keys = await connection.execute(select(custom_values.c.sort_key))
        assert sorted(keys.scalars()) == ["a-1", "a-2", "a-3"]
