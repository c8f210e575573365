"""ワークグループ: the teams that users belong to, and for whom prohibitions hold."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.storage.tables import workgroups
from dialer.users import User


class WorkgroupError(Exception):
    """What was asked of a workgroup cannot be done; the message says why."""


class NameTaken(WorkgroupError):
    """Another workgroup has this name."""


@dataclass(frozen=True, slots=True)
class Workgroup:
    id: int
    name: str


async def create_workgroup(
    connection: AsyncConnection, *, name: str, now: datetime, by: User | None = None
) -> Workgroup:
    """Raises NameTaken, and WorkgroupError for an empty name."""
    name = name.strip()
    if not name:
        raise WorkgroupError("a workgroup needs a name")
    if await workgroup_by_name(connection, name) is not None:
        raise NameTaken(f"there is a workgroup {name!r} already")
    row = insert(workgroups).values(name=name).returning(workgroups.c.id)
    try:
        group_id: int = (await connection.execute(row)).scalar_one()
    except IntegrityError as error:  # another process was faster
        raise NameTaken(f"there is a workgroup {name!r} already") from error
    await audit.record(
        connection,
        user_id=by.id if by else None,
        action="workgroup.create",
        subject=f"workgroup:{group_id}",
        detail={"name": name},
        now=now,
    )
    return Workgroup(group_id, name)


async def list_workgroups(connection: AsyncConnection) -> list[Workgroup]:
    """All workgroups by name."""
    rows = await connection.execute(select(workgroups).order_by(workgroups.c.name))
    return [Workgroup(row.id, row.name) for row in rows]


async def workgroup_by_name(connection: AsyncConnection, name: str) -> Workgroup | None:
    row = (
        await connection.execute(select(workgroups).where(workgroups.c.name == name.strip()))
    ).first()
    return Workgroup(row.id, row.name) if row else None
