"""ヒストリー: what it shows to whom, how it is filtered and paged."""

from datetime import timedelta
from uuid import uuid4

import pytest

from dialer import history, history_list, result_sets
from dialer.paging import BadPageKey
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.history_filter import HistoryFilter
from dialer.storage.engine import Database
from dialer.users import User
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

A, B = "+81352542287", "+819012345678"


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    """Three calls an hour apart: 鈴木 talked with 山田商店, 田中工業 was busy, one still rings."""
    async with database.write() as connection:
        world = await build_small_world(connection)
        results = await result_sets.results_of_project(connection, world.project_id)
        yamada = await add_lead(connection, world.project_id, A)
        tanaka = await add_lead(connection, world.project_id, B, name="田中工業", kana="タナカ")
        await add_call(
            connection,
            world,
            yamada,
            outcome=CallOutcome.CONNECTED,
            user=world.suzuki,
            result_id=results[0].id,
            memo="水曜の午後に訪問",
            recorded=True,
        )
        await add_call(
            connection,
            world,
            tanaka,
            at=NOON + timedelta(hours=1),
            e164=B,
            outcome=CallOutcome.BUSY,
        )
        await add_call(connection, world, yamada, at=NOON + timedelta(hours=2), outcome=None)
    return world


async def _shown(
    database: Database, viewer: User, wanted: HistoryFilter | None = None
) -> list[CallOutcome | None]:
    async with database.read() as connection:
        page = await history_list.list_history(
            connection, wanted=wanted or HistoryFilter(), viewer=viewer
        )
    return [row.outcome for row in page.rows]


async def test_newest_first(database: Database, world: SmallWorld) -> None:
    assert await _shown(database, world.suzuki) == [None, CallOutcome.BUSY, CallOutcome.CONNECTED]


async def test_a_row_tells_the_whole_call(database: Database, world: SmallWorld) -> None:
    async with database.read() as connection:
        page = await history_list.list_history(
            connection, wanted=HistoryFilter(), viewer=world.suzuki
        )
    ringing, busy, talked = page.rows
    assert (talked.lead_name, talked.number, talked.user_name) == (
        "山田商店",
        "03-5254-2287",
        "鈴木",
    )
    assert (talked.project, talked.campaign) == ("光回線", "autumn")
    assert (talked.result_category, talked.result) == ("成果", "アポ獲得")
    assert (talked.ring_seconds, talked.talk_seconds) == (5.0, 60.0)
    assert (talked.hangup_cause, talked.hung_up_by) == (16, "customer")
    assert talked.recording is not None
    assert (talked.recording.state, talked.recording.duration_ms) == ("ready", 60_000)
    assert (busy.ring_seconds, busy.talk_seconds, busy.recording) == (65.0, None, None)
    assert (ringing.ring_seconds, ringing.outcome) == (None, None)


async def test_others_projects_are_not_shown(database: Database, world: SmallWorld) -> None:
    assert await _shown(database, world.takahashi) == []
    assert len(await _shown(database, world.sato)) == 3
    filtered = HistoryFilter(project_id=world.project_id)
    assert await _shown(database, world.takahashi, filtered) == []
    assert len(await _shown(database, world.tanaka, filtered)) == 3


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (HistoryFilter(outcome=CallOutcome.BUSY), [CallOutcome.BUSY]),
        (HistoryFilter(number="090-1234"), [CallOutcome.BUSY]),
        (HistoryFilter(number="０９０−１２３４−５６７８"), [CallOutcome.BUSY]),
        (HistoryFilter(number="山田"), []),
        (HistoryFilter(text="たなか"), [CallOutcome.BUSY]),
        (HistoryFilter(text="水曜 訪問"), [CallOutcome.CONNECTED]),
        (HistoryFilter(has_recording=True), [CallOutcome.CONNECTED]),
        (HistoryFilter(has_recording=False), [None, CallOutcome.BUSY]),
        (HistoryFilter(until=NOON + timedelta(hours=1)), [CallOutcome.CONNECTED]),
        (HistoryFilter(since=NOON + timedelta(hours=1)), [None, CallOutcome.BUSY]),
        (
            HistoryFilter(since=NOON + timedelta(hours=1), until=NOON + timedelta(hours=2)),
            [CallOutcome.BUSY],
        ),
    ],
)
async def test_filters(
    database: Database,
    world: SmallWorld,
    wanted: HistoryFilter,
    expected: list[CallOutcome | None],
) -> None:
    assert await _shown(database, world.suzuki, wanted) == expected


async def test_filters_by_who_and_what(database: Database, world: SmallWorld) -> None:
    async with database.read() as connection:
        results = await result_sets.results_of_project(connection, world.project_id)
    for wanted in (
        HistoryFilter(user_id=world.suzuki.id),
        HistoryFilter(result_id=results[0].id),
        HistoryFilter(campaign_id=world.campaign_id, user_id=world.suzuki.id),
    ):
        assert await _shown(database, world.suzuki, wanted) == [CallOutcome.CONNECTED]
    for nothing in (
        HistoryFilter(user_id=world.tanaka.id),
        HistoryFilter(result_id=results[1].id),
        HistoryFilter(campaign_id=world.campaign_id + 1),
        HistoryFilter(project_id=world.other_project_id),
    ):
        assert await _shown(database, world.sato, nothing) == []


async def test_pages_hold_every_action_once_even_in_one_moment(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        lead_id = await add_lead(connection, world.project_id, A)
        ids = {
            await add_call(connection, world, lead_id, outcome=CallOutcome.NO_ANSWER)
            for _ in range(7)
        }
    seen = []
    after = None
    async with database.read() as connection:
        while True:
            page = await history_list.list_history(
                connection,
                wanted=HistoryFilter(outcome=CallOutcome.NO_ANSWER),
                viewer=world.suzuki,
                after=after,
                limit=2,
            )
            seen += [row.id for row in page.rows]
            after = page.next_key
            if after is None:
                break
    assert len(seen) == 7
    assert set(seen) == ids


async def test_a_forged_page_key_is_refused(database: Database, world: SmallWorld) -> None:
    async with database.read() as connection:
        for key in ("x", "WzEsMl0", "W251bGwsbnVsbF0"):
            with pytest.raises(BadPageKey):
                await history_list.list_history(
                    connection, wanted=HistoryFilter(), viewer=world.suzuki, after=key
                )


async def test_a_call_in_full(database: Database, world: SmallWorld) -> None:
    async with database.read() as connection:
        page = await history_list.list_history(
            connection, wanted=HistoryFilter(), viewer=world.suzuki
        )
        call_id = page.rows[-1].id
        detail = await history.call_detail(connection, call_id=call_id, viewer=world.suzuki)
        hidden = await history.call_detail(connection, call_id=call_id, viewer=world.takahashi)
        unknown = await history.call_detail(connection, call_id=uuid4(), viewer=world.sato)
    assert detail is not None
    assert detail.row == page.rows[-1]
    assert (detail.claimed_at, detail.connected_at) == (NOON, NOON + timedelta(seconds=6))
    assert (detail.direction, detail.trunk, detail.attempt) == ("outbound", "carrier", 1)
    assert hidden is None
    assert unknown is None


async def test_a_memo_joins_the_history(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        lead_id = await add_lead(connection, world.project_id, A)
        await history.add_memo(
            connection, lead_id=lead_id, memo="店頭で話した", by=world.suzuki, now=NOON
        )
        with pytest.raises(history.UnknownLead):
            await history.add_memo(
                connection, lead_id=lead_id, memo="x", by=world.takahashi, now=NOON
            )
        (row,) = await history.timeline(connection, lead_id=lead_id)
    assert (row.kind, row.memo, row.user_name, row.e164) == ("memo", "店頭で話した", "鈴木", "")
