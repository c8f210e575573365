"""Reading lists of leads: CSV in whatever encoding and delimiter, and spreadsheets.

Encodings are tried strictly and in a fixed order, UTF-8 and then CP932, and never
guessed from statistics: guessing takes EUC-JP for CP932 and garbles names unnoticed.
CP932, not Shift_JIS: lists contain ①, 髙 and ㈱.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.rules.lead_columns import Header, find_header, unknown_overrides
from dialer.rules.lead_field import LeadField


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
) -> LeadFile:
    """Reads the file at `path`; raises LeadFileError. See `read_lead_file`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LeadFileError(
            FileProblem.UNREADABLE, str(path), error=error.strerror or str(error)
        ) from error
    return read_lead_file(
        data, file_name=path.name, overrides=overrides, encoding=encoding, sheet=sheet
    )


def read_lead_file(
    data: bytes,
    *,
    file_name: str,
    overrides: Mapping[str, LeadField] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> LeadFile:
    """A list from the bytes of a CSV file, or of a spreadsheet (xlsx, xlsm, xls, ods).

    `overrides` maps column names to fields. `encoding` is Python's name of one and is
    used instead of trying; `sheet` names the sheet, otherwise the first one that holds a
    list is taken. Raises LeadFileError, whose text names the thing and the remedy.
    """
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise LeadFileError(FileProblem.EMPTY, file_name)
    overrides = overrides or {}
    if data.startswith(_SPREADSHEETS):
        name, rows = _read_spreadsheet(data, file_name, overrides, sheet)
        header = _checked_header(file_name, rows, overrides, "spreadsheet", data)
        return LeadFile(file_name, "spreadsheet", header, rows, sheet=name)
    used, text = _decode(data, file_name, encoding)
    delimiter = _find_delimiter(text, overrides)
    rows = _read_csv(text, delimiter, file_name)
    header = _checked_header(file_name, rows, overrides, used, data)
    return LeadFile(file_name, used, header, rows, delimiter=delimiter)


def read_cells(
    data: bytes, *, file_name: str, encoding: str | None = None
) -> Sequence[Sequence[str]]:
    """All cells of a CSV file, or of a spreadsheet's first sheet with any, whatever they mean.

    Raises LeadFileError. See `read_lead_file`.
    """
    if data.startswith(_SPREADSHEETS):
        return _read_spreadsheet(data, file_name, {}, None)[1]
    _, text = _decode(data, file_name, encoding)
    return _read_csv(text, _find_delimiter(text, {}), file_name)


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


# --- text -------------------------------------------------------------------------------

_HEADER_WITHIN = 50  # rows: titles above a header are few
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # Excel's “Unicode text”


def _decode(data: bytes, file_name: str, encoding: str | None) -> tuple[str, str]:
    if encoding is not None:
        return encoding, _decode_as(data, encoding, file_name)
    if data.startswith(_UTF16):
        return "utf-16", _decode_as(data, "utf-16", file_name)
    try:
        return "utf-8", data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        utf8_error = error
    if data.startswith(codecs.BOM_UTF8) or _is_mostly_utf8(data):
        offset = utf8_error.start + len(data) - len(data.removeprefix(codecs.BOM_UTF8))
        raise LeadFileError(
            FileProblem.DAMAGED_UTF8, file_name, line=_line(data, offset), byte=offset
        ) from utf8_error
    text, bad_byte = _decode_cp932(data)
    if bad_byte is not None:
        raise LeadFileError(
            FileProblem.ENCODING,
            file_name,
            utf8_line=_line(data, utf8_error.start),
            utf8_byte=utf8_error.start,
            cp932_line=_line(data, bad_byte),
            cp932_byte=bad_byte,
            looks_like="euc_jp" if _is_euc_jp(data) else "",
        ) from utf8_error
    return "cp932", text


# Bytes that CP932 does not assign, and what Python's codec makes of them all the same.
_NOT_CP932 = re.compile("[\x80\xa0\uf8f0-\uf8f3]")


def _decode_cp932(data: bytes) -> tuple[str, int | None]:
    """The text, or the offset of the first byte that is not CP932."""
    try:
        text = data.decode("cp932")
    except UnicodeDecodeError as error:
        return "", error.start
    if wrong := _NOT_CP932.search(text):
        return "", len(text[: wrong.start()].encode("cp932"))
    return text, None


def _decode_as(data: bytes, encoding: str, file_name: str) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except (UnicodeError, LookupError) as error:
        raise LeadFileError(
            FileProblem.UNKNOWN_ENCODING, file_name, encoding=encoding, error=error
        ) from error


def _is_mostly_utf8(data: bytes) -> bool:
    """Real CP932 read as UTF-8 is nearly all errors; one cut character is not."""
    text = data.decode("utf-8", "replace")
    errors = text.count("\ufffd")
    good = sum(1 for character in text if character > "\x7f") - errors
    return good > 10 * errors


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def _find_delimiter(text: str, overrides: Mapping[str, LeadField]) -> str:
    """The delimiter with which a header names the most columns; else the commonest."""

    def worth(delimiter: str) -> tuple[int, int]:
        rows = _first_rows(text, delimiter)
        header = find_header(rows, overrides)
        known = header.known_columns() if header else 0
        return known, max(map(len, rows), default=0)

    return max(",\t;", key=worth)


def _first_rows(text: str, delimiter: str) -> list[list[str]]:
    # Less than csv's limit for one field, so that a quote left open cannot raise here.
    lines = io.StringIO(text[:100_000], newline="")
    return list(islice(csv.reader(lines, delimiter=delimiter), _HEADER_WITHIN))


def _read_csv(text: str, delimiter: str, file_name: str) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows.extend(reader)
    except csv.Error as error:
        raise LeadFileError(FileProblem.QUOTES, file_name, row=len(rows) + 1) from error
    return rows


# --- spreadsheets -----------------------------------------------------------------------

_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # zip: xlsx, ods; OLE: xls


def _read_spreadsheet(
    data: bytes, file_name: str, overrides: Mapping[str, LeadField], sheet: str | None
) -> tuple[str, list[list[str]]]:
    """The name and the rows of the sheet that was asked for, or that holds a list."""
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = workbook.sheet_names
        if sheet is not None and sheet not in names:
            raise LeadFileError(
                FileProblem.NO_SUCH_SHEET, file_name, sheet=sheet, sheets=", ".join(names)
            )
        filled: list[tuple[str, list[list[str]]]] = []
        for name in names if sheet is None else [sheet]:
            rows = _sheet_rows(workbook, name)
            if not any(map(any, rows)):
                continue
            header = find_header(rows[:_HEADER_WITHIN], overrides)
            if header and header.has_name() and header.has_phone():
                return name, rows
            filled.append((name, rows))
    except (CalamineError, OSError, ValueError) as error:
        raise LeadFileError(FileProblem.SPREADSHEET, file_name, error=error) from error
    if not filled:
        raise LeadFileError(FileProblem.EMPTY, file_name)
    return filled[0]


def _sheet_rows(workbook: CalamineWorkbook, name: str) -> list[list[str]]:
    # skip_empty_area would move a list that starts at B3, and its row numbers with it.
    cells = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return [[_cell_text(cell) for cell in row] for row in cells]


def _cell_text(cell: object) -> str:
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer():
            return str(int(cell))  # 312345678.0 is a telephone number without its zero
        case datetime() if cell.time() == datetime.min.time():
            return cell.date().isoformat()
        case datetime() | date():
            return cell.isoformat()
        case _:
            return str(cell)


# --- the header -------------------------------------------------------------------------


def _checked_header(
    file_name: str,
    rows: Sequence[Sequence[str]],
    overrides: Mapping[str, LeadField],
    encoding: str,
    data: bytes,
) -> Header:
    header = find_header(rows[:_HEADER_WITHIN], overrides)
    if header is None:
        first = next((row for row in rows if any(cell.strip() for cell in row)), [])
        raise LeadFileError(
            FileProblem.NO_HEADER,
            file_name,
            encoding=encoding,
            first=" | ".join(cell.strip() for cell in first)[:200],
            looks_like="euc_jp" if encoding == "cp932" and _is_euc_jp(data) else "",
        )
    where = {"row": header.row, "columns": ", ".join(each.name for each in header.columns)}
    if missing := unknown_overrides(header, overrides):
        raise LeadFileError(
            FileProblem.NO_SUCH_COLUMN, file_name, missing=", ".join(missing), **where
        )
    if not header.has_name():
        raise LeadFileError(FileProblem.NO_NAME_COLUMN, file_name, **where)
    if not header.has_phone():
        raise LeadFileError(FileProblem.NO_PHONE_COLUMN, file_name, **where)
    return header


def _is_euc_jp(data: bytes) -> bool:
    try:
        text = data.decode("euc_jp")
    except UnicodeDecodeError:
        return False
    return find_header(_first_rows(text, ",")) is not None
