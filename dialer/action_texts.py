"""What was written and said about actions, findable by any part of it.

Each action with a memo, a comment or a transcript has one text, and the pairs of its characters
in an index (`dialer.storage.tables.searching`). Whoever writes such words calls `refresh` in the
same transaction.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Row,
    bindparam,
    cast,
    column,
    delete,
    false,
    insert,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.rules.search_grams import grams_of, grams_to_find, needles_of, searchable
from dialer.rules.transcript import from_json
from dialer.storage.engine import Database
from dialer.storage.search import HasPart
from dialer.storage.tables import action_texts, actions, comments, transcripts

_AT_ONCE = 500
_TIES = 1000  # texts of one microsecond that can be kept apart
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def refresh(connection: AsyncConnection, action_ids: Collection[UUID]) -> None:
    """Makes what can be found of these actions what stands in them now. O(length of the texts)."""
    ids = list(dict.fromkeys(action_ids))
    for start in range(0, len(ids), _AT_ONCE):
        await _refresh(connection, ids[start : start + _AT_ONCE])


async def rebuild(database: Database, progress: Callable[[int], None] = lambda _: None) -> int:
    """Makes all texts anew, some at a time; returns how many actions were looked at."""
    done, after = 0, UUID(int=0)
    while True:
        async with database.write() as connection:
            ids = list(
                await connection.scalars(
                    select(actions.c.id)
                    .where(actions.c.id > after)
                    .order_by(actions.c.id)
                    .limit(_AT_ONCE)
                )
            )
            await _refresh(connection, ids)
        if not ids:
            return done
        done, after = done + len(ids), ids[-1]
        progress(done)


def found(typed: str, *, is_sqlite: bool) -> tuple[FromClause, ColumnElement[bool], Column[int]]:
    """Where to look for what a person typed: a join with `action_texts`, its condition, its order.

    The newest come first along the third, which is ``doc_id``. Nothing is found where nothing
    that could be found was typed.
    """
    needles = needles_of(typed)
    grams = _grams_table(is_sqlite)
    key: Any = grams.c.rowid if is_sqlite else grams.c.doc_id
    joined = grams.join(action_texts, action_texts.c.doc_id == key)
    condition = _matches(needles, is_sqlite)
    for needle in needles:
        condition &= HasPart(action_texts.c.text, needle)
    return joined, condition, key


# --- keeping in step ------------------------------------------------------------------------


async def _refresh(connection: AsyncConnection, ids: Sequence[UUID]) -> None:
    if not ids:
        return
    wanted = await _texts(connection, ids)
    kept = {
        row.action_id: row
        for row in await connection.execute(
            select(action_texts).where(action_texts.c.action_id.in_(ids))
        )
    }
    stale = [row for row in kept.values() if wanted.get(row.action_id, ("", None))[0] != row.text]
    await _remove(connection, stale)
    new = {
        action_id: (words, at)
        for action_id, (words, at) in wanted.items()
        if words and (action_id not in kept or kept[action_id].text != words)
    }
    await _add(connection, new)


async def _texts(
    connection: AsyncConnection, ids: Sequence[UUID]
) -> dict[UUID, tuple[str, datetime]]:
    """The searchable text of each action, empty where there are no words, with its time."""
    rows = await connection.execute(
        select(actions.c.id, actions.c.at, actions.c.memo, transcripts.c.utterances)
        .outerjoin(transcripts, transcripts.c.call_id == actions.c.id)
        .where(actions.c.id.in_(ids))
    )
    said = await _comments(connection, ids)
    return {
        row.id: (searchable([*row.memo.splitlines(), *_spoken(row), *said.get(row.id, ())]), row.at)
        for row in rows
    }


def _spoken(row: Any) -> Iterable[str]:
    return (one.text for one in from_json(row.utterances or ()))


async def _comments(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    rows = await connection.execute(
        select(comments.c.action_id, comments.c.text)
        .where(comments.c.action_id.in_(ids), comments.c.deleted_at.is_(None))
        .order_by(comments.c.action_id, comments.c.id)
    )
    return {
        action_id: [line for row in group for line in row.text.splitlines()]
        for action_id, group in groupby(rows, key=lambda row: row.action_id)
    }


async def _remove(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> None:
    if not rows:
        return
    ids = [row.doc_id for row in rows]
    await connection.execute(delete(action_texts).where(action_texts.c.doc_id.in_(ids)))
    if _is_sqlite(connection):
        # An index without content forgets only what it is told that it has.
        await connection.execute(
            text(
                "INSERT INTO action_grams (action_grams, rowid, grams)"
                " VALUES ('delete', :doc_id, :grams)"
            ),
            [{"doc_id": row.doc_id, "grams": " ".join(grams_of(row.text))} for row in rows],
        )
        return
    grams = _grams_table(is_sqlite=False)
    await connection.execute(delete(grams).where(grams.c.doc_id.in_(ids)))


async def _add(connection: AsyncConnection, texts: dict[UUID, tuple[str, datetime]]) -> None:
    if not texts:
        return
    docs = await _doc_ids(connection, {one: at for one, (_, at) in texts.items()})
    await connection.execute(
        insert(action_texts),
        [
            {"doc_id": docs[action_id], "action_id": action_id, "text": words}
            for action_id, (words, _) in texts.items()
        ],
    )
    if _is_sqlite(connection):
        write = "INSERT INTO action_grams (rowid, grams) VALUES (:doc_id, :grams)"
    else:
        write = (
            "INSERT INTO action_grams (doc_id, grams)"
            " VALUES (:doc_id, array_to_tsvector(string_to_array(:grams, ' ')))"
        )
    await connection.execute(
        text(write),
        [
            {"doc_id": docs[action_id], "grams": " ".join(grams_of(words))}
            for action_id, (words, _) in texts.items()
        ],
    )


async def _doc_ids(connection: AsyncConnection, times: dict[UUID, datetime]) -> dict[UUID, int]:
    """A free number of its moment for each."""
    firsts = {one: (at - _EPOCH) // timedelta(microseconds=1) * _TIES for one, at in times.items()}
    taken: set[int] = set()
    for first in set(firsts.values()):
        moment = action_texts.c.doc_id.between(first, first + _TIES - 1)
        taken.update(await connection.scalars(select(action_texts.c.doc_id).where(moment)))
    found: dict[UUID, int] = {}
    for action_id in sorted(firsts):
        # Begins anywhere in the moment, so that two who write at once seldom choose the same.
        ties = (firsts[action_id] + (action_id.int + step) % _TIES for step in range(_TIES))
        found[action_id] = next(doc_id for doc_id in ties if doc_id not in taken)
        taken.add(found[action_id])
    return found


# --- finding --------------------------------------------------------------------------------


def _grams_table(is_sqlite: bool) -> Any:
    return table("action_grams", column("rowid" if is_sqlite else "doc_id"), column("grams"))


def _matches(needles: Sequence[str], is_sqlite: bool) -> ColumnElement[bool]:
    if not needles:
        return false()
    pairs, beginnings = grams_to_find(needles)
    if is_sqlite:
        terms = [f'"{pair}"' for pair in pairs] + [f'"{sign}"*' for sign in beginnings]
        return literal_column("action_grams").bool_op("MATCH")(" AND ".join(terms))
    terms = [f"'{pair}'" for pair in pairs] + [f"'{sign}':*" for sign in beginnings]
    # Written into the statement, where the planner sees whether many or few have them.
    asked: ColumnElement[str] = bindparam("grams", " & ".join(terms), literal_execute=True)
    return literal_column("action_grams.grams").bool_op("@@")(cast(asked, TSQUERY))


def _is_sqlite(connection: AsyncConnection) -> bool:
    return connection.dialect.name == "sqlite"
