"""ワークグループ: the teams that users belong to, and for whom prohibitions hold."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.storage.dialects import insert_if_new
from dialer.storage.search import contains
from dialer.storage.tables import prohibitions, user_workgroups, users, workgroups
from dialer.users import User, require_admin

LONGEST_NAME = 100


class WorkgroupError(Exception):
    """What was asked of a workgroup cannot be done; the message says why."""


class NameTaken(WorkgroupError):
    """Another workgroup has this name."""


class UnusableName(WorkgroupError):
    """A name is empty or too long."""


class UnknownWorkgroup(WorkgroupError):
    """There is no such workgroup."""


@dataclass(frozen=True, slots=True)
class InUse:
    """What keeps a workgroup from being deleted; `campaigns` are those whose file names it."""

    users: int
    prohibitions: int
    campaigns: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.users or self.prohibitions or self.campaigns)


class WorkgroupInUse(WorkgroupError):
    """It has users, prohibitions in force, or campaigns that name it."""

    def __init__(self, name: str, use: InUse) -> None:
        reasons = [
            f"{use.users} users belong to it" if use.users else "",
            f"{use.prohibitions} prohibitions are in force for it" if use.prohibitions else "",
            f"campaigns name it: {', '.join(use.campaigns)}" if use.campaigns else "",
        ]
        super().__init__(f"workgroup {name!r} is in use: {'; '.join(filter(None, reasons))}")
        self.use = use


@dataclass(frozen=True, slots=True)
class Workgroup:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class WorkgroupFigures:
    """A workgroup in the list: its active users, and the prohibitions in force for it alone."""

    id: int
    name: str
    users: int
    prohibitions: int


async def create_workgroup(
    connection: AsyncConnection, *, name: str, now: datetime, by: User | None = None
) -> Workgroup:
    """A deleted one of the same name comes back, with all that was ever said about it.

    Raises NameTaken, UnusableName, NotAllowed. `by` None is the program itself.
    """
    require_admin(by, "adds workgroups")
    name = _usable(name)
    await _refuse_taken(connection, name)
    revived = update(workgroups).where(workgroups.c.name == name).values(deleted_at=None)
    group_id: int | None = (
        await connection.execute(revived.returning(workgroups.c.id))
    ).scalar_one_or_none()
    if group_id is None:
        row = insert(workgroups).values(name=name).returning(workgroups.c.id)
        try:
            group_id = (await connection.execute(row)).scalar_one()
        except IntegrityError as error:  # another process was faster
            raise NameTaken(f"there is a workgroup {name!r} already") from error
    await audit.record_by(
        connection, "workgroup.create", f"workgroup:{group_id}", by, now, name=name
    )
    return Workgroup(group_id, name)


async def rename_workgroup(
    connection: AsyncConnection, *, workgroup_id: int, name: str, now: datetime, by: User | None
) -> Workgroup:
    """Campaign files that name it by its old name must be changed by whoever owns them.

    Raises UnknownWorkgroup, NameTaken, UnusableName, NotAllowed.
    """
    require_admin(by, "renames workgroups")
    name, group = _usable(name), await workgroup_by_id(connection, workgroup_id)
    if name == group.name:
        return group
    await _refuse_taken(connection, name)
    deleted = select(workgroups.c.id).where(workgroups.c.name == name)
    if (await connection.execute(deleted)).first() is not None:
        raise NameTaken(f"a deleted workgroup has the name {name!r}; add it to bring it back")
    await connection.execute(
        update(workgroups).where(workgroups.c.id == workgroup_id).values(name=name)
    )
    await audit.record_by(
        connection,
        "workgroup.rename",
        f"workgroup:{workgroup_id}",
        by,
        now,
        old=group.name,
        name=name,
    )
    return Workgroup(workgroup_id, name)


async def delete_workgroup(
    connection: AsyncConnection,
    *,
    workgroup_id: int,
    campaigns: Collection[str],
    now: datetime,
    by: User | None,
) -> None:
    """`campaigns` are the names of those whose file names the workgroup.

    Raises UnknownWorkgroup, WorkgroupInUse, NotAllowed.
    """
    require_admin(by, "deletes workgroups")
    # Kept until the end, so that nobody joins it in between.
    kept = select(workgroups.c.id).where(workgroups.c.id == workgroup_id).with_for_update()
    await connection.execute(kept)
    group = await workgroup_by_id(connection, workgroup_id)
    use = await use_of(connection, workgroup_id, campaigns)
    if use:
        raise WorkgroupInUse(group.name, use)
    await connection.execute(
        update(workgroups).where(workgroups.c.id == workgroup_id).values(deleted_at=now)
    )
    await audit.record_by(
        connection, "workgroup.delete", f"workgroup:{workgroup_id}", by, now, name=group.name
    )


async def use_of(
    connection: AsyncConnection, workgroup_id: int, campaigns: Collection[str]
) -> InUse:
    """What keeps it from being deleted."""
    members = select(func.count()).where(user_workgroups.c.workgroup_id == workgroup_id)
    return InUse(
        users=int(await connection.scalar(members) or 0),
        prohibitions=int(await connection.scalar(_standing(workgroup_id)) or 0),
        campaigns=tuple(sorted(campaigns)),
    )


# --- who belongs to it ----------------------------------------------------------------------


async def add_members(
    connection: AsyncConnection,
    *,
    workgroup_id: int,
    user_ids: Collection[int],
    now: datetime,
    by: User | None,
) -> None:
    """Those who belong to it already stay. Raises UnknownWorkgroup, NotAllowed."""
    require_admin(by, "changes workgroups")
    kept = select(workgroups.c.id).where(workgroups.c.id == workgroup_id)
    await connection.execute(kept.with_for_update(key_share=True))
    await workgroup_by_id(connection, workgroup_id)
    known = select(users.c.id).where(users.c.id.in_(user_ids)).order_by(users.c.id)
    ids = (await connection.execute(known)).scalars().all()
    if not ids:
        return
    rows = [{"user_id": one, "workgroup_id": workgroup_id} for one in ids]
    await connection.execute(insert_if_new(connection, user_workgroups), rows)
    await audit.record_by(
        connection, "workgroup.add_users", f"workgroup:{workgroup_id}", by, now, user_ids=list(ids)
    )


async def remove_members(
    connection: AsyncConnection,
    *,
    workgroup_id: int,
    user_ids: Collection[int],
    now: datetime,
    by: User | None,
) -> None:
    """Raises UnknownWorkgroup, NotAllowed."""
    require_admin(by, "changes workgroups")
    await workgroup_by_id(connection, workgroup_id)
    removed = await connection.execute(
        delete(user_workgroups)
        .where(
            user_workgroups.c.workgroup_id == workgroup_id,
            user_workgroups.c.user_id.in_(user_ids),
        )
        .returning(user_workgroups.c.user_id)
    )
    if ids := sorted(removed.scalars()):
        await audit.record_by(
            connection, "workgroup.remove_users", f"workgroup:{workgroup_id}", by, now, user_ids=ids
        )


async def members_of(connection: AsyncConnection, workgroup_id: int) -> list[int]:
    """Ids of its users, whether active or not."""
    query = select(user_workgroups.c.user_id).where(user_workgroups.c.workgroup_id == workgroup_id)
    return sorted((await connection.execute(query)).scalars())


# --- looking ----------------------------------------------------------------------------------


async def list_workgroups(connection: AsyncConnection) -> list[Workgroup]:
    """All workgroups by name."""
    rows = await connection.execute(_there_are().order_by(workgroups.c.name))
    return [Workgroup(row.id, row.name) for row in rows]


async def workgroup_by_name(connection: AsyncConnection, name: str) -> Workgroup | None:
    query = _there_are().where(workgroups.c.name == name.strip())
    row = (await connection.execute(query)).first()
    return Workgroup(row.id, row.name) if row else None


async def workgroup_by_id(connection: AsyncConnection, workgroup_id: int) -> Workgroup:
    """Raises UnknownWorkgroup."""
    query = _there_are().where(workgroups.c.id == workgroup_id)
    row = (await connection.execute(query)).first()
    if row is None:
        raise UnknownWorkgroup(f"no workgroup {workgroup_id}")
    return Workgroup(row.id, row.name)


async def workgroup_figures(
    connection: AsyncConnection, *, part: str = ""
) -> list[WorkgroupFigures]:
    """By name, those whose name has `part` in it."""
    members = (
        select(func.count())
        .select_from(user_workgroups.join(users, users.c.id == user_workgroups.c.user_id))
        .where(user_workgroups.c.workgroup_id == workgroups.c.id, users.c.active)
        .scalar_subquery()
    )
    standing = _standing(workgroups.c.id).correlate(workgroups).scalar_subquery()
    query = (
        _there_are()
        .add_columns(members.label("users"), standing.label("prohibitions"))
        .order_by(workgroups.c.name)
    )
    if part.strip():
        query = query.where(contains(part, workgroups.c.name))
    rows = await connection.execute(query)
    return [WorkgroupFigures(row.id, row.name, row.users, row.prohibitions) for row in rows]


def _there_are() -> Select[Any]:
    return select(workgroups.c.id, workgroups.c.name).where(workgroups.c.deleted_at.is_(None))


def _standing(workgroup_id: Any) -> Select[Any]:
    return (
        select(func.count())
        .select_from(prohibitions)
        .where(prohibitions.c.workgroup_id == workgroup_id, prohibitions.c.lifted_at.is_(None))
    )


def _usable(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UnusableName(f"a workgroup needs a name of 1 to {LONGEST_NAME} characters")
    return name


async def _refuse_taken(connection: AsyncConnection, name: str) -> None:
    if await workgroup_by_name(connection, name) is not None:
        raise NameTaken(f"there is a workgroup {name!r} already")
