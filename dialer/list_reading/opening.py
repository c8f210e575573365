"""Opening a list: which kind of file it is, by its first bytes and not by its name."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.list_reading.csv_file import CsvFile, open_csv
from dialer.list_reading.ods import OdsFile, open_ods
from dialer.list_reading.source import Source, check_size
from dialer.list_reading.unpacking import NotASpreadsheet
from dialer.list_reading.xls import XlsFile, open_xls
from dialer.list_reading.xlsx import XlsxFile, open_xlsx
from dialer.rules.list_shape import ListLimits

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
# Web pages and XML that a program saved as .xls, PDF, pictures, packed files.
_ANOTHER_KIND = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!DOCTYPE|html|table|meta|\?xml)|%PDF|\x89PNG|\xff\xd8\xff|\x1f\x8b"
    rb"|7z\xbc\xaf|Rar!",
    re.IGNORECASE,
)


@contextmanager
def open_list(
    path: Path,
    file_name: str,
    limits: ListLimits,
    *,
    encoding: str = "",
    delimiter: str = "",
    worth: Callable[[Sequence[Sequence[str]]], int] = len,
) -> Iterator[Source]:
    """The file at `path`, closed at the end. Raises LeadFileError, also while it is read.

    `encoding`, `delimiter` and `worth` are for CSV files: see `open_csv`.
    """
    spreadsheet: XlsxFile | OdsFile | XlsFile | None = None
    try:
        check_size(path.stat().st_size, file_name, limits)
        with path.open("rb") as stream:
            head = stream.read(4096)
        if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf") and path.stat().st_size <= len(head):
            raise LeadFileError(FileProblem.EMPTY, file_name)
        if _ANOTHER_KIND.match(head):
            raise LeadFileError(FileProblem.ANOTHER_KIND, file_name)
        if not head.startswith((_ZIP, _OLE)):
            yield open_csv(path, file_name, encoding=encoding, delimiter=delimiter, worth=worth)
            return
        spreadsheet = _open_spreadsheet(path, file_name, limits, is_zip=head.startswith(_ZIP))
        yield spreadsheet
    except NotASpreadsheet as error:
        raise LeadFileError(FileProblem.SPREADSHEET, file_name, error=error) from error
    except OSError as error:
        raise LeadFileError(
            FileProblem.UNREADABLE, file_name, error=error.strerror or str(error)
        ) from error
    finally:
        if spreadsheet is not None:
            spreadsheet.close()


def is_csv(source: Source) -> bool:
    """Whether it has an encoding and a delimiter instead of sheets."""
    return isinstance(source, CsvFile)


def _open_spreadsheet(
    path: Path, file_name: str, limits: ListLimits, *, is_zip: bool
) -> XlsxFile | OdsFile | XlsFile:
    if not is_zip:
        return open_xls(path, file_name)
    try:
        with ZipFile(path) as package:
            names = set(package.namelist())
    except (BadZipFile, ValueError, NotImplementedError) as error:
        raise NotASpreadsheet(str(error)) from error
    if "content.xml" in names:
        return open_ods(path, file_name, limits)
    if "xl/workbook.bin" in names:
        raise NotASpreadsheet("xlsb is not read")
    return open_xlsx(path, file_name, limits)
