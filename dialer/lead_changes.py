"""The change log of leads: who changed what, when, from what to what.

The values stand in `lead_changes`, where they can be erased with the person's other data;
the audit log, which nobody can change, only names the fields.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.storage.batches import batches
from dialer.storage.tables import lead_changes, leads
from dialer.users import User


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a lead: ``name``, ``custom:12``, ``stage``, ``contact:34`` … before and after.

    Of a contact point as `contact_text` writes it; empty before it was there and after
    it was removed.
    """

    field: str
    old: str
    new: str


class LeadChangeError(Exception):
    """The lead was not changed; the message says why."""


class NoSuchLead(LeadChangeError):
    """There is no such lead, or it lies in a project that who asks may not see."""


class LeadIsDeleted(LeadChangeError):
    """It lies in the list of deleted leads: it must be restored first."""


async def write_changes(
    connection: AsyncConnection,
    changes: Mapping[int, Sequence[Change]],
    *,
    by: User | None,
    now: datetime,
    action: str = "lead.edit",
) -> None:
    """One line for each change of each lead, and one in the audit log for each lead.

    `by` None is the program itself.
    """
    rows = [
        {
            "lead_id": lead_id,
            "at": now,
            "user_id": by.id if by else None,
            "field": change.field,
            "old": change.old,
            "new": change.new,
        }
        for lead_id, some in changes.items()
        for change in some
    ]
    for some_rows in batches(rows):
        await connection.execute(insert(lead_changes), some_rows)
    await audit.record_each(
        connection,
        user_id=by.id if by else None,
        action=action,
        details={
            f"lead:{lead_id}": (
                {"fields": ", ".join(change.field for change in some)}
                if action == "lead.edit"
                else {}
            )
            for lead_id, some in changes.items()
            if some
        },
        now=now,
    )


def contact_text(*, kind: str, label: str, raw: str, note: str) -> str:
    """A contact point as the change log keeps it; `contact_of` reads it."""
    return json.dumps({"kind": kind, "label": label, "raw": raw, "note": note}, ensure_ascii=False)


def contact_of(text: str) -> dict[str, str] | None:
    """The kind, label, raw and note of a contact point; None for any other text."""
    try:
        read = json.loads(text)
    except ValueError:
        return None
    if not isinstance(read, dict) or "raw" not in read:
        return None
    return {name: str(read.get(name) or "") for name in ("kind", "label", "raw", "note")}


async def lock_leads(connection: AsyncConnection, lead_ids: Sequence[int]) -> None:
    """Nobody else changes these leads until the transaction ends.

    Taken by ascending id and after the locks of numbers (`storage.number_locks`).
    """
    for some in batches(sorted(set(lead_ids))):
        await connection.execute(
            select(leads.c.id)
            .where(leads.c.id.in_(some))
            .order_by(leads.c.id)
            .with_for_update(key_share=True)
        )
