"""How a list is built: where its table lies in the file, and what each column holds."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from enum import StrEnum

from dialer.rules.lead_field import (
    CALLED_FIELDS,
    NAME_FIELDS,
    NUMBER_PARTS,
    REPEATABLE_FIELDS,
    LeadField,
)


class GuessedBy(StrEnum):
    """What told the meaning of a column."""

    NOTHING = ""  # it is kept under its name
    NAME = "name"  # its header says so
    CONTENT = "content"  # most of its cells look like it
    REMEMBERED = "remembered"  # somebody said so, now or for an earlier list


class ShapeNote(StrEnum):
    """Something about a list as a whole that a person should know before it is imported."""

    NO_HEADER = "no header"
    NO_NAME_COLUMN = "no name column"
    NO_PHONE_COLUMN = "no phone column"
    EMAIL_ONLY = "e-mail only"
    SEVERAL_TABLES = "several tables"
    SEVERAL_SHEETS = "several sheets"
    ROWS_BELOW = "rows below"
    COLUMN_TWICE = "column twice"
    JOINED_NUMBERS = "joined numbers"
    NO_AREA_CODE = "no area code"
    LOOKS_LIKE_EUC_JP = "looks like EUC-JP"
    DITTO_MARKS = "ditto marks"
    SIDE_BY_SIDE = "side by side"
    FILLED_DOWN = "filled down"
    HIDDEN_ROWS = "hidden rows"


_MISSING = frozenset({ShapeNote.NO_NAME_COLUMN, ShapeNote.NO_PHONE_COLUMN, ShapeNote.EMAIL_ONLY})


@dataclass(frozen=True, slots=True)
class Remark:
    """A note with what it is about: the column names, the rows, the sheets."""

    note: ShapeNote
    about: str = ""


@dataclass(frozen=True, slots=True)
class ReadingChoices:
    """What a person chose for reading a list; what is None or empty is found.

    `encoding` is Python's name of one. Rows are counted from 1, as a spreadsheet shows
    them; `header_rows` are the first and the last one of the header, (0, 0) says that there
    is none. `first_row` and `last_row` are the part of the data that is wanted.
    """

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_rows: tuple[int, int] | None = None
    first_row: int | None = None
    last_row: int | None = None
    area_code: str = ""  # for numbers that are written without one: 0265


@dataclass(frozen=True, slots=True)
class ListLimits:
    """The most that a list may hold; beyond it the file is refused with the limit's name."""

    file_bytes: int = 200 * 1024 * 1024
    unpacked_bytes: int = 2 * 1024 * 1024 * 1024  # of a spreadsheet, which is a zip file
    unpacked_ratio: int = 200  # an ordinary list packs to a tenth or a twentieth
    rows: int = 2_000_000
    columns: int = 1_000  # the state's list of nurseries has some 550
    cell_characters: int = 32_767  # what a spreadsheet's cell can hold


@dataclass(frozen=True, slots=True)
class ListColumn:
    """One column: its place (from 0), its header and what it holds.

    `target` is the value of a LeadField, ``custom:<field id>``, or ``new:<FieldKind>`` for
    a custom field that is to be made from the column.
    """

    index: int
    name: str
    target: str = LeadField.EXTRA.value
    guessed_by: GuessedBy = GuessedBy.NOTHING
    examples: tuple[str, ...] = attribute(default=(), compare=False)
    # For a column that is kept as it is: the kind that its cells look like, to be offered.
    suggested_kind: str = attribute(default="", compare=False)

    @property
    def field(self) -> LeadField:
        """What it is of a lead; a custom field's column is none of them: EXTRA."""
        return LeadField(self.target) if ":" not in self.target else LeadField.EXTRA

    @property
    def custom_id(self) -> int | None:
        """The custom field that it holds."""
        kind, _, number = self.target.partition(":")
        return int(number) if kind == "custom" else None


@dataclass(frozen=True, slots=True)
class SheetInfo:
    """A sheet of a spreadsheet; rows None: not counted."""

    name: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class TableInfo:
    """A table that was found in the sheet: its header rows, its last row, and how it begins."""

    header_rows: tuple[int, int]
    last_row: int
    row_count: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListShape:
    """A list as it will be read, and what a preview shows of it."""

    file_name: str
    kind: str  # "csv" or "spreadsheet"
    columns: tuple[ListColumn, ...]
    header_rows: tuple[int, int]  # (0, 0): it has none
    first_row: int
    last_row: int | None = None  # None: to the end of the file
    encoding: str = ""  # of a CSV file, as Python calls it
    delimiter: str = ""  # of a CSV file
    sheet: str = ""  # of a spreadsheet
    sheets: tuple[SheetInfo, ...] = ()
    tables: tuple[TableInfo, ...] = ()  # all of the sheet, the chosen one among them
    row_count: int | None = None  # of the data, for progress; None: not known before it is read
    titles: tuple[str, ...] = ()  # what stands above the header
    remarks: tuple[Remark, ...] = ()
    # The first rows of data, with their numbers: what the columns were judged by.
    sample: tuple[tuple[int, tuple[str, ...]], ...] = attribute(default=(), repr=False)
    area_code: str = ""  # as chosen: it is put before numbers that lack one
    filled_down: tuple[int, ...] = ()  # columns whose empty cells say what stands above
    suggested_area_code: str = ""  # to be offered where numbers lack one

    def has_name(self) -> bool:
        """Some column says who the lead is."""
        return any(column.field in NAME_FIELDS for column in self.columns)

    def has_phone(self) -> bool:
        """Some column, or the parts of a number in several, holds numbers to call."""
        fields = {column.field for column in self.columns}
        return not CALLED_FIELDS.isdisjoint(fields) or fields.issuperset(NUMBER_PARTS[1:])

    def has_contact(self) -> bool:
        """Some column says how to reach the lead."""
        return self.has_phone() or any(c.field is LeadField.EMAIL for c in self.columns)

    def with_targets(self, targets: Mapping[int, str]) -> "ListShape":
        """The same list with the columns at these places (from 0) meaning what a person says.

        Other columns keep their meaning, except that a field that holds one text is left
        to the column that was chosen for it.
        """
        chosen_once = set(targets.values()) - REPEATABLE_FIELDS - {""}
        columns = tuple(_with_target(each, targets, chosen_once) for each in self.columns)
        chosen = replace(self, columns=columns)
        return replace(
            chosen,
            remarks=chosen.missing()
            + tuple(remark for remark in self.remarks if remark.note not in _MISSING),
        )

    def missing(self) -> tuple[Remark, ...]:
        """What a lead needs and no column holds."""
        found = [] if self.has_name() else [Remark(ShapeNote.NO_NAME_COLUMN)]
        if not self.has_phone():
            by_mail = self.has_contact()
            found.append(Remark(ShapeNote.EMAIL_ONLY if by_mail else ShapeNote.NO_PHONE_COLUMN))
        return tuple(found)


def _with_target(
    column: ListColumn, targets: Mapping[int, str], chosen_once: Collection[str]
) -> ListColumn:
    if chosen := targets.get(column.index):
        return replace(column, target=chosen, guessed_by=GuessedBy.REMEMBERED)
    if column.target in chosen_once and not column.target.startswith("new:"):
        return replace(column, target=LeadField.EXTRA.value, guessed_by=GuessedBy.NOTHING)
    return column
