"""What an admin changes of a project: settings, script, hours, users; copying and closing it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit, mybox
from dialer.campaign import HoursSettings
from dialer.lead_facts import box_stands
from dialer.project_hours import STORED_HOURS, read_hours
from dialer.projects import (
    Project,
    ProjectError,
    UnknownProject,
    assign_users,
    create_project,
    free_name,
    project_by_id,
)
from dialer.rules.mybox import NO_POLICY, MyBoxPolicy
from dialer.storage.tables import callbacks, leads, mybox_entries, project_users, projects
from dialer.users import User

LONGEST_SCRIPT = 20_000


class ScriptTooLong(ProjectError):
    """A script has `LONGEST_SCRIPT` characters at most."""


class StillHolds(ProjectError):
    """A user who is to leave holds leads of the project: somebody must take them first."""

    def __init__(self, held: dict[int, int]) -> None:
        super().__init__(f"{sum(held.values())} leads of the project are in their MyBox")
        self.held = held


@dataclass(frozen=True, slots=True)
class General:
    """The settings of a project's first tab; its time zone has a use case of its own."""

    name: str
    result_set_id: int | None
    result_required: bool
    custom_field_set_id: int | None


async def set_general(
    connection: AsyncConnection,
    project_id: int,
    wanted: General,
    *,
    now: datetime,
    by: User | None = None,
) -> None:
    """Raises UnknownProject, NameTaken and NoName."""
    before = await _project(connection, project_id)
    values: dict[str, object] = {
        "name": await free_name(connection, wanted.name, of_project=project_id),
        "result_set_id": wanted.result_set_id,
        "result_required": wanted.result_required,
        "custom_field_set_id": wanted.custom_field_set_id,
    }
    changed = {name: value for name, value in values.items() if getattr(before, name) != value}
    if not changed:
        return
    await _set(connection, project_id, **changed)
    await audit.record_by(connection, "project.edit", f"project:{project_id}", by, now, **changed)


async def set_script(
    connection: AsyncConnection,
    project_id: int,
    script: str,
    *,
    now: datetime,
    by: User | None = None,
) -> None:
    """The text that agents read from, a template over the lead. Raises ScriptTooLong."""
    script = script.replace("\r\n", "\n").strip()
    if len(script) > LONGEST_SCRIPT:
        raise ScriptTooLong(f"a script has {LONGEST_SCRIPT} characters at most")
    if (await _project(connection, project_id)).script == script:
        return
    await _set(connection, project_id, script=script)
    await audit.record_by(
        connection, "project.script", f"project:{project_id}", by, now, length=len(script)
    )


async def hours_of(connection: AsyncConnection, project_id: int) -> HoursSettings | None:
    """The project's own calling hours; None: as its campaigns say. Raises ValidationError."""
    stored = select(STORED_HOURS).where(projects.c.id == project_id)
    return read_hours((await connection.execute(stored)).scalar_one_or_none())


async def set_hours(
    connection: AsyncConnection,
    project_id: int,
    hours: HoursSettings | None,
    *,
    now: datetime,
    by: User | None = None,
) -> None:
    """Binds from the next claim on, in every process. None: as the campaigns say."""
    await _project(connection, project_id)
    stored = hours.model_dump(mode="json") if hours else None
    await _set(connection, project_id, calling_hours=stored)
    await audit.record_by(
        connection, "project.hours", f"project:{project_id}", by, now, hours=stored
    )


async def close_project(
    connection: AsyncConnection, project_id: int, *, now: datetime, by: User | None = None
) -> bool:
    """Nothing of it is called any more, and what rings stops; False: it was closed already."""
    if (await _project(connection, project_id)).closed_at is not None:
        return False
    await _set(connection, project_id, closed_at=now)
    await audit.record_by(connection, "project.close", f"project:{project_id}", by, now)
    return True


async def reopen_project(
    connection: AsyncConnection, project_id: int, *, now: datetime, by: User | None = None
) -> bool:
    """False: it was open."""
    if (await _project(connection, project_id)).closed_at is None:
        return False
    await _set(connection, project_id, closed_at=None)
    await audit.record_by(connection, "project.reopen", f"project:{project_id}", by, now)
    return True


async def copy_project(
    connection: AsyncConnection,
    project_id: int,
    *,
    name: str,
    now: datetime,
    by: User | None = None,
) -> Project:
    """A new, open project with the same settings and users, no leads. Raises NameTaken, NoName."""
    model = await _project(connection, project_id)
    copy = await create_project(
        connection,
        name=name,
        now=now,
        time_zone=model.time_zone,
        result_set_id=model.result_set_id,
        result_required=model.result_required,
        script=model.script,
        custom_field_set_id=model.custom_field_set_id,
        by=by,
    )
    if hours := await hours_of(connection, project_id):
        await set_hours(connection, copy.id, hours, now=now, by=by)
    members = await connection.scalars(
        select(project_users.c.user_id).where(project_users.c.project_id == project_id)
    )
    await assign_users(connection, project_id=copy.id, user_ids=members.all(), now=now, by=by)
    return copy


# --- users ----------------------------------------------------------------------------------


async def boxes_in(
    connection: AsyncConnection, project_id: int, user_ids: Collection[int], now: datetime
) -> dict[int, int]:
    """How many of the project's leads each of these users holds; who holds none is left out."""
    held = (
        select(mybox_entries.c.user_id, func.count().label("number"))
        .join(leads, leads.c.id == mybox_entries.c.lead_id)
        .where(
            leads.c.project_id == project_id,
            mybox_entries.c.user_id.in_(user_ids),
            box_stands(now),
        )
        .group_by(mybox_entries.c.user_id)
    )
    return {row.user_id: row.number for row in await connection.execute(held)}


async def release_boxes(
    connection: AsyncConnection,
    project_id: int,
    user_id: int,
    *,
    to_user_id: int | None,
    now: datetime,
    by: User | None = None,
    policy: MyBoxPolicy = NO_POLICY,
) -> mybox.BoxReport:
    """What the user holds in the project goes to another user of it; None: is released.

    What the other has no room for stays, and is refused in the report. Raises MyBoxError.
    """
    lead_ids = await _held_leads(connection, project_id, user_id, now)
    if to_user_id is None:
        return await mybox.release_many(connection, lead_ids=lead_ids, now=now, by=by)
    return await mybox.hand_over_many(
        connection, lead_ids=lead_ids, to_user_id=to_user_id, now=now, by=by, policy=policy
    )


async def remove_user(
    connection: AsyncConnection,
    project_id: int,
    user_id: int,
    *,
    now: datetime,
    by: User | None = None,
) -> int:
    """The user calls and sees the project no longer; how many callbacks he had agreed there.

    Those become anybody's, or nobody would ever keep them. Raises StillHolds.
    """
    if held := await boxes_in(connection, project_id, [user_id], now):
        raise StillHolds(held)
    gone = await connection.execute(
        project_users.delete().where(
            project_users.c.project_id == project_id, project_users.c.user_id == user_id
        )
    )
    if not gone.rowcount:
        return 0
    freed = await connection.execute(
        update(callbacks)
        .where(
            callbacks.c.project_id == project_id,
            callbacks.c.user_id == user_id,
            callbacks.c.closed_at.is_(None),
        )
        .values(user_id=None)
    )
    detail = {"user_ids": [user_id], "callbacks": freed.rowcount}
    await audit.record_by(connection, "project.remove", f"project:{project_id}", by, now, **detail)
    return freed.rowcount


async def _held_leads(
    connection: AsyncConnection, project_id: int, user_id: int, now: datetime
) -> Sequence[int]:
    held = (
        select(mybox_entries.c.lead_id)
        .join(leads, leads.c.id == mybox_entries.c.lead_id)
        .where(
            mybox_entries.c.user_id == user_id, leads.c.project_id == project_id, box_stands(now)
        )
        .order_by(mybox_entries.c.id)
    )
    return (await connection.execute(held)).scalars().all()


# --- rows -----------------------------------------------------------------------------------


async def _project(connection: AsyncConnection, project_id: int) -> Project:
    found = await project_by_id(connection, project_id)
    if found is None:
        raise UnknownProject(f"no project has the id {project_id}")
    return found


async def _set(connection: AsyncConnection, project_id: int, **values: object) -> None:
    await connection.execute(update(projects).where(projects.c.id == project_id).values(values))
