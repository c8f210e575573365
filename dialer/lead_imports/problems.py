"""What a check said, row by row: to be looked at, and refused rows as a file to be mended.

The file has the columns of the list and one more that says why; when it is dropped again
that one is left out, and the others mean what they meant.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_imports.jobs import ImportJob
from dialer.lead_imports.lists import REASON_COLUMNS
from dialer.rules.csv_cell import csv_cell
from dialer.rules.custom_field import Misfit
from dialer.rules.lead_problem import Cell, RowNote, RowProblem, RowReason, RowWarning
from dialer.rules.phone_number import UnusableReason
from dialer.storage.engine import Database
from dialer.storage.tables import lead_import_notes

_AT_ONCE = 2000
_BYTE_ORDER_MARK = "\ufeff"  # Excel takes a CSV without one for CP932
_NOT_IN_CP932 = "〓"  # as Japanese print shows a character that it has no type for


@dataclass(frozen=True, slots=True)
class Said:
    """A row with what there is to say of it."""

    row: int
    refused: bool
    words: str


async def notes_about(
    connection: AsyncConnection,
    import_id: int,
    what: RowReason | RowNote,
    language: str,
    *,
    after: int = 0,
    most: int = 20,
) -> list[Said]:
    """The first rows beyond row `after` that `what` is said of, each with its words."""
    rows = await connection.execute(
        _notes(import_id, after).where(lead_import_notes.c.reason == what.value).limit(most)
    )
    return [_said(row, language) for row in rows]


async def refused_rows(
    database: Database, import_id: int
) -> AsyncIterator[list[tuple[int, RowProblem]]]:
    """All refused rows in their order, some at a time."""
    after = 0
    while True:
        async with database.read() as connection:
            rows = (
                await connection.execute(
                    _notes(import_id, after).where(lead_import_notes.c.refused).limit(_AT_ONCE)
                )
            ).all()
        if not rows:
            return
        yield [(row.row, _problem(row)) for row in rows]
        after = rows[-1].row


async def as_csv(
    database: Database, job: ImportJob, language: str, *, encoding: str = "utf-8"
) -> AsyncIterator[bytes]:
    """The refused rows as CSV in UTF-8 (with a byte order mark) or ``cp932``, piece by piece."""
    first = _written([_header(job, language)], safe=False)
    yield _encoded(first if encoding == "cp932" else _BYTE_ORDER_MARK + first, encoding)
    width = len(_columns(job))
    async for some in refused_rows(database, job.id):
        lines = (_line(problem, width, language) for _, problem in some)
        yield _encoded(_written(lines, safe=True), encoding)


async def write_xlsx(database: Database, job: ImportJob, path: Path, language: str) -> None:
    """The refused rows as a spreadsheet in which every cell is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title=REASON_COLUMNS[language])
    sheet.append([_text_cell(sheet, name) for name in _header(job, language)])
    width = len(_columns(job))
    async for some in refused_rows(database, job.id):
        for _, problem in some:
            sheet.append([_text_cell(sheet, cell) for cell in _line(problem, width, language)])
    book.save(path)


# --- rows ---------------------------------------------------------------------------------


def _notes(import_id: int, after: int) -> Any:
    return (
        select(lead_import_notes)
        .where(lead_import_notes.c.import_id == import_id, lead_import_notes.c.row > after)
        .order_by(lead_import_notes.c.row, lead_import_notes.c.position)
    )


def _columns(job: ImportJob) -> Sequence[str]:
    return [str(name) for name in job.summary.get("columns", ())]


def _header(job: ImportJob, language: str) -> list[str]:
    """A column without a name has the spreadsheet's letter in brackets: it stays without."""
    names = ["" if name.startswith("[") else name for name in _columns(job)]
    mine = set(REASON_COLUMNS.values())
    return [*("" if name in mine else name for name in names), REASON_COLUMNS[language]]


def _line(problem: RowProblem, width: int, language: str) -> list[str]:
    """Cells beyond the last column would push the reason aside, so they stand after it."""
    cells = [*problem.cells, *[""] * width]
    return [*cells[:width], problem.text(language), *problem.cells[width:]]


def _said(row: Row[Any], language: str) -> Said:
    if row.refused:
        return Said(row.row, True, _problem(row).text(language))
    note = RowNote(row.reason)
    warning = RowWarning(row.row, note, _cells(row.detail, UnusableReason), row.other_row)
    return Said(row.row, False, warning.text(language))


def _problem(row: Row[Any]) -> RowProblem:
    reason = RowReason(row.reason)
    why = Misfit if reason is RowReason.BAD_VALUE else UnusableReason
    return RowProblem(row.row, reason, _cells(row.detail, why), tuple(row.cells or ()))


def _cells(
    detail: Sequence[Sequence[str]], kind: type[Misfit] | type[UnusableReason]
) -> tuple[Cell, ...]:
    """`kind` says whose words the third ones are: a number and a value are “too long” alike."""
    return tuple(Cell(column, text, kind(why) if why else None) for column, text, why in detail)


def _written(lines: Iterator[list[str]] | Sequence[list[str]], *, safe: bool) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream)
    for line in lines:
        writer.writerow([csv_cell(cell) for cell in line] if safe else line)
    return stream.getvalue()


def _encoded(text: str, encoding: str) -> bytes:
    if encoding != "cp932":
        return text.encode()
    try:
        return text.encode("cp932")
    except UnicodeEncodeError:
        return "".join(one if _fits(one) else _NOT_IN_CP932 for one in text).encode("cp932")


def _fits(character: str) -> bool:
    try:
        character.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def _text_cell(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", text))
    cell.data_type = "s"  # never a formula, and never a number that loses its zeros
    cell.number_format = "@"
    return cell
