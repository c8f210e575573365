"""Whose box a lead may go into, how many go, and for how long."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_facts import box_stands
from dialer.mybox_errors import BoxFull, ExpiresTooLate, MyBoxError, NotAssigned, UnknownLead
from dialer.rules.mybox import MyBoxPolicy
from dialer.storage.batches import batches
from dialer.storage.number_locks import lock_box
from dialer.storage.tables import leads, mybox_entries, project_users, users
from dialer.users import User


@dataclass(frozen=True, slots=True)
class Taker:
    """Whose box leads go into."""

    user_id: int
    name: str


async def taker_of(connection: AsyncConnection, user_id: int) -> Taker:
    """Raises MyBoxError when there is no such user or he may not log in."""
    row = (await connection.execute(select(users).where(users.c.id == user_id))).first()
    if row is None:
        raise MyBoxError(f"there is no user {user_id}")
    if not row.active:
        raise MyBoxError(f"{row.name} may no longer log in, so nothing goes into his MyBox")
    return Taker(user_id, row.name)


async def unsuitable(
    connection: AsyncConnection, lead_ids: Collection[int], taker: Taker, by: User | None
) -> dict[int, MyBoxError]:
    """Leads that are not there (for `by`), or whose project the taker is not assigned to."""
    assigned: dict[int, bool] = {}
    for some in batches(sorted(set(lead_ids))):
        rows = await connection.execute(
            select(leads.c.id, leads.c.project_id, project_users.c.user_id)
            .outerjoin(
                project_users,
                and_(
                    project_users.c.project_id == leads.c.project_id,
                    project_users.c.user_id == taker.user_id,
                ),
            )
            .where(leads.c.id.in_(some))
        )
        assigned.update(
            (row.id, row.user_id is not None)
            for row in rows
            if by is None or by.sees_project(row.project_id)
        )
    refused: dict[int, MyBoxError] = {}
    for lead_id in dict.fromkeys(lead_ids):
        if lead_id not in assigned:
            refused[lead_id] = UnknownLead(f"there is no lead {lead_id}")
        elif not assigned[lead_id]:
            refused[lead_id] = NotAssigned(
                f"{taker.name} is not assigned to the project of lead {lead_id}"
            )
    return refused


async def with_room(
    connection: AsyncConnection,
    lead_ids: Sequence[int],
    taker: Taker,
    policy: MyBoxPolicy,
    now: datetime,
    refused: dict[int, MyBoxError],
) -> list[int]:
    """The first of these leads, as many as the taker's box has room for."""
    if policy.limit_per_user is None or not lead_ids:
        return list(lead_ids)
    # Nobody else fills this box until the transaction ends.
    await lock_box(connection, taker.user_id)
    held = select(func.count()).where(mybox_entries.c.user_id == taker.user_id, box_stands(now))
    room = max(0, policy.limit_per_user - (await connection.execute(held)).scalar_one())
    for lead_id in lead_ids[room:]:
        refused[lead_id] = BoxFull(lead_id, taker.name, policy.limit_per_user)
    return list(lead_ids[:room])


def allowed_expiry(
    expires_at: datetime | None, policy: MyBoxPolicy, now: datetime, by: User | None
) -> datetime | None:
    """When the entry ends: `expires_at`, else as the policy says. Raises ExpiresTooLate."""
    latest = policy.expiry(now)
    if expires_at is None:
        return latest
    if by and not by.acts_as_admin and latest is not None and expires_at > latest:
        raise ExpiresTooLate(f"an entry may stand until {latest:%Y-%m-%d %H:%M} UTC at most")
    return expires_at
