"""Leads go to another project with what belongs to them; history stays where it was made."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import custom_fields, mybox, projects
from dialer.callbacks import Agreed, set_callback
from dialer.custom_fields import FieldDraft
from dialer.lead_changes import LeadIsDeleted, NoSuchLead
from dialer.lead_contacts import ContactForm
from dialer.lead_creating import create_lead
from dialer.lead_deletion import delete_leads
from dialer.lead_moving import (
    AlreadyInProject,
    HolderNotAssigned,
    IsBeingCalled,
    UnknownProject,
    move_leads,
)
from dialer.messages import UserId
from dialer.rules.custom_field import FieldKind
from dialer.storage.engine import Database
from dialer.storage.tables import actions, callbacks, leads
from dialer.storage.tables import projects as projects_table
from dialer.users import NotAllowed
from tests.integration.leads.lead_rows import changes, check_kept, the_lead
from tests.small_world import NOON, SmallWorld, add_call, again, build_small_world


async def two_projects(connection: AsyncConnection) -> SmallWorld:
    """Suzuki is in both, Tanaka in the first only; their fields are alike in part."""
    world = await build_small_world(connection)
    await projects.assign_users(
        connection, project_id=world.other_project_id, user_ids=[world.suzuki.id], now=NOON
    )
    drafts = {
        world.project_id: (
            FieldDraft("業種", FieldKind.TEXT),
            FieldDraft("規模", FieldKind.SINGLE_CHOICE, choices=("大", "中", "小")),
            FieldDraft("決算月", FieldKind.NUMBER),
        ),
        world.other_project_id: (
            FieldDraft("決算月", FieldKind.TEXT),
            FieldDraft("規模", FieldKind.SINGLE_CHOICE, choices=("大", "小")),
            FieldDraft("業種", FieldKind.TEXT),
        ),
    }
    for project_id, some in drafts.items():
        set_id = await custom_fields.create_set(
            connection, name=f"項目{project_id}", now=NOON, by=world.sato
        )
        await connection.execute(
            update(projects_table)
            .where(projects_table.c.id == project_id)
            .values(custom_field_set_id=set_id)
        )
        for draft in some:
            await custom_fields.add_field(
                connection, set_id=set_id, draft=draft, now=NOON, by=world.sato
            )
    return world


async def lead(
    connection: AsyncConnection, world: SmallWorld, *values: str, number: str = "03-5254-2287"
) -> int:
    fields = await custom_fields.fields_of_project(connection, world.project_id)
    texts = {f"custom:{field.id}": [value] for field, value in zip(fields, values, strict=False)}
    return await create_lead(
        connection,
        project_id=world.project_id,
        texts={"name": ["山田商店"], **texts},
        contacts=[ContactForm("phone", number)],
        by=world.sato,
        now=NOON,
    )


async def test_fields_go_by_name_and_type_the_others_are_kept_aside(database: Database) -> None:
    async with database.write() as connection:
        world = await two_projects(connection)
        one = await lead(connection, world, "飲食", "大", "3")
        two = await lead(connection, world, "小売", "中")
        await add_call(connection, world, one, user=world.suzuki)
        report = await move_leads(
            connection,
            lead_ids=[one, two],
            to_project_id=world.other_project_id,
            by=world.sato,
            now=NOON,
        )
        assert (report.done, report.refused) == ((one, two), {})
        assert report.kept_aside == {"決算月": 1, "規模": 1}
        there = {
            field.name: field.key
            for field in await custom_fields.fields_of_project(connection, world.other_project_id)
        }
        first, second = await the_lead(connection, one), await the_lead(connection, two)
        assert first.custom == {there["業種"]: "飲食", there["規模"]: "大"}
        assert first.extra == {"決算月": "3"}
        assert (second.custom, second.extra) == ({there["業種"]: "小売"}, {"規模": "中"})
        stays = await connection.scalar(
            select(actions.c.project_id).where(actions.c.lead_id == one)
        )
        assert stays == world.project_id
        assert ("project", "光回線", "保険") in await changes(connection, one)
        for project_id in (world.project_id, world.other_project_id):
            await check_kept(connection, project_id, NOON)


async def test_box_and_callback_go_along_as_far_as_their_users_are_assigned(
    database: Database,
) -> None:
    async with database.write() as connection:
        world = await two_projects(connection)
        kept, held, promised = [
            await lead(connection, world, number=f"03-5254-229{place}") for place in range(3)
        ]
        suzuki, tanaka = UserId(world.suzuki.id), UserId(world.tanaka.id)
        await mybox.put(connection, lead_id=kept, user_id=suzuki, now=NOON)
        await mybox.put(connection, lead_id=held, user_id=tanaka, now=NOON)
        for lead_id, user in ((kept, suzuki), (promised, tanaka)):
            await set_callback(
                connection,
                lead_id=lead_id,
                agreed=Agreed(NOON + timedelta(hours=1), user),
                by=user,
                now=NOON,
            )
        report = await move_leads(
            connection,
            lead_ids=[kept, held, promised],
            to_project_id=world.other_project_id,
            by=world.sato,
            now=NOON,
        )
        assert report.done == (kept, promised)
        assert isinstance(report.refused[held], HolderNotAssigned)
        assert report.callbacks_opened == 1
        agreed = {
            row.lead_id: (row.project_id, row.user_id)
            for row in await connection.execute(select(callbacks))
        }
        assert agreed == {
            kept: (world.other_project_id, suzuki),
            promised: (world.other_project_id, None),
        }
        await check_kept(connection, world.other_project_id, NOON)


async def test_what_speaks_against_it_is_told(database: Database) -> None:
    async with database.write() as connection:
        world = await two_projects(connection)
        gone, called, there = [
            await lead(connection, world, number=f"03-5254-229{place}") for place in range(3)
        ]
        await delete_leads(connection, lead_ids=[gone], by=world.sato, now=NOON)
        await add_call(connection, world, called, e164="+81352542291", outcome=None)
        await connection.execute(
            update(leads).where(leads.c.id == there).values(project_id=world.other_project_id)
        )
        report = await move_leads(
            connection,
            lead_ids=[gone, called, there, 4711],
            to_project_id=world.other_project_id,
            by=world.sato,
            now=NOON,
        )
        assert report.done == ()
        assert {one: type(error) for one, error in report.refused.items()} == {
            gone: LeadIsDeleted,
            called: IsBeingCalled,
            there: AlreadyInProject,
            4711: NoSuchLead,
        }
        with pytest.raises(UnknownProject):
            await move_leads(connection, lead_ids=[gone], to_project_id=99, by=world.sato, now=NOON)
        with pytest.raises(NotAllowed):
            await move_leads(
                connection,
                lead_ids=[gone],
                to_project_id=world.other_project_id,
                by=await again(connection, world.suzuki),
                now=NOON,
            )


async def test_afresh_the_calls_begin_anew(database: Database) -> None:
    async with database.write() as connection:
        world = await two_projects(connection)
        one, two = await lead(connection, world), await lead(connection, world)
        await connection.execute(
            update(leads).values(attempts=3, finished_at=NOON, last_attempt_at=NOON)
        )
        for lead_id, afresh in ((one, True), (two, False)):
            await move_leads(
                connection,
                lead_ids=[lead_id],
                to_project_id=world.other_project_id,
                by=world.sato,
                now=NOON,
                afresh=afresh,
            )
        first, second = await the_lead(connection, one), await the_lead(connection, two)
        assert (first.attempts, first.finished_at, first.last_attempt_at) == (0, None, NOON)
        assert (second.attempts, second.finished_at) == (3, NOON)
