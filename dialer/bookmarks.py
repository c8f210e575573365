"""A user's own marks in recordings; nobody else sees them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.storage.dialects import insert_if_new
from dialer.storage.tables import bookmarks
from dialer.users import User

LONGEST_LABEL = 200  # characters


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A moment of a recording, in milliseconds."""

    at_ms: int
    label: str


async def bookmarks_of(
    connection: AsyncConnection, *, call_id: UUID, by: User
) -> tuple[Bookmark, ...]:
    """In the order of the conversation."""
    query = (
        select(bookmarks.c.at_ms, bookmarks.c.label)
        .where(bookmarks.c.user_id == by.id, bookmarks.c.call_id == call_id)
        .order_by(bookmarks.c.at_ms)
    )
    return tuple(Bookmark(at_ms, label) for at_ms, label in await connection.execute(query))


async def put_bookmark(
    connection: AsyncConnection,
    *,
    call_id: UUID,
    at_ms: int,
    label: str,
    by: User,
    now: datetime,
) -> None:
    """One that stands at that moment gets the new label. Longer labels are cut."""
    label = label.replace("\0", "").strip()[:LONGEST_LABEL]
    new = insert_if_new(connection, bookmarks).values(
        user_id=by.id, call_id=call_id, at_ms=at_ms, label=label, created_at=now
    )
    if not (await connection.execute(new)).rowcount:
        await connection.execute(
            update(bookmarks).where(_is(call_id, at_ms, by)).values(label=label)
        )


async def remove_bookmark(
    connection: AsyncConnection, *, call_id: UUID, at_ms: int, by: User
) -> None:
    """Nothing where there is none."""
    await connection.execute(delete(bookmarks).where(_is(call_id, at_ms, by)))


def _is(call_id: UUID, at_ms: int, by: User) -> ColumnElement[bool]:
    return (
        (bookmarks.c.user_id == by.id)
        & (bookmarks.c.call_id == call_id)
        & (bookmarks.c.at_ms == at_ms)
    )
