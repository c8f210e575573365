"""Checking a list: every row is read and compared, and nothing but the report is written.

The report is what an import would do at this moment. The import decides again, row by row,
from what the database says then.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import insert

from dialer.lead_imports import leases
from dialer.lead_imports.jobs import ImportJob, forget_notes
from dialer.lead_imports.leases import Lease
from dialer.lead_imports.lists import OpenList, ReadRow, fields_to_make, in_batches, with_fields
from dialer.lead_imports.meeting import Surroundings, look_around
from dialer.lead_imports.seen import SeenKeys
from dialer.lead_imports.workshop import Workshop
from dialer.rules.custom_field import CustomField
from dialer.rules.import_choices import ImportChoices, ImportState
from dialer.rules.import_fate import Fate, fate_of
from dialer.rules.lead_problem import Cell, RowNote, RowProblem, RowWarning
from dialer.rules.lead_row import LeadDraft
from dialer.storage.tables import lead_import_notes

MOST_NOTES_OF_A_KIND = 10_000  # of rows that are taken; refused rows are all kept
_ROWS = 1000


async def check_list(
    shop: Workshop, lease: Lease, job: ImportJob, given: OpenList, total: int
) -> None:
    """Reads the list of `job` to its end and leaves the import checked, or cancelled.

    A check that was broken off begins anew. Raises LeaseLost, LeadFileError, TooManyChoices.
    """
    async with shop.database.write() as connection:
        await forget_notes(connection, job.id)
        await leases.keep(connection, lease, shop.now(), done_rows=0, total_rows=total)
    made = await shop.in_thread(fields_to_make, given)
    given = with_fields(given, made)
    found = Findings(job.choices, key_of(job.choices, given))
    with SeenKeys() as seen:
        async for rows in in_batches(given, most=_ROWS):
            async with shop.database.read() as connection:
                around = await look_around(
                    connection,
                    [row for row in rows if isinstance(row, LeadDraft)],
                    project_id=job.project_id,
                    import_id=job.id,
                    key=found.key,
                )
            notes = await shop.in_thread(found.take, rows, around, seen)
            async with shop.database.write() as connection:
                if await leases.is_cancelled(connection, lease):
                    await leases.release(
                        connection, lease, state=ImportState.UPLOADED, cancel_requested=False
                    )
                    return
                if notes:
                    await connection.execute(
                        insert(lead_import_notes), [{"import_id": job.id, **n} for n in notes]
                    )
                await leases.keep(connection, lease, shop.now(), **found.counts())
            shop.progress(found.done, max(total, found.done))
    async with shop.database.write() as connection:
        await leases.release(
            connection,
            lease,
            **found.counts(),
            state=ImportState.CHECKED,
            total_rows=found.done,
            summary={
                **found.summary(),
                "columns": [column.name for column in given.shape.columns],
            },
        )


def key_of(choices: ImportChoices, given: OpenList) -> CustomField | None:
    """The field that is the key; None: the number is."""
    return None if choices.key_field is None else given.fields_by_id.get(choices.key_field)


@dataclass(slots=True)
class Findings:
    """What a check has found so far."""

    choices: ImportChoices
    key: CustomField | None
    done: int = 0
    refused: int = 0
    warned: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)

    def take(
        self, rows: Sequence[ReadRow], around: Surroundings, seen: SeenKeys
    ) -> list[dict[str, Any]]:
        """Counts the rows; returns what there is to say of them as rows of notes."""
        said: list[dict[str, Any]] = []
        for row in rows:
            self.done += 1
            match row:
                case LeadDraft():
                    said += self._lead(row, around, seen)
                case RowProblem():
                    self.refused += 1
                    self.reasons[row.reason.value] += 1
                    said.append(_refused(row))
                case RowWarning():
                    said += self._warn([row])
        return said

    def counts(self) -> dict[str, int]:
        """The columns of ``lead_imports`` that tell how far it is."""
        return {"done_rows": self.done, "refused": self.refused, "warned": self.warned}

    def summary(self) -> dict[str, Any]:
        """What the page and the command show of the check."""
        return {
            "reasons": dict(self.reasons),
            "notes": dict(self.notes),
            "met": dict(self.met),
        }

    def _lead(self, row: LeadDraft, around: Surroundings, seen: SeenKeys) -> list[dict[str, Any]]:
        keys = around.keys_of(row)
        earlier = seen.first_row_of(keys)
        met = around.met_by(row, in_file=earlier is not None)
        fate = fate_of(met, self.choices)
        self.met[met.code] += 1
        if fate is Fate.CREATE:
            seen.add(keys, row.row)
        warnings = [*row.warnings, *(RowWarning(row.row, note) for note in met.notes)]
        return self._warn(
            [
                replace(warning, other_row=earlier)
                if warning.note is RowNote.DUPLICATE_IN_FILE
                else warning
                for warning in warnings
            ]
        )

    def _warn(self, warnings: Sequence[RowWarning]) -> list[dict[str, Any]]:
        said = []
        self.warned += bool(warnings)
        for position, warning in enumerate(warnings):
            self.notes[warning.note.value] += 1
            if self.notes[warning.note.value] <= MOST_NOTES_OF_A_KIND:
                said.append(_noted(warning, position))
        return said


def _refused(problem: RowProblem) -> dict[str, Any]:
    return {
        "row": problem.row,
        "position": 0,
        "refused": True,
        "reason": problem.reason.value,
        "detail": _detail(problem.detail),
        "cells": list(problem.cells),
        "other_row": None,
    }


def _noted(warning: RowWarning, position: int) -> dict[str, Any]:
    return {
        "row": warning.row,
        "position": position,
        "refused": False,
        "reason": warning.note.value,
        "detail": _detail(warning.detail),
        "cells": None,
        "other_row": warning.other_row,
    }


def _detail(cells: Sequence[Cell]) -> list[list[str]]:
    return [[cell.column, cell.text[:200], cell.why.value if cell.why else ""] for cell in cells]
