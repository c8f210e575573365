"""New leads of an import, many at once, each in the gate lane where it belongs."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes
from dialer.custom_values import index_rows
from dialer.lead_facts import TELEPHONES
from dialer.projects import Project
from dialer.rules.custom_field import CustomField
from dialer.rules.eligibility import LeadFacts
from dialer.rules.import_update import TEXTS, Record
from dialer.rules.lane import Lane, lane_of
from dialer.rules.lead_zone import zone_to_keep
from dialer.storage.lead_import_queries import as_json, insert_many, reserve_ids
from dialer.storage.tables import contact_points, custom_values, leads

_LEAD = (
    *("id", "project_id", "import_id", "created_at", "lane_id", "time_zone"),
    *TEXTS,
    *("extra", "custom", "search_key"),
)
_CONTACT = (
    *("lead_id", "kind", "label", "position", "raw", "e164"),
    *("number_kind", "note", "zero_restored"),
)
_VALUE = ("project_id", "field_id", "sort_key", "lead_id")


async def insert_records(
    connection: AsyncConnection,
    records: Sequence[Record],
    *,
    project: Project,
    import_id: int,
    fields: Mapping[int, CustomField],
    known_numbers: frozenset[str],
    now: datetime,
) -> None:
    """Writes new leads with their contact points, custom values and lanes.

    `known_numbers` are those that are prohibited or of a boxed lead; all numbers must be
    locked (`storage.number_locks`), so that nothing is said about them meanwhile.
    """
    if not records:
        return
    ids = await reserve_ids(connection, leads, len(records))
    zones = [zone_to_keep(record.callable_numbers, project.time_zone) for record in records]
    lane_ids = await _lane_ids(connection, project, records, zones)
    await insert_many(
        connection,
        leads,
        _LEAD,
        [
            (
                *(lead_id, project.id, import_id, now, lane_id, zone),
                *(record.texts[name] for name in TEXTS),
                *(as_json(record.extra), as_json(record.custom), record.search_key),
            )
            for record, lead_id, lane_id, zone in zip(records, ids, lane_ids, zones, strict=True)
        ],
    )
    await insert_many(
        connection,
        contact_points,
        _CONTACT,
        [
            (
                *(lead_id, contact.kind, contact.label, contact.position, contact.raw),
                *(contact.e164, contact.number_kind, contact.note, contact.zero_restored),
            )
            for record, lead_id in zip(records, ids, strict=True)
            for contact in record.contacts
        ],
    )
    await insert_many(
        connection,
        custom_values,
        _VALUE,
        [
            tuple(row[name] for name in _VALUE)
            for record, lead_id in zip(records, ids, strict=True)
            if record.custom
            for row in index_rows(project.id, fields, lead_id, record.custom)
        ],
    )
    concerned = [
        lead_id
        for record, lead_id in zip(records, ids, strict=True)
        if any(contact.e164 in known_numbers for contact in record.contacts)
    ]
    await lanes.refresh(connection, concerned, now)


async def _lane_ids(
    connection: AsyncConnection, project: Project, records: Sequence[Record], zones: Sequence[str]
) -> list[int]:
    """The lane of each lead as far as it alone decides."""
    wanted = [_lane(project, record, zone) for record, zone in zip(records, zones, strict=True)]
    # In one order: two transactions that make the same new lanes wait for each other.
    ids = {
        lane: await lanes.lane_id_of(connection, project.id, lane)
        for lane in sorted(set(wanted), key=repr)
    }
    return [ids[lane] for lane in wanted]


def _lane(project: Project, record: Record, zone: str) -> Lane:
    kinds = tuple(
        contact.number_kind
        for contact in record.contacts
        if contact.e164 is not None and contact.kind in TELEPHONES
    )
    return lane_of(LeadFacts(project_id=project.id, time_zone=zone, telephone_kinds=kinds))
