"""The people who log in: who they are, what they may, and their passwords."""

import asyncio
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Literal

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Column, Row, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.rules.password import password_problem
from dialer.storage.tables import project_users, user_workgroups, users
from dialer.user_errors import (
    BadPassword,
    LastAdmin,
    LoginTaken,
    NoRole,
    NotAllowed,
    PhoneTaken,
    UnknownUser,
    UnusableLogin,
    UnusablePhone,
    UserError,
)
from dialer.user_names import (
    refuse_taken_login,
    refuse_taken_phone,
    usable_login,
    usable_name,
    usable_phone_account,
)

__all__ = [
    "BadPassword",
    "Language",
    "LastAdmin",
    "LoginTaken",
    "NoRole",
    "NotAllowed",
    "PhoneLogin",
    "PhoneMode",
    "PhoneTaken",
    "UnknownUser",
    "UnusableLogin",
    "UnusablePhone",
    "User",
    "UserError",
    "create_user",
    "end_sessions",
    "list_users",
    "no_admin_can_log_in",
    "phone_accounts",
    "require_admin",
    "set_language",
    "set_password",
    "user_by_id",
    "user_by_login",
    "users_by_id",
    "verify_login",
    "verify_password",
]


PhoneMode = Literal["held", "per_call"]
Language = Literal["ja", "en"]


@dataclass(frozen=True, slots=True)
class User:
    """A person as the rules see him.

    `managed_workgroup_ids` are those of `workgroup_ids` whose manager he is.
    `acts_as_admin` is the role he has taken: an admin who wants to call acts as a
    user (`as_user`) and then sees and may do only what a user may. Who is `invited` has
    no password yet.
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
    invited: bool = False
    has_second_factor: bool = False
    phone_in_browser: bool = False
    managed_workgroup_ids: frozenset[int] = frozenset()

    def as_user(self) -> "User":
        """The same person in the role of a user."""
        return replace(self, acts_as_admin=False)

    def sees_project(self, project_id: int) -> bool:
        """Whether he may see this project and its leads."""
        return self.acts_as_admin or project_id in self.project_ids


@dataclass(frozen=True, slots=True)
class PhoneLogin:
    """The SIP account of a user's phone. Without a password it is a phone in the browser, which
    gets a new one each time that it connects."""

    account: str
    password: str | None
    user_id: int


async def create_user(
    connection: AsyncConnection,
    *,
    login: str,
    name: str,
    password: str | None,
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
    """Adds a user to `workgroups` (ids); without a password he is invited by a link.

    Raises LoginTaken, PhoneTaken, UnusableLogin, UnusablePhone, NoRole, BadPassword;
    NotAllowed unless `by` acts as admin. `by` None is the program itself.
    """
    require_admin(by, "adds users")
    login, name = usable_login(login), usable_name(name)
    if not (may_administer or may_call):
        raise NoRole("a user must be an admin, or call, or both")
    phone_account = usable_phone_account(phone_account) if phone_account else None
    if phone_account and not phone_password:
        raise UserError(f"the phone account {phone_account} needs a password")
    await refuse_taken_login(connection, login)
    if phone_account:
        await refuse_taken_phone(connection, phone_account)
    row = insert(users).values(
        login=login,
        name=name,
        password_hash=await _hashed(password, login, name) if password is not None else "",
        may_administer=may_administer,
        may_call=may_call,
        language=language,
        phone_account=phone_account,
        phone_password=phone_password if phone_account else None,
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
    roles = {"may_administer": may_administer, "may_call": may_call}
    subject = f"user:{user_id}"
    await audit.record_by(connection, "user.create", subject, by, now, login=login, **roles)
    created = await user_by_id(connection, user_id)
    assert created is not None  # inserted above, in this transaction
    return created


async def verify_login(connection: AsyncConnection, *, login: str, password: str) -> User | None:
    """The active user with this password, else None, after the same time in either case."""
    row = await _row_of_login(connection, login)
    # Too long to be anybody's: it would only cost time.
    right = await asyncio.to_thread(_matches, row.password_hash if row else "", password[:1000])
    return (await _with_groups(connection, [row]))[0] if row and right else None


async def _row_of_login(connection: AsyncConnection, login: str) -> Row[Any] | None:
    """The active user's row. Capitals and full width are no other login, unless somebody's is
    written just so."""
    written = login.strip().replace("\0", "")  # PostgreSQL takes no NUL in a text
    plain = unicodedata.normalize("NFKC", written).lower()
    same = or_(users.c.login == written, func.lower(users.c.login) == plain)
    found = (await connection.execute(select(users).where(same, users.c.active))).all()
    exact = [row for row in found if row.login == written]
    return exact[0] if exact else found[0] if len(found) == 1 else None


async def verify_password(connection: AsyncConnection, *, user_id: int, password: str) -> bool:
    """Whether it is this user's password: asked before he changes what guards him."""
    stored = await connection.scalar(select(users.c.password_hash).where(users.c.id == user_id))
    return await asyncio.to_thread(_matches, stored or "", password[:1000])


async def user_by_id(connection: AsyncConnection, user_id: int) -> User | None:
    row = (await connection.execute(select(users).where(users.c.id == user_id))).first()
    return (await _with_groups(connection, [row]))[0] if row else None


async def user_by_login(connection: AsyncConnection, login: str) -> User | None:
    row = (await connection.execute(select(users).where(users.c.login == login.strip()))).first()
    return (await _with_groups(connection, [row]))[0] if row else None


async def users_by_id(connection: AsyncConnection, ids: Collection[int]) -> list[User]:
    """Those that exist, by name."""
    query = select(users).where(users.c.id.in_(ids)).order_by(users.c.name, users.c.id)
    return await _with_groups(connection, (await connection.execute(query)).all())


async def no_admin_can_log_in(connection: AsyncConnection) -> bool:
    """Whether the installation waits for its first admin: other users may be there already."""
    an_admin = (users.c.may_administer, users.c.active, users.c.password_hash != "")
    found = await connection.execute(select(users.c.id).where(*an_admin).limit(1))
    return found.first() is None


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

    `by` None is the program itself. Raises UnknownUser, NotAllowed, BadPassword.
    """
    if by and not by.acts_as_admin and by.id != user_id:
        raise NotAllowed("only an admin changes another user's password")
    user = await user_by_id(connection, user_id)
    if user is None:
        raise UnknownUser(f"no user {user_id}")
    await _change(
        connection,
        user_id,
        password_hash=await _hashed(password, user.login, user.name),
        session_epoch=users.c.session_epoch + 1,
    )
    await audit.record_by(connection, "user.password", f"user:{user_id}", by, now)


async def end_sessions(
    connection: AsyncConnection, *, user_id: int, now: datetime, by: User | None
) -> None:
    """Whoever is logged in as this user must log in again. Raises UnknownUser, NotAllowed."""
    if by and by.id != user_id:
        require_admin(by, "ends another user's sessions")
    await _change(connection, user_id, session_epoch=users.c.session_epoch + 1)
    await audit.record_by(connection, "user.sign_out", f"user:{user_id}", by, now)


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


async def _hashed(password: str, login: str, name: str) -> str:
    problem = password_problem(password, own=(login, name))
    if problem is not None:
        raise BadPassword(problem)
    return await asyncio.to_thread(_hasher.hash, password)


def _matches(hashed: str, password: str) -> bool:
    """An empty hash is nobody's: it takes the same time, and is never right."""
    try:
        _hasher.verify(hashed or _nobodys_hash(), password)
    except VerificationError:
        return False
    return bool(hashed)


@cache
def _nobodys_hash() -> str:
    """What the password of a login that does not exist is compared with."""
    return _hasher.hash("nobody has this password")


def require_admin(by: User | None, does: str) -> None:
    """`by` None is the program itself. Raises NotAllowed."""
    if by is not None and not by.acts_as_admin:
        raise NotAllowed(f"only an admin {does}")


# --- rows -------------------------------------------------------------------------------


async def _change(connection: AsyncConnection, user_id: int, **values: Any) -> None:
    changed = await connection.execute(update(users).where(users.c.id == user_id).values(**values))
    if changed.rowcount == 0:
        raise UnknownUser(f"no user {user_id}")


async def _with_groups(connection: AsyncConnection, rows: Collection[Row[Any]]) -> list[User]:
    ids = [row.id for row in rows]
    groups = await _memberships(
        connection, user_workgroups.c.user_id, user_workgroups.c.workgroup_id, ids
    )
    managed = await _memberships(
        connection,
        user_workgroups.c.user_id,
        user_workgroups.c.workgroup_id,
        ids,
        user_workgroups.c.manages,
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
            invited=not row.password_hash,
            has_second_factor=row.totp_confirmed_at is not None,
            phone_in_browser=row.phone_account is not None and row.phone_password is None,
            managed_workgroup_ids=frozenset(managed.get(row.id, ())),
        )
        for row in rows
    ]


async def _memberships(
    connection: AsyncConnection,
    member: Column[Any],
    group: Column[Any],
    ids: Collection[int],
    *conditions: Column[bool],
) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    query = select(member, group).where(member.in_(ids), *conditions)
    for user_id, group_id in await connection.execute(query):
        found.setdefault(user_id, set()).add(group_id)
    return found
