"""What people say of a conversation to each other: at a moment of it, or about the whole."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts, audit
from dialer.storage.tables import comments, users
from dialer.users import User

LONGEST_COMMENT = 2000  # characters


class CommentError(Exception):
    """What was asked of a comment cannot be done."""


class EmptyComment(CommentError):
    """A comment says something."""


class UnknownComment(CommentError):
    """There is no such comment, or it is somebody else's."""


@dataclass(frozen=True, slots=True)
class Comment:
    """`at_ms`: its moment of the recording; None: about the whole."""

    id: int
    user_id: int
    user_name: str
    at_ms: int | None
    text: str
    created_at: datetime
    edited_at: datetime | None


async def comments_of(connection: AsyncConnection, action_id: UUID) -> tuple[Comment, ...]:
    """Those about the whole first, then in the order of the conversation."""
    query = (
        select(comments, users.c.name)
        .join(users, users.c.id == comments.c.user_id)
        .where(comments.c.action_id == action_id, comments.c.deleted_at.is_(None))
        .order_by(comments.c.id)
    )
    found = [
        Comment(row.id, row.user_id, row.name, row.at_ms, row.text, row.created_at, row.edited_at)
        for row in await connection.execute(query)
    ]
    return tuple(sorted(found, key=lambda one: (-1 if one.at_ms is None else one.at_ms, one.id)))


async def add_comment(
    connection: AsyncConnection,
    *,
    action_id: UUID,
    text: str,
    at_ms: int | None,
    by: User,
    now: datetime,
) -> int:
    """Its id. Who may hear the conversation may say something of it: ask that before.

    Longer texts are cut at `LONGEST_COMMENT`. Raises EmptyComment.
    """
    added = await connection.execute(
        insert(comments)
        .values(action_id=action_id, user_id=by.id, at_ms=at_ms, text=_said(text), created_at=now)
        .returning(comments.c.id)
    )
    await _changed(connection, "comment.add", action_id, by, now)
    return int(added.scalar_one())


async def edit_comment(
    connection: AsyncConnection,
    *,
    action_id: UUID,
    comment_id: int,
    text: str,
    by: User,
    now: datetime,
) -> None:
    """One's own. Raises UnknownComment, EmptyComment."""
    edited = await connection.execute(
        update(comments)
        .where(
            comments.c.id == comment_id,
            comments.c.action_id == action_id,
            comments.c.user_id == by.id,
            comments.c.deleted_at.is_(None),
        )
        .values(text=_said(text), edited_at=now)
    )
    if not edited.rowcount:
        raise UnknownComment(f"{by.name} has no comment {comment_id} there")
    await _changed(connection, "comment.edit", action_id, by, now)


async def delete_comment(
    connection: AsyncConnection, *, action_id: UUID, comment_id: int, by: User, now: datetime
) -> None:
    """One's own; an admin takes away anybody's. Raises UnknownComment."""
    own = () if by.acts_as_admin else (comments.c.user_id == by.id,)
    deleted = await connection.execute(
        update(comments)
        .where(
            comments.c.id == comment_id,
            comments.c.action_id == action_id,
            comments.c.deleted_at.is_(None),
            *own,
        )
        .values(deleted_at=now)
    )
    if not deleted.rowcount:
        raise UnknownComment(f"no comment {comment_id} that {by.name} may delete")
    await _changed(connection, "comment.delete", action_id, by, now)


def _said(text: str) -> str:
    said = text.replace("\0", "").strip()[:LONGEST_COMMENT]
    if not said:
        raise EmptyComment("a comment needs a text")
    return said


async def _changed(
    connection: AsyncConnection, action: str, action_id: UUID, by: User, now: datetime
) -> None:
    await action_texts.refresh(connection, [action_id])
    await audit.record(
        connection, user_id=by.id, action=action, subject=f"call:{action_id}", now=now
    )
