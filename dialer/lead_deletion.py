"""削除リスト: leads that nobody calls any more, until they are restored.

A deleted lead keeps its contact points, history and callback, and its lane goes on following
what is said about its numbers: restored, it is as it was. A call that rings is stopped, as
`dialer.ringing_watch` looks at each lead until somebody answers.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes
from dialer.lead_changes import Change, LeadChangeError, NoSuchLead, lock_leads, write_changes
from dialer.lead_facts import numbers_of
from dialer.mybox_holders import holders_of
from dialer.storage.batches import batches
from dialer.storage.number_locks import lock_for_change
from dialer.storage.tables import leads
from dialer.users import NotAllowed, User


class InABox(LeadChangeError):
    """A user holds the lead; `holder_name` is empty when who asks may not know him."""

    def __init__(self, lead_id: int, holder_id: int, holder_name: str) -> None:
        super().__init__(f"lead {lead_id} is in the MyBox of {holder_name or 'another user'}")
        self.holder_id = holder_id
        self.holder_name = holder_name


class IsDeleted(LeadChangeError):
    """It lies in the list of deleted leads already."""


class NotDeleted(LeadChangeError):
    """It does not lie in the list of deleted leads (any more)."""


@dataclass(frozen=True, slots=True)
class LeadsReport:
    """What became of many leads: done, or left as they were with the reason."""

    done: tuple[int, ...]
    refused: Mapping[int, LeadChangeError]


async def delete_leads(
    connection: AsyncConnection, *, lead_ids: Collection[int], by: User, now: datetime
) -> LeadsReport:
    """Puts leads into the list of deleted ones. A few thousand at most.

    Who holds a lead has promised to look after it, so what is in a box stays (InABox).
    Refused are NoSuchLead, IsDeleted and InABox. Raises NotAllowed unless `by` acts as admin.
    """
    _only_admins(by)
    # No box may begin in between: who puts a lead into one locks its numbers first.
    await lock_for_change(connection, await numbers_of(connection, lead_ids))
    await lock_leads(connection, list(lead_ids))
    found = await _visible(connection, lead_ids, by)
    holders = await holders_of(connection, lead_ids=lead_ids, now=now, viewer=by)
    refused: dict[int, LeadChangeError] = {}
    going: list[int] = []
    for lead_id in dict.fromkeys(lead_ids):
        holder = holders.get(lead_id)
        if lead_id not in found:
            refused[lead_id] = NoSuchLead(f"there is no lead {lead_id}")
        elif found[lead_id].deleted_at is not None:
            refused[lead_id] = IsDeleted(f"lead {lead_id} is deleted already")
        elif holder is not None:
            refused[lead_id] = InABox(lead_id, holder.user_id, holder.name)
        else:
            going.append(lead_id)
    await _set_deleted(connection, going, deleted_at=now)
    await _log(connection, "deleted", "lead.delete", going, by, now)
    return LeadsReport(tuple(going), refused)


async def restore_leads(
    connection: AsyncConnection, *, lead_ids: Collection[int], by: User, now: datetime
) -> LeadsReport:
    """Takes leads out of the list of deleted ones, as they were.

    One that was merged into another comes back with its fields and contact points; what was
    done toward it stays with the other. Refused are NoSuchLead and NotDeleted. Raises
    NotAllowed unless `by` acts as admin.
    """
    _only_admins(by)
    await lock_for_change(connection, await numbers_of(connection, lead_ids))
    await lock_leads(connection, list(lead_ids))
    found = await _visible(connection, lead_ids, by)
    refused: dict[int, LeadChangeError] = {}
    coming: list[int] = []
    for lead_id in dict.fromkeys(lead_ids):
        if lead_id not in found:
            refused[lead_id] = NoSuchLead(f"there is no lead {lead_id}")
        elif found[lead_id].deleted_at is None:
            refused[lead_id] = NotDeleted(f"lead {lead_id} is not deleted")
        else:
            coming.append(lead_id)
    await _set_deleted(connection, coming, deleted_at=None)
    await lanes.refresh(connection, coming, now)
    await _log(connection, "restored", "lead.restore", coming, by, now)
    return LeadsReport(tuple(coming), refused)


def _only_admins(by: User) -> None:
    if not by.acts_as_admin:
        raise NotAllowed("only an admin deletes and restores leads")


async def _visible(
    connection: AsyncConnection, lead_ids: Collection[int], by: User
) -> dict[int, Row[Any]]:
    found: dict[int, Row[Any]] = {}
    for some in batches(sorted(set(lead_ids))):
        query: Select[Any] = select(leads.c.id, leads.c.project_id, leads.c.deleted_at)
        rows = await connection.execute(query.where(leads.c.id.in_(some)))
        found.update((row.id, row) for row in rows if by.sees_project(row.project_id))
    return found


async def _set_deleted(
    connection: AsyncConnection, lead_ids: Sequence[int], *, deleted_at: datetime | None
) -> None:
    values: dict[str, Any] = {"deleted_at": deleted_at}
    if deleted_at is None:
        values["merged_into_id"] = None
    for some in batches(lead_ids):
        await connection.execute(update(leads).where(leads.c.id.in_(some)).values(values))


async def _log(
    connection: AsyncConnection,
    field: str,
    action: str,
    lead_ids: Sequence[int],
    by: User,
    now: datetime,
) -> None:
    changes = {lead_id: [Change(field, "", "")] for lead_id in lead_ids}
    await write_changes(connection, changes, by=by, now=now, action=action)
