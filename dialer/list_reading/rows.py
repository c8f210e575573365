"""The data of a list, row by row, as its shape says."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from dialer.list_reading.opening import open_list
from dialer.list_reading.source import Merged, NumberedRow, limited
from dialer.rules.cell_content import DITTO_MARKS, LEFT_MARKS, is_note
from dialer.rules.list_shape import ListLimits, ListShape


def numbered_rows(
    path: Path, shape: ListShape, limits: ListLimits | None = None
) -> Iterator[tuple[int, Sequence[str]]]:
    """The data rows of `shape` with their numbers as a spreadsheet shows them.

    A cell that says 同上 or 同左, or that was merged with the one above, says what that one does,
    and so does an empty one in a column of groups.
    Raises LeadFileError, which names the row, for a file that is broken further down.
    """
    limits = limits or ListLimits()
    with open_list(
        path, shape.file_name, limits, encoding=shape.encoding, delimiter=shape.delimiter
    ) as source:
        rows: Iterator[NumberedRow] = limited(source.rows(shape.sheet), shape.file_name, limits)
        downwards = [each for each in source.merged(shape.sheet) if each.last_row > each.first_row]
        if downwards:
            rows = _with_merged(rows, downwards)
        if shape.filled_down:
            rows = _filled_down(rows, shape.header_rows[1] + 1, shape.filled_down)
        yield from _same_as_above(_part(rows, shape.first_row, shape.last_row))


def read_cells(
    data: bytes, *, file_name: str, encoding: str | None = None
) -> Sequence[Sequence[str]]:
    """All cells of a CSV file, or of a spreadsheet's first sheet with any, whatever they mean.

    For lists that are small. Raises LeadFileError.
    """
    limits = ListLimits()
    with tempfile.NamedTemporaryFile(prefix="kakeru-list-") as copy:
        copy.write(data)
        copy.flush()
        with open_list(Path(copy.name), file_name, limits, encoding=encoding or "") as source:
            for sheet in source.sheets:
                rows: list[Sequence[str]] = []
                for number, cells in limited(source.rows(sheet.name), file_name, limits):
                    rows += [[]] * (number - 1 - len(rows))
                    rows.append(cells)
                if rows:
                    return rows
    return []


def _part(rows: Iterator[NumberedRow], first: int, last: int | None) -> Iterator[NumberedRow]:
    for number, cells in rows:
        if last is not None and number > last:
            return
        if number >= first:
            yield number, cells


def _filled_down(
    rows: Iterator[NumberedRow], first: int, columns: Sequence[int]
) -> Iterator[NumberedRow]:
    """Each row with what stood last in these columns; a row with one cell is a remark."""
    last = dict.fromkeys(columns, "")
    for number, cells in rows:
        if number >= first and len(cells) - cells.count("") > 1 and not is_note(cells[0]):
            filled = list(cells)
            for column in columns:
                if column < len(filled):
                    last[column] = filled[column] = filled[column] or last[column]
            cells = filled
        yield number, cells


def _same_as_above(rows: Iterator[NumberedRow]) -> Iterator[NumberedRow]:
    above: Sequence[str] = ()
    for number, cells in rows:
        if not DITTO_MARKS.isdisjoint(cells):
            cells = [
                "".join(above[column : column + 1]) if above and cell in DITTO_MARKS else cell
                for column, cell in enumerate(cells)
            ]
        if not LEFT_MARKS.isdisjoint(cells):
            cells = _same_as_on_the_left(cells)
        yield number, cells
        if any(cells):
            above = cells


def _same_as_on_the_left(cells: Sequence[str]) -> list[str]:
    filled: list[str] = []
    for cell in cells:
        filled.append(filled[-1] if cell in LEFT_MARKS and filled else cell)
    return filled


def _with_merged(rows: Iterator[NumberedRow], merged: Sequence[Merged]) -> Iterator[NumberedRow]:
    """Each row with what stands in cells that reach down to it from above."""
    waiting = sorted(merged, key=lambda each: each.first_row, reverse=True)
    open_: list[tuple[Merged, str]] = []
    for number, cells in rows:
        open_ = [(each, text) for each, text in open_ if each.last_row >= number]
        filled = cells
        for each, text in open_:
            if each.first_column >= len(filled) or not filled[each.first_column]:
                filled = [*filled, *[""] * (each.first_column + 1 - len(filled))]
                filled[each.first_column] = text
        while waiting and waiting[-1].first_row <= number:
            each = waiting.pop()
            text = cells[each.first_column] if each.first_column < len(cells) else ""
            if text and each.first_row == number:
                open_.append((each, text))
        yield number, filled
