"""Whatever people change about leads, in whatever order: what is kept beside them follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import custom_fields, mybox, prohibitions, projects
from dialer.custom_fields import FieldDraft
from dialer.history import add_memo
from dialer.lead_changes import LeadChangeError
from dialer.lead_contacts import (
    ContactForm,
    add_contact,
    change_contact,
    order_contacts,
    remove_contact,
)
from dialer.lead_creating import create_lead
from dialer.lead_deletion import delete_leads, restore_leads
from dialer.lead_editing import Edit, edit_leads
from dialer.lead_merging import merge_leads
from dialer.lead_moving import move_leads
from dialer.mybox_errors import MyBoxError
from dialer.rules.custom_field import FieldKind
from dialer.rules.phone_number import national_format
from dialer.storage.engine import Database
from dialer.storage.tables import actions, contact_points
from dialer.storage.tables import projects as projects_table
from tests.integration.leads.lead_rows import check_kept, contacts, the_lead
from tests.small_world import NOON, SmallWorld, build_small_world

PLACES = range(4)  # leads, and numbers
a_place = st.sampled_from(PLACES)
some_places = st.lists(a_place, min_size=1, max_size=3, unique=True)


@dataclass(frozen=True, slots=True)
class Write:
    leads: list[int]
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number is added, put in the place of the lead's first one, or first in the order."""

    lead: int
    number: int
    how: str


@dataclass(frozen=True, slots=True)
class Take:
    lead: int


@dataclass(frozen=True, slots=True)
class Delete:
    leads: list[int]
    back: bool


@dataclass(frozen=True, slots=True)
class Restore:
    leads: list[int]


@dataclass(frozen=True, slots=True)
class Move:
    leads: list[int]
    to: int


@dataclass(frozen=True, slots=True)
class Merge:
    leads: list[int]


@dataclass(frozen=True, slots=True)
class Box:
    lead: int
    free: bool


@dataclass(frozen=True, slots=True)
class Prohibit:
    number: int


Step = Write | Number | Take | Delete | Restore | Move | Merge | Box | Prohibit
STEPS = st.one_of(
    st.builds(
        Write,
        some_places,
        st.sampled_from(["name", "name_kana", "email", "text", "choice"]),
        st.sampled_from(["山田商店", "ﾔﾏﾀﾞ", "", "info@example.jp", "光"]),
    ),
    st.builds(Number, a_place, a_place, st.sampled_from(["add", "change", "first"])),
    st.builds(Take, a_place),
    st.builds(Delete, some_places, st.booleans()),
    st.builds(Restore, some_places),
    st.builds(Move, some_places, st.sampled_from([0, 1])),
    st.builds(Merge, st.lists(a_place, min_size=2, max_size=3, unique=True)),
    st.builds(Box, a_place, st.booleans()),
    st.builds(Prohibit, a_place),
)


@dataclass(slots=True)
class Day:
    world: SmallWorld
    project_ids: Sequence[int]
    numbers: Sequence[str]
    lead_ids: Sequence[int]

    def leads(self, places: Sequence[int]) -> list[int]:
        return [self.lead_ids[place] for place in places]


_made = count(1)


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def day_of(connection: AsyncConnection, world: SmallWorld) -> Day:
    """Two projects with a text and a choice, and four leads that share numbers in the first."""
    number = next(_made)
    ids = []
    for place in range(2):
        project = await projects.create_project(connection, name=f"{number}-{place}", now=NOON)
        set_id = await custom_fields.create_set(
            connection, name=f"{number}-{place}", now=NOON, by=world.sato
        )
        choices = ("光", "電気") if place == 0 else ("電気",)
        for draft in (
            FieldDraft("業種", FieldKind.TEXT),
            FieldDraft("商材", FieldKind.MULTIPLE_CHOICE, choices=choices),
        ):
            await custom_fields.add_field(
                connection, set_id=set_id, draft=draft, now=NOON, by=world.sato
            )
        await connection.execute(
            update(projects_table)
            .where(projects_table.c.id == project.id)
            .values(custom_field_set_id=set_id)
        )
        ids.append(project.id)
    await projects.assign_users(connection, project_id=ids[0], user_ids=[world.suzuki.id], now=NOON)
    numbers = [f"+81901{number:05}{place:02}" for place in PLACES]
    leads = []
    for place in PLACES:
        lead_id = await create_lead(
            connection,
            project_id=ids[0],
            texts={"name": [f"商店{place}"]},
            contacts=[
                ContactForm("mobile", national_format(numbers[(place + step) % len(PLACES)]))
                for step in range(2)
            ],
            by=world.sato,
            now=NOON,
        )
        await add_memo(connection, lead_id=lead_id, memo="済", by=world.sato, now=NOON)
        leads.append(lead_id)
    return Day(world, ids, numbers, leads)


async def do(database: Database, day: Day, step: Step) -> None:
    """One step; what is refused is refused as a whole."""
    try:
        async with database.write() as connection:
            await done_in(connection, day, step)
    except (LeadChangeError, MyBoxError):
        pass  # told to the person; nothing of it may be left, which is checked afterwards


async def done_in(connection: AsyncConnection, day: Day, step: Step) -> None:
    sato = day.world.sato
    match step:
        case Write():
            for lead_id in day.leads(step.leads):
                field = await field_name(connection, lead_id, step.field)
                edit = Edit(field, [step.text])
                await edit_leads(connection, lead_ids=[lead_id], edit=edit, by=sato, now=NOON)
        case Number():
            await number_in(connection, day, step)
        case Take():
            lead_id = day.lead_ids[step.lead]
            for point in (await contacts(connection, lead_id))[:1]:
                await remove_contact(
                    connection, lead_id=lead_id, contact_id=point.id, by=sato, now=NOON
                )
        case Delete():
            await delete(connection, day, step)
        case Restore():
            await restore_leads(connection, lead_ids=day.leads(step.leads), by=sato, now=NOON)
        case Move():
            await move_leads(
                connection,
                lead_ids=day.leads(step.leads),
                to_project_id=day.project_ids[step.to],
                by=sato,
                now=NOON,
            )
        case Merge():
            await merge(connection, day, day.leads(step.leads))
        case Box():
            lead_id = day.lead_ids[step.lead]
            if step.free:
                await mybox.release(connection, lead_id=lead_id, by=sato, now=NOON)
            else:
                suzuki = day.world.suzuki.id
                await mybox.put(connection, lead_id=lead_id, user_id=suzuki, by=sato, now=NOON)
        case Prohibit():
            number = day.numbers[step.number]
            await prohibitions.prohibit(
                connection, e164s=[number], workgroup_ids=[day.world.osaka], now=NOON
            )


async def number_in(connection: AsyncConnection, day: Day, step: Number) -> None:
    lead_id, sato = day.lead_ids[step.lead], day.world.sato
    form = ContactForm("mobile", national_format(day.numbers[step.number]))
    points = await contacts(connection, lead_id)
    if step.how == "add" or not points:
        await add_contact(connection, lead_id=lead_id, form=form, by=sato, now=NOON)
    elif step.how == "change":
        await change_contact(
            connection, lead_id=lead_id, contact_id=points[0].id, form=form, by=sato, now=NOON
        )
    else:
        await order_contacts(
            connection, lead_id=lead_id, contact_ids=[points[-1].id], by=sato, now=NOON
        )


async def field_name(connection: AsyncConnection, lead_id: int, field: str) -> str:
    if field not in ("text", "choice"):
        return field
    project_id = (await the_lead(connection, lead_id)).project_id
    text, choice = await custom_fields.fields_of_project(connection, project_id)
    return f"custom:{(text if field == 'text' else choice).id}"


async def delete(connection: AsyncConnection, day: Day, step: Delete) -> None:
    """Deleted and restored is the identity."""
    sato, ids = day.world.sato, day.leads(step.leads)
    before = [(await the_lead(connection, one), await contacts(connection, one)) for one in ids]
    report = await delete_leads(connection, lead_ids=ids, by=sato, now=NOON)
    if step.back:
        await restore_leads(connection, lead_ids=report.done, by=sato, now=NOON)
        after = [(await the_lead(connection, one), await contacts(connection, one)) for one in ids]
        assert after == before


async def merge(connection: AsyncConnection, day: Day, ids: Sequence[int]) -> None:
    """No number and no action is lost."""

    async def numbers(lead_ids: Sequence[int]) -> set[str]:
        found = await connection.scalars(
            select(contact_points.c.e164).where(contact_points.c.lead_id.in_(lead_ids))
        )
        return {one for one in found if one}

    async def memos(lead_ids: Sequence[int]) -> int:
        return (
            await connection.scalar(
                select(func.count()).select_from(actions).where(actions.c.lead_id.in_(lead_ids))
            )
            or 0
        )

    before = await numbers(ids), await memos(ids)
    await merge_leads(
        connection, survivor_id=ids[0], other_ids=ids[1:], choices={}, by=day.world.sato, now=NOON
    )
    assert (await numbers(ids[:1]), await memos(ids[:1])) == before


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=5, max_size=12))
async def test_what_is_kept_beside_the_leads_follows_them(
    database: Database, world: SmallWorld, steps: list[Step]
) -> None:
    async with database.write() as connection:
        day = await day_of(connection, world)
    for step in steps:
        await do(database, day, step)
    async with database.read() as connection:
        for project_id in day.project_ids:
            await check_kept(connection, project_id, NOON)
        done = await connection.scalar(
            select(func.count()).select_from(actions).where(actions.c.lead_id.in_(day.lead_ids))
        )
        assert done == len(PLACES)
