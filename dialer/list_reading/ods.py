"""ods files (OpenDocument), read row by row: memory does not grow with the file."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from dialer.list_reading.number_formats import plain_number
from dialer.list_reading.source import Merged, NumberedRow
from dialer.list_reading.unpacking import NotASpreadsheet, XmlPieces, local, open_package, pieces_of
from dialer.rules.list_shape import ListLimits, SheetInfo

_CONTENT = "content.xml"
# Texts of a cell that are no part of it: a comment, and フリガナ.
_BESIDE = frozenset({"annotation", "ruby-text", "tracked-changes"})


@dataclass(slots=True)
class OdsFile:
    """A document that was opened."""

    package: ZipFile
    limits: ListLimits
    sheets: Sequence[SheetInfo] = ()

    def rows(self, sheet: str) -> Generator[NumberedRow, None, None]:
        """The rows with any text. Raises NotASpreadsheet when the document is damaged."""
        reading = _Reading(sheet, self.limits)
        xml = XmlPieces(reading.start, reading.end, reading.text)
        try:
            for piece in pieces_of(self.package, _CONTENT):
                xml.feed(piece)
                yield from reading.done
                reading.done.clear()
            xml.feed(b"", last=True)
        except ValueError as error:
            raise NotASpreadsheet(f"row {reading.number}: {error}") from error
        yield from reading.done

    def merged(self, sheet: str) -> Sequence[Merged]:
        """The merged cells."""
        reading = _Reading(sheet, self.limits)
        xml = XmlPieces(reading.start, reading.end, reading.text)
        for piece in pieces_of(self.package, _CONTENT):
            xml.feed(piece)
            reading.done.clear()
        return reading.merged

    def close(self) -> None:
        """Gives the file back."""
        self.package.close()


def open_ods(path: Path, file_name: str, limits: ListLimits) -> OdsFile:
    """The document; raises LeadFileError beyond a limit, NotASpreadsheet when it is none."""
    package = open_package(path, file_name, limits)
    try:
        names = _sheet_names(package)
    except BaseException:
        package.close()
        raise
    return OdsFile(package, limits, tuple(SheetInfo(name) for name in names))


def _sheet_names(package: ZipFile) -> list[str]:
    names: list[str] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "table:table":
            names.append(attributes.get("table:name", ""))

    xml = XmlPieces(start, lambda _: None)
    for piece in pieces_of(package, _CONTENT):
        xml.feed(piece)
    if not names:
        raise NotASpreadsheet("it has no sheets")
    return names


class _Reading:
    """Collects the rows of one sheet as the XML of all goes by."""

    def __init__(self, sheet: str, limits: ListLimits) -> None:
        self.sheet = sheet
        self.limits = limits
        self.done: list[NumberedRow] = []
        self.merged: list[Merged] = []
        self.number = 0
        self._inside = 0  # tables within tables: a cell can hold one
        self._row: list[str] = []
        self._row_times = 1
        self._cell: Mapping[str, str] | None = None
        self._paragraphs: list[str] = []
        self._beside = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = local(tag)
        if name == "table":
            if self._inside or attributes.get("table:name", "") == self.sheet:
                self._inside += 1
        elif self._inside != 1:
            return
        elif name in _BESIDE:
            self._beside += 1
        elif name == "table-row":
            self.number += 1
            self._row = []
            self._row_times = int(attributes.get("table:number-rows-repeated", "1"))
        elif name in {"table-cell", "covered-table-cell"}:
            self._cell, self._paragraphs = attributes, []
        elif name == "p" and not self._beside:
            self._paragraphs.append("")
        elif name in {"s", "tab"}:
            self.text(" " * min(int(attributes.get("text:c", "1")), 100))
        elif name == "line-break":
            self.text("\n")

    def text(self, data: str) -> None:
        if self._paragraphs and not self._beside and self._inside == 1:
            self._paragraphs[-1] += data

    def end(self, tag: str) -> None:
        name = local(tag)
        if name == "table" and self._inside:
            self._inside -= 1
        elif self._inside != 1:
            return
        elif name in _BESIDE:
            self._beside -= 1
        elif name in {"table-cell", "covered-table-cell"} and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif name == "table-row":
            self._end_row()

    def _end_cell(self, cell: Mapping[str, str]) -> None:
        text = _shown(cell, "\n".join(self._paragraphs))
        times = int(cell.get("table:number-columns-repeated", "1"))
        columns = int(cell.get("table:number-columns-spanned", "1"))
        rows = int(cell.get("table:number-rows-spanned", "1"))
        if text and (columns > 1 or rows > 1):
            here = len(self._row)
            self.merged.append(
                Merged(self.number, here, self.number + rows - 1, here + columns - 1)
            )
        # The empty cells to the right of a row are said to be thousands.
        room = self.limits.columns + 1 - len(self._row)
        self._row += [text] * min(times, room)

    def _end_row(self) -> None:
        row = self._row
        while row and not row[-1]:
            row.pop()
        if row:
            # Beyond the limit by one is enough for whoever refuses it.
            times = min(self._row_times, self.limits.rows + 1)
            self.done += [(self.number + turn, row) for turn in range(times)]
        self.number += self._row_times - 1


def _shown(cell: Mapping[str, str], text: str) -> str:
    match cell.get("office:value-type"):
        case "float" | "currency" | "percentage":
            # 0352542287 is what people see of a number with leading zeros.
            return text if text.startswith("0") and text.isdigit() else _number(cell, text)
        case "date":
            return cell.get("office:date-value", text).removesuffix("T00:00:00")
        case "boolean":
            return "TRUE" if cell.get("office:boolean-value") == "true" else "FALSE"
        case _:
            return text


def _number(cell: Mapping[str, str], text: str) -> str:
    value = cell.get("office:value")
    return text if value is None else plain_number(value)
