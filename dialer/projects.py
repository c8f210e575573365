"""Workgroups, projects with their users, and the result sets that agents pick from."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.users import Language, User

ResultEffect = Literal["none", "final", "retry", "callback", "appointment", "prohibit"]


class ProjectError(Exception):
    """What was asked of a project cannot be done; the message says why."""


class NameTaken(ProjectError):
    """Another project, workgroup or result set has this name."""


class UnknownProject(ProjectError):
    """There is no such project; the message lists those that exist."""


@dataclass(frozen=True, slots=True)
class Workgroup:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Project:
    """`time_zone` is an IANA name; `script` is shown to the agent during a call."""

    id: int
    name: str
    time_zone: str
    result_set_id: int | None
    result_required: bool
    script: str


@dataclass(frozen=True, slots=True)
class ActionResult:
    """A result that an agent can pick, with the category (大項目) it stands under.

    `effect` says what follows for the lead: final, retry (after `retry_after_seconds`),
    callback, appointment, prohibit (its number, for the agent's workgroups) or none.
    """

    id: int
    category: str
    name: str
    hotkey: str | None
    effect: ResultEffect
    colour: str
    retry_after_seconds: int | None


async def create_workgroup(
    connection: AsyncConnection, *, name: str, now: datetime, by: User | None = None
) -> Workgroup:
    """Raises NameTaken."""
    raise NotImplementedError


async def list_workgroups(connection: AsyncConnection) -> list[Workgroup]:
    raise NotImplementedError


async def workgroup_by_name(connection: AsyncConnection, name: str) -> Workgroup | None:
    raise NotImplementedError


async def create_project(
    connection: AsyncConnection,
    *,
    name: str,
    now: datetime,
    time_zone: str = "Asia/Tokyo",
    result_set_id: int | None = None,
    result_required: bool = True,
    script: str = "",
    by: User | None = None,
) -> Project:
    """Raises NameTaken, and ProjectError for an unknown time zone."""
    raise NotImplementedError


async def assign_users(
    connection: AsyncConnection,
    *,
    project_id: int,
    user_ids: Collection[int],
    now: datetime,
    by: User | None = None,
) -> None:
    """Adds the users to the project; those who are in it already stay."""
    raise NotImplementedError


async def projects_of(connection: AsyncConnection, user: User) -> list[Project]:
    """The open projects that `user` may see, by name."""
    raise NotImplementedError


async def project_by_id(connection: AsyncConnection, project_id: int) -> Project | None:
    raise NotImplementedError


async def project_by_name(connection: AsyncConnection, name: str) -> Project:
    """Raises UnknownProject."""
    raise NotImplementedError


async def create_default_result_set(
    connection: AsyncConnection, *, language: Language, now: datetime
) -> int:
    """A usable two-level result set in Japanese or English; its id. Once made it is reused."""
    raise NotImplementedError


async def results_of_project(
    connection: AsyncConnection, project_id: int
) -> tuple[ActionResult, ...]:
    """What an agent can pick, in the order to show; results of one category stand together."""
    raise NotImplementedError


async def result_by_id(connection: AsyncConnection, result_id: int) -> ActionResult | None:
    raise NotImplementedError
