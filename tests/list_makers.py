"""Lists as people make them: CSV in any encoding, workbooks with merged cells."""

import csv
import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl

from dialer.list_reading import inspect_list, numbered_rows
from dialer.rules.custom_field import CustomField
from dialer.rules.lead_columns import column_letter
from dialer.rules.lead_place import PostalPlaces
from dialer.rules.lead_problem import RowProblem, RowWarning
from dialer.rules.lead_row import LeadDraft, RowReader
from dialer.rules.list_shape import ListColumn, ListShape, ReadingChoices

Cells = Sequence[Sequence[object]]
SAMPLES = Path(__file__).parent / "samples"


def table(text: str) -> list[list[str]]:
    """Rows of cells from lines with | between the cells; ⏎ is a line break in a cell."""
    return [
        [cell.strip().replace("⏎", "\n") for cell in line.split("|")]
        for line in text.strip("\n").splitlines()
    ]


def csv_bytes(rows: Cells, encoding: str = "cp932", delimiter: str = ",") -> bytes:
    """The rows as Excel saves them: CRLF, quotes where they are needed."""
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return stream.getvalue().encode(encoding)


def xlsx_bytes(
    rows: Cells | Mapping[str, Cells],
    merged: Sequence[str] = (),
    formats: dict[str, str] | None = None,
) -> bytes:
    """A workbook: of one sheet, or of several by name; `merged` and `formats` are of the last."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, cells in (rows if isinstance(rows, Mapping) else {"一覧": rows}).items():
        sheet = book.create_sheet(name)
        for number, row in enumerate(cells, start=1):
            for column, value in enumerate(row, start=1):
                if value not in ("", None):
                    sheet.cell(number, column).value = _value(value)
    for where in merged:
        sheet.merge_cells(where)
    for where, code in (formats or {}).items():
        for cell in sheet[where]:
            cell[0].number_format = code
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def excel_bytes(rows: Cells, strings: str = "") -> bytes:
    """A workbook as Excel writes it, the texts in a part of their own (`strings`: its items)."""
    texts = [str(cell) for row in rows for cell in row]
    items = strings or "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
    numbers = iter(range(len(texts)))
    sheet = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{column_letter(at)}{number}" t="s"><v>{next(numbers)}</v></c>'
            for at, _ in enumerate(row)
        )
        + "</row>"
        for number, row in enumerate(rows, start=1)
    )
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'

    def relations(*targets: tuple[str, str]) -> str:
        links = "".join(
            f'<Relationship Id="rId{at}" Type="{relation}/{kind}" Target="{target}"/>'
            for at, (kind, target) in enumerate(targets, start=1)
        )
        return f"<Relationships {package}>{links}</Relationships>"

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("_rels/.rels", relations(("officeDocument", "xl/workbook.xml")))
        file.writestr(
            "xl/workbook.xml",
            f'<workbook {main} xmlns:r="{relation}"><sheets>'
            '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        file.writestr(
            "xl/_rels/workbook.xml.rels",
            relations(
                ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml")
            ),
        )
        file.writestr("xl/sharedStrings.xml", f"<sst {main}>{items}</sst>")
        file.writestr(
            "xl/worksheets/sheet1.xml",
            f"<worksheet {main}><sheetData>{sheet}</sheetData></worksheet>",
        )
    return stream.getvalue()


def ods_bytes(rows: Cells) -> bytes:
    """An OpenDocument sheet as LibreOffice writes it, with thousands of empty cells at the end."""
    names = {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    }
    empty = '<table:table-cell table:number-columns-repeated="16381"/>'
    lines = "".join(
        "<table:table-row>"
        + "".join(
            '<table:table-cell office:value-type="string">'
            "<office:annotation><text:p>注釈</text:p></office:annotation>"
            f"<text:p>{escape(str(cell))}</text:p></table:table-cell>"
            for cell in row
        )
        + f"{empty}</table:table-row>"
        for row in rows
    )
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in names.items())
    content = (
        f"<office:document-content {declared}><office:body><office:spreadsheet>"
        f'<table:table table:name="一覧">{lines}<table:table-row '
        f'table:number-rows-repeated="1048000">{empty}</table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", content)
    return stream.getvalue()


def xls_bytes(rows: Cells, corner: tuple[int, int] | None = None) -> bytes:
    """A workbook of Excel 97: BIFF8 records in a compound file; with a cell far off, if wanted."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def label(row: int, column: int, text: str) -> bytes:
        content = struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le")
        return record(0x0204, content)

    cells = b"".join(
        label(row, column, str(cell))
        for row, line in enumerate(rows)
        for column, cell in enumerate(line)
    )
    if corner is not None:
        cells += label(*corner, "x")
    end = record(0x000A, b"")
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)) + cells + end
    name = "一覧"
    head = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    bound_size = 4 + 8 + 2 * len(name)
    at = len(head) + bound_size + len(end)
    bound = struct.pack("<IHBB", at, 0, len(name), 1) + name.encode("utf-16-le")
    return _compound(head + record(0x0085, bound) + end + sheet)


def _compound(stream: bytes) -> bytes:
    """A compound file (MS-CFB) with one stream, called Workbook; a small one is a mini stream."""
    free, end, fat_sector = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        title = (name + "\0").encode("utf-16-le")
        return (
            title.ljust(64, b"\0")
            + struct.pack("<HBB", len(title) if name else 0, kind, 1)
            + struct.pack("<III", free, free, child)
            + bytes(16 + 4 + 16)
            + struct.pack("<IQ", start, size)
        )

    def chain(first: int, count: int) -> list[int]:
        return [*range(first + 1, first + count), end]

    def numbers(values: list[int]) -> bytes:
        return struct.pack("<128I", *values, *[free] * (128 - len(values)))

    size, padded = len(stream), stream.ljust(-(-len(stream) // 512) * 512, b"\0")
    sectors = len(padded) // 512
    if size < 4096:
        parts = numbers([fat_sector, end, end, *chain(3, sectors)])
        directory = entry("Root Entry", 5, 1, 3, len(padded)) + entry("Workbook", 2, free, 0, size)
        minis, rest = 2, numbers(chain(0, -(-size // 64))) + padded
    else:
        parts = numbers([fat_sector, end, *chain(2, sectors)])
        directory = entry("Root Entry", 5, 1, end, 0) + entry("Workbook", 2, free, 2, size)
        minis, rest = end, padded
    head = struct.pack(
        "<HHHHH6xIIIIIIIII",
        *(0x3E, 3, 0xFFFE, 9, 6),
        *(0, 1, 1, 0, 4096, minis, int(minis != end), end, 0),
    )
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + head + numbers([0])[:436]
    return header + parts + directory + entry("", 0, free, 0, 0) * 2 + rest


def _value(value: object) -> str | int | float | bool | date:
    assert isinstance(value, str | int | float | bool | date)
    return value


@dataclass(frozen=True)
class Columns:
    """Columns without a list, for reading rows."""

    columns: tuple[ListColumn, ...]
    area_code: str = ""


class ReadList:
    """A list that was inspected and read: its leads, problems and notes."""

    def __init__(
        self,
        path: Path,
        choices: ReadingChoices | None = None,
        *,
        targets: dict[int, str] | None = None,
        fields: Sequence[CustomField] = (),
        remembered: dict[str, str] | None = None,
        places: PostalPlaces | None = None,
    ) -> None:
        found = inspect_list(path, path.name, choices, fields=fields, remembered=remembered)
        self.shape: ListShape = found.with_targets(targets or {})
        reader = RowReader(self.shape, fields=fields, places=places)
        read = [reader.read(number, cells) for number, cells in numbered_rows(path, self.shape)]
        self.leads = [each for each in read if isinstance(each, LeadDraft)]
        self.problems = [each for each in read if isinstance(each, RowProblem)]
        self.notes = [each for each in read if isinstance(each, RowWarning)]

    @property
    def calls(self) -> dict[str, str]:
        """The first number to call of each lead, by its name."""
        return {lead.name: "".join(lead.callable_numbers[:1]) for lead in self.leads}

    @property
    def targets(self) -> dict[str, str]:
        """What the columns mean, without those that are kept as they are."""
        return {each.name: each.target for each in self.shape.columns if each.target != "extra"}

    @property
    def remarks(self) -> set[str]:
        """What there is to say about the list."""
        return {remark.note.value for remark in self.shape.remarks}


def write(folder: Path, data: bytes, name: str = "list.csv") -> Path:
    """The bytes as a file of that name."""
    path = folder / name
    path.write_bytes(data)
    return path
