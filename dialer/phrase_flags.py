"""Watched phrases that were heard: written once for each call, and who has seen them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.rules.transcript import Side
from dialer.storage.tables import phrase_flags, users
from dialer.users import User


@dataclass(frozen=True, slots=True)
class NewFlag:
    """A phrase in the conversation of a user; `at_ms` counts from the connection."""

    call_id: UUID
    user_id: int
    phrase: str
    side: Side
    at_ms: int
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class PhraseFlag:
    """A phrase that was heard; `seen_by`: the name of who has said that he knows of it."""

    id: int
    call_id: UUID
    phrase: str
    side: Side
    at_ms: int
    heard_at: datetime
    seen_by: str | None


async def add(connection: AsyncConnection, flag: NewFlag) -> bool:
    """Writes it down; False when this phrase was heard in this call before."""
    before = select(phrase_flags.c.id).where(
        phrase_flags.c.call_id == flag.call_id, phrase_flags.c.phrase == flag.phrase
    )
    if (await connection.execute(before)).first() is not None:
        return False
    await connection.execute(
        insert(phrase_flags).values(
            call_id=flag.call_id,
            phrase=flag.phrase,
            side=flag.side,
            at_ms=flag.at_ms,
            heard_at=flag.heard_at,
        )
    )
    return True


async def of_calls(
    connection: AsyncConnection, call_ids: Collection[UUID]
) -> dict[UUID, list[PhraseFlag]]:
    """Of each call that has any, in the order in which they were heard."""
    query = (
        select(phrase_flags, users.c.name)
        .select_from(phrase_flags.outerjoin(users, users.c.id == phrase_flags.c.seen_by))
        .where(phrase_flags.c.call_id.in_(call_ids))
        .order_by(phrase_flags.c.heard_at, phrase_flags.c.id)
    )
    found: dict[UUID, list[PhraseFlag]] = {}
    for row in await connection.execute(query):
        flag = PhraseFlag(
            row.id, row.call_id, row.phrase, row.side, row.at_ms, row.heard_at, row.name
        )
        found.setdefault(row.call_id, []).append(flag)
    return found


async def see(connection: AsyncConnection, *, call_id: UUID, now: datetime, by: User) -> int:
    """`by` knows of what was heard in the call; how many nobody had seen before."""
    unseen = (
        update(phrase_flags)
        .where(phrase_flags.c.call_id == call_id, phrase_flags.c.seen_at.is_(None))
        .values(seen_by=by.id, seen_at=now)
        .returning(phrase_flags.c.phrase)
    )
    phrases = list((await connection.execute(unseen)).scalars())
    if phrases:
        await audit.record(
            connection,
            user_id=by.id,
            action="words.phrase_seen",
            subject=f"call:{call_id}",
            now=now,
            detail={"phrases": ", ".join(phrases)},
        )
    return len(phrases)
