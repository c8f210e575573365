"""Lists of numbers as files: each row is read and judged before the first is written.

A list is CSV (UTF-8, CP932) or a spreadsheet with a column of numbers, and for prohibiting
one of reasons if it likes. A single column needs no header.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from dialer.list_reading import read_cells
from dialer.rules.column_names import recognise
from dialer.rules.lead_field import CALLED_FIELDS, LeadField
from dialer.rules.phone_number import UnusableNumber, UnusableReason, parse_phone_numbers

LARGEST_FILE_BYTES = 8 * 1024 * 1024
MOST_ROWS = 200_000

_NUMBER_COLUMNS = frozenset({"番号", "禁止番号", "number", "numbers"})
_REASON_COLUMNS = frozenset({"理由", "禁止理由", "事由", "reason"})


class ListProblem(StrEnum):
    """What is wrong with a file as a whole; nothing of such a file is written."""

    UNREADABLE = "unreadable"
    EMPTY = "empty"
    TOO_LARGE = "too large"
    TOO_MANY_ROWS = "too many rows"
    NO_NUMBER_COLUMN = "no number column"


class ProhibitionFileError(Exception):
    """The file cannot be used. `str()` is the English text; `text` has both."""

    def __init__(self, problem: ListProblem, file_name: str, **details: object) -> None:
        self.problem = problem
        self.file_name = file_name
        self.details = details
        super().__init__(self.text("en"))

    def text(self, language: str = "en") -> str:
        """What is wrong and what to do about it; `language` is ``ja`` or ``en``."""
        japanese, english = _TEXTS[self.problem]
        words = (japanese if language == "ja" else english).format(**self.details)
        return f"{self.file_name}: {words}"


_TEXTS: Mapping[ListProblem, tuple[str, str]] = {
    ListProblem.UNREADABLE: (
        "読み込めません({error})。パスと権限を確認してください",
        "cannot be read ({error}); check the path and its permissions",
    ),
    ListProblem.EMPTY: (
        "番号がありません。電話番号の列が必要です",
        "holds no numbers; it needs a column of telephone numbers",
    ),
    ListProblem.TOO_LARGE: (
        "大きすぎます(上限 {most}MB)。分割してください",
        "is too large (at most {most} MB); split it",
    ),
    ListProblem.TOO_MANY_ROWS: (
        "{rows}行あります(上限 {most}行)。分割してください",
        "has {rows} rows (at most {most}); split it",
    ),
    ListProblem.NO_NUMBER_COLUMN: (
        "{row}行目に電話番号の列がありません(列: {columns})。"
        "見出しを「電話番号」にするか、番号だけの1列にしてください",
        "row {row} names no column of numbers (columns: {columns}); "
        "call it 電話番号 or “phone”, or leave one column with the numbers alone",
    ),
}


@dataclass(frozen=True, slots=True)
class ListedNumber:
    """A number of the list: where it stands, as it is written, and its reason, if one is given."""

    row: int  # as a spreadsheet shows it
    value: str
    e164: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NotANumber:
    """A cell that is no number, and why."""

    row: int
    column: str
    value: str
    why: UnusableReason


@dataclass(frozen=True, slots=True)
class Repeated:
    """A number that stands in an earlier row already."""

    row: int
    value: str
    e164: str
    first_row: int


@dataclass(frozen=True, slots=True)
class NumberList:
    """A file, read completely; every row with anything in it is one of the three."""

    file_name: str
    numbers: tuple[ListedNumber, ...] = field(repr=False)  # each once
    unusable: tuple[NotANumber, ...] = field(repr=False)
    repeated: tuple[Repeated, ...] = field(repr=False)


def load_number_list(path: Path, *, encoding: str | None = None) -> NumberList:
    """Reads the file at `path`. See `read_number_list`."""
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise _too_large(path.name)
        data = path.read_bytes()
    except OSError as error:
        raise ProhibitionFileError(
            ListProblem.UNREADABLE, str(path), error=error.strerror or str(error)
        ) from error
    return read_number_list(data, file_name=path.name, encoding=encoding)


def read_number_list(
    data: bytes, *, file_name: str, encoding: str | None = None, region: str = "JP"
) -> NumberList:
    """The numbers of a file's bytes; those without a country code belong to `region`.

    Raises ProhibitionFileError, or LeadFileError when the bytes are no text or no
    spreadsheet; both have a `text`.
    """
    if len(data) > LARGEST_FILE_BYTES:
        raise _too_large(file_name)
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise ProhibitionFileError(ListProblem.EMPTY, file_name)
    rows = read_cells(data, file_name=file_name, encoding=encoding)
    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(map(str.strip, row))]
    if not filled:
        raise ProhibitionFileError(ListProblem.EMPTY, file_name)
    if len(filled) > MOST_ROWS:
        raise ProhibitionFileError(
            ListProblem.TOO_MANY_ROWS, file_name, rows=len(filled), most=MOST_ROWS
        )
    columns = _columns(filled, file_name, region)
    listed = filled[1:] if columns.has_header else filled
    if not listed:
        raise ProhibitionFileError(ListProblem.EMPTY, file_name)
    return _read(listed, columns, file_name, region)


def _too_large(file_name: str) -> ProhibitionFileError:
    most = LARGEST_FILE_BYTES // 1024**2
    return ProhibitionFileError(ListProblem.TOO_LARGE, file_name, most=most)


# --- columns ------------------------------------------------------------------------------

_Rows = Sequence[tuple[int, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class _Columns:
    numbers: Sequence[tuple[int, str]]  # their places and names
    reason: int | None = None
    has_header: bool = True


def _columns(filled: _Rows, file_name: str, region: str) -> _Columns:
    row, header = filled[0]
    numbers = [(place, cell.strip()) for place, cell in enumerate(header) if _means_number(cell)]
    if numbers:
        named = (place for place, cell in enumerate(header) if _word(cell) in _REASON_COLUMNS)
        return _Columns(numbers, next(named, None))
    used = {place for _, cells in filled for place, cell in enumerate(cells) if cell.strip()}
    if len(used) != 1:
        said = " | ".join(cell.strip() for cell in header)[:200]
        raise ProhibitionFileError(ListProblem.NO_NUMBER_COLUMN, file_name, row=row, columns=said)
    (only,) = used
    # A single column with a title that nobody knows: it has no digits.
    title = not any(character.isdigit() for character in header[only])
    return _Columns([(only, header[only].strip() if title else "")], has_header=title)


def _means_number(cell: str) -> bool:
    word = _word(cell)
    return word in _NUMBER_COLUMNS or recognise(cell) in {*CALLED_FIELDS, LeadField.FAX}


def _word(cell: str) -> str:
    return cell.strip().lower()


# --- rows ---------------------------------------------------------------------------------


def _read(rows: _Rows, columns: _Columns, file_name: str, region: str) -> NumberList:
    numbers: dict[str, ListedNumber] = {}
    unusable: list[NotANumber] = []
    repeated: list[Repeated] = []
    for row, cells in rows:
        reason = _cell(cells, columns.reason)
        for found in _numbers_in(row, cells, columns, region):
            if isinstance(found, NotANumber):
                unusable.append(found)
            elif (earlier := numbers.get(found.e164)) is not None:
                repeated.append(Repeated(row, found.value, found.e164, earlier.row))
            else:
                numbers[found.e164] = ListedNumber(row, found.value, found.e164, reason)
    return NumberList(file_name, tuple(numbers.values()), tuple(unusable), tuple(repeated))


def _numbers_in(
    row: int, cells: Sequence[str], columns: _Columns, region: str
) -> Iterator[ListedNumber | NotANumber]:
    """Every number of the row; when its cells are all empty, the first of them is to blame."""
    filled = [(place, name) for place, name in columns.numbers if _cell(cells, place)]
    for place, name in filled or columns.numbers[:1]:
        value = _cell(cells, place)
        found = parse_phone_numbers(value, region)
        if isinstance(found, UnusableNumber):
            yield NotANumber(row, name, value, found.reason)
        else:
            for number in found:
                yield ListedNumber(row, value, number.e164)


def _cell(cells: Sequence[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""
