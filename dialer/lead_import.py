"""Leads in: a list becomes leads of a project, in one transaction, with a report.

All rows are read and checked first. The transaction that follows only writes, so that
a dialler at work waits for it as briefly as can be, and it is all or nothing.
"""

import asyncio
import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TextIO

from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

from dialer import audit, lanes
from dialer.lead_facts import TELEPHONES
from dialer.lead_files import LeadFile
from dialer.projects import Project, project_by_name
from dialer.rules.eligibility import UNCALLABLE_KINDS
from dialer.rules.lane import Lane
from dialer.rules.lead_problem import RowNote, RowProblem, RowWarning
from dialer.rules.lead_row import LeadDraft, read_row
from dialer.rules.lead_zone import zone_to_keep
from dialer.rules.search_text import lead_key
from dialer.storage.engine import Database
from dialer.storage.lead_import_queries import insert_leads, numbers_in_project, reserve_ids
from dialer.storage.tables import lead_imports, leads
from dialer.users import User


class LeadImportError(Exception):
    """The import did not happen, or not to its end; the message says what is stored, and why."""


class ImportStep(StrEnum):
    """What an import is doing, for whoever watches."""

    CHECKING = "checking"
    WRITING = "writing"


OnProgress = Callable[[ImportStep, int, int], None]
"""Called with the step, the rows done and the rows in all."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a list: every row under its header is taken, refused, noted or empty."""

    project: str
    file: LeadFile = field(repr=False)
    import_id: int | None  # None: nothing was taken, so nothing was stored
    taken: int
    refused: tuple[RowProblem, ...] = field(repr=False)
    warnings: tuple[RowWarning, ...] = field(repr=False)

    def rows_with(self, note: RowNote) -> tuple[int, ...]:
        """The rows that `note` is about, ascending and each once."""
        return tuple(sorted({each.row for each in self.warnings if each.note is note}))


async def import_leads(
    database: Database,
    *,
    project: str,
    file: LeadFile,
    now: datetime,
    by: User | None = None,
    region: str = "JP",
    on_progress: OnProgress | None = None,
) -> ImportReport:
    """Imports every usable row of `file` into the project called `project`.

    `by` is the user who imports; None is the command line. `region` (ISO 3166-1 alpha-2)
    is where numbers without a country code belong. A number that stands in several rows
    is imported and reported: the gate still lets only one call at a time through to it.

    Raises UnknownProject, whose message lists the projects, and LeadImportError when the
    database cannot store it. Either way nothing is stored.
    """
    progress = on_progress or _nobody_watches
    try:
        async with database.read() as connection:
            target = await project_by_name(connection, project)
        checked = await _check(file, region, progress)
        numbers = {number for lead in checked.leads for number in lead.callable_numbers}
        async with database.read() as connection:
            present = await numbers_in_project(connection, project_id=target.id, numbers=numbers)
        checked.note_present(present)
        import_id = None
        if checked.leads:
            import_id = await _store(database, target, file, checked, now, by, progress)
    except (SQLAlchemyError, OSError) as error:
        cause = str(error.__cause__ or error).splitlines()[0]
        raise LeadImportError(
            f"nothing was imported, the database could not store it: {cause}; "
            "is the disk full or read-only?"
        ) from error
    await _place_again(database, checked.leads, now)
    return ImportReport(
        project=target.name,
        file=file,
        import_id=import_id,
        taken=len(checked.leads),
        refused=tuple(checked.refused),
        warnings=tuple(sorted(checked.warnings, key=lambda warning: warning.row)),
    )


def write_problems(report: ImportReport, stream: TextIO, language: str = "en") -> None:
    """The refused rows as CSV: row number, reason, and the cells as they were.

    Corrected and without the first two columns it can be imported again.
    """
    writer = csv.writer(stream)
    first = ("行", "理由") if language == "ja" else ("row", "reason")
    names = [column.name for column in report.file.header.columns]
    writer.writerow([*first, *(name if not name.startswith("[") else "" for name in names)])
    for problem in report.refused:
        writer.writerow([problem.row, problem.text(language), *problem.cells])


# --- checking -----------------------------------------------------------------------------

_BATCH = 1000  # rows between two signs of progress


@dataclass(slots=True)
class _Checked:
    """What the rows of a file are, before anything is stored."""

    leads: list[LeadDraft] = field(default_factory=list)
    refused: list[RowProblem] = field(default_factory=list)
    warnings: list[RowWarning] = field(default_factory=list)
    first_row_of: dict[str, int] = field(default_factory=dict)

    def add(self, read: LeadDraft | RowProblem | RowWarning | None) -> None:
        match read:
            case LeadDraft():
                self.leads.append(read)
                self.warnings.extend(read.warnings)
                self._note_duplicate(read)
            case RowProblem():
                self.refused.append(read)
            case RowWarning():
                self.warnings.append(read)

    def _note_duplicate(self, lead: LeadDraft) -> None:
        earlier = [
            self.first_row_of[number]
            for number in lead.callable_numbers
            if self.first_row_of.setdefault(number, lead.row) != lead.row
        ]
        if earlier:
            self.warnings.append(
                RowWarning(lead.row, RowNote.DUPLICATE_IN_FILE, other_row=min(earlier))
            )

    def note_present(self, numbers: set[str]) -> None:
        """Marks the leads whose number the project has already."""
        self.warnings.extend(
            RowWarning(lead.row, RowNote.ALREADY_IN_PROJECT)
            for lead in self.leads
            if not numbers.isdisjoint(lead.callable_numbers)
        )


async def _check(file: LeadFile, region: str, progress: OnProgress) -> _Checked:
    checked = _Checked()
    total = len(file.rows) - file.header.row
    progress(ImportStep.CHECKING, 0, total)
    for done, (number, cells) in enumerate(file.numbered_rows(), start=1):
        checked.add(read_row(number, cells, file.header, region))
        if done % _BATCH == 0:
            progress(ImportStep.CHECKING, done, total)
            await asyncio.sleep(0)  # others in this process go on meanwhile
    progress(ImportStep.CHECKING, total, total)
    return checked


def _nobody_watches(step: ImportStep, done: int, total: int) -> None:
    """No progress is wanted."""


# --- storing ------------------------------------------------------------------------------


async def _store(
    database: Database,
    project: Project,
    file: LeadFile,
    checked: _Checked,
    now: datetime,
    by: User | None,
    progress: OnProgress,
) -> int:
    total = len(checked.leads)
    progress(ImportStep.WRITING, 0, total)
    async with database.write() as connection:
        import_id: int = (
            await connection.execute(
                insert(lead_imports)
                .values(
                    project_id=project.id,
                    file_name=file.file_name[:400],
                    created_at=now,
                    state="done",
                    created=total,
                    refused=len(checked.refused),
                )
                .returning(lead_imports.c.id)
            )
        ).scalar_one()
        ids = await reserve_ids(connection, leads, total)
        common = {
            "project_id": project.id,
            "import_id": import_id,
            "created_at": now,
            "lane_id": await lanes.lane_id_of(connection, project.id, Lane()),
        }
        for start in range(0, total, _BATCH):
            batch = checked.leads[start : start + _BATCH]
            rows = _lead_rows(batch, ids[start : start + _BATCH], common, project.time_zone)
            batch_ids = [row["id"] for row in rows]
            await insert_leads(connection, rows, _contact_rows(batch, batch_ids))
            elsewhere = [
                row["id"]
                for draft, row in zip(batch, rows, strict=True)
                if row["time_zone"] or _is_never_dialled(draft)
            ]
            await lanes.place_new(connection, _numbers_of(batch), elsewhere, now)
            progress(ImportStep.WRITING, start + len(batch), total)
        await audit.record(
            connection,
            user_id=by.id if by else None,
            action="lead.import",
            subject=f"project:{project.id}",
            now=now,
            detail={
                "import_id": import_id,
                "file": file.file_name,
                "taken": total,
                "refused": len(checked.refused),
            },
        )
    return import_id


async def _place_again(database: Database, drafts: Sequence[LeadDraft], now: datetime) -> None:
    """For what was prohibited, or put into a box, while the import's transaction ran."""
    try:
        await lanes.place_again(database, _numbers_of(drafts), now)
    except (SQLAlchemyError, OSError) as error:
        cause = str(error.__cause__ or error).splitlines()[0]
        raise LeadImportError(
            f"all {len(drafts)} leads were imported, but then the database failed: {cause}; "
            "do not import them again"
        ) from error


def _numbers_of(drafts: Sequence[LeadDraft]) -> set[str]:
    """All their numbers, fax included."""
    return {
        contact.e164 for draft in drafts for contact in draft.contacts if contact.e164 is not None
    }


def _is_never_dialled(draft: LeadDraft) -> bool:
    kinds = {contact.number_kind for contact in draft.contacts if contact.kind in TELEPHONES}
    return UNCALLABLE_KINDS.issuperset(kinds - {""})


def _lead_rows(
    drafts: Sequence[LeadDraft], ids: Sequence[int], common: dict[str, Any], project_zone: str
) -> list[dict[str, Any]]:
    return [
        {
            **common,
            "id": lead_id,
            "name": draft.name,
            "name_kana": draft.name_kana,
            "contact_person": draft.contact_person,
            "postal_code": draft.postal_code,
            "prefecture": draft.prefecture,
            "city": draft.city,
            "building": draft.building,
            "email": draft.email,
            "website": draft.website,
            "notes": draft.notes,
            "extra": draft.extra,
            "search_key": lead_key(
                name=draft.name,
                name_kana=draft.name_kana,
                contact_person=draft.contact_person,
                email=draft.email,
            ),
            "time_zone": zone_to_keep(draft.callable_numbers, project_zone),
        }
        for draft, lead_id in zip(drafts, ids, strict=True)
    ]


def _contact_rows(drafts: Sequence[LeadDraft], ids: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
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
        for draft, lead_id in zip(drafts, ids, strict=True)
        for contact in draft.contacts
    ]
