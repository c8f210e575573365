"""xlsx and xlsm files, read row by row: memory does not grow with the file.

A library that loads a sheet makes room for the rectangle around its cells, so that two cells
far apart in a file of five kilobytes take gigabytes. Here a row has the cells that it has.
"""

import posixpath
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

from dialer.list_reading.number_formats import (
    arranged,
    day_or_time,
    digits_format,
    is_day_format,
    plain_number,
)
from dialer.list_reading.shared_strings import SharedStrings, shared_strings
from dialer.list_reading.source import Merged, NumberedRow
from dialer.list_reading.unpacking import (
    NotASpreadsheet,
    XmlPieces,
    local,
    open_package,
    parse,
    pieces_of,
)
from dialer.rules.list_shape import ListLimits, SheetInfo

_DIMENSION = re.compile(rb'<(?:\w+:)?dimension[^>]*ref="[A-Z]+\d+:[A-Z]+(\d+)"')
_MERGED = re.compile(rb'mergeCell [^>]*ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_MOST_MERGED = 100_000


@dataclass(slots=True)
class _Style:
    """What a cell's style does to a number: shows a day, or arranges digits."""

    is_day: bool = False
    digits: str = ""


@dataclass(slots=True)
class XlsxFile:
    """A workbook that was opened. Close it: some texts may lie in a temporary file."""

    package: ZipFile
    limits: ListLimits
    parts: dict[str, str] = field(default_factory=dict)  # of the sheets by their names
    sheets: Sequence[SheetInfo] = ()
    styles: list[_Style] = field(default_factory=list)
    since_1904: bool = False
    strings: SharedStrings | None = None
    # By part of a sheet: the rows that nobody sees, as far as it was read last.
    hidden: dict[str, list[int]] = field(default_factory=dict)

    def rows(self, sheet: str) -> Generator[NumberedRow, None, None]:
        """The rows with any text. Raises NotASpreadsheet when the sheet is damaged."""
        return _rows(self, self.parts[sheet])

    def hidden_rows(self, sheet: str) -> Sequence[int]:
        """The rows with any text that are hidden, as far as the sheet was read last."""
        return self.hidden.get(self.parts[sheet], ())

    def count_rows(self, sheet: str) -> int:
        """How many rows the sheet has, empty ones with a format included: quickly counted."""
        count, tail = 0, b""
        for piece in pieces_of(self.package, self.parts[sheet]):
            window = tail + piece
            count += window.count(b"<row ") + window.count(b"<row>")
            tail = window[-4:]  # too short to be counted twice
        return count

    def merged(self, sheet: str) -> Sequence[Merged]:
        """The merged cells; at most some 100,000."""
        found: list[Merged] = []
        before = b""
        for piece in pieces_of(self.package, self.parts[sheet]):
            window = before + piece
            if b"mergeCell " in window:
                found += [_merged(match) for match in _MERGED.finditer(window)]
                # What the window's end cut is found again with the next piece.
                before = window[max(window.rfind(b"<"), len(window) - 200) :]
            else:
                before = window[-200:]
            if len(found) > _MOST_MERGED:
                break
        return list(dict.fromkeys(found))

    def close(self) -> None:
        """Gives the file, and the temporary one, back."""
        self.package.close()
        if self.strings is not None:
            self.strings.close()


def open_xlsx(path: Path, file_name: str, limits: ListLimits) -> XlsxFile:
    """The workbook; raises LeadFileError beyond a limit, NotASpreadsheet when it is none."""
    package = open_package(path, file_name, limits)
    try:
        return _opened(XlsxFile(package, limits))
    except BaseException:
        package.close()
        raise


def _opened(book: XlsxFile) -> XlsxFile:
    workbook = _workbook_part(book.package)
    folder, name = posixpath.split(workbook)
    targets = _relations(book.package, f"{folder}/_rels/{name}.rels", folder)
    sheets: list[tuple[str, str, bool]] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        match local(tag):
            case "sheet":
                ids = [value for key, value in attributes.items() if local(key) == "id"]
                target = targets.get(ids[0], ("", ""))[1] if ids else ""
                hidden = attributes.get("state", "visible") != "visible"
                sheets.append((attributes.get("name", ""), target, hidden))
            case "workbookPr":
                book.since_1904 = attributes.get("date1904") in {"1", "true"}

    parse(pieces_of(book.package, workbook), start, _nothing)
    parts = set(book.package.namelist())
    by_kind = {kind: target for kind, target in targets.values() if target in parts}
    worksheets = {target for kind, target in targets.values() if kind == "worksheet"} & parts
    # Sheets that are hidden hold choices and codes, hardly ever the list: they come last.
    for sheet, target, _ in sorted(sheets, key=lambda each: each[2]):
        if target in worksheets:
            book.parts[sheet] = target
    book.sheets = tuple(
        SheetInfo(sheet, _dimension(book.package, part)) for sheet, part in book.parts.items()
    )
    if not book.sheets:
        raise NotASpreadsheet("it has no sheets")
    if styles := by_kind.get("styles"):
        book.styles = _styles(book.package, styles)
    if strings := by_kind.get("sharedStrings"):
        size = book.package.getinfo(strings).file_size
        book.strings = shared_strings(pieces_of(book.package, strings), size)
    return book


def _workbook_part(package: ZipFile) -> str:
    for kind, target in _relations(package, "_rels/.rels", "").values():
        if kind == "officeDocument":
            return target
    raise NotASpreadsheet("it has no workbook")


def _relations(package: ZipFile, part: str, folder: str) -> dict[str, tuple[str, str]]:
    """Kind and part by the id of the relation."""
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            path = target[1:] if target.startswith("/") else posixpath.join(folder, target)
            kind = attributes.get("Type", "").rpartition("/")[2]
            found[attributes.get("Id", "")] = kind, posixpath.normpath(path)

    parse(pieces_of(package, part), start, _nothing)
    return found


def _dimension(package: ZipFile, part: str) -> int | None:
    """The rows that the sheet says it has."""
    found = _DIMENSION.search(next(pieces_of(package, part), b"")[:4000])
    return int(found[1]) if found else None


def _styles(package: ZipFile, part: str) -> list[_Style]:
    codes: dict[int, str] = {}
    numbers: list[int] = []
    inside = {"cellXfs": False}

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        match local(tag):
            case "numFmt":
                codes[_int(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            case "cellXfs":
                inside["cellXfs"] = True
            case "xf" if inside["cellXfs"]:
                numbers.append(_int(attributes.get("numFmtId")))

    def end(tag: str) -> None:
        if local(tag) == "cellXfs":
            inside["cellXfs"] = False

    parse(pieces_of(package, part), start, end)
    return [
        _Style(is_day_format(number, code), digits_format(code))
        for number in numbers
        for code in (codes.get(number, ""),)
    ]


# --- rows -------------------------------------------------------------------------------


class _Sheet:
    """Collects the rows of a sheet as its XML goes by."""

    def __init__(self, book: XlsxFile) -> None:
        self.book = book
        self.done: list[NumberedRow] = []
        self.number = 0
        self.cells: dict[int, str] = {}
        self.column = -1
        self.kind = "n"
        self.style = 0
        self.parts: list[str] = []
        self.collecting = False
        self.phonetic = False
        self.is_hidden = False
        self.hidden: list[int] = []
        self._columns: dict[str, int] = {}
        self._local: dict[str, str] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        match self._name(tag):
            case "c":
                place = attributes.get("r")
                self.column = self.column + 1 if place is None else self._column(place)
                self.kind = attributes.get("t", "n")
                self.style = int(attributes.get("s", "0"))
                self.parts = []
            case "v":
                self.collecting = True
            case "t":
                self.collecting = not self.phonetic
            case "rPh":
                self.phonetic = True
            case "row":
                self.number = int(attributes.get("r") or self.number + 1)
                self.cells = {}
                self.column = -1
                self.is_hidden = attributes.get("hidden") in ("1", "true")

    def text(self, data: str) -> None:
        if self.collecting:
            self.parts.append(data)

    def end(self, tag: str) -> None:
        match self._name(tag):
            case "v" | "t":
                self.collecting = False
            case "c":
                if self.parts and (text := self._shown("".join(self.parts))):
                    self.cells[self.column] = text
            case "rPh":
                self.phonetic = False
            case "row":
                if self.cells:
                    if self.is_hidden:
                        self.hidden.append(self.number)
                    self.done.append((self.number, self._row()))

    def _row(self) -> list[str]:
        width = max(self.cells) + 1
        # One more than is allowed is enough for whoever refuses it.
        row = [""] * min(width, self.book.limits.columns + 1)
        for column, text in self.cells.items():
            row[min(column, len(row) - 1)] = text
        return row

    def _shown(self, raw: str) -> str:
        match self.kind:
            case "s":
                strings = self.book.strings
                text = strings[int(raw)] if strings is not None else ""
                return _unescaped(text) if "_x" in text else text
            case "n":
                return self._number(raw.strip())
            case "b":
                return "TRUE" if raw.strip() == "1" else "FALSE"
            case "d":
                return raw.removesuffix("T00:00:00").removesuffix("T00:00:00.000")
            case _:
                return _unescaped(raw) if "_x" in raw else raw

    def _number(self, raw: str) -> str:
        styles = self.book.styles
        style = styles[self.style] if self.style < len(styles) else None
        if style is not None and style.is_day:
            return day_or_time(raw, since_1904=self.book.since_1904)
        number = plain_number(raw)
        if style is not None and style.digits and number.isdigit():
            return arranged(number, style.digits)
        return number

    def _column(self, place: str) -> int:
        letters = place.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = _column(letters)
        return column

    def _name(self, tag: str) -> str:
        name = self._local.get(tag)
        if name is None:
            name = self._local[tag] = local(tag)
        return name


def _rows(book: XlsxFile, part: str) -> Generator[NumberedRow, None, None]:
    sheet = _Sheet(book)
    book.hidden[part] = sheet.hidden
    xml = XmlPieces(sheet.start, sheet.end, sheet.text)
    try:
        for piece in pieces_of(book.package, part):
            xml.feed(piece)
            yield from sheet.done
            sheet.done.clear()
        xml.feed(b"", last=True)
        yield from sheet.done
    except (ValueError, IndexError) as error:
        raise NotASpreadsheet(f"row {sheet.number}: {error}") from error


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise ValueError(f"no such column: {letters}")
        number = number * 26 + ord(letter) - 64
    if not 1 <= number <= 16_384:
        raise ValueError(f"no such column: {letters}")
    return number - 1


def _merged(match: re.Match[bytes]) -> Merged:
    return Merged(
        int(match[2]), _column(match[1].decode()), int(match[4]), _column(match[3].decode())
    )


def _unescaped(text: str) -> str:
    """``_x000D_`` is how the format writes what XML cannot."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _int(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _nothing(_: str) -> None:
    """The end of an element says nothing here."""
