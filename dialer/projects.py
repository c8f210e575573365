"""プロジェクト: a bundle of leads with its users, custom fields, results, script and hours."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Row, Select, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.storage.dialects import insert_if_new
from dialer.storage.tables import project_users, projects
from dialer.users import User

LONGEST_NAME = 200


class ProjectError(Exception):
    """What was asked of a project cannot be done; the message says why.

    ProjectError
    ├── NameTaken
    ├── NoName
    ├── UnknownProject
    └── UnknownTimeZone
    """


class NameTaken(ProjectError):
    """Another project has this name."""


class NoName(ProjectError):
    """A project needs a name, of 200 characters at most."""


class UnknownProject(ProjectError):
    """There is no such project; the message lists those that exist."""


class UnknownTimeZone(ProjectError):
    """It is no IANA name that this machine knows."""


@dataclass(frozen=True, slots=True)
class Project:
    """`time_zone` is an IANA name; `script` is shown to the agent during a call.

    Of a project that was closed at `closed_at` nothing is called.
    """

    id: int
    name: str
    time_zone: str
    result_set_id: int | None
    result_required: bool
    script: str
    custom_field_set_id: int | None = None
    closed_at: datetime | None = None


async def create_project(
    connection: AsyncConnection,
    *,
    name: str,
    now: datetime,
    time_zone: str = "Asia/Tokyo",
    result_set_id: int | None = None,
    result_required: bool = True,
    script: str = "",
    custom_field_set_id: int | None = None,
    by: User | None = None,
) -> Project:
    """Raises NameTaken, NoName and UnknownTimeZone."""
    check_time_zone(time_zone)
    name = await free_name(connection, name)
    values = {
        "name": name,
        "time_zone": time_zone,
        "result_set_id": result_set_id,
        "result_required": result_required,
        "script": script,
        "custom_field_set_id": custom_field_set_id,
        "created_at": now,
    }
    row = insert(projects).values(values).returning(projects.c.id)
    try:
        project_id: int = (await connection.execute(row)).scalar_one()
    except IntegrityError as error:  # another process was faster
        raise NameTaken(f"there is a project {name!r} already") from error
    await audit.record_by(connection, "project.create", f"project:{project_id}", by, now, name=name)
    created = await project_by_id(connection, project_id)
    assert created is not None  # inserted above, in this transaction
    return created


async def assign_users(
    connection: AsyncConnection,
    *,
    project_id: int,
    user_ids: Collection[int],
    now: datetime,
    by: User | None = None,
) -> None:
    """Adds the users to the project; those who are in it already stay."""
    rows = [{"project_id": project_id, "user_id": user_id} for user_id in sorted(set(user_ids))]
    if not rows:
        return
    await connection.execute(insert_if_new(connection, project_users), rows)
    ids = [row["user_id"] for row in rows]
    await audit.record_by(
        connection, "project.assign", f"project:{project_id}", by, now, user_ids=ids
    )


async def projects_of(connection: AsyncConnection, user: User) -> list[Project]:
    """The open projects that `user` may see, by name."""
    return await _list(connection, _open_projects(), user)


async def all_projects_of(connection: AsyncConnection, user: User) -> list[Project]:
    """The projects that `user` may see, open ones first, each part by name."""
    return await _list(
        connection, select(projects).order_by(projects.c.closed_at.is_not(None)), user
    )


async def project_by_id(connection: AsyncConnection, project_id: int) -> Project | None:
    """Open or closed."""
    row = (await connection.execute(select(projects).where(projects.c.id == project_id))).first()
    return _project(row) if row else None


async def project_by_name(
    connection: AsyncConnection, name: str, *, closed_too: bool = False
) -> Project:
    """An open project, or with `closed_too` any. Raises UnknownProject."""
    among = select(projects) if closed_too else _open_projects()
    row = (await connection.execute(among.where(projects.c.name == name.strip()))).first()
    if row is not None:
        return _project(row)
    names = (
        await connection.execute(_open_projects().order_by(projects.c.name).limit(20))
    ).scalars("name")
    there_are = ", ".join(names) or "there is none yet"
    raise UnknownProject(f"no project {name!r} (projects: {there_are})")


# --- shared with dialer.project_changes ---------------------------------------------------


def check_time_zone(time_zone: str) -> None:
    """Raises UnknownTimeZone."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownTimeZone(f"there is no time zone {time_zone!r}; write Asia/Tokyo") from error


async def free_name(
    connection: AsyncConnection, name: str, *, of_project: int | None = None
) -> str:
    """The name without blanks around it. Raises NoName and NameTaken by another project."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise NoName(f"a project needs a name of 1 to {LONGEST_NAME} characters")
    found = await connection.scalar(select(projects.c.id).where(projects.c.name == name))
    if found not in (None, of_project):
        raise NameTaken(f"there is a project {name!r} already")
    return name


# --- rows -------------------------------------------------------------------------------


async def _list(connection: AsyncConnection, some: Select[Any], user: User) -> list[Project]:
    wanted = some.order_by(projects.c.name)
    if not user.acts_as_admin:
        wanted = wanted.where(projects.c.id.in_(user.project_ids))
    return [_project(row) for row in await connection.execute(wanted)]


def _open_projects() -> Select[Any]:
    return select(projects).where(projects.c.closed_at.is_(None))


def _project(row: Row[Any]) -> Project:
    return Project(
        id=row.id,
        name=row.name,
        time_zone=row.time_zone,
        result_set_id=row.result_set_id,
        result_required=row.result_required,
        script=row.script,
        custom_field_set_id=row.custom_field_set_id,
        closed_at=row.closed_at,
    )
