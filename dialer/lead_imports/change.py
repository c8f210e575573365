"""Leads that an import changes: as they are, as they become, and how that is undone.

Each field that changes is a line of ``lead_changes`` with the import's id: the lead's page
shows it, and undoing reads from it what stood there before.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes
from dialer.custom_values import ValueChange, replace_values
from dialer.lead_changes import contact_text
from dialer.projects import Project
from dialer.rules.custom_field import CustomField, FieldKind, Value
from dialer.rules.import_update import TEXTS, Difference, Record, differences
from dialer.rules.lead_numbers import ContactDraft
from dialer.rules.lead_zone import zone_to_keep
from dialer.storage.batches import batches
from dialer.storage.lead_import_queries import reserve_ids
from dialer.storage.tables import contact_points, lead_changes, leads

CONTACT = "contact:"  # before the id of a contact point that was added
CUSTOM = "custom:"
ZONE = "time_zone"


@dataclass(frozen=True, slots=True)
class LeadNow:
    """A lead that is there; `contact_ids` in the order of its contacts."""

    record: Record
    time_zone: str
    contact_ids: tuple[int, ...]


async def load_leads(
    connection: AsyncConnection, lead_ids: Collection[int], *, deleted_too: bool = False
) -> dict[int, LeadNow]:
    """These leads, locked until the transaction ends; deleted ones only if they are wanted."""
    found: dict[int, LeadNow] = {}
    for some in batches(sorted(lead_ids)):
        rows = (
            await connection.execute(
                select(leads)
                .where(
                    leads.c.id.in_(some),
                    true() if deleted_too else leads.c.deleted_at.is_(None),
                )
                .order_by(leads.c.id)
                .with_for_update()
            )
        ).all()
        contacts: dict[int, list[Any]] = {row.id: [] for row in rows}
        for point in await connection.execute(
            select(contact_points)
            .where(contact_points.c.lead_id.in_(list(contacts)))
            .order_by(contact_points.c.position, contact_points.c.id)
        ):
            contacts[point.lead_id].append(point)
        for row in rows:
            points = contacts[row.id]
            found[row.id] = LeadNow(
                record=Record(
                    texts={name: getattr(row, name) for name in TEXTS},
                    extra=row.extra,
                    custom=row.custom,
                    contacts=tuple(_contact(point) for point in points),
                ),
                time_zone=row.time_zone,
                contact_ids=tuple(point.id for point in points),
            )
    return found


async def write_changes(
    connection: AsyncConnection,
    changed: Mapping[int, tuple[LeadNow, Record]],
    *,
    project: Project,
    fields: Mapping[int, CustomField],
    import_id: int,
    user_id: int | None,
    now: datetime,
) -> None:
    """Leads by id, each as it was and as it becomes; all their numbers must be locked alone."""
    lines: list[dict[str, Any]] = []
    moved: set[str] = set()
    for lead_id, (before, after) in sorted(changed.items()):
        said = differences(before.record, after, _extra_text)
        added = after.contacts[len(before.record.contacts) :]
        said += await _add_contacts(connection, lead_id, added)
        zone = before.time_zone
        if any(contact.e164 for contact in added):
            moved.update(contact.e164 for contact in after.contacts if contact.e164)
            zone = zone_to_keep(after.callable_numbers, project.time_zone)
            if zone != before.time_zone:
                said.append(Difference(ZONE, before.time_zone, zone))
        await write_lead(connection, lead_id, after, zone)
        lines += [
            {
                "lead_id": lead_id,
                "at": now,
                "user_id": user_id,
                "import_id": import_id,
                "field": one.field,
                "old": one.old,
                "new": one.new,
            }
            for one in said
        ]
    if lines:
        await connection.execute(insert(lead_changes), lines)
    await replace_values(
        connection,
        project_id=project.id,
        fields=fields,
        changes=[
            ValueChange(lead_id, before.record.custom, after.custom)
            for lead_id, (before, after) in sorted(changed.items())
            if before.record.custom != after.custom
        ],
    )
    await lanes.refresh_numbers(connection, moved, now)


def restored(
    now: LeadNow, lines: Sequence[Difference], fields: Mapping[int, CustomField]
) -> tuple[Record, str, list[int]]:
    """A lead without the changes of `lines`, which are in the order in which they were made.

    Returns the record, its time zone, and the ids of the contact points that go.
    """
    texts, extra = dict(now.record.texts), dict(now.record.extra)
    custom, zone, gone = dict(now.record.custom), now.time_zone, []
    for line in reversed(lines):
        if line.field.startswith(CONTACT):
            gone.append(int(line.field[len(CONTACT) :]))
        elif line.field.startswith(CUSTOM):
            key = line.field[len(CUSTOM) :]
            custom.pop(key, None)
            if line.old:
                custom[key] = _value(fields.get(int(key)), line.old)
        elif line.field == "extra":
            extra = json.loads(line.old) if line.old else {}
        elif line.field == ZONE:
            zone = line.old
        else:
            texts[line.field] = line.old
    kept = [
        contact
        for contact, contact_id in zip(now.record.contacts, now.contact_ids, strict=True)
        if contact_id not in gone
    ]
    return Record(texts, extra, custom, tuple(kept)), zone, gone


async def write_lead(
    connection: AsyncConnection, lead_id: int, record: Record, time_zone: str
) -> None:
    """The fields of a lead, contacts and the index of its custom values aside."""
    await connection.execute(
        update(leads)
        .where(leads.c.id == lead_id)
        .values(
            **record.texts,
            extra=dict(record.extra),
            custom=dict(record.custom),
            search_key=record.search_key,
            time_zone=time_zone,
        )
    )


async def _add_contacts(
    connection: AsyncConnection, lead_id: int, added: Sequence[ContactDraft]
) -> list[Difference]:
    if not added:
        return []
    ids = await reserve_ids(connection, contact_points, len(added))
    await connection.execute(
        insert(contact_points),
        [
            {
                "id": point_id,
                "lead_id": lead_id,
                "kind": contact.kind,
                "label": contact.label,
                "position": contact.position,
                "raw": contact.raw,
                "e164": contact.e164,
                "number_kind": contact.number_kind,
                "note": contact.note,
                "zero_restored": contact.zero_restored,
            }
            for contact, point_id in zip(added, ids, strict=True)
        ],
    )
    return [
        Difference(
            f"{CONTACT}{point_id}",
            "",
            contact_text(
                kind=contact.kind, label=contact.label, raw=contact.raw, note=contact.note
            ),
        )
        for contact, point_id in zip(added, ids, strict=True)
    ]


def _contact(point: Any) -> ContactDraft:
    return ContactDraft(
        kind=point.kind,
        label=point.label,
        position=point.position,
        raw=point.raw,
        e164=point.e164,
        number_kind=point.number_kind,
        note=point.note,
        zero_restored=point.zero_restored,
    )


def _extra_text(extra: Mapping[str, str]) -> str:
    return json.dumps(dict(extra), ensure_ascii=False) if extra else ""


def _value(field: CustomField | None, text: str) -> Value:
    several = field is not None and field.kind is FieldKind.MULTIPLE_CHOICE
    return text.split("\n") if several else text
