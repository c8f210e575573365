"""Looking at a list before it is read: its table, its columns, and what a preview shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.list_reading.csv_file import CsvFile, first_rows
from dialer.list_reading.encodings import could_be_euc_jp
from dialer.list_reading.opening import open_list
from dialer.list_reading.source import Merged, Source, limited
from dialer.list_reading.xlsx import XlsxFile
from dialer.rules.cell_content import DITTO_MARKS
from dialer.rules.column_content import area_code_of, columns_by_content, columns_of_groups
from dialer.rules.custom_field import CustomField
from dialer.rules.lead_columns import columns_by_name
from dialer.rules.lead_field import CALLED_FIELDS, NAME_FIELDS, LeadField
from dialer.rules.list_shape import (
    ListLimits,
    ListShape,
    ReadingChoices,
    Remark,
    ShapeNote,
    TableInfo,
)
from dialer.rules.list_table import FoundTable, Spans, TableFinder, known_fields

_JUDGED_ROWS = 200  # of data: what the cells of a column look like
_HIDDEN_SHOWN = 10
BIG_SHEET_ROWS = 20_000  # of a spreadsheet: further down no second table is looked for


def inspect_list(
    path: Path,
    file_name: str,
    choices: ReadingChoices | None = None,
    *,
    fields: Sequence[CustomField] = (),
    remembered: Mapping[str, str] | None = None,
    limits: ListLimits | None = None,
) -> ListShape:
    """How the file at `path`, which people call `file_name`, is built.

    `fields` are the custom fields that a column may hold; `remembered` are targets by
    column name, of earlier lists. Raises LeadFileError for a file that cannot be read;
    a list without a name column is none of them, but its shape has a remark.
    """
    choices = choices or ReadingChoices()
    told = dict(remembered or {})
    limits = limits or ListLimits()
    with open_list(
        path,
        file_name,
        limits,
        encoding=choices.encoding,
        delimiter=choices.delimiter,
        worth=lambda rows: max((len(known_fields(row, told)) for row in rows), default=0),
    ) as source:
        looking = _Looking(source, file_name, choices, told, fields, limits)
        shape = looking.shape()
        remarks = (*shape.remarks, *_general_remarks(shape, source, path))
        return replace(shape, remarks=remarks)


@dataclass(slots=True)
class _Seen:
    """A sheet that was looked through."""

    sheet: str
    finder: TableFinder
    tables: list[FoundTable]
    complete: bool  # to its end
    hidden: Sequence[int] = ()  # rows

    def best(self) -> FoundTable:
        """The table with names and numbers, of several the longest, the first of equals."""
        return max(self.tables, key=lambda table: (_worth(table), table.row_count))


@dataclass(slots=True)
class _Looking:
    source: Source
    file_name: str
    choices: ReadingChoices
    told: Mapping[str, str]
    fields: Sequence[CustomField]
    limits: ListLimits
    spans: dict[str, Spans] = field(default_factory=dict)

    def shape(self) -> ListShape:
        seen, table = self._chosen()
        first_row = max(table.first_row, self.choices.first_row or 0)
        last_row: int | None = table.last_row if seen.complete or len(seen.tables) > 1 else None
        if self.choices.last_row is not None:
            last_row = self.choices.last_row
        titles, rows = self._read(seen.sheet, table, first_row, last_row)
        if not rows and not any(table.names):
            raise LeadFileError(FileProblem.EMPTY, self.file_name)
        width = _width(table, rows)
        names = [*table.names[:width], *[()] * (width - len(table.names))]
        named = columns_by_name(names, remembered=self.told, fields=self.fields)
        data = [cells for _, cells in rows]
        filled = columns_by_content(named.columns, data)
        remarks = [*named.remarks, *filled.remarks, *self._table_remarks(seen, table)]
        if any(not DITTO_MARKS.isdisjoint(cells) for cells in data):
            remarks.append(Remark(ShapeNote.DITTO_MARKS))
        groups = columns_of_groups(filled.columns, data)
        if groups:
            names_of_groups = ", ".join(filled.columns[at].name for at in groups)
            remarks.append(Remark(ShapeNote.FILLED_DOWN, names_of_groups))
        is_csv = isinstance(self.source, CsvFile)
        count = table.row_count if last_row == table.last_row else None
        if last_row is None and isinstance(self.source, XlsxFile):
            count = max(self.source.count_rows(seen.sheet) - table.header_rows[1], 1)
        return ListShape(
            self.file_name,
            "csv" if is_csv else "spreadsheet",
            filled.columns,
            table.header_rows,
            first_row,
            last_row,
            encoding=self.source.encoding if isinstance(self.source, CsvFile) else "",
            delimiter=self.source.delimiter if isinstance(self.source, CsvFile) else "",
            sheet=seen.sheet,
            sheets=tuple(self.source.sheets) if not is_csv else (),
            tables=tuple(map(_info, seen.tables)),
            row_count=count,
            titles=titles,
            remarks=tuple(remarks),
            sample=tuple((number, tuple(cells)) for number, cells in rows),
            area_code=self.choices.area_code,
            filled_down=groups,
            suggested_area_code=area_code_of(filled.columns, data, titles)
            if any(remark.note is ShapeNote.NO_AREA_CODE for remark in remarks)
            else "",
        )

    def _chosen(self) -> tuple[_Seen, FoundTable]:
        seen = self._sheet_with_the_list()
        rows = self.choices.header_rows
        if rows is None:
            return seen, seen.best()
        same = next((table for table in seen.tables if table.header_rows == rows), None)
        return seen, same or seen.finder.table_at(*rows)

    def _sheet_with_the_list(self) -> _Seen:
        """The sheet that was asked for, else the first one with names and numbers."""
        names = [sheet.name for sheet in self.source.sheets]
        if self.choices.sheet:
            if self.choices.sheet not in names:
                raise LeadFileError(
                    FileProblem.NO_SUCH_SHEET,
                    self.file_name,
                    sheet=self.choices.sheet,
                    sheets=", ".join(names),
                )
            names = [self.choices.sheet]
        filled: list[_Seen] = []
        for name in names:
            seen = self._look_through(name)
            if seen is None:
                continue
            if _worth(seen.best()) == 2:
                return seen
            filled.append(seen)
        if not filled:
            raise LeadFileError(FileProblem.EMPTY, self.file_name)
        return max(filled, key=lambda seen: _worth(seen.best()))

    def _look_through(self, sheet: str) -> _Seen | None:
        spans = self._spans(sheet)
        finder = TableFinder(tuple(self.told), spans)
        is_csv = isinstance(self.source, CsvFile)
        complete, rows = True, 0
        for number, cells in limited(self.source.rows(sheet), self.file_name, self.limits):
            finder.add(number, cells)
            rows += 1
            if not is_csv and rows >= BIG_SHEET_ROWS:
                complete = False
                break
        hidden = self.source.hidden_rows(sheet) if isinstance(self.source, XlsxFile) else ()
        return _Seen(sheet, finder, finder.tables(), complete, hidden) if rows else None

    def _spans(self, sheet: str) -> Spans:
        if sheet not in self.spans:
            self.spans[sheet] = horizontal(self.source.merged(sheet))
        return self.spans[sheet]

    def _read(
        self, sheet: str, table: FoundTable, first_row: int, last_row: int | None
    ) -> tuple[tuple[str, ...], list[tuple[int, list[str]]]]:
        """What stands above the header, and the first rows of data."""
        titles: list[str] = []
        rows: list[tuple[int, list[str]]] = []
        for number, cells in self.source.rows(sheet):
            words = [" ".join(cell.split()) for cell in cells if cell.strip()]
            if number < table.header_rows[0] and len(titles) < 10 and words:
                titles.append(" ".join(words)[:200])
            if (last_row is not None and number > last_row) or len(rows) >= _JUDGED_ROWS:
                break
            if number >= first_row and words:
                rows.append((number, cells))
        return tuple(titles), rows

    def _table_remarks(self, seen: _Seen, table: FoundTable) -> Iterable[Remark]:
        if table.header_rows == (0, 0):
            yield Remark(ShapeNote.NO_HEADER)
        if len(seen.tables) > 1:
            places = ", ".join(str(each.header_rows[0]) for each in seen.tables)
            yield Remark(ShapeNote.SEVERAL_TABLES, places)
        if len(self.source.sheets) > 1:
            yield Remark(
                ShapeNote.SEVERAL_SHEETS, ", ".join(sheet.name for sheet in self.source.sheets)
            )
        yield from _hidden(seen.hidden, table)
        if table.rows_below:
            yield Remark(ShapeNote.ROWS_BELOW, str(table.rows_below))


def _hidden(rows: Sequence[int], table: FoundTable) -> Iterable[Remark]:
    """A list that was filtered before it was saved holds what the filter took away."""
    inside = [row for row in rows if table.first_row <= row <= table.last_row]
    if inside:
        shown = ", ".join(map(str, inside[:_HIDDEN_SHOWN]))
        more = f" … ({len(inside)})" if len(inside) > _HIDDEN_SHOWN else ""
        yield Remark(ShapeNote.HIDDEN_ROWS, shown + more)


def _width(table: FoundTable, rows: Sequence[tuple[int, Sequence[str]]]) -> int:
    """The columns with names, and those without one in which half of the rows have something.

    What only a row or two has beyond the header is a comma without quotes.
    """
    reach = sorted(
        max((column for column, cell in enumerate(cells, 1) if cell.strip()), default=0)
        for _, cells in rows
    )
    named = max((column for column, name in enumerate(table.names, 1) if name), default=0)
    usual = reach[len(reach) // 2] if len(reach) > 1 or (reach and not named) else 0
    titled = min(len(table.names), reach[-1]) if reach else 0  # cells of the header, if empty
    return max(usual, named, titled)


def horizontal(merged: Iterable[Merged]) -> Spans:
    """The merged cells that are wider than one column, by row."""
    spans: dict[int, list[tuple[int, int]]] = {}
    for each in merged:
        if each.last_column > each.first_column:
            for row in range(each.first_row, min(each.last_row, each.first_row + 10) + 1):
                spans.setdefault(row, []).append((each.first_column, each.last_column))
    return spans


def _worth(table: FoundTable) -> int:
    """2: it names leads and their numbers; 1: one of the two."""
    named = columns_by_name(table.names)
    fields = {column.field for column in named.columns}
    numbers = CALLED_FIELDS | {LeadField.SUBSCRIBER}
    return (not NAME_FIELDS.isdisjoint(fields)) + (not numbers.isdisjoint(fields))


def _info(table: FoundTable) -> TableInfo:
    names = columns_by_name(table.names).columns
    return TableInfo(
        table.header_rows, table.last_row, table.row_count, tuple(each.name for each in names)
    )


def _general_remarks(shape: ListShape, source: Source, path: Path) -> Iterable[Remark]:
    yield from shape.missing()
    if isinstance(source, CsvFile) and source.encoding == "cp932" and not shape.has_name():
        euc = could_be_euc_jp(path) and any(
            known_fields(row) for row in first_rows(path, "euc_jp", source.delimiter)
        )
        if euc:
            yield Remark(ShapeNote.LOOKS_LIKE_EUC_JP)
