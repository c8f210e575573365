"""The tabs マイボックス and 禁止: whose box, and what is prohibited, as one may know it."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from dialer import mybox, prohibitions
from dialer.lead_table import TableRequest, count_leads, list_leads
from dialer.lead_tabs import InBoxes, Prohibited, Whose, Within, prohibitions_of
from dialer.paging import BadPageKey
from dialer.prohibition_list import ForWhom
from dialer.rules.lead_filter import LeadFilter
from dialer.rules.lead_view import USUAL_VIEW, LeadView, Sort
from dialer.storage.engine import Database
from dialer.storage.tables import leads
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


def asked(
    world: SmallWorld, viewer: User, within: Within, view: LeadView = USUAL_VIEW, days: int = 0
) -> TableRequest:
    now = NOON + timedelta(days=days)
    return TableRequest(world.project_id, viewer, now, view=view, within=within)


async def boxed(
    database: Database,
    world: SmallWorld,
    viewer: User,
    whose: Whose = ALL,
    text: str = "",
    days: int = 0,
) -> list[str]:
    """The leads in boxes, each with who holds it."""
    view = LeadView(LeadFilter(text=text))
    request = asked(world, viewer, InBoxes(whose), view, days)
    async with database.read() as connection:
        page = await list_leads(connection, request)
    return [f"{row.name} {row.boxed_by}" for row in page.rows]


async def prohibited(
    database: Database,
    world: SmallWorld,
    viewer: User,
    for_whom: ForWhom = "any",
    text: str = "",
) -> list[str]:
    """The prohibited leads, each with for whom it is prohibited."""
    within = Prohibited(for_whom)
    async with database.read() as connection:
        request = asked(world, viewer, within, LeadView(LeadFilter(text=text)))
        page = await list_leads(connection, request)
        told = await prohibitions_of(connection, [row.id for row in page.rows], within, viewer)
    return [
        " ".join((row.name, *(one.prohibition.workgroup or "全社" for one in told[row.id])))
        for row in page.rows
    ]


@pytest.fixture(autouse=True, params=["few known", "walked"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "walked":
        monkeypatch.setattr("dialer.lead_conditions.FEW", -1)


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
    everything = ["丙 全社 大阪", "乙 大阪", "丁 東京", "甲 東京"]
    assert await prohibited(database, world, world.sato) == everything
    assert await prohibited(database, world, world.suzuki) == ["丙 全社", "丁 東京", "甲 東京"]
    assert await prohibited(database, world, world.tanaka) == ["丙 全社 大阪", "乙 大阪"]
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


@pytest.mark.parametrize(
    ("within", "expected"),
    [(Prohibited(), ["丙", "乙", "丁", "甲"]), (InBoxes(ALL), ["乙", "甲"])],
)
async def test_both_go_page_by_page_both_ways(
    database: Database, world: SmallWorld, within: Within, expected: list[str]
) -> None:
    request = asked(world, world.sato, within)
    async with database.read() as connection:
        page = await list_leads(connection, request, limit=1)
        there = [row.name for row in page.rows]
        while page.next_key is not None:
            page = await list_leads(connection, request, after=page.next_key, limit=1)
            there += [row.name for row in page.rows]
        page = await list_leads(connection, request, last=True, limit=1)
        back = [row.name for row in page.rows]
        while page.previous_key is not None:
            page = await list_leads(connection, request, before=page.previous_key, limit=1)
            back += [row.name for row in page.rows]
        counted = await count_leads(connection, request)
        with pytest.raises(BadPageKey):
            await list_leads(connection, request, after="x")
    assert there == expected
    assert back == expected[::-1]
    assert counted.number == len(expected)


async def test_both_take_the_filters_and_orders_of_the_table(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await connection.execute(
            update(leads).where(leads.c.name.in_(["乙", "丁"])).values(prefecture="大阪府")
        )
    view = LeadView(LeadFilter(prefectures=("大阪府",)), Sort("imported"))
    async with database.read() as connection:
        for within, expected in ((Prohibited(), ["乙", "丁"]), (InBoxes(ALL), ["乙"])):
            page = await list_leads(connection, asked(world, world.sato, within, view))
            assert [row.name for row in page.rows] == expected
        view = LeadView(sort=Sort("name", descending=True))
        page = await list_leads(connection, asked(world, world.sato, Prohibited(), view))
    names = sorted(("甲", "乙", "丙", "丁"), reverse=True)
    assert [row.name for row in page.rows] == names
