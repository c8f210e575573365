"""Contact points change under the gate: what stands about a number is true at once."""

from dataclasses import asdict
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import mybox, prohibitions
from dialer.lead_changes import LeadIsDeleted, NoSuchLead, contact_of
from dialer.lead_contacts import (
    AlreadyThere,
    ContactChanged,
    ContactDoesNotFit,
    ContactForm,
    NoSuchContact,
    add_contact,
    change_contact,
    order_contacts,
    remove_contact,
    text_of_point,
)
from dialer.lead_deletion import delete_leads
from dialer.lead_facts import facts_of
from dialer.rules.contact import ContactProblem
from dialer.rules.eligibility import Refusal
from dialer.rules.phone_number import UnusableReason
from dialer.storage.engine import Database
from dialer.storage.tables import contact_points, gate_lanes, leads
from tests.integration.leads.lead_rows import changes, contacts, the_lead
from tests.small_world import NOON, SmallWorld, add_lead, build_small_world

SHOP, OFFICE = "+81352542287", "+81352542288"


async def one_lead(connection: AsyncConnection) -> tuple[SmallWorld, int]:
    world = await build_small_world(connection)
    return world, await add_lead(connection, world.project_id, SHOP)


async def lane_of_lead(connection: AsyncConnection, lead_id: int) -> dict[str, object]:
    row = await connection.execute(
        select(gate_lanes)
        .join(leads, leads.c.lane_id == gate_lanes.c.id)
        .where(leads.c.id == lead_id)
    )
    return dict(row.one()._mapping)


async def test_added_changed_and_removed_with_their_lines_in_the_log(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id = await one_lead(connection)
        given: dict[str, Any] = {"lead_id": lead_id, "by": world.suzuki, "now": NOON}
        new = await add_contact(
            connection, form=ContactForm("mobile", "０９０ー1234ー5678 (内線3)", "社長"), **given
        )
        _, mobile = await contacts(connection, lead_id)
        assert (mobile.e164, mobile.number_kind, mobile.position) == ("+819012345678", "mobile", 1)
        assert "内線3" in mobile.note
        await connection.execute(
            update(contact_points).where(contact_points.c.id == new).values(attempts=2)
        )
        same_number = ContactForm("mobile", "090-1234-5678", "専務", "夕方")
        assert await change_contact(
            connection, contact_id=new, form=same_number, was=text_of_point(mobile), **given
        )
        assert not await change_contact(connection, contact_id=new, form=same_number, **given)
        _, mobile = await contacts(connection, lead_id)
        assert (mobile.label, mobile.note, mobile.attempts) == ("専務", "夕方", 2)
        assert await change_contact(
            connection, contact_id=new, form=ContactForm("mobile", "090-1234-5679"), **given
        )
        _, mobile = await contacts(connection, lead_id)
        assert (mobile.e164, mobile.attempts) == ("+819012345679", 0)
        await remove_contact(connection, contact_id=new, **given)
        assert [one.e164 for one in await contacts(connection, lead_id)] == [SHOP]
        told = await changes(connection, lead_id)
        assert [field for field, _, _ in told] == [f"contact:{new}"] * 4
        assert contact_of(told[1][2]) == {
            k: v for k, v in asdict(same_number).items() if k != "region"
        }
        assert (told[0][1], told[3][2]) == ("", "")


@pytest.mark.parametrize(
    ("kind", "raw", "reason"),
    [
        ("phone", " ", ContactProblem.EMPTY),
        ("phone", "03-12", UnusableReason.TOO_SHORT),
        ("phone", "110", UnusableReason.SERVICE_CODE),
        ("fax", "なし", UnusableReason.NONE_GIVEN),
        ("phone", "03-5254-2287 / 090-1234-5678", ContactProblem.SEVERAL_NUMBERS),
        ("email", "info", ContactProblem.NOT_AN_EMAIL),
        ("pigeon", "03-5254-2287", ContactProblem.UNKNOWN_KIND),
        ("line", "x" * 201, ContactProblem.TOO_LONG),
    ],
)
async def test_what_is_no_contact_is_told(
    database: Database, kind: str, raw: str, reason: ContactProblem | UnusableReason
) -> None:
    async with database.write() as connection:
        world, lead_id = await one_lead(connection)
        with pytest.raises(ContactDoesNotFit) as told:
            await add_contact(
                connection, lead_id=lead_id, form=ContactForm(kind, raw), by=world.suzuki, now=NOON
            )
        assert told.value.reason is reason


async def test_one_number_stands_once_but_a_telephone_and_a_fax_may_share_it(
    database: Database,
) -> None:
    async with database.write() as connection:
        world, lead_id = await one_lead(connection)
        given: dict[str, Any] = {"lead_id": lead_id, "by": world.suzuki, "now": NOON}
        with pytest.raises(AlreadyThere):
            await add_contact(connection, form=ContactForm("mobile", "03(5254)2287"), **given)
        await add_contact(connection, form=ContactForm("fax", "03-5254-2287"), **given)
        await add_contact(connection, form=ContactForm("line", "@yamada"), **given)
        with pytest.raises(AlreadyThere):
            await add_contact(connection, form=ContactForm("line", "@yamada"), **given)


async def test_a_prohibited_number_is_prohibited_for_the_lead_that_gets_it(
    database: Database,
) -> None:
    async with database.write() as connection:
        world, lead_id = await one_lead(connection)
        given: dict[str, Any] = {"lead_id": lead_id, "by": world.suzuki, "now": NOON}
        await prohibitions.prohibit(
            connection, e164s=[OFFICE], workgroup_ids=[world.osaka], now=NOON
        )
        new = await add_contact(connection, form=ContactForm("phone", "03-5254-2288"), **given)
        assert (await lane_of_lead(connection, lead_id))["prohibited_for"] == str(world.osaka)
        await change_contact(
            connection, contact_id=new, form=ContactForm("phone", "03-5254-2289"), **given
        )
        assert (await lane_of_lead(connection, lead_id))["prohibited_for"] == ""


async def test_a_box_keeps_others_from_the_number_that_its_lead_gets(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id = await one_lead(connection)
        other = await add_lead(connection, world.project_id, OFFICE)
        given: dict[str, Any] = {"lead_id": lead_id, "by": world.suzuki, "now": NOON}
        await mybox.put(connection, lead_id=lead_id, user_id=world.tanaka.id, now=NOON)
        new = await add_contact(connection, form=ContactForm("phone", "03-5254-2288"), **given)
        held_by = {"number_box_user_ids": str(world.tanaka.id)}.items()
        assert held_by <= (await lane_of_lead(connection, other)).items()
        await remove_contact(connection, contact_id=new, **given)
        assert (await lane_of_lead(connection, other))["number_box_user_ids"] == ""


async def test_without_a_number_nobody_is_dialled(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id = await one_lead(connection)
        (point,) = await contacts(connection, lead_id)
        await remove_contact(
            connection, lead_id=lead_id, contact_id=point.id, by=world.suzuki, now=NOON
        )
        assert (await lane_of_lead(connection, lead_id))["undialable"] == Refusal.NO_NUMBER


async def test_a_foreign_number_moves_the_lead_into_its_zone(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id = await one_lead(connection)
        given: dict[str, Any] = {"lead_id": lead_id, "by": world.suzuki, "now": NOON}
        abroad = await add_contact(
            connection, form=ContactForm("phone", "+44 20 7946 0018"), **given
        )
        assert (await the_lead(connection, lead_id)).time_zone == ""
        assert await order_contacts(connection, contact_ids=[abroad], **given)
        assert (await the_lead(connection, lead_id)).time_zone == "Europe/London"
        assert (await lane_of_lead(connection, lead_id))["time_zone"] == "Europe/London"
        known = (await facts_of(connection, [lead_id], NOON))[lead_id]
        telephone = known.next_telephone()
        assert telephone is not None
        assert telephone.id == abroad
        assert not await order_contacts(connection, contact_ids=[abroad], **given)


async def test_what_somebody_else_changed_or_removed_is_told(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id = await one_lead(connection)
        given: dict[str, Any] = {"lead_id": lead_id, "by": world.suzuki, "now": NOON}
        (point,) = await contacts(connection, lead_id)
        seen = text_of_point(point)
        other = ContactForm("phone", "03-5254-2287", "本社")
        await change_contact(connection, contact_id=point.id, form=other, **given)
        with pytest.raises(ContactChanged):
            await change_contact(
                connection,
                contact_id=point.id,
                form=ContactForm("phone", "03-5254-2290"),
                was=seen,
                **given,
            )
        await remove_contact(connection, contact_id=point.id, **given)
        with pytest.raises(NoSuchContact):
            await remove_contact(connection, contact_id=point.id, **given)
        with pytest.raises(NoSuchContact):
            await order_contacts(connection, contact_ids=[point.id], **given)


async def test_leads_that_are_deleted_or_not_his_own_are_left_alone(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id = await one_lead(connection)
        form = ContactForm("phone", "03-5254-2290")
        with pytest.raises(NoSuchLead):
            await add_contact(connection, lead_id=lead_id, form=form, by=world.takahashi, now=NOON)
        await delete_leads(connection, lead_ids=[lead_id], by=world.sato, now=NOON)
        with pytest.raises(LeadIsDeleted):
            await add_contact(connection, lead_id=lead_id, form=form, by=world.suzuki, now=NOON)
