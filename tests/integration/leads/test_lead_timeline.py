"""The timeline of a lead: everything that happened to it, newest first, page by page."""

from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import mybox, prohibitions
from dialer.callbacks import Agreed, close_callback, set_callback
from dialer.history import add_memo
from dialer.lead_changes import Change, write_changes
from dialer.lead_editing import Edit, edit_lead
from dialer.lead_timeline import Entry, Kind, timeline_page
from dialer.messages import UserId
from dialer.storage.engine import Database
from dialer.users import User
from tests.small_world import NOON, SmallWorld, add_call, add_lead, again, build_small_world

NUMBER = "+81352542287"
EVENING = NOON + timedelta(hours=6)


async def eventful_lead(connection: AsyncConnection) -> tuple[SmallWorld, int]:
    """What happens within one afternoon, some of it in the same moment."""
    world = await build_small_world(connection)
    lead_id = await add_lead(connection, world.project_id, NUMBER)
    hour = [NOON + timedelta(hours=hours) for hours in range(6)]
    suzuki, tanaka = UserId(world.suzuki.id), UserId(world.tanaka.id)
    await add_call(connection, world, lead_id, at=hour[0], user=world.suzuki)
    await mybox.put(connection, lead_id=lead_id, user_id=suzuki, now=hour[0])
    for field, text in (("city", "渋谷区"), ("building", "本館")):
        await edit_lead(
            connection, lead_id=lead_id, edit=Edit(field, [text]), by=world.suzuki, now=hour[1]
        )
    await set_callback(
        connection, lead_id=lead_id, agreed=Agreed(EVENING, suzuki), by=suzuki, now=hour[1]
    )
    await mybox.hand_over(
        connection, lead_id=lead_id, to_user_id=tanaka, now=hour[2], by=world.suzuki
    )
    await set_callback(connection, lead_id=lead_id, agreed=Agreed(EVENING), by=tanaka, now=hour[2])
    await prohibitions.prohibit(
        connection,
        e164s=[NUMBER],
        workgroup_ids=[world.osaka],
        reason="断り",
        by=world.tanaka,
        now=hour[3],
    )
    await close_callback(connection, lead_id=lead_id, by=tanaka, now=hour[3])
    await mybox.release(connection, lead_id=lead_id, now=hour[4], by=world.tanaka)
    await prohibitions.lift(
        connection,
        e164=NUMBER,
        workgroup_id=world.osaka,
        reason="誤り",
        by=world.sato,
        now=hour[4],
    )
    await add_memo(
        connection, lead_id=lead_id, memo="訪問", by=world.suzuki, now=hour[5], kind="visit"
    )
    return world, lead_id


async def pages(
    connection: AsyncConnection, lead_id: int, viewer: User, *, limit: int, kind: Kind | None = None
) -> list[Entry]:
    found: list[Entry] = []
    after: str | None = None
    while True:
        page = await timeline_page(
            connection,
            lead_id=lead_id,
            viewer=viewer,
            now=EVENING,
            kind=kind,
            after=after,
            limit=limit,
        )
        found += page.rows
        if (after := page.next_key) is None:
            return found


def told(entries: list[Entry]) -> list[Any]:
    return [(entry.what, entry.who, entry.whom) for entry in entries]


async def test_everything_is_told_newest_first(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id = await eventful_lead(connection)
        entries = await pages(connection, lead_id, world.sato, limit=50)
        assert told(entries) == [
            ("action", "鈴木", ""),
            ("lifted", "佐藤", "大阪"),
            ("unboxed", "田中", "田中"),
            ("callback_closed", "", ""),
            ("prohibited", "田中", "大阪"),
            ("callback_set", "田中", ""),
            ("handed_over", "", "田中"),
            ("callback_set", "鈴木", "鈴木"),
            ("changed", "鈴木", ""),
            ("action", "鈴木", ""),
            ("boxed", "", "鈴木"),
        ]
        assert [entry.at for entry in entries] == sorted(
            (entry.at for entry in entries), reverse=True
        )
        (changed,) = [entry for entry in entries if entry.what == "changed"]
        assert [change.field for change in changed.changes] == ["city", "building"]


async def test_pages_of_any_length_tell_the_same(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id = await eventful_lead(connection)
        whole = await pages(connection, lead_id, world.sato, limit=50)
        for limit in range(1, len(whole) + 1):
            assert told(await pages(connection, lead_id, world.sato, limit=limit)) == told(whole)


async def test_one_kind_at_a_time(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id = await eventful_lead(connection)
        expected: dict[Kind, set[str]] = {
            "calls": {"action"},
            "notes": {"action"},
            "changes": {"changed"},
            "mybox": {"boxed", "handed_over", "unboxed"},
            "prohibitions": {"prohibited", "lifted"},
            "callbacks": {"callback_set", "callback_closed"},
        }
        for kind, whats in expected.items():
            entries = await pages(connection, lead_id, world.sato, limit=2, kind=kind)
            assert {entry.what for entry in entries} == whats, kind
        (note,) = await pages(connection, lead_id, world.sato, limit=5, kind="notes")
        assert note.action is not None
        assert (note.action.kind, note.action.memo) == ("visit", "訪問")


async def test_names_and_prohibitions_of_other_workgroups_are_not_told(database: Database) -> None:
    """Suzuki of 東京 knows neither who of 大阪 held it nor what 大阪 prohibited."""
    async with database.write() as connection:
        world, lead_id = await eventful_lead(connection)
        entries = await pages(connection, lead_id, await again(connection, world.suzuki), limit=50)
        assert not {entry.what for entry in entries} & {"prohibited", "lifted"}
        (unboxed,) = [entry for entry in entries if entry.what == "unboxed"]
        assert (unboxed.who, unboxed.whom) == ("", "")


async def test_what_happens_to_the_whole_lead_is_told_by_itself(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id, NUMBER)
        for minute, field in enumerate(("name", "city", "deleted", "restored", "notes", "stage")):
            changes = {lead_id: [Change(field, "", "x")]}
            at = NOON + timedelta(minutes=minute / 2)
            await write_changes(connection, changes, by=world.sato, now=at)
        entries = await pages(connection, lead_id, world.sato, limit=50)
    fields = [[change.field for change in entry.changes] for entry in entries]
    assert fields == [["stage", "notes"], ["restored"], ["deleted"], ["city", "name"]]
