"""The list shows exactly what its filter asks for, in order, on pages of any size."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts, history, history_list, result_sets
from dialer.history import HistoryRow
from dialer.history_hits import hits_of
from dialer.history_ways import Reach
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.history_filter import HistoryFilter
from dialer.rules.search_grams import needles_of, searchable
from dialer.rules.transcript import Word, to_json, utterances
from dialer.storage.engine import Database
from dialer.storage.tables import calls, comments, transcripts, user_workgroups
from dialer.users import User
from tests.small_world import NOON, SmallWorld, add_call, add_lead, again, build_small_world

A, B = "+81352542287", "+819012345678"
_SAID = {1: "解約したいのですが", 4: "弁護士に相談します", 8: "解約の手数料は"}
_FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "project_id": st.sampled_from([1, 2]),
        "workgroup_id": st.sampled_from([1, 2, 99]),
        "user_id": st.sampled_from([1, 2, 3]),
        "kind": st.sampled_from(["call", "memo", "visit"]),
        "direction": st.sampled_from(["outbound", "inbound"]),
        "outcome": st.sampled_from([CallOutcome.CONNECTED, CallOutcome.BUSY]),
        "number": st.sampled_from(["03-5254-2287", "090", "１１０"]),
        "text": st.sampled_from(["解約", "約", "弁護士 相談", "山田", "田", "ﾀﾅｶ", "、", "無い"]),
        "since": st.sampled_from([NOON + timedelta(minutes=3)]),
        "until": st.sampled_from([NOON + timedelta(minutes=9)]),
        "talk_least": st.sampled_from([60, 61]),
        "talk_most": st.sampled_from([59, 60]),
        "has_recording": st.booleans(),
        "has_transcript": st.booleans(),
        "has_comment": st.booleans(),
    },
)


# So few actions are as good as many when no page looks far.
NEAR = Reach(rows=3, hits=2, texts=3, common=2, few=3, compared=4)


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        world = await build_small_world(connection)
        await _fill(connection, world)
    return world


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    asked=_FILTERS,
    who=st.sampled_from(["sato", "suzuki", "tanaka", "takahashi"]),
    few=st.sampled_from([0, 3, 2000]),
    limit=st.integers(1, 6),
)
async def test_pages_hold_what_was_asked_for(
    database: Database, world: SmallWorld, asked: dict[str, Any], who: str, few: int, limit: int
) -> None:
    wanted, viewer = HistoryFilter(**asked), getattr(world, who)
    shown = await _all(database, wanted, viewer, limit, replace(NEAR, few=few))
    expected = await _expected(database, world, wanted, viewer)
    assert [row.id for row in shown] == expected


async def test_a_result_may_be_a_category(database: Database, world: SmallWorld) -> None:
    async with database.read() as connection:
        results = await result_sets.results_of_project(connection, world.project_id)
    wanted = HistoryFilter(result_id=results[0].category_id)
    assert len(await _all(database, wanted, world.sato, 2)) == 3


async def test_what_was_said_is_found_by_those_only_who_may_hear_it(
    database: Database, world: SmallWorld
) -> None:
    wanted = HistoryFilter(text="弁護士")
    assert len(await _all(database, wanted, world.sato, 9)) == 1
    assert await _all(database, wanted, world.suzuki, 9) == []
    async with database.write() as connection:
        await connection.execute(
            update(user_workgroups)
            .where(user_workgroups.c.user_id == world.suzuki.id)
            .values(manages=True)
        )
        await connection.execute(
            insert(user_workgroups).values(
                user_id=world.tanaka.id, workgroup_id=world.tokyo, manages=False
            )
        )
        manager = await again(connection, world.suzuki)
    assert len(await _all(database, wanted, manager, 9)) == 1


async def test_what_was_found_is_marked_with_its_moment(
    database: Database, world: SmallWorld
) -> None:
    rows = await _all(database, HistoryFilter(text="弁護士"), world.sato, 9)
    async with database.read() as connection:
        heard = await hits_of(connection, rows, typed="弁護士", viewer=world.sato)
        unheard = await hits_of(connection, rows, typed="弁護士", viewer=world.suzuki)
    (hit,) = heard.values()
    (passage,) = hit.passages
    assert [one.text for one in passage.pieces if one.found] == ["弁護士"]
    assert (passage.source, passage.at_ms) == ("customer", 400)
    assert (hit.may_hear, hit.has_transcript, hit.comments) == (True, True, 1)
    (hit,) = unheard.values()
    assert (hit.may_hear, hit.passages) == (False, ())


async def _all(
    database: Database, wanted: HistoryFilter, viewer: User, limit: int, reach: Reach = NEAR
) -> list[HistoryRow]:
    shown: list[HistoryRow] = []
    after: str | None = None
    async with database.read() as connection:
        while True:
            page = await history_list.list_history(
                connection, wanted=wanted, viewer=viewer, after=after, limit=limit, reach=reach
            )
            assert len(page.rows) <= limit
            shown += page.rows
            if page.next_key is None:
                return shown
            assert page.next_key != after
            after = page.next_key


# --- a dozen actions, of which each is something else -------------------------------------


async def _fill(connection: AsyncConnection, world: SmallWorld) -> None:
    results = await result_sets.results_of_project(connection, world.project_id)
    yamada = await add_lead(connection, world.project_id, A)
    tanaka = await add_lead(connection, world.project_id, B, name="田中工業", kana="タナカ")
    people = (world.suzuki, world.tanaka, None)
    for number in range(12):
        call_id = await add_call(
            connection,
            world,
            (yamada, tanaka)[number % 2],
            at=NOON + timedelta(minutes=number - number % 4 // 3),
            e164=(A, B)[number % 2],
            outcome=None
            if number == 11
            else (CallOutcome.CONNECTED, CallOutcome.BUSY)[number % 3 > 1],
            user=people[number % 3],
            result_id=results[0].id if number % 4 == 0 else None,
            memo="解約の相談" if number % 5 == 0 else "",
            recorded=number % 4 == 1,
        )
        if number == 6:
            await connection.execute(
                update(calls).where(calls.c.id == call_id).values(direction="inbound")
            )
        if number in _SAID:
            await _say(connection, call_id, _SAID[number])
        if number % 4 == 0:
            await connection.execute(
                insert(comments).values(
                    action_id=call_id, user_id=world.sato.id, text="良い応対", created_at=NOON
                )
            )
        await action_texts.refresh(connection, [call_id])
    notes: list[tuple[history.NoteKind, str]] = [("memo", "解約書を送る"), ("visit", "")]
    for kind, memo in notes:
        await history.add_memo(
            connection, lead_id=yamada, memo=memo, by=world.suzuki, now=NOON, kind=kind
        )


async def _say(connection: AsyncConnection, call_id: UUID, text: str) -> None:
    words = [
        Word(text[at : at + 2], at * 200 + 400, at * 200 + 700, 1.0)
        for at in range(0, len(text), 2)
    ]
    await connection.execute(
        insert(transcripts).values(
            call_id=call_id,
            engine="test",
            model="none",
            language="ja",
            made_at=NOON,
            utterances=to_json(utterances("customer", words)),
        )
    )


async def _expected(
    database: Database, world: SmallWorld, wanted: HistoryFilter, viewer: User
) -> list[UUID]:
    """Straight from the rows, one question after the other."""
    rows = await _all(database, HistoryFilter(), world.sato, 500)
    async with database.read() as connection:
        every = {row.id: await _facts(connection, row) for row in rows}
        hits = await hits_of(connection, rows, typed="", viewer=viewer)
    members = {world.tokyo: {1, 2, 4}, world.osaka: {3}}
    assert (world.sato.id, world.tanaka.id, world.takahashi.id) == (1, 3, 4)
    return [
        row.id
        for row in rows
        if viewer.sees_project(row.project_id)
        and _answers(row, every[row.id], wanted, members, hears=hits[row.id].may_hear)
    ]


async def _facts(connection: AsyncConnection, row: HistoryRow) -> dict[str, Any]:
    detail = (
        await connection.execute(transcripts.select().where(transcripts.c.call_id == row.id))
    ).first()
    said = "".join(word[0] for one in detail.utterances for word in one["words"]) if detail else ""
    noted = list(
        await connection.scalars(
            comments.select()
            .with_only_columns(comments.c.text)
            .where(comments.c.action_id == row.id)
        )
    )
    direction = (
        await connection.execute(
            calls.select().with_only_columns(calls.c.direction).where(calls.c.id == row.id)
        )
    ).scalar()
    return {"said": said, "noted": noted, "direction": direction}


def _answers(
    row: HistoryRow,
    facts: dict[str, Any],
    wanted: HistoryFilter,
    members: dict[int, set[int]],
    *,
    hears: bool,
) -> bool:
    begins = {"03-5254-2287": A, "090": "+8190", "１１０": "nobody's"}
    return all(
        (
            wanted.project_id in (None, row.project_id),
            wanted.user_id in (None, row.user_id),
            wanted.workgroup_id is None or row.user_id in members.get(wanted.workgroup_id, ()),
            wanted.kind in (None, row.kind),
            wanted.direction in (None, facts["direction"]),
            wanted.outcome in (None, row.outcome),
            not wanted.number or row.e164.startswith(begins[wanted.number]),
            wanted.since is None or row.at >= wanted.since,
            wanted.until is None or row.at < wanted.until,
            wanted.talk_least is None or (row.talk_seconds or -1) >= wanted.talk_least,
            wanted.talk_most is None or 0 <= (row.talk_seconds or -1) <= wanted.talk_most,
            wanted.has_recording in (None, row.recording is not None),
            wanted.has_transcript in (None, bool(facts["said"])),
            wanted.has_comment in (None, bool(facts["noted"])),
            not wanted.text or _has_words(row, facts, wanted.text, hears=hears),
        )
    )


def _has_words(row: HistoryRow, facts: dict[str, Any], typed: str, *, hears: bool) -> bool:
    needles = needles_of(typed)
    heard = [facts["said"], *facts["noted"]] if hears else []
    text = searchable([row.memo, *heard])
    kana = {"山田商店": "やまだしょうてん", "田中工業": "たなか"}[row.lead_name]
    names = f"{kana}\n{row.lead_name}"
    in_words = bool(needles) and all(needle in text for needle in needles)
    return in_words or all(needle in names for needle in needles or ("、",))
