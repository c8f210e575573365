"""A whole list in memory, for those who import it in one go."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.list_reading import inspect_list, numbered_rows
from dialer.rules.lead_columns import unknown_names
from dialer.rules.lead_field import LeadField
from dialer.rules.list_shape import ListColumn, ListShape, ReadingChoices, ShapeNote


@dataclass(frozen=True, slots=True)
class Header:
    """The last row of the header with its number (from 1, as a spreadsheet shows it)."""

    row: int
    columns: tuple[ListColumn, ...]
    area_code: str = ""


@dataclass(frozen=True, slots=True)
class LeadFile:
    """A list with its header found and its columns mapped."""

    file_name: str
    encoding: str  # "utf-8", "cp932" …, or "spreadsheet"
    header: Header
    rows: Sequence[Sequence[str]] = field(repr=False)  # all of the file: rows[0] is row 1
    delimiter: str = ""  # of a CSV file
    sheet: str = ""  # of a spreadsheet

    def numbered_rows(self) -> Iterable[tuple[int, Sequence[str]]]:
        """The rows under the header with their numbers as a spreadsheet shows them."""
        start = self.header.row
        return enumerate(self.rows[start:], start=start + 1)


def load_lead_file(
    path: Path,
    *,
    overrides: Mapping[str, LeadField] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    file_name: str = "",
) -> LeadFile:
    """A list from a CSV file, or from a spreadsheet (xlsx, xlsm, xls, ods).

    `overrides` maps column names to fields. `encoding` is Python's name of one and is
    used instead of trying; `sheet` names the sheet, otherwise the first one that holds a
    list is taken. Raises LeadFileError, whose text names the thing and the remedy.
    """
    name = file_name or path.name
    told = {column: target.value for column, target in (overrides or {}).items()}
    choices = ReadingChoices(encoding=encoding or "", sheet=sheet or "")
    shape = inspect_list(path, name, choices, remembered=told)
    require_usable(shape, told)
    row = shape.header_rows[1]
    rows: list[Sequence[str]] = [()] * row
    for number, cells in numbered_rows(path, shape):
        rows += [()] * (number - 1 - len(rows))
        rows.append(cells)
    return LeadFile(
        name,
        shape.encoding or "spreadsheet",
        Header(row, shape.columns, shape.area_code),
        rows,
        shape.delimiter,
        shape.sheet,
    )


def read_lead_file(
    data: bytes,
    *,
    file_name: str,
    overrides: Mapping[str, LeadField] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> LeadFile:
    """A list from the bytes of a file. See `load_lead_file`."""
    with tempfile.NamedTemporaryFile(prefix="kakeru-list-") as copy:
        copy.write(data)
        copy.flush()
        return load_lead_file(
            Path(copy.name),
            overrides=overrides,
            encoding=encoding,
            sheet=sheet,
            file_name=file_name,
        )


def require_usable(shape: ListShape, told: Iterable[str] = ()) -> None:
    """Raises LeadFileError when a list has no header, or lacks a column that a lead needs.

    `told` are names of columns that somebody speaks of: they must be there.
    """
    columns = ", ".join(each.name for each in shape.columns)
    row = shape.header_rows[1]
    if missing := unknown_names(shape.columns, tuple(told)):
        raise LeadFileError(
            FileProblem.NO_SUCH_COLUMN,
            shape.file_name,
            missing=", ".join(missing),
            row=row,
            columns=columns,
        )
    notes = {remark.note for remark in shape.remarks}
    if ShapeNote.NO_HEADER in notes and not (shape.has_name() and shape.has_contact()):
        first = shape.sample[0][1] if shape.sample else ()
        raise LeadFileError(
            FileProblem.NO_HEADER,
            shape.file_name,
            encoding=shape.encoding or "spreadsheet",
            first=" | ".join(cell.strip() for cell in first if cell.strip())[:200],
            looks_like="euc_jp" if ShapeNote.LOOKS_LIKE_EUC_JP in notes else "",
        )
    if not shape.has_name():
        raise LeadFileError(FileProblem.NO_NAME_COLUMN, shape.file_name, row=row, columns=columns)
    if not shape.has_contact():
        raise LeadFileError(FileProblem.NO_PHONE_COLUMN, shape.file_name, row=row, columns=columns)


def parse_mapping(entries: Iterable[str]) -> dict[str, LeadField]:
    """``["社名=name", "番号=phone"]`` → fields by column name; raises LeadFileError."""
    mapping: dict[str, LeadField] = {}
    for entry in entries:
        column, _, name = entry.rpartition("=")
        try:
            mapping[column.strip()] = LeadField(name.strip().lower())
        except ValueError:
            column = ""
        if not column.strip():
            fields = ", ".join(LeadField)
            raise LeadFileError(FileProblem.MAPPING, "", entry=entry, fields=fields)
    return mapping
