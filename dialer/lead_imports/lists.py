"""The list of an import: opened as a person chose, and read in batches.

Reading is work for a thread: a batch is read while the one before it is written.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.custom_fields import MOST_CHOICES, fields_of_project
from dialer.lead_imports.jobs import ImportJob, LeadImportError
from dialer.list_reading import inspect_list, numbered_rows
from dialer.postal_codes import PostalCodes
from dialer.rules.column_fit import NEW as NEW
from dialer.rules.csv_cell import text_of_cell
from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.field_change import CHOICE_KINDS
from dialer.rules.lead_field import LeadField
from dialer.rules.lead_problem import RowProblem, RowWarning
from dialer.rules.lead_row import LeadDraft, RowReader
from dialer.rules.list_shape import ListColumn, ListLimits, ListShape, ReadingChoices
from dialer.rules.search_text import fold
from dialer.storage.tables import projects

# The column of a file of refused rows that tells why (`problems`), by language.
REASON_COLUMNS = {"ja": "取り込めなかった理由", "en": "Why it was not taken"}
ReadRow = LeadDraft | RowProblem | RowWarning | None


class TooManyChoices(LeadImportError):
    """A column that is to become a choice has more different values than a field takes."""

    def __init__(self, column: str) -> None:
        super().__init__(
            f"column “{column}” has more than {MOST_CHOICES} different values; make it a text",
            f"列「{column}」の値は{MOST_CHOICES}種類を超えています。テキストにしてください",
        )


class FieldExists(LeadImportError):
    """A column is to become a new custom field, but there is one of its name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is a custom field “{name}” already; choose that one for the column",
            f"カスタム項目「{name}」はすでにあります。列の取り込み先にその項目を選んでください",
        )


@dataclass(frozen=True, slots=True)
class OpenList:
    """A file with its shape and the custom fields that its columns may hold."""

    path: Path
    shape: ListShape
    fields: tuple[CustomField, ...]
    limits: ListLimits
    region: str = "JP"

    @property
    def fields_by_id(self) -> dict[int, CustomField]:
        return {field.id: field for field in self.fields}


async def open_list(
    connection: AsyncConnection, job: ImportJob, folder: Path, limits: ListLimits | None = None
) -> OpenList:
    """The list of `job`, whose file lies in `folder`. Raises LeadFileError."""
    limits = limits or ListLimits()
    fields = await fields_of_project(connection, job.project_id)
    remembered: Mapping[str, str] = (
        await connection.execute(
            select(projects.c.column_choices).where(projects.c.id == job.project_id)
        )
    ).scalar_one()
    path = folder / job.stored_as
    shape = await asyncio.to_thread(
        inspect_list,
        path,
        job.file_name,
        job.choices.reading,
        fields=fields,
        remembered=still_there(remembered, fields),
        limits=limits,
    )
    return OpenList(path, shape.with_targets(job.choices.targets), fields, limits)


def still_there(remembered: Mapping[str, str], fields: Sequence[CustomField]) -> dict[str, str]:
    """What was chosen for columns, without fields that are gone since."""
    known = {f"custom:{field.id}" for field in fields}
    return {
        name: target
        for name, target in remembered.items()
        if target in known or not target.startswith(("custom:", NEW))
    } | dict.fromkeys(REASON_COLUMNS.values(), LeadField.IGNORE.value)


def reading_as_found(shape: ListShape) -> ReadingChoices:
    """The choices that read the list just so again, whatever else is found by then."""
    return ReadingChoices(
        encoding=shape.encoding,
        delimiter=shape.delimiter,
        sheet=shape.sheet,
        header_rows=shape.header_rows,
        first_row=shape.first_row,
        last_row=shape.last_row,
        area_code=shape.area_code,
    )


# --- fields that are to be made -----------------------------------------------------------


def fields_to_make(given: OpenList) -> dict[int, CustomField]:
    """By the place of its column: a field as it would be made, with a made-up id below 0.

    Raises FieldExists and TooManyChoices. Reads the whole file when a column is to become
    a choice.
    """
    wanted = {
        column.index: CustomField(-1 - column.index, column.name, _kind(column))
        for column in given.shape.columns
        if column.target.startswith(NEW)
    }
    known = {fold(field.name) for field in given.fields}
    for field in wanted.values():
        if fold(field.name) in known:
            raise FieldExists(field.name)
        known.add(fold(field.name))
    choosing = {place: field for place, field in wanted.items() if field.kind in CHOICE_KINDS}
    for place, choices in _choices_in(given, choosing).items():
        wanted[place] = replace(wanted[place], choices=choices)
    return wanted


def with_fields(given: OpenList, made: Mapping[int, CustomField]) -> OpenList:
    """The list with its columns at these places holding these fields."""
    targets = {place: f"custom:{field.id}" for place, field in made.items()}
    return replace(
        given, shape=given.shape.with_targets(targets), fields=(*given.fields, *made.values())
    )


_BETWEEN_CHOICES = re.compile(r"[,、;;\n/|・]")


def _choices_in(given: OpenList, wanted: Mapping[int, CustomField]) -> dict[int, tuple[str, ...]]:
    found: dict[int, dict[str, str]] = {place: {} for place in wanted}
    if not wanted:
        return {}
    for _, cells in numbered_rows(given.path, given.shape, given.limits):
        for place, field in wanted.items():
            text = cells[place] if place < len(cells) else ""
            several = field.kind is FieldKind.MULTIPLE_CHOICE
            for one in _BETWEEN_CHOICES.split(text) if several else (text,):
                if key := fold(one):
                    found[place].setdefault(key, " ".join(one.split())[:100])
            if len(found[place]) > MOST_CHOICES:
                raise TooManyChoices(field.name)
    return {place: tuple(sorted(choices.values())) for place, choices in found.items()}


def _kind(column: ListColumn) -> FieldKind:
    return FieldKind(column.target[len(NEW) :])


# --- its rows -----------------------------------------------------------------------------


def read_rows(given: OpenList, *, skip: int = 0) -> Iterator[ReadRow]:
    """What each row under the header is, `skip` of them left out. Raises LeadFileError."""
    rows = numbered_rows(given.path, given.shape, given.limits)
    # Programs that write CSV make cells safe for spreadsheets, as our exports do; and so were
    # those of a file of refused rows, in whatever form it comes back.
    safe = given.shape.kind == "csv" or any(
        column.name in REASON_COLUMNS.values() for column in given.shape.columns
    )
    places = PostalCodes()
    reader = RowReader(given.shape, region=given.region, fields=given.fields, places=places)
    try:
        for number, cells in islice(rows, skip, None):
            yield reader.read(number, [text_of_cell(cell) for cell in cells] if safe else cells)
    finally:
        places.close()


async def in_batches(
    given: OpenList, *, skip: int = 0, most: int = 1000
) -> AsyncIterator[list[ReadRow]]:
    """`read_rows`, at most `most` at a time, the next ones being read meanwhile."""
    rows = read_rows(given, skip=skip)
    ahead = asyncio.create_task(_next(rows, most))
    try:
        while some := await ahead:
            ahead = asyncio.create_task(_next(rows, most))
            yield some
    finally:
        # The thread cannot be stopped; the file is closed when it is through. What it could not
        # read ahead nobody asks for any more: whoever does is told by the `await` above.
        with suppress(Exception):
            await ahead
        rows.close()  # type: ignore[attr-defined]


async def _next(rows: Iterator[ReadRow], most: int) -> list[ReadRow]:
    return await asyncio.to_thread(lambda: list(islice(rows, most)))


def rows_in_all(given: OpenList) -> int:
    """How many rows there are to read, for progress: counted, or at most so many."""
    if given.shape.row_count is not None:
        return given.shape.row_count
    if given.shape.last_row is not None:
        return given.shape.last_row - given.shape.first_row + 1
    with given.path.open("rb") as stream:
        lines = sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))
    return max(1, lines - given.shape.first_row + 2)
