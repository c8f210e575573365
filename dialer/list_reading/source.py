"""What every kind of file is read as: numbered rows of texts, in sheets."""

from collections.abc import Generator, Sequence
from contextlib import closing
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

    def rows(self, sheet: str) -> Generator[NumberedRow, None, None]: ...

    def merged(self, sheet: str) -> Sequence[Merged]: ...


def check_size(size: int, file_name: str, limits: ListLimits) -> None:
    """Raises LeadFileError for a file of more bytes than may be read."""
    if size > limits.file_bytes:
        raise LeadFileError(
            FileProblem.TOO_LARGE,
            file_name,
            most=limits.file_bytes // 1024**2,
        )


def limited(
    rows: Generator[NumberedRow, None, None], file_name: str, limits: ListLimits
) -> Generator[NumberedRow, None, None]:
    """The same rows; raises LeadFileError at the first that is beyond a limit."""
    with closing(rows):
        for number, cells in rows:
            if (
                number > limits.rows
                or len(cells) > limits.columns
                or (cells and len(max(cells, key=len)) > limits.cell_characters)
            ):
                _refuse(number, cells, file_name, limits)
            yield number, cells


def _refuse(number: int, cells: Sequence[str], file_name: str, limits: ListLimits) -> None:
    if number > limits.rows:
        raise LeadFileError(FileProblem.TOO_MANY_ROWS, file_name, most=limits.rows)
    if any(cells[limits.columns :]):
        raise LeadFileError(
            FileProblem.TOO_MANY_COLUMNS, file_name, row=number, most=limits.columns
        )
    column = next((at for at, cell in enumerate(cells) if len(cell) > limits.cell_characters), None)
    if column is not None:
        raise LeadFileError(
            FileProblem.CELL_TOO_LONG,
            file_name,
            row=number,
            column=column_letter(column),
            found=len(cells[column]),
            most=limits.cell_characters,
        )
