"""What is said of actions is found by any part of it, and the index is always in step."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts
from dialer.history import add_memo
from dialer.memos import save_memo
from dialer.messages import CallId, UserId
from dialer.results import save_result
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.search_grams import needles_of, searchable
from dialer.rules.transcript import Word, to_json, utterances
from dialer.storage import tables
from dialer.storage.engine import Database
from dialer.storage.tables import actions, comments, transcripts
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

_WORDS = st.text("解約電話はいa1 、\n", max_size=12)
_CHANGES = st.lists(
    st.tuples(
        st.sampled_from(("memo", "transcript", "comment", "uncomment")), st.integers(0, 3), _WORDS
    ),
    max_size=8,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=_CHANGES, typed=st.lists(_WORDS, max_size=4))
async def test_what_is_found_is_what_stands_there(
    database: Database, changes: list[tuple[str, int, str]], typed: list[str]
) -> None:
    async with database.write() as connection:
        calls = await _calls(connection)
        for kind, which, words in changes:
            await _change(connection, calls[which % len(calls)], kind, words)
        plain = {call_id: await _plain_text(connection, call_id) for call_id in calls}
        for one in [*typed, *(words[1:3] for _, _, words in changes)]:
            needles = needles_of(one)
            expected = [
                call_id
                for call_id in reversed(calls)
                if needles and all(needle in plain[call_id] for needle in needles)
            ]
            assert await _found(connection, one) == expected
        kept = await _index(connection)
    await action_texts.rebuild(database)
    async with database.read() as connection:
        assert await _index(connection) == kept


async def test_memos_and_results_are_found_at_once(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id, "+81352542287")
        call_id = await _call(connection, world, lead_id, 0)
        await save_memo(
            connection, call_id=call_id, user_id=world.suzuki.id, memo="弁護士に相談すると言われた"
        )
        assert await _found(connection, "弁護士") == [call_id]

        await save_result(
            connection,
            call_id=CallId(call_id),
            user_id=UserId(world.suzuki.id),
            result_id=None,
            memo="解約の電話",
            now=NOON,
        )
        assert await _found(connection, "弁護士") == []
        assert await _found(connection, "解約 電話") == [call_id]

        memo_id = await add_memo(
            connection, lead_id=lead_id, memo="解約書を送付", by=world.suzuki, now=NOON
        )
        assert set(await _found(connection, "解約")) == {call_id, memo_id}


@pytest.mark.parametrize("typed", ["", "、", "'; DROP TABLE leads; --", '" OR *', ":* & !", "\0"])
async def test_odd_signs_find_nothing_and_break_nothing(database: Database, typed: str) -> None:
    async with database.write() as connection:
        for call_id in await _calls(connection):
            await _change(connection, call_id, "memo", "解約")
        assert await _found(connection, typed) == []


async def _calls(connection: AsyncConnection) -> list[UUID]:
    """Four calls without words, the oldest first; two of them of one moment."""
    await connection.execute(delete(transcripts))
    await connection.execute(delete(comments))
    ids = list(
        await connection.scalars(
            select(actions.c.id).where(actions.c.kind == "call").order_by(actions.c.at)
        )
    )
    if not ids:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id, "+81352542287")
        ids = [await _call(connection, world, lead_id, minutes) for minutes in range(4)]
    await connection.execute(update(actions).values(memo=""))
    await action_texts.refresh(connection, ids)
    return ids


async def _call(connection: AsyncConnection, world: SmallWorld, lead_id: int, minutes: int) -> UUID:
    return await add_call(
        connection,
        world,
        lead_id,
        at=NOON + timedelta(minutes=minutes),
        outcome=CallOutcome.CONNECTED,
        user=world.suzuki,
    )


async def _change(connection: AsyncConnection, call_id: UUID, kind: str, words: str) -> None:
    match kind:
        case "memo":
            await connection.execute(
                update(actions).where(actions.c.id == call_id).values(memo=words)
            )
        case "transcript":
            await connection.execute(delete(transcripts).where(transcripts.c.call_id == call_id))
            said = utterances("customer", [Word(one, 0, 1, 1.0) for one in words.split()])
            await connection.execute(
                insert(transcripts).values(
                    call_id=call_id,
                    engine="test",
                    model="none",
                    language="ja",
                    made_at=NOON,
                    utterances=to_json(said),
                )
            )
        case "comment":
            user_id = (await connection.execute(select(tables.users.c.id).limit(1))).scalar_one()
            await connection.execute(
                insert(comments).values(
                    action_id=call_id, user_id=user_id, text=words, created_at=NOON
                )
            )
        case "uncomment":
            his = comments.c.action_id == call_id
            await connection.execute(update(comments).where(his).values(deleted_at=NOON))
    await action_texts.refresh(connection, [call_id])


async def _plain_text(connection: AsyncConnection, call_id: UUID) -> str:
    memo = await connection.scalar(select(actions.c.memo).where(actions.c.id == call_id))
    said = await connection.scalar(
        select(transcripts.c.utterances).where(transcripts.c.call_id == call_id)
    )
    notes = await connection.scalars(
        select(comments.c.text).where(
            comments.c.action_id == call_id, comments.c.deleted_at.is_(None)
        )
    )
    words = ["".join(word[0] for word in one["words"]) for one in said or ()]
    lines = [line for part in (memo or "", *notes) for line in part.splitlines()]
    return searchable([*lines, *words])


async def _found(connection: AsyncConnection, typed: str) -> list[UUID]:
    joined, condition, key = action_texts.found(
        typed, is_sqlite=connection.dialect.name == "sqlite"
    )
    query = select(tables.action_texts.c.action_id).select_from(joined).where(condition)
    return list(await connection.scalars(query.order_by(key.desc())))


async def _index(connection: AsyncConnection) -> set[tuple[object, ...]]:
    rows = await connection.execute(select(tables.action_texts))
    count = "SELECT count(*) FROM action_grams"
    grams = (await connection.execute(text(count))).scalar_one()
    return {*(tuple(row) for row in rows), ("grams", grams)}
