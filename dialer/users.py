"""The people who log in, their passwords, workgroups and phones."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Literal

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Column, Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.storage.tables import project_users, user_workgroups, users

SHORTEST_PASSWORD = 8

PhoneMode = Literal["held", "per_call"]
Language = Literal["ja", "en"]


class UserError(Exception):
    """What was asked of a user cannot be done; the message says why."""


class LoginTaken(UserError):
    """Another user has this login or phone account."""


class UnknownUser(UserError):
    """There is no such user."""


class NotAllowed(UserError):
    """The user may not do this; the message says what and who may."""


@dataclass(frozen=True, slots=True)
class User:
    """A person as the rules see him.

    `acts_as_admin` is the role he has taken: an admin who wants to call acts as a
    user (`as_user`) and then sees and may do only what a user may.
    """

    id: int
    login: str
    name: str
    may_administer: bool
    may_call: bool
    active: bool
    language: Language | None
    phone_account: str | None
    phone_mode: PhoneMode
    session_epoch: int
    workgroup_ids: frozenset[int]
    project_ids: frozenset[int]
    acts_as_admin: bool

    def as_user(self) -> "User":
        """The same person in the role of a user."""
        return replace(self, acts_as_admin=False)

    def sees_project(self, project_id: int) -> bool:
        """Whether he may see this project and its leads."""
        return self.acts_as_admin or project_id in self.project_ids


@dataclass(frozen=True, slots=True)
class PhoneLogin:
    """The SIP account of a user's phone."""

    account: str
    password: str
    user_id: int


async def create_user(
    connection: AsyncConnection,
    *,
    login: str,
    name: str,
    password: str,
    now: datetime,
    may_administer: bool = False,
    may_call: bool = True,
    workgroups: Collection[int] = (),
    language: Language | None = None,
    phone_account: str | None = None,
    phone_password: str | None = None,
    phone_mode: PhoneMode = "held",
    by: User | None = None,
) -> User:
    """Adds a user to `workgroups` (ids).

    Raises LoginTaken; UserError for an empty login or name or a password that is
    shorter than `SHORTEST_PASSWORD`.
    """
    login, name = login.strip(), name.strip()
    if not login or not name:
        raise UserError("a user needs a login and a name")
    if phone_account and not phone_password:
        raise UserError(f"the phone account {phone_account} needs a password")
    await _refuse_taken(connection, login, phone_account)
    row = insert(users).values(
        login=login,
        name=name,
        password_hash=await _hashed(password),
        may_administer=may_administer,
        may_call=may_call,
        language=language,
        phone_account=phone_account or None,
        phone_password=phone_password or None,
        phone_mode=phone_mode,
        created_at=now,
    )
    try:
        user_id = (await connection.execute(row.returning(users.c.id))).scalar_one()
    except IntegrityError as error:  # another process was faster
        raise LoginTaken(f"the login {login} or its phone account is taken") from error
    if workgroups:
        await connection.execute(
            insert(user_workgroups),
            [{"user_id": user_id, "workgroup_id": group} for group in sorted(set(workgroups))],
        )
    await audit.record(
        connection,
        user_id=by.id if by else None,
        action="user.create",
        subject=f"user:{user_id}",
        detail={"login": login, "may_administer": may_administer, "may_call": may_call},
        now=now,
    )
    created = await user_by_id(connection, user_id)
    assert created is not None  # inserted above, in this transaction
    return created


async def verify_login(connection: AsyncConnection, *, login: str, password: str) -> User | None:
    """The active user with this password, else None, after the same time in either case."""
    written = login.strip().replace("\0", "")  # PostgreSQL takes no NUL in a text
    row = (
        await connection.execute(select(users).where(users.c.login == written, users.c.active))
    ).first()
    right = await asyncio.to_thread(_matches, row.password_hash if row else None, password)
    return (await _with_groups(connection, [row]))[0] if row and right else None


async def user_by_id(connection: AsyncConnection, user_id: int) -> User | None:
    row = (await connection.execute(select(users).where(users.c.id == user_id))).first()
    return (await _with_groups(connection, [row]))[0] if row else None


async def user_by_login(connection: AsyncConnection, login: str) -> User | None:
    row = (await connection.execute(select(users).where(users.c.login == login.strip()))).first()
    return (await _with_groups(connection, [row]))[0] if row else None


async def list_users(connection: AsyncConnection) -> list[User]:
    """All users by name, also those who may no longer log in."""
    rows = (await connection.execute(select(users).order_by(users.c.name, users.c.id))).all()
    return await _with_groups(connection, rows)


async def set_language(
    connection: AsyncConnection, *, user_id: int, language: Language | None
) -> None:
    """None: the browser decides. Raises UnknownUser."""
    await _change(connection, user_id, language=language)


async def set_password(
    connection: AsyncConnection, *, user_id: int, password: str, now: datetime, by: User | None
) -> None:
    """Also ends every web session of the user.

    `by` None is the program itself. Raises UnknownUser; NotAllowed; UserError for a
    password that is too short.
    """
    if by and not by.acts_as_admin and by.id != user_id:
        raise NotAllowed("only an admin changes another user's password")
    await _change(
        connection,
        user_id,
        password_hash=await _hashed(password),
        session_epoch=users.c.session_epoch + 1,
    )
    await _record(connection, "user.password", user_id, by, now)


async def set_active(
    connection: AsyncConnection, *, user_id: int, active: bool, now: datetime, by: User | None
) -> None:
    """An inactive user cannot log in, and his web sessions end.

    `by` None is the program itself. Raises UnknownUser, NotAllowed.
    """
    if by and not by.acts_as_admin:
        raise NotAllowed("only an admin lets users in or out")
    await _change(connection, user_id, active=active, session_epoch=users.c.session_epoch + 1)
    await _record(connection, "user.activate" if active else "user.deactivate", user_id, by, now)


async def phone_accounts(connection: AsyncConnection) -> list[PhoneLogin]:
    """The SIP accounts of all active users who have one."""
    rows = await connection.execute(
        select(users.c.phone_account, users.c.phone_password, users.c.id)
        .where(users.c.phone_account.is_not(None), users.c.active)
        .order_by(users.c.id)
    )
    return [PhoneLogin(account, password, user_id) for account, password, user_id in rows]


# --- passwords --------------------------------------------------------------------------

# The library's defaults are RFC 9106's second recommendation: 64 MiB, 3 passes, 4 lanes.
_hasher = PasswordHasher()


async def _hashed(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise UserError(f"a password needs at least {SHORTEST_PASSWORD} characters")
    return await asyncio.to_thread(_hasher.hash, password)


def _matches(hashed: str | None, password: str) -> bool:
    try:
        _hasher.verify(hashed or _nobodys_hash(), password)
    except VerificationError:
        return False
    return hashed is not None


@cache
def _nobodys_hash() -> str:
    """What the password of a login that does not exist is compared with."""
    return _hasher.hash("nobody has this password")


# --- rows -------------------------------------------------------------------------------


async def _refuse_taken(connection: AsyncConnection, login: str, phone_account: str | None) -> None:
    row = (
        await connection.execute(
            select(users.c.login).where(
                or_(users.c.login == login, users.c.phone_account == (phone_account or ""))
            )
        )
    ).first()
    if row is not None and row.login == login:
        raise LoginTaken(f"the login {login} is taken")
    if row is not None:
        raise LoginTaken(f"the phone account {phone_account} belongs to {row.login}")


async def _change(connection: AsyncConnection, user_id: int, **values: Any) -> None:
    changed = await connection.execute(update(users).where(users.c.id == user_id).values(**values))
    if changed.rowcount == 0:
        raise UnknownUser(f"no user {user_id}")


async def _record(
    connection: AsyncConnection, action: str, user_id: int, by: User | None, now: datetime
) -> None:
    await audit.record(
        connection,
        user_id=by.id if by else None,
        action=action,
        subject=f"user:{user_id}",
        now=now,
    )


async def _with_groups(connection: AsyncConnection, rows: Collection[Row[Any]]) -> list[User]:
    ids = [row.id for row in rows]
    groups = await _memberships(
        connection, user_workgroups.c.user_id, user_workgroups.c.workgroup_id, ids
    )
    projects = await _memberships(
        connection, project_users.c.user_id, project_users.c.project_id, ids
    )
    return [
        User(
            id=row.id,
            login=row.login,
            name=row.name,
            may_administer=row.may_administer,
            may_call=row.may_call,
            active=row.active,
            language=row.language,
            phone_account=row.phone_account,
            phone_mode=row.phone_mode,
            session_epoch=row.session_epoch,
            workgroup_ids=frozenset(groups.get(row.id, ())),
            project_ids=frozenset(projects.get(row.id, ())),
            acts_as_admin=row.may_administer,
        )
        for row in rows
    ]


async def _memberships(
    connection: AsyncConnection, member: Column[Any], group: Column[Any], ids: Collection[int]
) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for user_id, group_id in await connection.execute(select(member, group).where(member.in_(ids))):
        found.setdefault(user_id, set()).add(group_id)
    return found
