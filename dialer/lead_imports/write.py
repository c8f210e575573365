"""Importing: the rows of a list become leads, a batch in a transaction.

What becomes of a row is decided in the transaction that writes it, from what the database
says then: a check is a preview, not a promise. The same transaction writes how far the
import is, so each row is written exactly once, whatever happens on the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_imports import leases
from dialer.lead_imports.change import LeadNow, load_leads, write_changes
from dialer.lead_imports.check import key_of
from dialer.lead_imports.create import insert_records
from dialer.lead_imports.jobs import ImportJob
from dialer.lead_imports.leases import Lease
from dialer.lead_imports.lists import OpenList, ReadRow, in_batches
from dialer.lead_imports.meeting import Surroundings, look_around
from dialer.lead_imports.workshop import Workshop
from dialer.projects import Project
from dialer.rules.custom_field import CustomField
from dialer.rules.import_choices import ImportChoices, ImportState
from dialer.rules.import_fate import Fate, fate_of
from dialer.rules.import_update import Record, record_of, updated
from dialer.rules.lead_problem import RowProblem
from dialer.rules.lead_row import LeadDraft
from dialer.storage.number_locks import lock_some_for_change
from dialer.storage.tables import lead_imports

# So many are written in one transaction that a dialler at work hardly notices: it waits for
# a tenth of a second on SQLite, which has one writer, and not at all on PostgreSQL.
ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rows of an import go."""

    job: ImportJob
    project: Project
    key: CustomField | None
    fields: dict[int, CustomField]

    @property
    def choices(self) -> ImportChoices:
        return self.job.choices


async def import_list(
    shop: Workshop, lease: Lease, job: ImportJob, project: Project, given: OpenList
) -> None:
    """Writes the rows of the list that are not yet written, and leaves the import done.

    A cancelled one is left cancelled, or, if that was asked, undoing. Raises LeaseLost,
    LeadFileError.
    """
    target = Target(job, project, key_of(job.choices, given), given.fields_by_id)
    done = job.done_rows
    async for rows in in_batches(given, skip=done, most=ROWS_AT_ONCE):
        if await _stop_is_wanted(shop, lease):
            return
        await write_batch(shop, lease, target, rows)
        done += len(rows)
        shop.progress(done, max(job.total_rows, done))
    async with shop.database.write() as connection:
        await leases.release(
            connection,
            lease,
            state=ImportState.DONE,
            finished_at=shop.now(),
            total_rows=done,
            cancel_requested=False,
        )


async def write_batch(
    shop: Workshop, lease: Lease, target: Target, rows: Sequence[ReadRow]
) -> None:
    """Writes some rows in one transaction, and that they are written. Raises LeaseLost.

    On PostgreSQL the numbers of leads that get other numbers must be locked alone, and
    before any row: which these are is known only when the rows have been compared, so a
    transaction that finds it has locked too little begins again with more.
    """
    drafts = [row for row in rows if isinstance(row, LeadDraft)]
    numbers = {c.e164 for draft in drafts for c in draft.contacts if c.e164 is not None}
    changing: frozenset[str] = frozenset()
    while True:
        async with shop.database.write() as connection:
            await lock_some_for_change(connection, numbers, changing)
            plan = await _planned(connection, target, drafts)
            needed = frozenset() if shop.database.is_sqlite else plan.numbers_that_move()
            if needed <= changing:
                await _write(connection, shop.now(), lease, target, plan, rows)
                return
        changing |= needed


async def _stop_is_wanted(shop: Workshop, lease: Lease) -> bool:
    async with shop.database.write() as connection:
        if not await leases.is_cancelled(connection, lease):
            return False
        row = (
            await connection.execute(
                lead_imports.select().where(lead_imports.c.id == lease.import_id)
            )
        ).one()
        back = row.take_back and row.created + row.updated > 0
        await leases.release(
            connection,
            lease,
            state=ImportState.UNDOING if back else ImportState.CANCELLED,
            finished_at=None if back else shop.now(),
            cancel_requested=False,
            **({"done_rows": 0, "total_rows": row.created + row.updated} if back else {}),
        )
    return True


# --- deciding -----------------------------------------------------------------------------


@dataclass(slots=True)
class Plan:
    """What a batch writes: new leads, and leads that are there with what becomes of them."""

    new: list[Record] = field(default_factory=list)
    there: dict[int, LeadNow] = field(default_factory=dict)
    after: dict[int, Record] = field(default_factory=dict)
    known_numbers: frozenset[str] = frozenset()  # prohibited, or of a boxed lead
    updated: int = 0  # rows that changed a lead, new ones of this batch included
    skipped: int = 0

    def numbers_that_move(self) -> frozenset[str]:
        """All numbers of the leads that get other ones."""
        return frozenset(
            contact.e164
            for lead_id, record in self.after.items()
            if len(record.contacts) > len(self.there[lead_id].record.contacts)
            for contact in record.contacts
            if contact.e164 is not None
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """A row that changes the lead `lead_id`, or the new one at `place`."""

    row: LeadDraft
    how: Fate
    lead_id: int | None = None
    place: int = -1


async def _planned(
    connection: AsyncConnection, target: Target, drafts: Sequence[LeadDraft]
) -> Plan:
    around = await look_around(
        connection,
        drafts,
        project_id=target.project.id,
        import_id=target.job.id,
        key=target.key,
    )
    plan = Plan(known_numbers=around.prohibited | around.boxed)
    steps = _steps(plan, around, target.choices, drafts)
    concerned = {step.lead_id for step in steps if step.lead_id is not None}
    plan.there = await load_leads(connection, concerned)
    plan.after = {lead_id: now.record for lead_id, now in plan.there.items()}
    for step in steps:
        _apply(plan, step)
    return plan


def _steps(
    plan: Plan, around: Surroundings, choices: ImportChoices, drafts: Sequence[LeadDraft]
) -> list[_Step]:
    """Puts the new leads into the plan and returns what happens to those that are there."""
    steps: list[_Step] = []
    place_of: dict[str, int] = {}  # the new lead of this batch with that key
    for row in drafts:
        keys = around.keys_of(row)
        place = next((place_of[key] for key in keys if key in place_of), -1)
        fate = fate_of(around.met_by(row, in_file=place >= 0), choices)
        if fate is Fate.SKIP:
            plan.skipped += 1
        elif fate is Fate.CREATE:
            for key in keys:
                place_of.setdefault(key, len(plan.new))
            plan.new.append(record_of(row))
        elif place >= 0:
            steps.append(_Step(row, fate, place=place))
        else:
            steps.append(_Step(row, fate, lead_id=_whose(around, row)))
    return steps


def _whose(around: Surroundings, row: LeadDraft) -> int:
    """The lead that the row changes: one of this file before one that was there, the oldest."""
    matches = around.matches(row)
    own = [there for there in matches if there.import_id == around.import_id]
    return (own or matches)[0].lead_id


def _apply(plan: Plan, step: _Step) -> None:
    before = plan.new[step.place] if step.lead_id is None else plan.after.get(step.lead_id)
    if before is None:  # deleted since, and this transaction sees it
        plan.skipped += 1
        return
    after = updated(before, step.row, step.how)
    if after == before:
        plan.skipped += 1
        return
    plan.updated += 1
    if step.lead_id is None:
        plan.new[step.place] = after
    else:
        plan.after[step.lead_id] = after


# --- writing ------------------------------------------------------------------------------


async def _write(
    connection: AsyncConnection,
    now: datetime,
    lease: Lease,
    target: Target,
    plan: Plan,
    rows: Sequence[ReadRow],
) -> None:
    # First, so that a worker whose lease is gone stops before it writes anything.
    await leases.keep(
        connection,
        lease,
        now,
        done_rows=lead_imports.c.done_rows + len(rows),
        created=lead_imports.c.created + len(plan.new),
        updated=lead_imports.c.updated + plan.updated,
        skipped=lead_imports.c.skipped + plan.skipped,
        refused=lead_imports.c.refused + sum(isinstance(row, RowProblem) for row in rows),
    )
    await insert_records(
        connection,
        plan.new,
        project=target.project,
        import_id=target.job.id,
        fields=target.fields,
        known_numbers=plan.known_numbers,
        now=now,
    )
    changed = {
        lead_id: (plan.there[lead_id], record)
        for lead_id, record in plan.after.items()
        if record != plan.there[lead_id].record
    }
    await write_changes(
        connection,
        changed,
        project=target.project,
        fields=target.fields,
        import_id=target.job.id,
        user_id=target.job.created_by_id,
        now=now,
    )
