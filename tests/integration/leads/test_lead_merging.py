"""Duplicates become one lead; nothing that was done or agreed is lost."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import mybox
from dialer.callbacks import Agreed, set_callback
from dialer.history import add_memo
from dialer.lead_changes import LeadIsDeleted, NoSuchLead
from dialer.lead_contacts import ContactForm
from dialer.lead_creating import create_lead
from dialer.lead_deletion import delete_leads, restore_leads
from dialer.lead_duplicates import By, duplicates
from dialer.lead_merging import (
    BoxesOfSeveral,
    NothingToMerge,
    OtherProjects,
    field_choices,
    merge_leads,
)
from dialer.lead_moving import IsBeingCalled
from dialer.messages import UserId
from dialer.rules.lead_merge import ALL
from dialer.storage.engine import Database
from dialer.storage.tables import actions, callbacks, contact_points, leads, mybox_entries
from dialer.users import NotAllowed
from tests.integration.leads.lead_rows import changes, check_kept, contacts, the_lead
from tests.small_world import NOON, SmallWorld, add_call, build_small_world

LATER = NOON + timedelta(hours=3)


async def lead(connection: AsyncConnection, world: SmallWorld, *numbers: str, **texts: str) -> int:
    return await create_lead(
        connection,
        project_id=world.project_id,
        texts={name: [text] for name, text in ({"name": "山田商店"} | texts).items()},
        contacts=[ContactForm("phone", number) for number in numbers],
        by=world.sato,
        now=NOON,
    )


async def merge(
    connection: AsyncConnection,
    world: SmallWorld,
    survivor: int,
    *others: int,
    now: datetime = NOON,
    **choices: int,
) -> None:
    await merge_leads(
        connection, survivor_id=survivor, other_ids=others, choices=choices, by=world.sato, now=now
    )


async def test_each_field_is_chosen_and_the_contacts_are_united(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        one = await lead(connection, world, "03-5254-2287", city="渋谷区", notes="午後に")
        two = await lead(
            connection,
            world,
            "03(5254)2287",
            "090-1234-5678",
            name="(株)山田商店",
            email="info@example.jp",
            notes="担当 山田",
        )
        await connection.execute(
            update(contact_points)
            .values(attempts=2)
            .where(contact_points.c.lead_id.in_([one, two]))
        )
        choices, _fields = await field_choices(connection, lead_ids=[one, two], viewer=world.sato)
        assert {choice.field: (choice.proposed, choice.differs) for choice in choices} == {
            "name": (0, True),
            "city": (0, True),
            "email": (1, True),
            "notes": (0, True),
        }
        await merge(connection, world, one, two, name=two, notes=ALL)
        merged = await the_lead(connection, one)
        assert (merged.name, merged.city, merged.email, merged.notes) == (
            "(株)山田商店",
            "渋谷区",
            "info@example.jp",
            "午後に\n担当 山田",
        )
        assert [(point.e164, point.attempts) for point in await contacts(connection, one)] == [
            ("+81352542287", 4),
            ("+819012345678", 2),
        ]
        other = await the_lead(connection, two)
        assert (other.deleted_at, other.merged_into_id) == (NOON, one)
        told = [field for field, _, _ in await changes(connection, one)]
        assert told[1] == f"merged:{two}"
        assert {"name", "email", "notes"} < set(told)
        assert (await changes(connection, two))[-1] == (f"merged_into:{one}", "", "山田商店")
        await check_kept(connection, world.project_id, NOON)


async def test_history_callbacks_and_the_box_go_to_the_survivor(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        one, two, three = [await lead(connection, world, "03-5254-2287") for _ in range(3)]
        suzuki = UserId(world.suzuki.id)
        for lead_id in (one, two):
            await add_call(connection, world, lead_id, user=world.suzuki)
        await add_memo(connection, lead_id=two, memo="訪問した", by=world.suzuki, now=NOON)
        for lead_id, due in ((two, LATER), (three, LATER + timedelta(days=1))):
            await set_callback(
                connection, lead_id=lead_id, agreed=Agreed(due, suzuki), by=suzuki, now=NOON
            )
        await mybox.put_many(connection, lead_ids=[two, three], user_id=suzuki, now=NOON)
        await connection.execute(update(leads).where(leads.c.id == two).values(attempts=2))
        await merge(connection, world, one, two, three)
        done = await connection.scalar(
            select(func.count()).select_from(actions).where(actions.c.lead_id == one)
        )
        assert done == 3
        agreed = (
            await connection.execute(select(callbacks).where(callbacks.c.closed_at.is_(None)))
        ).one()
        assert (agreed.lead_id, agreed.due_at) == (one, LATER)
        held = (
            await connection.execute(
                select(mybox_entries).where(mybox_entries.c.released_at.is_(None))
            )
        ).one()
        assert (held.lead_id, held.user_id) == (one, suzuki)
        merged = await the_lead(connection, one)
        assert (merged.callback_at, merged.attempts) == (LATER, 2)
        await check_kept(connection, world.project_id, NOON)


async def test_a_restored_duplicate_is_a_lead_again(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        one = await lead(connection, world, "03-5254-2287")
        two = await lead(connection, world, "03-5254-2288", email="info@example.jp")
        before = await the_lead(connection, two)
        points = await contacts(connection, two)
        await merge(connection, world, one, two)
        report = await restore_leads(connection, lead_ids=[two], by=world.sato, now=LATER)
        assert report.done == (two,)
        assert await the_lead(connection, two) == before
        assert await contacts(connection, two) == points
        await check_kept(connection, world.project_id, NOON)


async def test_what_speaks_against_it_is_told(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        one, two, three, gone = [await lead(connection, world, "03-5254-2287") for _ in range(4)]
        elsewhere = await create_lead(
            connection,
            project_id=world.other_project_id,
            texts={"name": ["保険の客"]},
            contacts=[],
            by=world.sato,
            now=NOON,
        )
        await delete_leads(connection, lead_ids=[gone], by=world.sato, now=NOON)
        with pytest.raises(NotAllowed):
            await merge_leads(
                connection, survivor_id=one, other_ids=[two], choices={}, by=world.suzuki, now=NOON
            )
        expected: Sequence[tuple[int, type[Exception]]] = (
            (one, NothingToMerge),
            (4711, NoSuchLead),
            (gone, LeadIsDeleted),
            (elsewhere, OtherProjects),
        )
        for other, error in expected:
            with pytest.raises(error):
                await merge(connection, world, one, other)
        await mybox.put(connection, lead_id=one, user_id=world.suzuki.id, now=NOON)
        await mybox.put(connection, lead_id=two, user_id=world.tanaka.id, now=NOON)
        with pytest.raises(BoxesOfSeveral) as told:
            await merge(connection, world, one, two)
        assert set(told.value.names) == {"鈴木", "田中"}
        await add_call(connection, world, three, outcome=None)
        with pytest.raises(IsBeingCalled):
            await merge(connection, world, one, three)


async def test_duplicates_are_found_by_number_and_by_name_and_city(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        one = await lead(connection, world, "03-5254-2287", name_kana="ヤマダ", city="渋谷区")
        two = await lead(connection, world, "090-1234-5678", name_kana="ﾔﾏﾀﾞ", city="渋谷区")
        three = await lead(connection, world, "03(5254)2287", name="鈴木酒店", city="渋谷区")
        gone = await lead(connection, world, "03-5254-2287", name_kana="ヤマダ", city="渋谷区")
        await lead(connection, world, name_kana="ヤマダ", city="港区")
        await delete_leads(connection, lead_ids=[gone], by=world.sato, now=NOON)

        async def groups(by: Any) -> list[tuple[str, list[int]]]:
            found = await duplicates(connection, project_id=world.project_id, by=by)
            assert found.next_key is None
            return [(group.what, [one.id for one in group.leads]) for group in found.rows]

        assert await groups("number") == [("03-5254-2287", [one, three])]
        assert await groups("name") == [("山田商店", [one, two])]


async def test_groups_come_in_pages(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialer.lead_duplicates.GROUPS_AT_ONCE", 2)
    monkeypatch.setattr("dialer.lead_duplicates._NUMBERS_AT_ONCE", 3)
    monkeypatch.setattr("dialer.lead_duplicates._LEADS_AT_ONCE", 7)
    async with database.write() as connection:
        world = await build_small_world(connection)
        for place in range(5):
            for _ in range(3):
                await lead(connection, world, f"03-5254-220{place}", name=f"商店{place}")
        each: tuple[By, ...] = ("number", "name")
        for by in each:
            seen, after = [], None
            while True:
                page = await duplicates(
                    connection,
                    project_id=world.project_id,
                    by=by,
                    after=after,
                )
                seen += [(group.what, len(group.leads)) for group in page.rows]
                if (after := page.next_key) is None:
                    break
            assert len(seen) == 5
            assert {size for _, size in seen} == {3}
