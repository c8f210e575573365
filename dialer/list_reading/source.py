"""What every kind of file is read as: numbered rows of texts, in sheets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.rules.lead_columns import column_letter
from dialer.rules.list_shape import ListLimits, SheetInfo

NumberedRow = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Merged:
    """Cells that were made one: first and last row (from 1) and column (from 0)."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


class Source(Protocol):
    """A file that was opened. Rows come in order; rows without any text may be left out."""

    @property
    def sheets(self) -> Sequence[SheetInfo]: ...

    def rows(self, sheet: str) -> Iterator[NumberedRow]: ...

    def merged(self, sheet: str) -> Sequence[Merged]: ...


def check_size(size: int, file_name: str, limits: ListLimits) -> None:
    """Raises LeadFileError for a file of more bytes than may be read."""
    if size > limits.file_bytes:
        raise LeadFileError(
            FileProblem.TOO_LARGE,
            file_name,
            found=-(-size // 1024**2),
            most=limits.file_bytes // 1024**2,
        )


def limited(
    rows: Iterator[NumberedRow], file_name: str, limits: ListLimits
) -> Iterator[NumberedRow]:
    """The same rows; raises LeadFileError at the first that is beyond a limit."""
    most_rows, most_columns = limits.rows, limits.columns
    most_characters = limits.cell_characters
    for number, cells in rows:
        if number > most_rows:
            raise LeadFileError(FileProblem.TOO_MANY_ROWS, file_name, most=most_rows)
        if len(cells) > most_columns and any(cells[most_columns:]):
            raise LeadFileError(
                FileProblem.TOO_MANY_COLUMNS, file_name, row=number, most=most_columns
            )
        if cells and len(longest := max(cells, key=len)) > most_characters:
            raise LeadFileError(
                FileProblem.CELL_TOO_LONG,
                file_name,
                row=number,
                column=column_letter(cells.index(longest)),
                found=len(longest),
                most=most_characters,
            )
        yield number, cells
