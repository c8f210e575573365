"""Who holds which lead, and who may know it: the holder, his workgroups, and admins."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_facts import box_stands
from dialer.storage.batches import batches
from dialer.storage.tables import mybox_entries, user_workgroups, users
from dialer.users import User


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lead, since when, and until when (None: until released).

    `name` is empty when whoever asked may not know it.
    """

    user_id: int
    name: str
    since: datetime
    expires_at: datetime | None


async def holder_of(
    connection: AsyncConnection, *, lead_id: int, now: datetime, viewer: User | None = None
) -> Holder | None:
    """Who holds the lead; None when nobody does (any more)."""
    found = await holders_of(connection, lead_ids=[lead_id], now=now, viewer=viewer)
    return found.get(lead_id)


async def holders_of(
    connection: AsyncConnection,
    *,
    lead_ids: Collection[int],
    now: datetime,
    viewer: User | None = None,
) -> dict[int, Holder]:
    """Who holds each of these leads; those that nobody holds are left out.

    The names are for `viewer`, None: for the program, which knows all.
    """
    found: dict[int, Holder] = {}
    for some in batches(sorted(set(lead_ids))):
        rows = await connection.execute(
            select(mybox_entries, users.c.name, knows_holder(viewer).label("known"))
            .join(users, users.c.id == mybox_entries.c.user_id)
            .where(mybox_entries.c.lead_id.in_(some), box_stands(now))
        )
        found.update((row.lead_id, holder_from(row)) for row in rows)
    return found


def knows_holder(viewer: User | None) -> ColumnElement[bool]:
    """Whether `viewer` may know whose box a row of mybox_entries is: his own, or a colleague's."""
    if viewer is None or viewer.acts_as_admin:
        return true()
    if not viewer.workgroup_ids:
        return mybox_entries.c.user_id == viewer.id
    colleague = exists().where(
        user_workgroups.c.user_id == mybox_entries.c.user_id,
        user_workgroups.c.workgroup_id.in_(sorted(viewer.workgroup_ids)),
    )
    return (mybox_entries.c.user_id == viewer.id) | colleague


def holder_from(row: Any) -> Holder:
    """From a row of mybox_entries with the holder's `name`, and whether that is `known`."""
    return Holder(row.user_id, row.name if row.known else "", row.since, row.expires_at)
