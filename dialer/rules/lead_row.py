"""One row of a list becomes a lead, or a problem with its reason.

A row is taken when it has a name and at least one number that can be called; in a list
without any column of numbers, an e-mail address will do. Nothing that the row says is
lost: what has no place on a lead is kept under its column's name.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dialer.rules.cell_content import PREFECTURE
from dialer.rules.column_names import meaning_of
from dialer.rules.custom_field import CustomField, Misfit, Value, read_value
from dialer.rules.lead_columns import column_letter
from dialer.rules.lead_field import CALLED_FIELDS, NUMBER_PARTS, LeadField
from dialer.rules.lead_numbers import ContactDraft, RowNumbers
from dialer.rules.lead_problem import Cell, RowNote, RowProblem, RowReason, RowWarning
from dialer.rules.list_shape import ListColumn
from dialer.rules.list_table import is_header
from dialer.rules.phone_number import UnusableReason


class HasColumns(Protocol):
    """A ListShape, or whatever else knows the columns."""

    @property
    def columns(self) -> tuple[ListColumn, ...]: ...

    @property
    def area_code(self) -> str: ...


class PostalPlaces(Protocol):
    """Where postal codes lead."""

    def place_of(self, postal_code: str) -> tuple[str, str] | None:
        """Prefecture and city of ``100-0001``; None for a code that there is not. The city is
        empty where a code has several."""
        ...


@dataclass(frozen=True, slots=True)
class LeadDraft:
    """A lead as a row describes it."""

    row: int
    name: str
    contacts: tuple[ContactDraft, ...]
    name_kana: str = ""
    contact_person: str = ""
    postal_code: str = ""
    prefecture: str = ""
    city: str = ""
    building: str = ""
    email: str = ""
    website: str = ""
    notes: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    custom: Mapping[str, Value] = field(default_factory=dict)  # by field id
    warnings: tuple[RowWarning, ...] = ()
    # The E.164 numbers among the contacts that a person can be called on: no fax.
    callable_numbers: tuple[str, ...] = ()


ReadRow = LeadDraft | RowProblem | RowWarning | None
"""What a row is: a lead, a problem, a note, or empty."""


def read_row(
    row: int,
    cells: Sequence[str],
    header: HasColumns,
    region: str = "JP",
    fields: Sequence[CustomField] = (),
) -> ReadRow:
    """What the row numbered `row` is. For many rows a `RowReader` is faster."""
    return RowReader(header, region=region, fields=fields).read(row, cells)


class RowReader:
    """Reads the rows of one list.

    `region` (ISO 3166-1 alpha-2) is where numbers without a country code belong, `fields`
    are the custom fields that columns may hold, and `places` fills in prefecture and city
    where a row has a postal code without them.
    """

    def __init__(
        self,
        header: HasColumns,
        *,
        region: str = "JP",
        fields: Sequence[CustomField] = (),
        places: PostalPlaces | None = None,
    ) -> None:
        self.columns = header.columns
        self.region = region
        self.area_code = header.area_code
        self.places = places if region == "JP" else None
        self.width = max((column.index for column in header.columns), default=-1) + 1
        by_id = {each.id: each for each in fields}
        self.custom = [
            (column.index, column, by_id[column.custom_id])
            for column in header.columns
            if column.custom_id is not None and column.custom_id in by_id
        ]
        held = {column.index for _, column, _ in self.custom}
        rest = [column for column in header.columns if column.index not in held]
        self.extras = [each for each in rest if each.field is LeadField.EXTRA]
        self.numbers = sorted(
            (each for each in rest if each.field in _NUMBER_FIELDS), key=_is_of_owner
        )
        apart = _NUMBER_FIELDS | {LeadField.EXTRA, LeadField.IGNORE}
        self.texts = [(each.index, each.field) for each in rest if each.field not in apart]
        self.email_column = next((each.name for each in rest if each.field is LeadField.EMAIL), "")
        self.has_numbers = any(
            each.field in CALLED_FIELDS or each.field is LeadField.SUBSCRIBER for each in rest
        )

    def read(self, row: int, cells: Sequence[str]) -> ReadRow:
        """What the row numbered `row` is: a lead, a problem, a note, or (None) empty."""
        if not any(map(str.strip, cells)):
            return None
        if len(cells) > self.width and any(map(str.strip, cells[self.width :])):
            read: LeadDraft | RowProblem = RowProblem(
                row, RowReason.TOO_MANY_CELLS, _spilled(cells, self.width), tuple(cells)
            )
        else:
            read = self._lead(row, cells)
        if isinstance(read, RowProblem) and self._is_no_lead(cells):
            said = next(cell for cell in cells if cell.strip())
            return RowWarning(row, RowNote.NOT_A_LEAD, (Cell("", said),))
        return read

    def _lead(self, row: int, cells: Sequence[str]) -> LeadDraft | RowProblem:
        if len(cells) < self.width:
            cells = [*cells, *[""] * (self.width - len(cells))]
        texts: dict[LeadField, list[str]] = {}
        for index, target in self.texts:
            if text := _clean(cells[index]):
                texts.setdefault(target, []).append(text)
        numbers = RowNumbers(row, self.region, self.area_code)
        for column in self.numbers:
            if text := _clean(cells[column.index]):
                numbers.take(column, text)
        if numbers.parts:
            numbers.finish()
        extra = {
            column.name: text for column in self.extras if (text := _clean(cells[column.index]))
        }
        extra |= {name: text for name, text in numbers.repeated.items() if name not in extra}
        custom, misfits = self._custom(cells)
        lead = self._draft(row, texts, numbers, extra, custom)
        if not lead.name:
            return RowProblem(row, RowReason.NO_NAME, (), tuple(cells))
        if not lead.callable_numbers and (self.has_numbers or not lead.email):
            return RowProblem(
                row, RowReason.NO_USABLE_PHONE, self._phone_cells(numbers), tuple(cells)
            )
        if misfits:
            return RowProblem(row, RowReason.BAD_VALUE, misfits, tuple(cells))
        if too_long := _too_long(lead):
            return RowProblem(row, RowReason.TOO_LONG, too_long, tuple(cells))
        return lead

    def _draft(
        self,
        row: int,
        texts: Mapping[LeadField, Sequence[str]],
        numbers: RowNumbers,
        extra: dict[str, str],
        custom: Mapping[str, Value],
    ) -> LeadDraft:
        def line(target: LeadField) -> str:
            parts = texts.get(target)
            return "" if parts is None else " ".join(" ".join(parts).split())

        name, contact_person = line(LeadField.NAME), line(LeadField.CONTACT_PERSON)
        person = " ".join(filter(None, (line(LeadField.FAMILY_NAME), line(LeadField.GIVEN_NAME))))
        if not name:
            name = person
        elif not contact_person:
            contact_person = person
        postal_code = self._postal_code(row, line(LeadField.POSTAL_CODE), numbers)
        prefecture, city = _place(
            line(LeadField.PREFECTURE),
            "".join(texts.get(LeadField.CITY, ())),
            line(LeadField.ADDRESS),
        )
        if self.places is not None and postal_code and not (prefecture and city):
            prefecture, city = _filled_in(prefecture, city, self.places.place_of(postal_code))
        email = self._email(row, line(LeadField.EMAIL), numbers, extra)
        callable_numbers = tuple(
            [
                contact.e164
                for contact in numbers.contacts
                if contact.e164 is not None and contact.kind != "fax"
            ]
        )
        if not callable_numbers and email and not self.has_numbers:
            numbers.warnings.append(RowWarning(row, RowNote.EMAIL_ONLY))
        return LeadDraft(
            row=row,
            name=name,
            name_kana=_normal(line(LeadField.NAME_KANA)),
            contact_person=contact_person,
            postal_code=postal_code,
            prefecture=prefecture,
            city=city,
            building=line(LeadField.BUILDING),
            email=email,
            website=line(LeadField.WEBSITE),
            notes="\n".join(texts.get(LeadField.NOTES, ())),
            extra=extra,
            custom=custom,
            contacts=tuple(numbers.contacts),
            warnings=tuple(numbers.warnings),
            callable_numbers=callable_numbers,
        )

    def _custom(self, cells: Sequence[str]) -> tuple[dict[str, Value], tuple[Cell, ...]]:
        values: dict[str, Value] = {}
        misfits: list[Cell] = []
        for index, column, own in self.custom:
            text = _clean(cells[index]) or own.default
            value = read_value(own, text, region=self.region)
            if isinstance(value, Misfit):
                misfits.append(Cell(column.name, text, value))
            elif value is not None:
                values[own.key] = value
        return values, tuple(misfits)

    def _email(self, row: int, text: str, numbers: RowNumbers, extra: dict[str, str]) -> str:
        """The address; of several the first, all of them being kept as the column says."""
        if not text:
            return ""
        plain = _normal(text)
        if _EMAIL.fullmatch(plain):
            return plain
        if _NOTHING.fullmatch(plain):
            return ""
        extra.setdefault(self.email_column, text)
        if found := _EMAIL.search(plain):
            return found[0]
        shown = (Cell(self.email_column, text),)
        numbers.warnings.append(RowWarning(row, RowNote.EMAIL_UNUSABLE, shown))
        return ""

    def _postal_code(self, row: int, text: str, numbers: RowNumbers) -> str:
        """``1000001`` → ``100-0001``; a spreadsheet that took it for a number lost the zero."""
        plain = _normal(text).removeprefix("〒").strip()
        digits = _POSTAL_MARKS.sub("", plain)
        if self.region != "JP" or len(digits) not in (6, 7) or not digits.isdecimal():
            return plain
        if len(digits) == 6:
            shown = (Cell("〒", text),)
            numbers.warnings.append(RowWarning(row, RowNote.ZERO_RESTORED, shown))
            digits = f"0{digits}"
        return f"{digits[:3]}-{digits[3:]}"

    def _phone_cells(self, numbers: RowNumbers) -> tuple[Cell, ...]:
        return tuple(numbers.unusable) or tuple(
            Cell(column.name, "", UnusableReason.EMPTY)
            for column in self.columns
            if column.field in CALLED_FIELDS or column.field is LeadField.SUBSCRIBER
        )

    def _is_no_lead(self, cells: Sequence[str]) -> bool:
        """A remark, a heading or a sum in the table, or the header on the next page."""
        filled = [cell.strip() for cell in cells if cell.strip()]
        if _SUM.fullmatch(_normal(filled[0])) or _NOTE.match(filled[0]):
            return True
        if len(filled) == 1:
            return bool(_NOTE_ALONE.match(filled[0]))
        again = all(
            not cell.strip() or " ".join(cell.split()) == column.name
            for cell, column in zip(cells, self.columns, strict=False)
        )
        return again or is_header(cells)


# The widths of the columns in dialer.storage.tables; extra and notes have no limit.
_LIMITS = (
    ("name", 400),
    ("name_kana", 400),
    ("contact_person", 200),
    ("postal_code", 20),
    ("prefecture", 40),
    ("city", 200),
    ("building", 400),
    ("email", 320),
    ("website", 500),
)
_RAW_LIMIT = 200

_NOTE = re.compile(r"※|[(（]?注[)）:：意0-9０-９]")
_NOTE_ALONE = re.compile(
    r"[＊*■●◆◇▼□▽【〔《〈<＜#＃]|以上$|備考|出典|資料|.*(?:現在|ページ|頁)$"
    r"|[-－\s]*[0-9０-９]+[-－\s]*$"
)
_SUM = re.compile(
    r"(?:総?合\s*計|総\s*計|小\s*計|計|total)[\s:]*[\d,]*\s*(?:件|施設|か所|箇所|名|社|店)?",
    re.IGNORECASE,
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_POSTAL_MARKS = re.compile(r"[\s\-‐−ー–—]")
_EMAIL = re.compile(r"[^@\s,;、<>()]+@[^@\s,;、<>().]+(?:\.[^@\s,;、<>().]+)+")
_NOTHING = re.compile(r"[-‐−ー–—]+|×|なし|無し?|不明|未登録|非公開|n/?a|none", re.IGNORECASE)
_NUMBER_FIELDS = frozenset(
    {*CALLED_FIELDS, *NUMBER_PARTS, LeadField.FAX, LeadField.LINE, LeadField.PHONE_NOTE}
)


def _is_of_owner(column: ListColumn) -> bool:
    """The owner's numbers come after those of the lead itself."""
    meaning = meaning_of(column.name)
    return meaning is not None and meaning.of_owner


def _clean(cell: str) -> str:
    text = cell.strip()
    return text if text.isprintable() else _CONTROL.sub("", text)


def _normal(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _spilled(cells: Sequence[str], width: int) -> tuple[Cell, ...]:
    return tuple(
        Cell(f"[{column_letter(width + index)}]", cell)
        for index, cell in enumerate(cells[width:])
        if cell.strip()
    )


def _place(prefecture: str, city: str, address: str) -> tuple[str, str]:
    """Prefecture and the rest, from their own columns or from one with everything."""
    if address:
        match = PREFECTURE.match(address)
        if match and prefecture in ("", match[0]):
            prefecture, address = match[0], address[match.end() :].strip()
        if address.startswith(city):
            city = ""
    return prefecture, " ".join(f"{city}{address}".split())


def _filled_in(prefecture: str, city: str, place: tuple[str, str] | None) -> tuple[str, str]:
    """What a row leaves empty, from its postal code, unless the two contradict each other."""
    if place is None or prefecture not in ("", place[0]):
        return prefecture, city
    return place[0], city or place[1]


def _too_long(lead: LeadDraft) -> tuple[Cell, ...]:
    found = [
        Cell(name, f"{len(text)} > {limit}")
        for name, limit in _LIMITS
        if len(text := getattr(lead, name)) > limit
    ]
    found += [
        Cell(contact.label, f"{len(text)} > {_RAW_LIMIT}")
        for contact in lead.contacts
        if len(text := max(contact.raw, contact.note, key=len)) > _RAW_LIMIT
    ]
    return tuple(found)
