"""Lists as people make them: CSV in any encoding, workbooks with merged cells."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import openpyxl

from dialer.list_reading import inspect_list, numbered_rows
from dialer.rules.custom_field import CustomField
from dialer.rules.lead_problem import RowProblem, RowWarning
from dialer.rules.lead_row import LeadDraft, PostalPlaces, RowReader
from dialer.rules.list_shape import ListShape, ReadingChoices

Cells = Sequence[Sequence[object]]


def table(text: str) -> list[list[str]]:
    """Rows of cells from lines with | between the cells; a dot is a line break in a cell."""
    return [
        [cell.strip().replace("⏎", "\n") for cell in line.split("|")]
        for line in text.strip("\n").splitlines()
    ]


def csv_bytes(rows: Cells, encoding: str = "cp932", delimiter: str = ",") -> bytes:
    """The rows as Excel saves them: CRLF, quotes where they are needed."""
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return stream.getvalue().encode(encoding)


def xlsx_bytes(
    rows: Cells | Mapping[str, Cells],
    merged: Sequence[str] = (),
    formats: dict[str, str] | None = None,
) -> bytes:
    """A workbook: of one sheet, or of several by name; `merged` and `formats` are of the last."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, cells in (rows if isinstance(rows, Mapping) else {"一覧": rows}).items():
        sheet = book.create_sheet(name)
        for number, row in enumerate(cells, start=1):
            for column, value in enumerate(row, start=1):
                if value not in ("", None):
                    sheet.cell(number, column).value = _value(value)
    for where in merged:
        sheet.merge_cells(where)
    for where, code in (formats or {}).items():
        for cell in sheet[where]:
            cell[0].number_format = code
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _value(value: object) -> str | int | float | bool | date:
    assert isinstance(value, str | int | float | bool | date)
    return value


class ReadList:
    """A list that was inspected and read: its leads, problems and notes."""

    def __init__(
        self,
        path: Path,
        choices: ReadingChoices | None = None,
        *,
        targets: dict[int, str] | None = None,
        fields: Sequence[CustomField] = (),
        remembered: dict[str, str] | None = None,
        places: PostalPlaces | None = None,
    ) -> None:
        found = inspect_list(path, path.name, choices, fields=fields, remembered=remembered)
        self.shape: ListShape = found.with_targets(targets or {})
        reader = RowReader(self.shape, fields=fields, places=places)
        read = [reader.read(number, cells) for number, cells in numbered_rows(path, self.shape)]
        self.leads = [each for each in read if isinstance(each, LeadDraft)]
        self.problems = [each for each in read if isinstance(each, RowProblem)]
        self.notes = [each for each in read if isinstance(each, RowWarning)]

    @property
    def calls(self) -> dict[str, str]:
        """The first number to call of each lead, by its name."""
        return {lead.name: "".join(lead.callable_numbers[:1]) for lead in self.leads}

    @property
    def targets(self) -> dict[str, str]:
        """What the columns mean, without those that are kept as they are."""
        return {each.name: each.target for each in self.shape.columns if each.target != "extra"}

    @property
    def remarks(self) -> set[str]:
        """What there is to say about the list."""
        return {remark.note.value for remark in self.shape.remarks}


def write(folder: Path, data: bytes, name: str = "list.csv") -> Path:
    """The bytes as a file of that name."""
    path = folder / name
    path.write_bytes(data)
    return path
