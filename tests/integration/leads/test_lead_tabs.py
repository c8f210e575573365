"""The tabs マイボックス and 禁止: whose box, and what is prohibited, as one may know it."""

from datetime import timedelta

import pytest

from dialer import mybox, prohibitions
from dialer.lead_tabs import Whose, boxed_leads, prohibited_leads
from dialer.paging import BadPageKey
from dialer.prohibition_list import ForWhom
from dialer.storage.engine import Database
from dialer.users import User
from tests.small_world import NOON, SmallWorld, add_lead, again, build_small_world

A, B, C = "+81352540001", "+81352540002", "+81352540003"
ALL = Whose("all")


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        world = await build_small_world(connection)
        ids = [
            await add_lead(connection, world.project_id, *numbers, name=name)
            for name, numbers in (("甲", [A, A]), ("乙", [B]), ("丙", [C]), ("丁", [A]))
        ]
        await mybox.put(
            connection,
            lead_id=ids[0],
            user_id=world.suzuki.id,
            expires_at=NOON + timedelta(days=1),
            now=NOON,
        )
        await mybox.put(connection, lead_id=ids[1], user_id=world.tanaka.id, now=NOON)
        for e164s, groups in (([A], [world.tokyo]), ([B, C], [world.osaka]), ([C], None)):
            await prohibitions.prohibit(
                connection,
                e164s=e164s,
                workgroup_ids=groups,
                reason="断り",
                by=world.sato,
                now=NOON,
            )
    return world


async def boxed(
    database: Database,
    world: SmallWorld,
    viewer: User,
    whose: Whose = ALL,
    text: str = "",
    days: int = 0,
) -> list[str]:
    async with database.read() as connection:
        page = await boxed_leads(
            connection,
            project_id=world.project_id,
            viewer=viewer,
            whose=whose,
            text=text,
            now=NOON + timedelta(days=days),
        )
    return [f"{row.lead.name} {row.holder.name}" for row in page.rows]


async def prohibited(
    database: Database,
    world: SmallWorld,
    viewer: User,
    for_whom: ForWhom = "any",
    text: str = "",
) -> list[str]:
    async with database.read() as connection:
        page = await prohibited_leads(
            connection,
            project_id=world.project_id,
            viewer=viewer,
            for_whom=for_whom,
            text=text,
            now=NOON,
        )
    return [f"{row.lead.name} {row.prohibition.workgroup or '全社'}" for row in page.rows]


async def test_boxes_are_shown_to_whom_they_concern(database: Database, world: SmallWorld) -> None:
    async with database.read() as connection:
        outsider = await again(connection, world.takahashi)
    assert await boxed(database, world, world.sato) == ["乙 田中", "甲 鈴木"]
    assert await boxed(database, world, world.sato.as_user()) == ["甲 鈴木"]  # a colleague
    assert await boxed(database, world, world.suzuki) == ["甲 鈴木"]
    assert await boxed(database, world, world.tanaka) == ["乙 田中"]
    assert await boxed(database, world, outsider) == []  # not assigned to the project


async def test_boxes_by_user_and_workgroup(database: Database, world: SmallWorld) -> None:
    for whose, expected in (
        (Whose("user", world.tanaka.id), ["乙 田中"]),
        (Whose("workgroup", world.tokyo), ["甲 鈴木"]),
        (Whose("user", world.sato.id), []),
    ):
        assert await boxed(database, world, world.sato, whose) == expected
    assert await boxed(database, world, world.suzuki, Whose("user", world.tanaka.id)) == []
    assert await boxed(database, world, world.sato, text="03-5254-0002") == ["乙 田中"]
    assert await boxed(database, world, world.sato, text="甲") == ["甲 鈴木"]


async def test_a_box_whose_time_is_over_is_not_listed(
    database: Database, world: SmallWorld
) -> None:
    assert await boxed(database, world, world.sato, days=1) == ["乙 田中"]


async def test_prohibited_leads_are_shown_to_whom_they_bind(
    database: Database, world: SmallWorld
) -> None:
    everything = ["丙 全社", "丙 大阪", "乙 大阪", "丁 東京", "甲 東京"]
    assert await prohibited(database, world, world.sato) == everything
    assert await prohibited(database, world, world.suzuki) == ["丙 全社", "丁 東京", "甲 東京"]
    assert await prohibited(database, world, world.tanaka) == ["丙 全社", "丙 大阪", "乙 大阪"]
    assert await prohibited(database, world, world.sato, "company") == ["丙 全社"]
    assert await prohibited(database, world, world.sato, world.tokyo) == ["丁 東京", "甲 東京"]
    assert await prohibited(database, world, world.suzuki, world.osaka) == []
    assert await prohibited(database, world, world.sato, text="乙") == ["乙 大阪"]


async def test_what_was_lifted_is_gone(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        await prohibitions.lift(
            connection, e164=A, workgroup_id=world.tokyo, reason="誤り", by=world.sato, now=NOON
        )
    assert await prohibited(database, world, world.suzuki) == ["丙 全社"]


async def test_both_go_on_page_by_page(database: Database, world: SmallWorld) -> None:
    stopped: list[str] = []
    held: list[str] = []
    async with database.read() as connection:
        after: str | None = None
        while True:
            prohibited_page = await prohibited_leads(
                connection,
                project_id=world.project_id,
                viewer=world.sato,
                after=after,
                limit=1,
                now=NOON,
            )
            stopped += [row.lead.name for row in prohibited_page.rows]
            after = prohibited_page.next_key
            if after is None:
                break
        while True:
            page = await boxed_leads(
                connection,
                project_id=world.project_id,
                viewer=world.sato,
                whose=ALL,
                after=after,
                limit=1,
                now=NOON,
            )
            held += [row.lead.name for row in page.rows]
            after = page.next_key
            if after is None:
                break
        for listing in (
            boxed_leads(
                connection,
                project_id=world.project_id,
                viewer=world.sato,
                whose=ALL,
                after="x",
                now=NOON,
            ),
            prohibited_leads(
                connection,
                project_id=world.project_id,
                viewer=world.sato,
                after="x",
                now=NOON,
            ),
        ):
            with pytest.raises(BadPageKey):
                await listing
    assert stopped == ["丙", "丙", "乙", "丁", "甲"]
    assert held == ["乙", "甲"]
