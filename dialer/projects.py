"""Projects with their users."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Row, Select, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.storage.dialects import insert_if_new
from dialer.storage.tables import (
    project_users,
    projects,
)
from dialer.users import User


class ProjectError(Exception):
    """What was asked of a project cannot be done; the message says why."""


class NameTaken(ProjectError):
    """Another project has this name."""


class UnknownProject(ProjectError):
    """There is no such project; the message lists those that exist."""


@dataclass(frozen=True, slots=True)
class Project:
    """`time_zone` is an IANA name; `script` is shown to the agent during a call."""

    id: int
    name: str
    time_zone: str
    result_set_id: int | None
    result_required: bool
    script: str


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
    """Raises NameTaken, and ProjectError for an empty name or an unknown time zone."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ProjectError(f"there is no time zone {time_zone!r}; write Asia/Tokyo") from error
    values = {
        "name": name,
        "time_zone": time_zone,
        "result_set_id": result_set_id,
        "result_required": result_required,
        "script": script,
        "created_at": now,
    }
    project_id = await _insert_named(connection, projects, "project", values)
    await _record(connection, "project.create", f"project:{project_id}", by, now, name=name)
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
    await _record(
        connection,
        "project.assign",
        f"project:{project_id}",
        by,
        now,
        user_ids=[row["user_id"] for row in rows],
    )


async def projects_of(connection: AsyncConnection, user: User) -> list[Project]:
    """The open projects that `user` may see, by name."""
    wanted = _open_projects().order_by(projects.c.name)
    if not user.acts_as_admin:
        wanted = wanted.where(projects.c.id.in_(user.project_ids))
    return [_project(row) for row in await connection.execute(wanted)]


async def project_by_id(connection: AsyncConnection, project_id: int) -> Project | None:
    """An open project."""
    row = (await connection.execute(_open_projects().where(projects.c.id == project_id))).first()
    return _project(row) if row else None


async def project_by_name(connection: AsyncConnection, name: str) -> Project:
    """An open project. Raises UnknownProject."""
    row = (
        await connection.execute(_open_projects().where(projects.c.name == name.strip()))
    ).first()
    if row is not None:
        return _project(row)
    names = (
        await connection.execute(_open_projects().order_by(projects.c.name).limit(20))
    ).scalars("name")
    there_are = ", ".join(names) or "there is none yet"
    raise UnknownProject(f"no project {name!r} (projects: {there_are})")


# --- rows -------------------------------------------------------------------------------


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
    )


async def _insert_named(
    connection: AsyncConnection, table: Table, what: str, values: dict[str, Any]
) -> int:
    name = values["name"].strip()
    if not name:
        raise ProjectError(f"a {what} needs a name")
    taken = await connection.execute(select(table.c.id).where(table.c.name == name))
    if taken.first() is not None:
        raise NameTaken(f"there is a {what} {name!r} already")
    inserted = await connection.execute(
        insert(table).values({**values, "name": name}).returning(table.c.id)
    )
    row_id: int = inserted.scalar_one()
    return row_id


async def _record(
    connection: AsyncConnection,
    action: str,
    subject: str,
    by: User | None,
    now: datetime,
    **detail: object,
) -> None:
    await audit.record(
        connection,
        user_id=by.id if by else None,
        action=action,
        subject=subject,
        detail=detail,
        now=now,
    )
