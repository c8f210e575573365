"""リード: what the list shows to whom, how it is searched and paged."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from dialer import lead_detail, mybox, prohibitions, result_sets
from dialer.lead_table import TableRequest, list_leads
from dialer.paging import BadPageKey, encode_key
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.lead_filter import LeadFilter
from dialer.rules.lead_view import USUAL_VIEW, LeadView, Sort
from dialer.storage.engine import Database
from dialer.storage.tables import contact_points, leads
from dialer.users import User
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

A, B = "+81352542287", "+819012345678"


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


def request(world: SmallWorld, viewer: User, view: LeadView = USUAL_VIEW) -> TableRequest:
    return TableRequest(world.project_id, viewer, NOON, view=view)


async def _found(database: Database, world: SmallWorld, viewer: User, text: str = "") -> list[str]:
    view = LeadView(LeadFilter(text=text), sort=Sort("imported"))
    async with database.read() as connection:
        page = await list_leads(connection, request(world, viewer, view))
    assert page.next_key is None
    return [row.name for row in page.rows]


async def test_a_lead_shows_what_is_known(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        lead_id = await add_lead(connection, world.project_id, A, B)
        results = await result_sets.results_of_project(connection, world.project_id)
        await add_call(
            connection,
            world,
            lead_id,
            outcome=CallOutcome.CONNECTED,
            user=world.suzuki,
            result_id=results[1].id,
            memo="来週また",
            recorded=True,
        )
        await add_call(
            connection, world, lead_id, at=NOON + timedelta(hours=1), outcome=CallOutcome.BUSY
        )
        await mybox.put(connection, lead_id=lead_id, user_id=world.suzuki.id, now=NOON)
        await prohibitions.prohibit(
            connection, e164s=[B], workgroup_ids=[world.osaka], reason="断り", now=NOON
        )
        seen = {
            viewer.login: await lead_detail.lead_detail(
                connection, lead_id=lead_id, viewer=viewer, now=NOON
            )
            for viewer in (world.sato, world.suzuki, world.tanaka, world.takahashi)
        }

    assert seen["takahashi"] is None  # not assigned to the project
    detail = seen["tanaka"]
    assert detail is not None
    row = detail.row
    assert (row.e164, row.number) == (A, "03-5254-2287")
    assert (row.last_outcome, row.last_result) == (CallOutcome.BUSY, "資料送付")
    assert (row.boxed_by, row.boxed_by_id) == ("", world.suzuki.id)  # no colleague of his
    assert row.prohibited
    assert detail.box is not None
    assert [point.number for point in detail.contact_points] == ["03-5254-2287", "090-1234-5678"]
    assert [one.reason for one in detail.contact_points[1].prohibitions] == ["断り"]
    newest, first = detail.timeline
    assert newest.outcome is CallOutcome.BUSY
    assert newest.recording is None
    assert (first.user_name, first.memo, first.result_category) == ("鈴木", "来週また", "成果")
    assert (first.ring_seconds, first.talk_seconds) == (5.0, 60.0)
    assert first.recording is not None
    assert first.recording.duration_ms == 60_000

    in_tokyo, admin = seen["suzuki"], seen["sato"]
    assert in_tokyo is not None
    assert admin is not None
    assert not in_tokyo.row.prohibited
    assert admin.row.prohibited


async def test_only_users_of_the_project_see_its_leads(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await add_lead(connection, world.project_id, A)
    assert await _found(database, world, world.takahashi) == []
    assert await _found(database, world, world.suzuki) == ["山田商店"]


async def test_deleted_leads_are_not_listed(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        await add_lead(connection, world.project_id, A)
        await connection.execute(update(leads).values(deleted_at=NOON))
    assert await _found(database, world, world.suzuki) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("鈴木", ["鈴木工業"]),
        ("すずき", ["鈴木工業"]),
        ("スズキ", ["鈴木工業"]),
        ("ｽｽﾞｷ", ["鈴木工業"]),
        ("スズキ　工業", ["鈴木工業"]),
        ("abc", ["ABCホール", "ＡＢＣ電機"]),
        ("やまだ", ["山田商店"]),  # kept in half width
        ("100%", ["100%果汁"]),
        ("%", ["100%果汁"]),
        ("_", []),
        ("'; DROP TABLE leads; --", []),
        ("\0", ["鈴木工業", "山田商店", "ABCホール", "ＡＢＣ電機", "100%果汁"]),
        ("03-5254-2287", ["鈴木工業"]),
        ("０３（５２５４）２２８７", ["鈴木工業"]),
        ("+81 3 5254", ["鈴木工業"]),
        ("0352", ["鈴木工業"]),
        ("090", ["山田商店"]),
        ("06-0000", []),
    ],
)
async def test_search(
    database: Database, world: SmallWorld, text: str, expected: list[str]
) -> None:
    async with database.write() as connection:
        for name, kana, numbers in (
            ("鈴木工業", "スズキコウギョウ", [A]),
            ("山田商店", "ﾔﾏﾀﾞｼｮｳﾃﾝ", [B]),
            ("ABCホール", "エービーシー", []),
            ("ＡＢＣ電機", "エービーシーデンキ", []),
            ("100%果汁", "カジュウ", []),
        ):
            await add_lead(connection, world.project_id, *numbers, name=name, kana=kana)
    assert await _found(database, world, world.suzuki, text) == expected


@pytest.mark.parametrize(
    "key", ["nonsense!", "bnVsbA", encode_key("1"), encode_key(1, 2), encode_key(0, "", 2**70), "é"]
)
async def test_a_forged_page_key_is_refused(
    database: Database, world: SmallWorld, key: str
) -> None:
    async with database.read() as connection:
        with pytest.raises(BadPageKey):
            await list_leads(connection, request(world, world.suzuki), after=key)
        with pytest.raises(BadPageKey):
            await list_leads(connection, request(world, world.suzuki), before=key)


async def test_a_part_of_a_name_is_found_as_it_is_now(
    database: Database, world: SmallWorld
) -> None:
    """Whoever writes the key: what was the name before is not found, what is now is."""
    async with database.write() as connection:
        lead_id = await add_lead(connection, world.project_id, A, name="麒麟堂", kana="キリンドウ")
        await add_lead(connection, world.project_id, B, name="鳳凰堂", kana="ホウオウドウ")
    assert await _found(database, world, world.suzuki, "麒麟") == ["麒麟堂"]
    async with database.write() as connection:
        await connection.execute(
            update(leads).where(leads.c.id == lead_id).values(name="白虎堂", search_key="白虎堂")
        )
    assert await _found(database, world, world.suzuki, "麒麟") == []
    assert await _found(database, world, world.suzuki, "白虎") == ["白虎堂"]
    assert await _found(database, world, world.suzuki, "凰") == ["鳳凰堂"]
    async with database.write() as connection:
        await connection.execute(contact_points.delete().where(contact_points.c.lead_id == lead_id))
        await connection.execute(leads.delete().where(leads.c.id == lead_id))
        await add_lead(connection, world.project_id, A, name="白虎屋")
    assert await _found(database, world, world.suzuki, "白虎") == ["白虎屋"]
