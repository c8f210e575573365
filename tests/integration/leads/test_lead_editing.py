"""A lead's fields are written one by one: checked, logged, and never over somebody else's words."""

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import custom_fields
from dialer.lead_changes import LeadIsDeleted, NoSuchLead
from dialer.lead_deletion import delete_leads
from dialer.lead_editing import (
    ChangedMeanwhile,
    DoesNotFit,
    Edit,
    UnknownField,
    edit_lead,
    edit_leads,
)
from dialer.rules.custom_field import CustomField, FieldKind, Misfit
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log, custom_values, projects, stages
from tests.integration.leads.lead_rows import changes, the_lead
from tests.small_world import NOON, SmallWorld, add_lead, build_small_world


async def with_fields(connection: AsyncConnection, world: SmallWorld) -> list[CustomField]:
    """The project gets a text, a number and a multiple choice."""
    set_id = await custom_fields.create_set(connection, name="項目", now=NOON, by=world.sato)
    await connection.execute(
        projects.update()
        .where(projects.c.id == world.project_id)
        .values(custom_field_set_id=set_id)
    )
    drafts = (
        custom_fields.FieldDraft("業種", FieldKind.TEXT),
        custom_fields.FieldDraft("社員数", FieldKind.NUMBER),
        custom_fields.FieldDraft("商材", FieldKind.MULTIPLE_CHOICE, choices=("光", "電気、ガス")),
    )
    for draft in drafts:
        await custom_fields.add_field(
            connection, set_id=set_id, draft=draft, now=NOON, by=world.sato
        )
    return list(await custom_fields.fields_of_project(connection, world.project_id))


async def test_a_field_is_written_with_its_line_in_the_log(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id, "+81352542287")
        edit = Edit("name", [" 山田　商店 "], was="山田商店")
        assert await edit_lead(connection, lead_id=lead_id, edit=edit, by=world.suzuki, now=NOON)
        again = Edit("name", ["山田 商店"], was="とうに違う名前")
        assert not await edit_lead(
            connection, lead_id=lead_id, edit=again, by=world.suzuki, now=NOON
        )
        lead = await the_lead(connection, lead_id)
        assert lead.name == "山田 商店"
        assert "山田 商店" in lead.search_key
        assert await changes(connection, lead_id) == [("name", "山田商店", "山田 商店")]
        line = (
            await connection.execute(select(audit_log).order_by(audit_log.c.id.desc()).limit(1))
        ).one()
        assert (line.action, line.subject) == ("lead.edit", f"lead:{lead_id}")
        assert "山田" not in str(line.detail)


@pytest.mark.parametrize(
    ("field", "text", "misfit"),
    [
        ("name", " ", Misfit.REQUIRED),
        ("name", "あ" * 401, Misfit.TOO_LONG),
        ("email", "info＠", Misfit.NOT_AN_EMAIL),
        ("website", "なし", Misfit.NOT_A_URL),
        ("priority", "高", Misfit.NOT_A_NUMBER),
        ("priority", "100", Misfit.TOO_LONG),
        ("stage", "77", Misfit.NOT_A_CHOICE),
    ],
)
async def test_what_does_not_fit_is_told_and_changes_nothing(
    database: Database, field: str, text: str, misfit: Misfit
) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id)
        with pytest.raises(DoesNotFit) as told:
            await edit_lead(
                connection, lead_id=lead_id, edit=Edit(field, [text]), by=world.suzuki, now=NOON
            )
        assert told.value.misfit is misfit
        assert await changes(connection, lead_id) == []


async def test_somebody_elses_words_are_not_written_over(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id)
        await edit_lead(
            connection,
            lead_id=lead_id,
            edit=Edit("city", ["渋谷区"], was=""),
            by=world.tanaka,
            now=NOON,
        )
        with pytest.raises(ChangedMeanwhile) as told:
            await edit_lead(
                connection,
                lead_id=lead_id,
                edit=Edit("city", ["港区"], was=""),
                by=world.suzuki,
                now=NOON,
            )
        assert (told.value.now_is, told.value.by_name) == ("渋谷区", "田中")
        assert (await the_lead(connection, lead_id)).city == "渋谷区"


async def test_a_custom_field_and_its_index_go_together(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        text, number, choice = await with_fields(connection, world)
        lead_id = await add_lead(connection, world.project_id)

        async def write(field: CustomField, *texts: str, was: str | None = None) -> bool:
            edit = Edit(f"custom:{field.id}", texts, was)
            return await edit_lead(
                connection, lead_id=lead_id, edit=edit, by=world.suzuki, now=NOON
            )

        assert await write(text, "飲食")
        assert await write(number, "１，２００")
        assert await write(choice, "電気、ガス", "光", was="")
        assert not await write(choice, "光", "電気、ガス", was="光、電気、ガス")
        lead = await the_lead(connection, lead_id)
        assert lead.custom == {
            text.key: "飲食",
            number.key: "1200",
            choice.key: ["光", "電気、ガス"],
        }
        assert await write(text, "", was="飲食")
        assert (await the_lead(connection, lead_id)).custom.keys() == {number.key, choice.key}
        index = list(await connection.scalars(select(custom_values.c.field_id)))
        assert sorted(index) == [number.id, choice.id, choice.id]
        with pytest.raises(DoesNotFit):
            await write(number, "多数")
        with pytest.raises(UnknownField):
            await edit_lead(
                connection,
                lead_id=lead_id,
                edit=Edit("custom:99", ["x"]),
                by=world.suzuki,
                now=NOON,
            )


async def test_many_at_once_are_done_or_told_each_for_itself(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        set_id = await connection.scalar(
            select(projects.c.result_set_id).where(projects.c.id == world.project_id)
        )
        stage_id = await connection.scalar(
            insert(stages)
            .values(result_set_id=set_id, name="商談中", position=90)
            .returning(stages.c.id)
        )
        first, second, third = [await add_lead(connection, world.project_id) for _ in range(3)]
        elsewhere = await add_lead(connection, world.other_project_id)
        await delete_leads(connection, lead_ids=[third], by=world.sato, now=NOON)
        edit = Edit("stage", [str(stage_id)])
        await edit_lead(connection, lead_id=first, edit=edit, by=world.sato, now=NOON)
        report = await edit_leads(
            connection,
            lead_ids=[first, second, third, elsewhere, 4711],
            edit=edit,
            by=world.suzuki,
            now=NOON,
        )
        assert (report.changed, report.same) == ((second,), (first,))
        assert {one: type(error) for one, error in report.refused.items()} == {
            third: LeadIsDeleted,
            elsewhere: NoSuchLead,
            4711: NoSuchLead,
        }
        assert await changes(connection, second) == [("stage", "", "商談中")]
        assert (await the_lead(connection, second)).stage_id == stage_id
        edit = Edit("name", ["同じ名前"])
        await edit_leads(connection, lead_ids=[first, second], edit=edit, by=world.suzuki, now=NOON)
        assert {(await the_lead(connection, one)).search_key for one in (first, second)} == {
            "やまだしょうてん\n同じ名前"
        }
