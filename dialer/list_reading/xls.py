"""xls files, the spreadsheets of before 2007: at most 65,536 rows, so they are loaded whole."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.list_reading.source import Merged, NumberedRow
from dialer.list_reading.unpacking import NotASpreadsheet
from dialer.list_reading.xls_extent import largest_extent
from dialer.rules.list_shape import SheetInfo

_CELL_BYTES = 64  # what the library takes for each, empty ones included
_MOST_CELLS = 3_000_000  # 65,536 rows of 45 columns


@dataclass(slots=True)
class XlsFile:
    """A workbook that was opened."""

    book: CalamineWorkbook
    sheets: Sequence[SheetInfo] = ()

    def rows(self, sheet: str) -> Generator[NumberedRow, None, None]:
        """The rows with any text. Raises NotASpreadsheet when the sheet is damaged."""
        try:
            table = self.book.get_sheet_by_name(sheet)
            first_row, first_column = table.start or (0, 0)
            before = [""] * first_column  # a list that starts at B3 stays there
            for number, cells in enumerate(table.iter_rows(), start=first_row + 1):
                texts = [_shown(cell) for cell in cells]
                if any(texts):
                    yield number, before + texts
        except (CalamineError, ValueError) as error:
            raise NotASpreadsheet(str(error)) from error

    def merged(self, sheet: str) -> Sequence[Merged]:
        """The merged cells, as far as the file says."""
        try:
            ranges = self.book.get_sheet_by_name(sheet).merged_cell_ranges or ()
        except (CalamineError, ValueError) as error:
            raise NotASpreadsheet(str(error)) from error
        return [Merged(first[0] + 1, first[1], last[0] + 1, last[1]) for first, last in ranges]

    def close(self) -> None:
        """Gives the file back."""
        self.book.close()


def open_xls(path: Path, file_name: str) -> XlsFile:
    """The workbook; raises LeadFileError when it would fill the memory.

    Raises NotASpreadsheet when it is none, or has a password.
    """
    cells = largest_extent(path.read_bytes())
    if cells > _MOST_CELLS:
        raise LeadFileError(
            FileProblem.UNPACKS_TOO_LARGE,
            file_name,
            found=cells * _CELL_BYTES // 1024**2,
            most=_MOST_CELLS * _CELL_BYTES // 1024**2,
        )
    try:
        book = CalamineWorkbook.from_path(str(path))
        return XlsFile(book, tuple(SheetInfo(name) for name in book.sheet_names))
    except (CalamineError, OSError, ValueError) as error:
        raise NotASpreadsheet(str(error)) from error


def _shown(cell: object) -> str:
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer():
            return str(int(cell))  # 312345678.0 is a telephone number without its zero
        case float():
            return f"{cell:.15g}"
        case datetime() if cell.time() == time.min:
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(timespec="minutes" if cell.second == 0 else "seconds")
        case date():
            return cell.isoformat()
        case time():
            return cell.isoformat(timespec="minutes")
        case _:
            return str(cell)
