"""Sets of custom fields, and what their changes do to leads, on both databases."""

from collections.abc import Mapping

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import custom_fields
from dialer.custom_field_holders import count_values
from dialer.custom_field_removal import delete_field, delete_set
from dialer.custom_field_values import (
    ChoiceInUse,
    DoesNotFit,
    change_field,
    check_change,
    misfits,
    values_found,
)
from dialer.custom_fields import FieldDraft
from dialer.custom_values import ValueChange, replace_values
from dialer.rules.custom_field import CustomField, FieldKind, Misfit, Value, keys_of
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log, custom_values, lead_imports, leads, projects
from tests.small_world import NOON, SmallWorld, add_lead, build_small_world


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def a_set(connection: AsyncConnection, world: SmallWorld, *drafts: FieldDraft) -> int:
    """A set with these fields, used by both projects."""
    set_id = await custom_fields.create_set(connection, name="法人", now=NOON, by=world.sato)
    for draft in drafts:
        await custom_fields.add_field(connection, set_id, draft, now=NOON, by=world.sato)
    await connection.execute(update(projects).values(custom_field_set_id=set_id))
    return set_id


async def lead_with(
    connection: AsyncConnection, project_id: int, values: Mapping[CustomField, Value]
) -> int:
    lead_id = await add_lead(connection, project_id)
    await give(connection, lead_id, values)
    return lead_id


async def give(
    connection: AsyncConnection, lead_id: int, values: Mapping[CustomField, Value]
) -> None:
    """As everybody who writes values of a lead does."""
    row = (
        await connection.execute(
            select(leads.c.project_id, leads.c.custom).where(leads.c.id == lead_id)
        )
    ).one()
    new = {**row.custom, **{field.key: value for field, value in values.items()}}
    await connection.execute(update(leads).where(leads.c.id == lead_id).values(custom=new))
    await replace_values(
        connection,
        project_id=row.project_id,
        fields=await custom_fields.fields_by_id(connection, row.project_id, keep=True),
        changes=[ValueChange(lead_id, row.custom, new)],
    )


async def values_of(connection: AsyncConnection, field: CustomField) -> list[Value | None]:
    """By lead, in the order of their making."""
    found = await connection.execute(select(leads.c.custom).order_by(leads.c.id))
    return [row.custom.get(field.key) for row in found]


async def assert_index_is_true(connection: AsyncConnection, set_id: int) -> None:
    fields = {one.id: one for one in await custom_fields.fields_of_set(connection, set_id)}
    rows = await connection.execute(select(leads.c.id, leads.c.project_id, leads.c.custom))
    expected = {
        (row.project_id, field_id, key, row.id)
        for row in rows
        for field_id, key in keys_of(fields, row.custom)
    }
    found = (await connection.execute(select(custom_values))).all()
    assert sorted(tuple(row) for row in found) == sorted(expected)


async def audited(connection: AsyncConnection) -> list[str]:
    found = await connection.scalars(
        select(audit_log.c.action)
        .where(audit_log.c.action.startswith("custom_field"))
        .order_by(audit_log.c.id)
    )
    return list(found)


# --- sets and fields ------------------------------------------------------------------


async def test_a_project_has_the_fields_of_its_set_in_their_order(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        assert await custom_fields.fields_of_project(connection, world.project_id) == ()
        set_id = await a_set(
            connection,
            world,
            FieldDraft("担当部署", FieldKind.TEXT, required=True),
            FieldDraft("業種", FieldKind.SINGLE_CHOICE, default="ＩＴ", choices=("IT", "製造")),
            FieldDraft("従業員数", FieldKind.NUMBER),
        )
        first, second, third = await custom_fields.fields_of_set(connection, set_id)
        await custom_fields.order_fields(connection, set_id, [third.id, 987], now=NOON)
        found = await custom_fields.fields_of_project(connection, world.project_id)
        assert [field.name for field in found] == ["従業員数", "担当部署", "業種"]
        assert found[1].required
        assert (second.default, second.choices) == ("ＩＴ", ("IT", "製造"))
        (listed,) = await custom_fields.list_sets(connection)
        assert (listed.name, listed.fields, listed.projects) == ("法人", 3, ("保険", "光回線"))
        assert await audited(connection) == [
            "custom_field_set.create",
            *["custom_field.add"] * 3,
            "custom_field.order",
        ]
        assert first.id != third.id


@pytest.mark.parametrize(
    ("draft", "error"),
    [
        (FieldDraft("  ", FieldKind.TEXT), custom_fields.BadName),
        (FieldDraft("x" * 101, FieldKind.TEXT), custom_fields.BadName),
        (FieldDraft("ﾌﾞｼｮ", FieldKind.TEXT), custom_fields.NameTaken),
        (FieldDraft("業種", FieldKind.SINGLE_CHOICE), custom_fields.BadChoices),
        (
            FieldDraft("業種", FieldKind.SINGLE_CHOICE, choices=("IT", "ｉｔ")),
            custom_fields.BadChoices,
        ),
        (
            FieldDraft("業", FieldKind.SINGLE_CHOICE, choices=("IT", " ")),
            custom_fields.BadChoices,
        ),
        (FieldDraft("人数", FieldKind.NUMBER, default="多数"), custom_fields.BadDefault),
        (
            FieldDraft("多い", FieldKind.MULTIPLE_CHOICE, choices=tuple(map(str, range(201)))),
            custom_fields.TooMany,
        ),
    ],
)
async def test_a_field_that_makes_no_sense_is_refused(
    database: Database, world: SmallWorld, draft: FieldDraft, error: type[Exception]
) -> None:
    async with database.write() as connection:
        set_id = await a_set(connection, world, FieldDraft("ブショ", FieldKind.TEXT))
        with pytest.raises(error):
            await custom_fields.add_field(connection, set_id, draft, now=NOON)
        assert len(await custom_fields.fields_of_set(connection, set_id)) == 1


async def test_sets_are_copied_renamed_and_deleted_while_nobody_uses_them(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        set_id = await a_set(connection, world, FieldDraft("部署", FieldKind.TEXT))
        with pytest.raises(custom_fields.NameTaken):
            await custom_fields.copy_set(connection, set_id, name=" 法人 ", now=NOON)
        copy_id = await custom_fields.copy_set(connection, set_id, name="個人", now=NOON)
        await custom_fields.rename_set(connection, copy_id, name="個人客", now=NOON)
        copied = await custom_fields.fields_of_set(connection, copy_id)
        assert [field.name for field in copied] == ["部署"]
        (field,) = await custom_fields.fields_of_set(connection, set_id)
        await lead_with(connection, world.project_id, {field: "総務"})
    await delete_set(database, copy_id, now=NOON)
    with pytest.raises(custom_fields.SetInUse) as caught:
        await delete_set(database, set_id, now=NOON)
    assert caught.value.projects == ("保険", "光回線")
    async with database.write() as connection:
        await connection.execute(update(projects).values(custom_field_set_id=None))
    await delete_set(database, set_id, now=NOON)
    async with database.read() as connection:
        assert await custom_fields.list_sets(connection) == []
        assert (await connection.execute(select(custom_values))).all() == []
        assert await values_of(connection, field) == [None]


# --- changes of what leads hold -------------------------------------------------------


async def test_a_type_changes_only_when_all_values_fit(
    database: Database, world: SmallWorld
) -> None:
    wanted = FieldDraft("従業員数", FieldKind.NUMBER)
    async with database.write() as connection:
        set_id = await a_set(connection, world, FieldDraft("従業員数", FieldKind.TEXT))
        (field,) = await custom_fields.fields_of_set(connection, set_id)
        for project_id, value in (
            (world.project_id, "１，２００"),
            (world.project_id, "約30名"),
            (world.other_project_id, "9"),
        ):
            await lead_with(connection, project_id, {field: value})
        await add_lead(connection, world.project_id)
    async with database.write() as connection:
        check = await check_change(connection, set_id, field.id, wanted)
        assert (check.values, check.changed, check.misfits) == (3, 1, 1)
        assert check.reasons == {Misfit.NOT_A_NUMBER: 1}
        (row,) = check.first
        assert (row.text, row.project, row.misfit) == ("約30名", "光回線", Misfit.NOT_A_NUMBER)
        found = [rows async for rows in misfits(connection, set_id, field.id, wanted)]
        assert found == [[row]]
    with pytest.raises(DoesNotFit):
        async with database.write() as connection:
            await change_field(connection, set_id, field.id, wanted, now=NOON)
    async with database.write() as connection:
        assert await values_of(connection, field) == ["１，２００", "約30名", "9", None]
        await assert_index_is_true(connection, set_id)
        await give(connection, row.lead_id, {field: "30"})
        changed = await change_field(connection, set_id, field.id, wanted, now=NOON, by=world.sato)
        assert changed.kind is FieldKind.NUMBER
        assert await values_of(connection, field) == ["1200", "30", "9", None]
        await assert_index_is_true(connection, set_id)
        in_order = await connection.scalars(
            select(custom_values.c.lead_id)
            .where(custom_values.c.project_id == world.project_id)
            .order_by(custom_values.c.sort_key)
        )
        assert list(in_order) == [row.lead_id, row.lead_id - 1]
        detail = await connection.scalar(
            select(audit_log.c.detail).where(audit_log.c.action == "custom_field.change")
        )
        assert detail == {"name": "従業員数", "values": 1, "from": "text", "to": "number"}


async def test_a_choice_is_renamed_with_its_values_and_stays_while_it_is_held(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        set_id = await a_set(
            connection,
            world,
            FieldDraft("関心", FieldKind.MULTIPLE_CHOICE, choices=("回線", "電話", "保守")),
        )
        (field,) = await custom_fields.fields_of_set(connection, set_id)
        await lead_with(connection, world.project_id, {field: ["回線", "電話"]})
        await lead_with(connection, world.other_project_id, {field: ["電話"]})
    without = FieldDraft("関心", FieldKind.MULTIPLE_CHOICE, choices=("回線",))
    with pytest.raises(ChoiceInUse) as caught:
        async with database.write() as connection:
            await change_field(connection, set_id, field.id, without, now=NOON)
    assert (caught.value.choice, caught.value.leads) == ("電話", 2)
    async with database.write() as connection:
        renamed = FieldDraft("関心", FieldKind.MULTIPLE_CHOICE, choices=("ビジネスフォン", "回線"))
        await change_field(
            connection,
            set_id,
            field.id,
            renamed,
            renamed={"電話": "ビジネスフォン"},
            now=NOON,
        )
        assert await values_of(connection, field) == [
            ["回線", "ビジネスフォン"],
            ["ビジネスフォン"],
        ]
        await assert_index_is_true(connection, set_id)


async def test_the_texts_of_leads_are_offered_as_choices(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        set_id = await a_set(connection, world, FieldDraft("業種", FieldKind.TEXT))
        (field,) = await custom_fields.fields_of_set(connection, set_id)
        for value in ("製造", "IT", "製造"):
            await lead_with(connection, world.project_id, {field: value})
        found = await values_found(connection, field.id, 10)
        assert set(found) == {"製造", "IT"}
        wanted = FieldDraft("業種", FieldKind.SINGLE_CHOICE, choices=found)
        await change_field(connection, set_id, field.id, wanted, now=NOON)
        assert await values_of(connection, field) == ["製造", "IT", "製造"]


async def test_a_field_goes_with_its_values_and_leaves_the_others(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        set_id = await a_set(
            connection,
            world,
            FieldDraft("部署", FieldKind.TEXT),
            FieldDraft("席", FieldKind.NUMBER),
        )
        going, staying = await custom_fields.fields_of_set(connection, set_id)
        for _ in range(3):
            await lead_with(connection, world.project_id, {going: "総務", staying: "7"})
        assert await count_values(connection, going.id) == 3
    assert await delete_field(database, set_id, going.id, now=NOON, by=world.sato) == 3
    async with database.read() as connection:
        assert await custom_fields.fields_of_set(connection, set_id) == (staying,)
        assert await values_of(connection, going) == [None] * 3
        assert await values_of(connection, staying) == ["7"] * 3
        await assert_index_is_true(connection, set_id)
    with pytest.raises(custom_fields.UnknownField):
        await delete_field(database, set_id, going.id, now=NOON)


async def test_no_type_changes_and_no_field_goes_while_a_list_is_imported(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        set_id = await a_set(connection, world, FieldDraft("席数", FieldKind.TEXT))
        (field,) = await custom_fields.fields_of_set(connection, set_id)
        job = {"file_name": "名簿.csv", "created_at": NOON, "state": "importing"}
        await connection.execute(insert(lead_imports).values(project_id=world.project_id, **job))
        wanted = FieldDraft("席数", FieldKind.NUMBER)
        with pytest.raises(custom_fields.ImportAtWork, match=r"名簿\.csv"):
            await change_field(connection, set_id, field.id, wanted, now=NOON)
    with pytest.raises(custom_fields.ImportAtWork):
        await delete_field(database, set_id, field.id, now=NOON)
    async with database.write() as connection:
        renamed = FieldDraft("台数", FieldKind.TEXT, required=True)
        await change_field(connection, set_id, field.id, renamed, now=NOON)
        await connection.execute(update(lead_imports).values(state="done"))
    assert await delete_field(database, set_id, field.id, now=NOON) == 0
