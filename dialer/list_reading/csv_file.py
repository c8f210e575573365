"""CSV files of any delimiter, read in constant memory whatever their size."""

import codecs
import csv
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.list_reading.encodings import check_encoding, check_lines, find_encoding
from dialer.list_reading.source import Merged, NumberedRow
from dialer.rules.list_shape import SheetInfo

DELIMITERS = (",", "\t", ";", "|")
TRIED = 60  # rows: enough for the titles above a header, and some data


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file that was opened."""

    path: Path
    file_name: str
    encoding: str  # as Python calls it
    delimiter: str

    @property
    def sheets(self) -> Sequence[SheetInfo]:
        """It has one, which has no name."""
        return (SheetInfo(""),)

    def merged(self, sheet: str) -> Sequence[Merged]:
        """What was merged in a spreadsheet is a value with nothing beside it in a CSV file."""
        return ()

    def rows(self, sheet: str = "") -> Generator[NumberedRow, None, None]:
        """All rows. Raises LeadFileError for bad quotes, and bytes that are no characters."""
        row = 0
        try:
            for row, cells in enumerate(
                _reader(self.path, self.encoding, self.delimiter, strict=True), start=1
            ):
                yield row, cells
        except csv.Error as error:
            raise LeadFileError(FileProblem.QUOTES, self.file_name, row=row + 1) from error
        except UnicodeError as error:
            check_encoding(self.path, self.encoding, self.file_name)
            raise LeadFileError(
                FileProblem.UNKNOWN_ENCODING, self.file_name, encoding=self.encoding, error=error
            ) from error


def open_csv(
    path: Path,
    file_name: str,
    *,
    encoding: str,
    delimiter: str,
    worth: Callable[[Sequence[Sequence[str]]], int],
) -> CsvFile:
    """The file with its encoding and delimiter; what is told is taken, what is empty is found.

    `worth` says how much of a header the first rows are when they are parted by a delimiter.
    Raises LeadFileError.
    """
    if encoding:
        check_encoding(path, encoding, file_name)
    check_lines(path, file_name)
    used = encoding or find_encoding(path, file_name)
    return CsvFile(path, file_name, used, delimiter or _find_delimiter(path, used, worth))


def _find_delimiter(
    path: Path, encoding: str, worth: Callable[[Sequence[Sequence[str]]], int]
) -> str:
    """The delimiter with which a header names the most columns; else the commonest."""

    def how_good(delimiter: str) -> tuple[int, int]:
        rows = first_rows(path, encoding, delimiter)
        return worth(rows), max(map(len, rows), default=0)

    return max(DELIMITERS, key=how_good)


def first_rows(path: Path, encoding: str, delimiter: str) -> list[list[str]]:
    """The first rows, as far as they can be parted; the encoding must be known to fit."""
    reader = _reader(path, encoding, delimiter, strict=False)
    rows: list[list[str]] = []
    try:
        rows.extend(islice(reader, TRIED))
    except csv.Error:
        return rows  # A quote left open: said when the rows are read.
    return rows


def _reader(path: Path, encoding: str, delimiter: str, *, strict: bool) -> Iterator[list[str]]:
    # utf-8-sig takes a byte order mark away, and does without one.
    codec = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    with path.open(encoding=codec, newline="") as stream:
        yield from csv.reader(stream, delimiter=delimiter, strict=strict)
