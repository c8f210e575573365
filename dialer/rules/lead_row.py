"""One row of a list becomes a lead, or a problem with its reason.

A row is taken when it has a name and at least one number that can be called. Nothing
that the row says is lost: what has no place on a lead is kept under its column's name.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dialer.rules.custom_field import CustomField, Value
from dialer.rules.eligibility import UNCALLABLE_KINDS
from dialer.rules.lead_columns import column_letter
from dialer.rules.lead_field import CALLED_FIELDS, LeadField
from dialer.rules.lead_problem import Cell, RowNote, RowProblem, RowReason, RowWarning
from dialer.rules.list_shape import ListColumn
from dialer.rules.phone_number import (
    NumberKind,
    PhoneNumber,
    UnusableReason,
    parse_phone_numbers,
)


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """A contact point before it has a lead."""

    kind: str  # mobile phone fax email line other
    label: str  # the column's name
    position: int  # from 0
    raw: str
    e164: str | None = None
    number_kind: str = ""
    note: str = ""
    zero_restored: bool = False


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


class HasColumns(Protocol):
    """A ListShape, or whatever else knows the columns."""

    @property
    def columns(self) -> tuple[ListColumn, ...]: ...


def read_row(
    row: int,
    cells: Sequence[str],
    header: HasColumns,
    region: str = "JP",
    fields: Sequence[CustomField] = (),
) -> LeadDraft | RowProblem | RowWarning | None:
    """What the row numbered `row` is: a lead, a problem, a note, or (None) empty.

    `region` (ISO 3166-1 alpha-2) is where numbers without a country code belong.
    """
    filled = [cell for cell in cells if cell and not cell.isspace()]
    if not filled:
        return None
    if _is_no_lead(cells, filled, header):
        return RowWarning(row, RowNote.NOT_A_LEAD, (Cell("", filled[0]),))
    width = len(header.columns)
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        spilled = tuple(
            Cell(f"[{column_letter(width + index)}]", cell)
            for index, cell in enumerate(cells[width:])
            if cell.strip()
        )
        return RowProblem(row, RowReason.TOO_MANY_CELLS, spilled, tuple(cells))
    return _Reading(row, cells, header, region).result()


# The widths of the columns in dialer.storage.tables; extra and notes have no limit.
_LIMITS = {
    "name": 400,
    "name_kana": 400,
    "contact_person": 200,
    "postal_code": 20,
    "prefecture": 40,
    "city": 200,
    "building": 400,
    "email": 320,
    "website": 500,
}
_LABEL_LIMIT = 100
_RAW_LIMIT = 200

_NOTE_MARK = re.compile(r"[※＊*■●◆#＃]|以上$|合計|備考|[(（]?注[)）:：意0-9０-９]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PREFECTURE = re.compile(
    "北海道|東京都|(?:京都|大阪)府"
    "|(?:青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|神奈川|新潟|富山|石川|福井|山梨|長野"
    "|岐阜|静岡|愛知|三重|滋賀|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡"
    "|佐賀|長崎|熊本|大分|宮崎|鹿児島|沖縄)県"
)
_POSTAL_MARKS = re.compile(r"[\s\-‐−ー–—]")
_UNWRITTEN = frozenset({UnusableReason.EMPTY, UnusableReason.NONE_GIVEN})


# Columns that are more than one text of the lead.
_SPECIAL = CALLED_FIELDS | {LeadField.FAX, LeadField.LINE, LeadField.EXTRA, LeadField.IGNORE}


def _is_no_lead(cells: Sequence[str], filled: Sequence[str], header: HasColumns) -> bool:
    """A remark under the table, or the header printed again on the next page."""
    if len(filled) == 1 and _NOTE_MARK.match(filled[0].strip()):
        return True
    if len(filled) < 2:
        return False
    return all(
        not cell.strip() or " ".join(cell.split()) == column.name
        for cell, column in zip(cells, header.columns, strict=False)
    )


@dataclass(slots=True)
class _Reading:
    """Collects what the cells of one row say."""

    row: int
    cells: Sequence[str]
    header: HasColumns
    region: str
    texts: dict[LeadField, list[str]] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    contacts: list[ContactDraft] = field(default_factory=list)
    warnings: list[RowWarning] = field(default_factory=list)
    unusable: list[Cell] = field(default_factory=list)

    def result(self) -> LeadDraft | RowProblem:
        for column, cell in zip(self.header.columns, self.cells, strict=False):
            text = cell.strip()
            if not text:
                continue
            if not text.isprintable():
                text = _CONTROL.sub("", text)
            self._take(column, text)
        lead = self._lead()
        if not lead.name:
            return self._problem(RowReason.NO_NAME)
        if not lead.callable_numbers:
            return self._problem(RowReason.NO_USABLE_PHONE, self._phone_cells())
        if too_long := _too_long(lead):
            return self._problem(RowReason.TOO_LONG, too_long)
        return lead

    def _take(self, column: ListColumn, text: str) -> None:
        field = column.field
        if field not in _SPECIAL:
            self.texts.setdefault(field, []).append(text)
        elif field is LeadField.EXTRA:
            self.extra[column.name] = text
        elif field is LeadField.LINE:
            self._add_contact("line", column, text)
        elif field is not LeadField.IGNORE:
            self._take_number(column, text)

    def _take_number(self, column: ListColumn, text: str) -> None:
        numbers = parse_phone_numbers(text, self.region)
        is_fax = column.field is LeadField.FAX
        if not isinstance(numbers, tuple):
            shown = Cell(column.name, text, numbers.reason)
            self.unusable.append(shown)
            if numbers.reason in _UNWRITTEN:
                return
            self.warnings.append(RowWarning(self.row, RowNote.NUMBER_UNUSABLE, (shown,)))
            self._add_contact(column.field.value, column, text)
            return
        for number in numbers:
            kind = "fax" if is_fax else _contact_kind(number)
            if any(each.e164 == number.e164 and each.kind == kind for each in self.contacts):
                self.extra.setdefault(column.name, text)  # the same line twice is one line
                continue
            self._add_contact(kind, column, text, number)
            self._warn_about(column, text, number)

    def _warn_about(self, column: ListColumn, text: str, number: PhoneNumber) -> None:
        shown = (Cell(column.name, text),)
        if number.zero_restored:
            self.warnings.append(RowWarning(self.row, RowNote.ZERO_RESTORED, shown))
        if number.kind in UNCALLABLE_KINDS and column.field is not LeadField.FAX:
            self.warnings.append(RowWarning(self.row, RowNote.NEVER_DIALLED, shown))

    def _add_contact(
        self, kind: str, column: ListColumn, text: str, number: PhoneNumber | None = None
    ) -> None:
        label, position = column.name[:_LABEL_LIMIT], len(self.contacts)
        if number is None:
            self.contacts.append(ContactDraft(kind, label, position, text))
            return
        self.contacts.append(
            ContactDraft(
                kind,
                label,
                position,
                text,
                e164=number.e164,
                number_kind=number.kind.value,
                note=number.note,
                zero_restored=number.zero_restored,
            )
        )

    def _lead(self) -> LeadDraft:
        line = {
            each: " ".join((parts[0] if len(parts) == 1 else " ".join(parts)).split())
            for each, parts in self.texts.items()
        }.get
        name, contact_person = line(LeadField.NAME, ""), line(LeadField.CONTACT_PERSON, "")
        person = f"{line(LeadField.FAMILY_NAME, '')} {line(LeadField.GIVEN_NAME, '')}".strip()
        if not name:
            name = person
        elif not contact_person:
            contact_person = person
        prefecture, city = _place(
            line(LeadField.PREFECTURE, ""),
            "".join(self.texts.get(LeadField.CITY, ())),
            line(LeadField.ADDRESS, ""),
        )
        return LeadDraft(
            row=self.row,
            name=name,
            name_kana=unicodedata.normalize("NFKC", line(LeadField.NAME_KANA, "")),
            contact_person=contact_person,
            postal_code=_postal_code(line(LeadField.POSTAL_CODE, ""), self.region),
            prefecture=prefecture,
            city=city,
            building=line(LeadField.BUILDING, ""),
            email=unicodedata.normalize("NFKC", line(LeadField.EMAIL, "")),
            website=line(LeadField.WEBSITE, ""),
            notes="\n".join(self.texts.get(LeadField.NOTES, ())),
            extra=self.extra,
            contacts=tuple(self.contacts),
            warnings=tuple(self.warnings),
            callable_numbers=tuple(
                contact.e164
                for contact in self.contacts
                if contact.e164 is not None and contact.kind != "fax"
            ),
        )

    def _phone_cells(self) -> tuple[Cell, ...]:
        return tuple(self.unusable) or tuple(
            Cell(column.name, "", UnusableReason.EMPTY)
            for column in self.header.columns
            if column.field in CALLED_FIELDS
        )

    def _problem(
        self,
        reason: RowReason,
        detail: tuple[Cell, ...] = (),
    ) -> RowProblem:
        return RowProblem(self.row, reason, detail, tuple(self.cells))


def _place(prefecture: str, city: str, address: str) -> tuple[str, str]:
    """Prefecture and the rest, from their own columns or from one with everything."""
    if address:
        match = _PREFECTURE.match(address)
        if match and prefecture in ("", match[0]):
            prefecture, address = match[0], address[match.end() :].strip()
        if address.startswith(city):
            city = ""
    return prefecture, " ".join(f"{city}{address}".split())


def _contact_kind(number: PhoneNumber) -> str:
    return "mobile" if number.kind is NumberKind.MOBILE else "phone"


def _postal_code(text: str, region: str) -> str:
    """``1000001`` → ``100-0001``; a spreadsheet that took it for a number lost the zero."""
    plain = unicodedata.normalize("NFKC", text).removeprefix("〒").strip()
    digits = _POSTAL_MARKS.sub("", plain)
    if region != "JP" or len(digits) not in (6, 7) or not digits.isdecimal():
        return plain
    digits = digits.zfill(7)
    return f"{digits[:3]}-{digits[3:]}"


def _too_long(lead: LeadDraft) -> tuple[Cell, ...]:
    found = [
        Cell(name, f"{len(text)} > {limit}")
        for name, limit in _LIMITS.items()
        if len(text := getattr(lead, name)) > limit
    ]
    found += [
        Cell(contact.label, f"{len(text)} > {_RAW_LIMIT}")
        for contact in lead.contacts
        if len(text := max(contact.raw, contact.note, key=len)) > _RAW_LIMIT
    ]
    return tuple(found)
