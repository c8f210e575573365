"""Links by which a person comes in: invited, with a new password, or as the very first.

Each is good once and for a while. Whoever makes a new one for somebody ends the older ones.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.storage.tables import user_links
from dialer.users import (
    Language,
    UnknownUser,
    User,
    UserError,
    create_user,
    no_admin_can_log_in,
    require_admin,
    set_password,
    user_by_id,
)

LINK_LIFE = timedelta(hours=72)
_TOKEN_BYTES = 32


class LinkPurpose(StrEnum):
    """What a link is for."""

    INVITE = "invite"
    RESET = "reset"
    FIRST = "first"  # the first admin of an installation without users


class LinkOver(UserError):
    """The link was used, has expired, was replaced by a newer one, or never was."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """`token` is shown once and kept nowhere."""

    token: str
    purpose: LinkPurpose
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that is still good; `user` is None for the first admin, who is nobody yet."""

    purpose: LinkPurpose
    user: User | None
    expires_at: datetime


async def make_link(
    connection: AsyncConnection, *, user_id: int, now: datetime, by: User | None
) -> NewLink:
    """An invitation for somebody who has no password yet, else a link to set a new one.

    The old password goes on working until the link is used. `by` None is the program
    itself. Raises UnknownUser, NotAllowed; UserError for an inactive user.
    """
    require_admin(by, "makes links for others")
    user = await user_by_id(connection, user_id)
    if user is None:
        raise UnknownUser(f"no user {user_id}")
    if not user.active:
        raise UserError(f"{user.login} is deactivated: let him in first")
    purpose = LinkPurpose.INVITE if user.invited else LinkPurpose.RESET
    link = await _replace(connection, user_id, purpose, now, by)
    await audit.record_by(connection, f"user.{purpose}_link", f"user:{user_id}", by, now)
    return link


async def make_first_link(connection: AsyncConnection, *, now: datetime) -> NewLink | None:
    """A link for the first admin; None when an admin can log in already."""
    if not await no_admin_can_log_in(connection):
        return None
    return await _replace(connection, None, LinkPurpose.FIRST, now, None)


async def open_link(connection: AsyncConnection, *, token: str, now: datetime) -> OpenLink:
    """What the link is for. Looking at it does not use it up. Raises LinkOver."""
    query = select(user_links).where(_is(token))
    return await _checked(connection, (await connection.execute(query)).first(), now)


async def use_link(
    connection: AsyncConnection,
    *,
    token: str,
    password: str,
    now: datetime,
    login: str = "",
    name: str = "",
    language: Language | None = None,
) -> User:
    """Gives the link's user this password and ends the link; the user, ready to be signed in.

    The first admin is made here, with `login` and `name`. Raises LinkOver, BadPassword and
    what `create_user` raises; then the link is still good.
    """
    query = select(user_links).where(_is(token)).with_for_update()
    row = (await connection.execute(query)).first()
    link = await _checked(connection, row, now)
    if link.user is None:
        user = await create_user(
            connection,
            login=login,
            name=name,
            password=password,
            may_administer=True,
            language=language,
            now=now,
        )
    else:
        user = link.user
        await set_password(connection, user_id=user.id, password=password, now=now, by=user)
    await connection.execute(update(user_links).where(_is(token)).values(used_at=now))
    signed_in = await user_by_id(connection, user.id)
    assert signed_in is not None  # changed above, in this transaction
    return signed_in


async def _checked(connection: AsyncConnection, row: Row[Any] | None, now: datetime) -> OpenLink:
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise LinkOver("the link is no longer good")
    purpose = LinkPurpose(row.purpose)
    if purpose is LinkPurpose.FIRST:
        if not await no_admin_can_log_in(connection):
            raise LinkOver("there is an admin already")
        return OpenLink(purpose, None, row.expires_at)
    user = await user_by_id(connection, row.user_id)
    if user is None or not user.active:
        raise LinkOver("the user may not log in")
    return OpenLink(purpose, user, row.expires_at)


async def _replace(
    connection: AsyncConnection,
    user_id: int | None,
    purpose: LinkPurpose,
    now: datetime,
    by: User | None,
) -> NewLink:
    """Unused links of the same user are forgotten: the newest alone is good."""
    whose = user_links.c.user_id
    same = whose.is_(None) if user_id is None else whose == user_id
    await connection.execute(delete(user_links).where(same, user_links.c.used_at.is_(None)))
    link = NewLink(token_urlsafe(_TOKEN_BYTES), purpose, now + LINK_LIFE)
    await connection.execute(
        insert(user_links).values(
            user_id=user_id,
            purpose=purpose,
            token_hash=_hash(link.token),
            created_at=now,
            created_by=by.id if by else None,
            expires_at=link.expires_at,
        )
    )
    return link


def _is(token: str) -> ColumnElement[bool]:
    return user_links.c.token_hash == _hash(token)


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
