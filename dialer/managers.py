"""Managers of workgroups: members who hear, read and take away what the other members said.

What a manager may hear is decided by `dialer.rules.hearing`; here it is only written who is one.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.storage.tables import user_workgroups, workgroups
from dialer.user_errors import NotAMember
from dialer.users import User, require_admin
from dialer.workgroups import workgroup_by_id


async def make_managers(
    connection: AsyncConnection,
    *,
    workgroup_id: int,
    user_ids: Collection[int],
    now: datetime,
    by: User | None,
) -> None:
    """Who is one already stays. Raises UnknownWorkgroup, NotAMember, NotAllowed."""
    require_admin(by, "makes managers")
    group = await workgroup_by_id(connection, workgroup_id)
    members = await connection.scalars(
        select(user_workgroups.c.user_id).where(
            user_workgroups.c.workgroup_id == workgroup_id, user_workgroups.c.user_id.in_(user_ids)
        )
    )
    if set(user_ids) - set(members):
        raise NotAMember(f"who manages the workgroup {group.name!r} must belong to it")
    await _set(connection, workgroup_id, user_ids, True, now, by)


async def release_managers(
    connection: AsyncConnection,
    *,
    workgroup_id: int,
    user_ids: Collection[int],
    now: datetime,
    by: User | None,
) -> None:
    """They go on as members. Raises UnknownWorkgroup, NotAllowed."""
    require_admin(by, "makes managers")
    await workgroup_by_id(connection, workgroup_id)
    await _set(connection, workgroup_id, user_ids, False, now, by)


async def set_managed(
    connection: AsyncConnection,
    *,
    user: User,
    workgroup_ids: Collection[int],
    now: datetime,
    by: User | None,
) -> None:
    """He manages these of his workgroups and no other. Raises NotAMember, NotAllowed."""
    require_admin(by, "makes managers")
    wanted = frozenset(workgroup_ids)
    if others := wanted - user.workgroup_ids:
        query = select(workgroups.c.name).where(workgroups.c.id == min(others))
        name = await connection.scalar(query) or min(others)
        raise NotAMember(f"{user.login} does not belong to {name!r}, so he cannot manage it")
    added = sorted(wanted - user.managed_workgroup_ids)
    removed = sorted(user.managed_workgroup_ids - wanted)
    for groups, manages in ((added, True), (removed, False)):
        if groups:
            await connection.execute(
                update(user_workgroups)
                .where(
                    user_workgroups.c.user_id == user.id,
                    user_workgroups.c.workgroup_id.in_(groups),
                )
                .values(manages=manages)
            )
    if added or removed:
        await audit.record_by(
            connection, "user.manages", f"user:{user.id}", by, now, added=added, removed=removed
        )


async def _set(
    connection: AsyncConnection,
    workgroup_id: int,
    user_ids: Collection[int],
    manages: bool,
    now: datetime,
    by: User | None,
) -> None:
    changed = await connection.scalars(
        update(user_workgroups)
        .where(
            user_workgroups.c.workgroup_id == workgroup_id,
            user_workgroups.c.user_id.in_(user_ids),
            user_workgroups.c.manages != manages,
        )
        .values(manages=manages)
        .returning(user_workgroups.c.user_id)
    )
    if ids := sorted(changed):
        action = "workgroup.add_managers" if manages else "workgroup.remove_managers"
        await audit.record_by(
            connection, action, f"workgroup:{workgroup_id}", by, now, user_ids=ids
        )
