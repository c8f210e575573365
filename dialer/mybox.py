"""マイボックス: one user holds a lead, and nobody else may contact it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit, lanes
from dialer.lead_facts import box_stands, leads_with, numbers_of
from dialer.storage.dialects import insert_if_new
from dialer.storage.number_locks import lock_for_change
from dialer.storage.tables import leads, mybox_entries, project_users, users
from dialer.users import NotAllowed, User, user_by_id


class MyBoxError(Exception):
    """What was asked cannot be done; the message says why."""


class HeldByAnother(MyBoxError):
    """Another user holds the lead."""

    def __init__(self, lead_id: int, holder_id: int, holder_name: str) -> None:
        super().__init__(f"lead {lead_id} is in the MyBox of {holder_name}")
        self.lead_id = lead_id
        self.holder_id = holder_id
        self.holder_name = holder_name


class NotAssigned(MyBoxError):
    """The user who should hold the lead is not assigned to its project."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lead, since when, and until when (None: until released)."""

    user_id: int
    name: str
    since: datetime
    expires_at: datetime | None


async def put(
    connection: AsyncConnection,
    *,
    lead_id: int,
    user_id: int,
    now: datetime,
    expires_at: datetime | None = None,
    by: User | None = None,
) -> None:
    """Puts a lead into the box of `user_id`; putting it there again only moves `expires_at`.

    `by` None is the program itself. Raises HeldByAnother; NotAssigned; NotAllowed when
    `by` is not an admin and the box is not his own; MyBoxError for an unknown lead.
    """
    if by and not by.acts_as_admin and by.id != user_id:
        raise NotAllowed("only an admin puts leads into another user's MyBox")
    await _check_assigned(connection, lead_id, user_id)
    await _still(connection, [lead_id])
    holder = await holder_of(connection, lead_id=lead_id, now=now)
    if holder and holder.user_id != user_id:
        raise HeldByAnother(lead_id, holder.user_id, holder.name)
    if holder:
        await connection.execute(
            update(mybox_entries).where(_of(lead_id)).values(expires_at=expires_at)
        )
    else:
        await _start(connection, lead_id, user_id, now, expires_at)
    await _refresh(connection, [lead_id], now)
    await _record(connection, "mybox.put", lead_id, by, now, user_id=user_id)


async def release(
    connection: AsyncConnection, *, lead_id: int, now: datetime, by: User | None = None
) -> bool:
    """Takes a lead out of whose box it is in; False when it was in none.

    `by` None is the program itself. Raises HeldByAnother when `by` neither holds it nor
    acts as admin.
    """
    await _still(connection, [lead_id])
    holder = await holder_of(connection, lead_id=lead_id, now=now)
    if holder is None:
        return False
    if by and not by.acts_as_admin and by.id != holder.user_id:
        raise HeldByAnother(lead_id, holder.user_id, holder.name)
    await _end(connection, lead_id, now, by)
    await _refresh(connection, [lead_id], now)
    await _record(connection, "mybox.release", lead_id, by, now, user_id=holder.user_id)
    return True


async def hand_over(
    connection: AsyncConnection, *, lead_id: int, to_user_id: int, now: datetime, by: User
) -> None:
    """Moves a held lead into another user's box; when it expires stays as it was.

    The holder, a member of one of his workgroups or an admin may do it.
    Raises HeldByAnother for others; NotAssigned; MyBoxError when nobody holds it.
    """
    await _still(connection, [lead_id])
    holder = await holder_of(connection, lead_id=lead_id, now=now)
    if holder is None:
        raise MyBoxError(f"lead {lead_id} is in nobody's MyBox")
    if not await _may_hand_over(connection, holder, by):
        raise HeldByAnother(lead_id, holder.user_id, holder.name)
    await _check_assigned(connection, lead_id, to_user_id)
    await _end(connection, lead_id, now, by)
    await _start(connection, lead_id, to_user_id, now, holder.expires_at)
    await _refresh(connection, [lead_id], now)
    await _record(
        connection,
        "mybox.hand_over",
        lead_id,
        by,
        now,
        from_user_id=holder.user_id,
        to_user_id=to_user_id,
    )


async def end_expired(connection: AsyncConnection, now: datetime) -> None:
    """Writes down that boxes whose time is over have ended; claims do this when they meet one."""
    ended = await connection.execute(
        update(mybox_entries)
        .where(mybox_entries.c.released_at.is_(None), mybox_entries.c.expires_at <= now)
        .values(released_at=mybox_entries.c.expires_at)
        .returning(mybox_entries.c.lead_id)
    )
    lead_ids = list(ended.scalars())
    if lead_ids:
        await _still(connection, lead_ids)
        await _refresh(connection, lead_ids, now)


async def holder_of(connection: AsyncConnection, *, lead_id: int, now: datetime) -> Holder | None:
    """Who holds the lead; None when nobody does (any more)."""
    return (await holders_of(connection, lead_ids=[lead_id], now=now)).get(lead_id)


async def holders_of(
    connection: AsyncConnection, *, lead_ids: Collection[int], now: datetime
) -> dict[int, Holder]:
    """Who holds each of these leads; those that nobody holds are left out."""
    rows = await connection.execute(
        select(mybox_entries, users.c.name)
        .join(users, users.c.id == mybox_entries.c.user_id)
        .where(mybox_entries.c.lead_id.in_(lead_ids), box_stands(now))
    )
    return {row.lead_id: Holder(row.user_id, row.name, row.since, row.expires_at) for row in rows}


# --- the gate ---------------------------------------------------------------------------


async def _still(connection: AsyncConnection, lead_ids: Collection[int]) -> None:
    """No claim relies on these leads' boxes, and none will until the transaction ends."""
    await lock_for_change(connection, await numbers_of(connection, lead_ids))


async def _refresh(connection: AsyncConnection, lead_ids: Collection[int], now: datetime) -> None:
    """A box also concerns other leads with the same numbers."""
    others = await leads_with(connection, await numbers_of(connection, lead_ids))
    await lanes.refresh(connection, {*lead_ids, *others}, now)


# --- rows -------------------------------------------------------------------------------


def _of(lead_id: int) -> ColumnElement[bool]:
    return and_(mybox_entries.c.lead_id == lead_id, mybox_entries.c.released_at.is_(None))


async def _start(
    connection: AsyncConnection,
    lead_id: int,
    user_id: int,
    now: datetime,
    expires_at: datetime | None,
) -> None:
    # An entry that expired still stands in the index until somebody needs its place.
    await connection.execute(
        update(mybox_entries)
        .where(_of(lead_id), mybox_entries.c.expires_at <= now)
        .values(released_at=mybox_entries.c.expires_at)
    )
    inserted = await connection.execute(
        insert_if_new(connection, mybox_entries)
        .values(lead_id=lead_id, user_id=user_id, since=now, expires_at=expires_at)
        .returning(mybox_entries.c.id)
    )
    if inserted.first() is not None:
        return
    holder = await holder_of(connection, lead_id=lead_id, now=now)
    if holder is None or holder.user_id == user_id:
        raise MyBoxError(f"lead {lead_id} was put into a MyBox in the same moment; look again")
    raise HeldByAnother(lead_id, holder.user_id, holder.name)


async def _end(connection: AsyncConnection, lead_id: int, now: datetime, by: User | None) -> None:
    await connection.execute(
        update(mybox_entries)
        .where(_of(lead_id))
        .values(released_at=now, released_by=by.id if by else None)
    )


async def _check_assigned(connection: AsyncConnection, lead_id: int, user_id: int) -> None:
    row = (
        await connection.execute(
            select(users.c.name, project_users.c.user_id)
            .select_from(leads)
            .join(users, users.c.id == user_id)
            .outerjoin(
                project_users,
                and_(
                    project_users.c.project_id == leads.c.project_id,
                    project_users.c.user_id == users.c.id,
                ),
            )
            .where(leads.c.id == lead_id)
        )
    ).first()
    if row is None:
        raise MyBoxError(f"there is no lead {lead_id}, or no user {user_id}")
    if row.user_id is None:
        raise NotAssigned(f"{row.name} is not assigned to the project of lead {lead_id}")


async def _may_hand_over(connection: AsyncConnection, holder: Holder, by: User) -> bool:
    if by.acts_as_admin or by.id == holder.user_id:
        return True
    owner = await user_by_id(connection, holder.user_id)
    return owner is not None and not owner.workgroup_ids.isdisjoint(by.workgroup_ids)


async def _record(
    connection: AsyncConnection,
    action: str,
    lead_id: int,
    by: User | None,
    now: datetime,
    **detail: object,
) -> None:
    await audit.record(
        connection,
        user_id=by.id if by else None,
        action=action,
        subject=f"lead:{lead_id}",
        detail=detail,
        now=now,
    )
