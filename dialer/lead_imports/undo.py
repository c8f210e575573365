"""Taking an import back: what it changed is as before, what it made is gone.

In batches like the import itself, and as safe: a batch is one transaction, what is taken
back is no longer found, so whoever goes on begins where the last one stopped. A lead that
somebody begins to work with meanwhile stays, and is counted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes
from dialer.custom_fields import fields_by_id
from dialer.custom_values import ValueChange, replace_values
from dialer.lead_imports import leases
from dialer.lead_imports.blockers import touched_among
from dialer.lead_imports.change import LeadNow, load_leads, restored, write_lead
from dialer.lead_imports.jobs import ImportJob
from dialer.lead_imports.leases import Lease
from dialer.lead_imports.made import unmake
from dialer.lead_imports.workshop import Workshop
from dialer.rules.custom_field import CustomField, keys_of
from dialer.rules.import_choices import ImportState
from dialer.rules.import_update import Difference, Record
from dialer.storage.batches import batches
from dialer.storage.number_locks import lock_for_change
from dialer.storage.tables import (
    contact_points,
    custom_values,
    lead_changes,
    lead_imports,
    leads,
)

_LEADS_AT_ONCE = 500


async def undo_import(shop: Workshop, lease: Lease, job: ImportJob) -> None:
    """Takes back all that the import did and leaves it undone. Raises LeaseLost."""
    async with shop.database.read() as connection:
        fields = await fields_by_id(connection, job.project_id)
    kept = await _restore_changed(shop, lease, job, fields)
    kept += await _delete_made(shop, lease, job, fields)
    async with shop.database.write() as connection:
        if not kept:
            await unmake(connection, job)
        await leases.release(
            connection,
            lease,
            state=ImportState.UNDONE,
            finished_at=shop.now(),
            total_rows=lead_imports.c.done_rows,
            summary={**job.summary, "kept": kept},
        )


# --- leads that were there ------------------------------------------------------------------


async def _restore_changed(
    shop: Workshop, lease: Lease, job: ImportJob, fields: Mapping[int, CustomField]
) -> int:
    """Gives back what stood in leads that the import changed; how many it left alone."""
    last, kept = 0, 0
    while True:
        async with shop.database.read() as connection:
            ids = await _changed_after(connection, job.id, last)
            numbers = await _numbers_of(connection, ids)
        if not ids:
            return kept
        async with shop.database.write() as connection:
            await lock_for_change(connection, numbers)
            there = await load_leads(connection, ids, deleted_too=True)
            in_the_way = await touched_among(connection, job.id, ids)
            free = [lead_id for lead_id in ids if lead_id in there and lead_id not in in_the_way]
            if set(await _numbers_of(connection, free)) <= set(numbers):
                await _restore(connection, shop, job, fields, {i: there[i] for i in free})
                await leases.keep(
                    connection, lease, shop.now(), done_rows=lead_imports.c.done_rows + len(ids)
                )
            else:  # somebody gave a lead another number just now: once more, with its lock
                continue
        kept += len(ids) - len(free)
        last = ids[-1]


async def _changed_after(connection: AsyncConnection, import_id: int, last: int) -> list[int]:
    rows = await connection.execute(
        select(lead_changes.c.lead_id)
        .distinct()
        .join(leads, leads.c.id == lead_changes.c.lead_id)
        .where(
            lead_changes.c.import_id == import_id,
            leads.c.import_id.is_distinct_from(import_id),
            lead_changes.c.lead_id > last,
        )
        .order_by(lead_changes.c.lead_id)
        .limit(_LEADS_AT_ONCE)
    )
    return list(rows.scalars())


async def _numbers_of(connection: AsyncConnection, lead_ids: Sequence[int]) -> list[str]:
    rows = await connection.execute(
        select(contact_points.c.e164)
        .distinct()
        .where(contact_points.c.lead_id.in_(lead_ids), contact_points.c.e164.is_not(None))
    )
    return list(rows.scalars())


async def _restore(
    connection: AsyncConnection,
    shop: Workshop,
    job: ImportJob,
    fields: Mapping[int, CustomField],
    there: Mapping[int, LeadNow],
) -> None:
    lines: dict[int, list[Difference]] = {lead_id: [] for lead_id in there}
    mine = (lead_changes.c.import_id == job.id, lead_changes.c.lead_id.in_(list(there)))
    for row in await connection.execute(
        select(lead_changes).where(*mine).order_by(lead_changes.c.id)
    ):
        lines[row.lead_id].append(Difference(row.field, row.old, row.new))
    gone: list[int] = []
    moved: set[str] = set()
    before: dict[int, Record] = {}
    for lead_id, now in there.items():
        before[lead_id], zone, points = restored(now, lines[lead_id], fields)
        if points:
            gone += points
            moved.update(c.e164 for c in now.record.contacts if c.e164 is not None)
        await write_lead(connection, lead_id, before[lead_id], zone)
    for some in batches(gone):
        await connection.execute(delete(contact_points).where(contact_points.c.id.in_(some)))
    await replace_values(
        connection,
        project_id=job.project_id,
        fields=fields,
        changes=[
            ValueChange(lead_id, now.record.custom, before[lead_id].custom)
            for lead_id, now in there.items()
            if now.record.custom != before[lead_id].custom
        ],
    )
    await connection.execute(delete(lead_changes).where(*mine))
    await lanes.refresh_numbers(connection, moved, shop.now())
    if moved:  # a lead that has no number left is found by none
        await lanes.refresh(connection, list(there), shop.now())


# --- leads that it made ---------------------------------------------------------------------


async def _delete_made(
    shop: Workshop, lease: Lease, job: ImportJob, fields: Mapping[int, CustomField]
) -> int:
    """Removes the leads that the import made; how many it left alone."""
    last, kept, gone = 0, 0, job.done_rows
    while True:
        async with shop.database.write() as connection:
            rows = (
                await connection.execute(
                    select(leads.c.id, leads.c.project_id, leads.c.custom)
                    .where(leads.c.import_id == job.id, leads.c.id > last)
                    .order_by(leads.c.id)
                    .limit(_LEADS_AT_ONCE)
                    .with_for_update()
                )
            ).all()
            if not rows:
                return kept
            in_the_way = await touched_among(connection, job.id, [row.id for row in rows])
            await _delete(connection, [row for row in rows if row.id not in in_the_way], fields)
            await leases.keep(
                connection, lease, shop.now(), done_rows=lead_imports.c.done_rows + len(rows)
            )
        kept += len(in_the_way)
        last = rows[-1].id
        gone += len(rows)
        shop.progress(gone, max(job.total_rows, gone))


async def _delete(
    connection: AsyncConnection, rows: Sequence[Any], fields: Mapping[int, CustomField]
) -> None:
    ids = [row.id for row in rows]
    if not ids:
        return
    await connection.execute(delete(contact_points).where(contact_points.c.lead_id.in_(ids)))
    await connection.execute(delete(lead_changes).where(lead_changes.c.lead_id.in_(ids)))
    values = [
        (row.project_id, field_id, key, row.id)
        for row in rows
        for field_id, key in keys_of(fields, row.custom)
    ]
    whole = tuple_(
        custom_values.c.project_id,
        custom_values.c.field_id,
        custom_values.c.sort_key,
        custom_values.c.lead_id,
    )
    for some in batches(values):
        await connection.execute(delete(custom_values).where(whole.in_(some)))
    await connection.execute(delete(leads).where(leads.c.id.in_(ids)))
