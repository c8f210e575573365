"""What the columns of a list hold, by what stands in them, where their names do not tell.

A guess from cells is made only for what no name claims, and a list never gets a second
column for a field that holds one text.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dialer.rules.cell_content import (
    DITTO_MARKS,
    common_area_code,
    is_address,
    is_email,
    is_local_number,
    is_note,
    is_organisation,
    is_phone,
    is_postal_code,
    is_prefecture,
    is_website,
    is_written_phone,
    share,
    suggested_kind,
)
from dialer.rules.column_names import is_ambiguous_phone, is_row_number, meaning_of, plain_key
from dialer.rules.lead_field import CALLED_FIELDS, NAME_FIELDS, NUMBER_PARTS, LeadField
from dialer.rules.list_shape import GuessedBy, ListColumn, Remark, ShapeNote
from dialer.rules.list_table import is_header
from dialer.rules.phone_number import UnusableNumber, national_format, parse_phone_numbers

EXAMPLES = 3
_ENOUGH = 0.6  # of the cells
_FEW = 0.2

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class FilledColumns:
    """The columns with what their cells tell, and what there is to say about the list."""

    columns: tuple[ListColumn, ...]
    remarks: tuple[Remark, ...]


def columns_by_content(columns: Sequence[ListColumn], rows: Rows) -> FilledColumns:
    """The same columns, with meanings for those that their cells give away, and examples.

    `rows` are the first rows of data.
    """
    rows = [row for row in rows if not is_header(row)]  # that of the next page
    cells = {column.index: _cells(rows, column.index) for column in columns}
    found = [_checked(column, cells[column.index]) for column in columns]
    found = _split_numbers(found, cells)
    found = _guessed(found, cells)
    remarks = _remarks(found, cells)
    return FilledColumns(tuple(_with_examples(each, cells[each.index]) for each in found), remarks)


def area_code_of(columns: Sequence[ListColumn], rows: Rows, titles: Sequence[str]) -> str:
    """The area code that numbers without one most likely have: as a title or a header says,
    else as most of the list's other numbers do. Only to be offered; empty without any."""
    names = [column.name for column in columns if column.field in CALLED_FIELDS]
    for text in (*names, *titles):
        if told := _AREA_CODE.search(unicodedata.normalize("NFKC", text)):
            return told[1]
    codes: Counter[str] = Counter()
    for column in columns:
        if column.field in CALLED_FIELDS | {LeadField.FAX}:
            codes.update(filter(None, map(_area_code, _cells(rows, column.index))))
    return common_area_code(codes)


_AREA_CODE = re.compile(r"(?:市外局番[^0-9]{0,6}|[(\[])(0\d{1,4})(?!\d)")
_PART_SHAPES: Sequence[Callable[[str], bool]] = (
    lambda text: re.fullmatch(r"\(?0?\d{1,4}\)?", text) is not None,
    lambda text: re.fullmatch(r"\d{1,4}", text) is not None,
    lambda text: re.fullmatch(r"\d{3,4}", text) is not None,
)


def _cells(rows: Rows, index: int) -> list[str]:
    return [
        text
        for row in rows
        if index < len(row) and (text := row[index].strip()) and text not in DITTO_MARKS
    ]


def _area_code(text: str) -> str:
    numbers = parse_phone_numbers(text)
    if isinstance(numbers, UnusableNumber):
        return ""
    shown = national_format(numbers[0].e164)
    code = shown.partition("-")[0]
    is_area = shown.startswith("0") and code not in _NO_AREA
    return code if is_area else ""


_NO_AREA = frozenset({"090", "080", "070", "060", "050", "0120", "0800", "0570", "0990"})


def _checked(column: ListColumn, cells: Sequence[str]) -> ListColumn:
    """連絡先 without a number in it is something else; No. that counts the rows is nothing."""
    if column.guessed_by is GuessedBy.REMEMBERED:
        return column
    if column.field is LeadField.PHONE and is_ambiguous_phone(column.name) and len(cells) > 2:
        if share(cells, is_email) >= _ENOUGH:
            return replace(column, target=LeadField.EMAIL.value, guessed_by=GuessedBy.CONTENT)
        if share(cells, _has_digits) < _FEW:
            return replace(column, target=LeadField.EXTRA.value, guessed_by=GuessedBy.CONTENT)
    if column.target == LeadField.EXTRA and _counts_rows(column, cells):
        return replace(column, target=LeadField.IGNORE.value, guessed_by=GuessedBy.CONTENT)
    return column


def _has_digits(text: str) -> bool:
    return sum(character.isdecimal() for character in text) > 3


def _counts_rows(column: ListColumn, cells: Sequence[str]) -> bool:
    name = "" if column.name.startswith("[") else column.name
    if not is_row_number(name) or len(cells) < 2:
        return False
    numbers = [int(cell) for cell in cells if cell.isascii() and cell.isdigit() and len(cell) < 8]
    steps = [after - before for before, after in pairwise(numbers)]
    return len(numbers) == len(cells) and steps.count(1) * 10 >= len(steps) * 8


def _split_numbers(columns: list[ListColumn], cells: dict[int, list[str]]) -> list[ListColumn]:
    """市外局番, 市内局番 and 加入者番号 in three columns, whatever these are called."""
    found = list(columns)
    for at in range(len(columns) - 2):
        three = columns[at : at + 3]
        if _is_one_number(three) and all(
            share(cells[column.index], shape) >= 0.8
            for column, shape in zip(three, _PART_SHAPES, strict=True)
        ):
            for offset, part in enumerate(NUMBER_PARTS):
                found[at + offset] = replace(
                    three[offset], target=part.value, guessed_by=GuessedBy.CONTENT
                )
    for at, column in enumerate(columns[1:], start=1):
        if _is_last_part(columns[at - 1], column) and (
            share(cells[column.index], _PART_SHAPES[1]) >= _ENOUGH
        ):
            last = LeadField.SUBSCRIBER.value
            found[at] = replace(column, target=last, guessed_by=GuessedBy.CONTENT)
    return found


def _is_last_part(before: ListColumn, column: ListColumn) -> bool:
    """番号 behind 市内局番, which by its name could be a whole number."""
    return (
        before.field is LeadField.EXCHANGE
        and column.guessed_by is not GuessedBy.REMEMBERED
        and (column.field in CALLED_FIELDS or is_row_number(column.name))
    )


def _is_one_number(three: Sequence[ListColumn]) -> bool:
    """A name for the first of the columns, and the same or none for the next two."""
    if any(column.guessed_by is GuessedBy.REMEMBERED for column in three):
        return False
    first, *others = [plain_key(column.name).rstrip("0123456789") for column in three]
    unnamed = [column.name.startswith("[") for column in three[1:]]
    return three[0].field in CALLED_FIELDS and all(
        name == first or none for name, none in zip(others, unnamed, strict=True)
    )


_GUESSES: Sequence[tuple[LeadField, frozenset[LeadField], Callable[[str], bool]]] = (
    (LeadField.PHONE, CALLED_FIELDS | {*NUMBER_PARTS}, is_written_phone),
    (LeadField.PHONE, CALLED_FIELDS | {*NUMBER_PARTS}, is_phone),
    (LeadField.EMAIL, frozenset({LeadField.EMAIL}), is_email),
    (LeadField.WEBSITE, frozenset({LeadField.WEBSITE}), is_website),
    (LeadField.POSTAL_CODE, frozenset({LeadField.POSTAL_CODE}), is_postal_code),
    (LeadField.PREFECTURE, frozenset({LeadField.PREFECTURE}), is_prefecture),
    (LeadField.ADDRESS, frozenset({LeadField.ADDRESS, LeadField.CITY}), is_address),
    (LeadField.NAME, NAME_FIELDS, is_organisation),
)


def _guessed(columns: list[ListColumn], cells: dict[int, list[str]]) -> list[ListColumn]:
    """The best of the columns that nobody knows, for each field that no column has."""
    found = list(columns)
    for field, having, looks in _GUESSES:
        if any(column.field in having for column in found):
            continue
        shares = {
            at: share(cells[column.index], looks)
            for at, column in enumerate(found)
            if column.target == LeadField.EXTRA
            and column.guessed_by is GuessedBy.NOTHING
            and meaning_of(column.name) is None  # else its name was set aside: the owner's
            and _may_be(field, column, cells[column.index])
        }
        best = max(shares, key=lambda at: shares[at], default=None)
        enough = _ENOUGH if field is not LeadField.NAME else 0.4
        if best is not None and shares[best] >= enough:
            found[best] = replace(found[best], target=field.value, guessed_by=GuessedBy.CONTENT)
    return _named_somehow(found, cells)


def _named_somehow(columns: list[ListColumn], cells: dict[int, list[str]]) -> list[ListColumn]:
    """自治会名 and other names of nobody knows what, where a list has no other."""
    if any(column.field in NAME_FIELDS for column in columns):
        return columns
    for at, column in enumerate(columns):
        if (
            column.target == LeadField.EXTRA
            and column.guessed_by is GuessedBy.NOTHING
            and _SOME_NAME.search(plain_key(column.name))
            and meaning_of(column.name) is None
            and _all_differ(cells[column.index])
        ):
            named = replace(column, target=LeadField.NAME.value, guessed_by=GuessedBy.CONTENT)
            return [*columns[:at], named, *columns[at + 1 :]]
    return columns


_SOME_NAME = re.compile("(名|名称|名前|name)$")


def columns_of_groups(columns: Sequence[ListColumn], rows: Rows) -> tuple[int, ...]:
    """The places of columns where a town stands only in the first row of its group.

    Then the rows below it have none, and no town comes twice.
    """
    if not any(column.field is LeadField.ADDRESS for column in columns):
        return ()
    return tuple(
        column.index
        for column in columns
        if column.field in (LeadField.PREFECTURE, LeadField.CITY)
        and _are_groups([_text_at(row, column.index) for row in rows if len(row) > 1 and any(row)])
    )


def _are_groups(texts: Sequence[str]) -> bool:
    labels = [text for text in texts if text]
    changes = [after for before, after in pairwise(["", *labels]) if after != before]
    return (
        len(texts) > 2
        and bool(texts[0])
        and len(labels) <= _ENOUGH * len(texts)
        and len(set(changes)) == len(changes)
        and all(_PLACE.search(label) for label in labels)
    )


def _text_at(row: Sequence[str], index: int) -> str:
    text = row[index].strip() if index < len(row) else ""
    return "" if is_note(text) else text


_PLACE = re.compile("[都道府県市区町村郡]$")


_CODE_NAME = re.compile(r"コード|番号|緯度|経度|座標|(?:cd|code|id)$")


def _may_be(field: LeadField, column: ListColumn, cells: Sequence[str]) -> bool:
    """Nothing but what its cells look like speaks against it."""
    if field is LeadField.NAME:
        return _all_differ(cells)
    if field is LeadField.WEBSITE:  # the page of the list itself is in every row
        return len(set(cells)) * 2 > len(cells)
    if field in (LeadField.PHONE, LeadField.POSTAL_CODE):
        return not _CODE_NAME.search(plain_key(column.name))
    return True


def _all_differ(cells: Sequence[str]) -> bool:
    """Names do; 建設 and 学校 in a column of trades do not."""
    return len(cells) > 1 and len(set(cells)) * 10 >= len(cells) * 9


def _with_examples(column: ListColumn, cells: Sequence[str]) -> ListColumn:
    examples = tuple(dict.fromkeys(cells))[:EXAMPLES]
    kind = suggested_kind(cells).value if column.target == LeadField.EXTRA and cells else ""
    return replace(column, examples=examples, suggested_kind=kind)


def _remarks(columns: Sequence[ListColumn], cells: dict[int, list[str]]) -> tuple[Remark, ...]:
    remarks: list[Remark] = []
    fields = {column.field for column in columns}
    joined = [column.name for column in columns if column.field in NUMBER_PARTS]
    if len(joined) > 1:
        remarks.append(Remark(ShapeNote.JOINED_NUMBERS, ", ".join(joined)))
    for column in columns:
        told = _AREA_CODE.search(unicodedata.normalize("NFKC", column.name)) is not None
        lack = share(cells[column.index], is_local_number) >= (0.01 if told else 0.3)
        if lack and column.field in CALLED_FIELDS and LeadField.AREA_CODE not in fields:
            remarks.append(Remark(ShapeNote.NO_AREA_CODE, column.name))
    return tuple(remarks)
