"""The people who log in, their passwords, workgroups and phones."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

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
        raise NotImplementedError

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
    """Adds a user to `workgroups` (ids). Raises LoginTaken, UserError for an empty field."""
    raise NotImplementedError


async def verify_login(connection: AsyncConnection, *, login: str, password: str) -> User | None:
    """The active user with this password, else None, after the same time in either case."""
    raise NotImplementedError


async def user_by_id(connection: AsyncConnection, user_id: int) -> User | None:
    raise NotImplementedError


async def user_by_login(connection: AsyncConnection, login: str) -> User | None:
    raise NotImplementedError


async def list_users(connection: AsyncConnection) -> list[User]:
    """All users by name, also those who may no longer log in."""
    raise NotImplementedError


async def set_language(
    connection: AsyncConnection, *, user_id: int, language: Language | None
) -> None:
    """None: the browser decides."""
    raise NotImplementedError


async def set_password(
    connection: AsyncConnection, *, user_id: int, password: str, by: User | None, now: datetime
) -> None:
    """Also ends every web session of the user."""
    raise NotImplementedError


async def set_active(
    connection: AsyncConnection, *, user_id: int, active: bool, by: User | None, now: datetime
) -> None:
    """An inactive user cannot log in, and his web sessions end."""
    raise NotImplementedError


async def phone_accounts(connection: AsyncConnection) -> list[PhoneLogin]:
    """The SIP accounts of all active users who have one."""
    raise NotImplementedError
