"""What the list of ヒストリー shows beside its rows: what may be heard, and what was found."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.hearing import heard_of
from dialer.history import HistoryRow
from dialer.rules.found_words import Piece, excerpt, holds, marked, moment_of
from dialer.rules.search_grams import needles_of
from dialer.rules.transcript import Utterance, from_json
from dialer.storage.tables import comments, transcripts
from dialer.users import User

_MOST_PASSAGES = 3


@dataclass(frozen=True, slots=True)
class Passage:
    """Something in which words were found; `at_ms` is its moment in the recording, if any."""

    source: Literal["agent", "customer", "comment"]
    pieces: tuple[Piece, ...]
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class Hit:
    """`comments`: how many stand. Name and memo are whole, with what was found in them."""

    may_hear: bool
    has_transcript: bool
    comments: int
    lead_name: tuple[Piece, ...]
    memo: tuple[Piece, ...]
    passages: tuple[Passage, ...]


async def hits_of(
    connection: AsyncConnection, rows: Sequence[HistoryRow], *, typed: str, viewer: User
) -> dict[UUID, Hit]:
    """Of each row. What was said is shown to those only who may hear it."""
    ids = [row.id for row in rows]
    if not ids:
        return {}
    needles = needles_of(typed)
    heard = await heard_of(connection, ids, viewer)
    written = set(
        await connection.scalars(
            select(transcripts.c.call_id).where(transcripts.c.call_id.in_(ids))
        )
    )
    noted = await _comment_numbers(connection, ids)
    passages = await _passages(connection, sorted(heard), needles) if needles else {}
    return {
        row.id: Hit(
            row.id in heard,
            row.id in written,
            noted.get(row.id, 0),
            marked(row.lead_name, needles),
            marked(row.memo, needles),
            passages.get(row.id, ()),
        )
        for row in rows
    }


async def _comment_numbers(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = await connection.execute(
        select(comments.c.action_id, func.count().label("number"))
        .where(comments.c.action_id.in_(ids), comments.c.deleted_at.is_(None))
        .group_by(comments.c.action_id)
    )
    return {row.action_id: row.number for row in rows}


async def _passages(
    connection: AsyncConnection, ids: Sequence[UUID], needles: Sequence[str]
) -> dict[UUID, tuple[Passage, ...]]:
    found: dict[UUID, list[Passage]] = defaultdict(list)
    said = await connection.execute(
        select(transcripts.c.call_id, transcripts.c.utterances).where(
            transcripts.c.call_id.in_(ids)
        )
    )
    for row in said:
        found[row.call_id] += _telling(from_json(row.utterances), needles)
    noted = await connection.execute(
        select(comments.c.action_id, comments.c.text, comments.c.at_ms)
        .where(comments.c.action_id.in_(ids), comments.c.deleted_at.is_(None))
        .order_by(comments.c.id)
    )
    for action_id, text, at_ms in noted:
        pieces = excerpt(text, needles)
        if pieces:
            found[action_id].append(Passage("comment", pieces, at_ms))
    return {action_id: tuple(some[:_MOST_PASSAGES]) for action_id, some in found.items()}


def _telling(said: Sequence[Utterance], needles: Sequence[str]) -> list[Passage]:
    """The first utterance with each of the words."""
    missing, passages = list(needles), []
    for one in said:
        there = [needle for needle in missing if holds(one.text, needle)]
        if there:
            missing = [needle for needle in missing if needle not in there]
            pieces = excerpt(one.text, needles)
            passages.append(Passage(one.side, pieces, moment_of(one, there)))
        if not missing or len(passages) == _MOST_PASSAGES:
            break
    return passages
