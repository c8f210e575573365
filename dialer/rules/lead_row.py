"""One row of a list becomes a lead, or a problem with its reason.

A row is taken when it has a name and at least one number that can be called; in a list
without any column of numbers, an e-mail address will do. Nothing that the row says is
lost: what has no place on a lead is kept under its column's name.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from dataclasses import fields as fields_of
from operator import attrgetter
from typing import Protocol

from dialer.rules.cell_content import DASHES, is_note
from dialer.rules.column_names import meaning_of
from dialer.rules.custom_field import CustomField, Misfit, Value, read_value
from dialer.rules.lead_columns import column_letter
from dialer.rules.lead_field import CALLED_FIELDS, NUMBER_PARTS, TOLD_OF_NUMBERS, LeadField
from dialer.rules.lead_fields import NO_TEXT
from dialer.rules.lead_numbers import ContactDraft, RowNumbers
from dialer.rules.lead_place import (
    PostalPlaces,
    filled_in,
    place_of_columns,
    postal_code_before,
    postal_code_of,
)
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
    extra: Mapping[str, str] = attribute(default_factory=dict)
    custom: Mapping[str, Value] = attribute(default_factory=dict)  # by field id
    warnings: tuple[RowWarning, ...] = ()
    # The E.164 numbers among the contacts that a person can be called on: no fax.
    callable_numbers: tuple[str, ...] = ()


ReadRow = LeadDraft | RowProblem | RowWarning | None
"""What a row is: a lead, a problem, a note, or empty."""


@dataclass(frozen=True, slots=True)
class _Places:
    """The places of the columns that hold each text of a lead."""

    name: tuple[int, ...]
    family_name: tuple[int, ...]
    given_name: tuple[int, ...]
    name_kana: tuple[int, ...]
    contact_person: tuple[int, ...]
    postal_code: tuple[int, ...]
    prefecture: tuple[int, ...]
    city: tuple[int, ...]
    address: tuple[int, ...]
    building: tuple[int, ...]
    email: tuple[int, ...]
    website: tuple[int, ...]
    notes: tuple[int, ...]

    @classmethod
    def of(cls, columns: Sequence[ListColumn]) -> "_Places":
        return cls(
            **{
                each.name: tuple(column.index for column in columns if column.target == each.name)
                for each in fields_of(cls)
            }
        )


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
        self.extras = [(each.index, each.name) for each in rest if each.field is LeadField.EXTRA]
        self.numbers = [
            (column.index, column, column.field)
            for column in sorted(rest, key=_is_of_owner)
            if column.field in _NUMBER_FIELDS
        ]
        self.told = _beside_numbers(rest)
        self.at = _Places.of(rest)
        self.email_column = next((each.name for each in rest if each.field is LeadField.EMAIL), "")
        self.has_numbers = any(
            each.field in CALLED_FIELDS or each.field is LeadField.SUBSCRIBER for each in rest
        )

    def read(self, row: int, cells: Sequence[str]) -> ReadRow:
        """What the row numbered `row` is: a lead, a problem, a note, or (None) empty."""
        texts = list(map(str.strip, cells))
        everything = "".join(texts)
        if not everything:
            return None
        if '="' in everything:
            texts = [_as_shown(text) for text in texts]
        # Asked of all the cells at once: for a million rows it makes a difference.
        if not everything.isprintable():
            texts = [_CONTROL.sub("", text).strip() for text in texts]
            if not any(texts):
                return None
        missing = self.width - len(texts)
        if missing > 0:
            texts += [""] * missing
        if missing < 0 and any(texts[self.width :]):
            read: LeadDraft | RowProblem = RowProblem(
                row, RowReason.TOO_MANY_CELLS, _spilled(texts, self.width), tuple(cells)
            )
        else:
            read = self._lead(row, texts, cells)
        # Asked of few rows in full: for a million rows it makes a difference.
        doubtful = (
            isinstance(read, RowProblem) or texts[0] in _EXAMPLES or read.name[0] in _BEFORE_EXAMPLE
        )
        if doubtful and self._is_no_lead(read, texts):
            return RowWarning(row, RowNote.NOT_A_LEAD, (Cell("", next(filter(None, texts))),))
        return read

    def _lead(self, row: int, texts: Sequence[str], cells: Sequence[str]) -> LeadDraft | RowProblem:
        numbers = RowNumbers(row, self.region, self.area_code)
        for index, column, field in self.numbers:
            if text := texts[index]:
                numbers.take(column, field, text)
        if numbers.parts:
            numbers.finish()
        for index, of, about in self.told:
            numbers.tell(of, about, texts[index])
        extra = {name: text for index, name in self.extras if (text := texts[index])}
        if numbers.kept_by_name:
            extra = numbers.kept_by_name | extra
        custom, misfits = self._custom(texts) if self.custom else (_NO_VALUES, ())
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
        texts: Sequence[str],
        numbers: RowNumbers,
        extra: dict[str, str],
        custom: Mapping[str, Value],
    ) -> LeadDraft:
        at = self.at
        name, contact_person = _names(texts, at)
        postal_code, address = _line(texts, at.postal_code), _line(texts, at.address)
        if not postal_code and self.region == "JP":
            postal_code, address = postal_code_before(address)
        postal_code = self._postal_code(row, postal_code, numbers)
        prefecture, city = place_of_columns(
            _line(texts, at.prefecture),
            "".join([texts[index] for index in at.city if texts[index] not in DASHES]),
            address,
        )
        if self.places is not None and postal_code and not (prefecture and city):
            prefecture, city = filled_in(prefecture, city, self.places.place_of(postal_code))
        email = self._email(row, _line(texts, at.email), numbers, extra)
        contacts = numbers.contacts
        callable_numbers = tuple(
            [each.e164 for each in contacts if each.e164 is not None and each.kind != "fax"]
        )
        if not callable_numbers and email and not self.has_numbers:
            numbers.warnings.append(RowWarning(row, RowNote.EMAIL_ONLY))
        return LeadDraft(
            row,
            name,
            tuple(contacts),
            _normal(_line(texts, at.name_kana)),
            contact_person,
            postal_code,
            prefecture,
            city,
            _line(texts, at.building),
            email,
            _line(texts, at.website),
            "\n".join([text for index in at.notes if (text := texts[index]) not in NO_TEXT]),
            extra,
            custom,
            tuple(numbers.warnings),
            callable_numbers,
        )

    def _custom(self, texts: Sequence[str]) -> tuple[dict[str, Value], tuple[Cell, ...]]:
        values: dict[str, Value] = {}
        misfits: list[Cell] = []
        for index, column, own in self.custom:
            text = texts[index] or own.default
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
        if self.region != "JP":
            return _normal(text)
        postal_code, zero_restored = postal_code_of(text)
        if zero_restored:
            shown = (Cell("〒", text),)
            numbers.warnings.append(RowWarning(row, RowNote.ZERO_RESTORED, shown))
        return postal_code

    def _phone_cells(self, numbers: RowNumbers) -> tuple[Cell, ...]:
        return tuple(numbers.unusable) or tuple(
            Cell(column.name, "", UnusableReason.EMPTY)
            for column in self.columns
            if column.field in CALLED_FIELDS or column.field is LeadField.SUBSCRIBER
        )

    def _is_no_lead(self, read: LeadDraft | RowProblem, texts: Sequence[str]) -> bool:
        """A remark, a heading or a sum in the table, the header on the next page, an example."""
        if isinstance(read, LeadDraft):
            return _is_example(read, texts)
        filled = [text for text in texts if text]
        if _SUM.fullmatch(_normal(filled[0])) or is_note(filled[0]):
            return True
        if _SUM_OF.search(filled[0]) and all(map(_COUNT.fullmatch, map(_normal, filled[1:]))):
            return True
        if len(filled) == 1:
            return bool(_NOTE_ALONE.match(filled[0]))
        again = all(
            not text or " ".join(text.split()) == column.name
            for text, column in zip(texts, self.columns, strict=False)
        )
        return again or is_header(texts)


# The widths of the columns in dialer.storage.tables; extra and notes have no limit.
_LIMITS: Sequence[tuple[str, int, Callable[[LeadDraft], str]]] = [
    (name, limit, attrgetter(name))
    for name, limit in (
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
]
_NO_VALUES: Mapping[str, Value] = {}
_RAW_LIMIT = 200

_NOTE_ALONE = re.compile(
    r"[＊*■●◆◇▼□▽【〔《〈<＜#＃]|以上$|備考|出典|資料|.*(?:現在|ページ|頁|一覧|一覧表|名簿|リスト)$"
    r"|[-－\s]*[0-9０-９]+[-－\s]*$"
)
_SUM = re.compile(
    r"(?:総?合\s*計|総\s*計|小\s*計|計|total)[\s:]*[\d,]*\s*(?:件|施設|か所|箇所|名|社|店)?",
    re.IGNORECASE,
)
_SUM_OF = re.compile("^.{1,10}(?<!会)計$")  # 東区計, and no 山田会計
_COUNT = re.compile(r"[\d,]+\s*(?:件|施設|か所|箇所|名|社|店|人)?")
_EXAMPLES = frozenset({"例", "(例)", "（例）", "記入例", "入力例", "記載例", "見本", "サンプル"})
_BEFORE_EXAMPLE = frozenset("(（【[記入")
_EXAMPLE = re.compile(r"[(（【\[](?:記入|入力|記載)?例[)）】\]]|(?:記入|入力)例")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EMAIL = re.compile(r"[^@\s,;、<>()]+@[^@\s,;、<>().]+(?:\.[^@\s,;、<>().]+)+")
_NOTHING = re.compile(r"[-‐−ー–—]+|×|なし|無し?|不明|未登録|非公開|n/?a|none", re.IGNORECASE)
_NUMBER_FIELDS = frozenset(
    {
        *CALLED_FIELDS,
        *NUMBER_PARTS,
        LeadField.FAX,
        LeadField.LINE,
        LeadField.CONTACT_EMAIL,
        LeadField.PHONE_NOTE,
    }
)


def _beside_numbers(
    columns: Sequence[ListColumn],
) -> list[tuple[int, ListColumn | None, LeadField]]:
    """The columns that tell about numbers, each with that of its number, the one before."""
    found: list[tuple[int, ListColumn | None, LeadField]] = []
    number: ListColumn | None = None
    for column in columns:
        if column.field in TOLD_OF_NUMBERS:
            found.append((column.index, number, column.field))
        elif column.field in _NUMBER_FIELDS:
            number = column
    return sorted(found, key=lambda told: told[2] is LeadField.CONTACT_ORDER)


def _is_of_owner(column: ListColumn) -> bool:
    """The owner's numbers come after those of the lead itself."""
    meaning = meaning_of(column.name)
    return meaning is not None and meaning.of_owner


def _is_example(lead: LeadDraft, texts: Sequence[str]) -> bool:
    """A row that shows how the form is filled in: its number is nobody's, or somebody else's."""
    return texts[0] in _EXAMPLES or _EXAMPLE.match(lead.name) is not None


def _line(texts: Sequence[str], places: tuple[int, ...]) -> str:
    """What the columns at these places say, in one line."""
    if not places:
        return ""
    if len(places) == 1:
        text = texts[places[0]]
    else:
        text = " ".join([part for at in places if (part := texts[at]) not in DASHES])
    if text in DASHES:
        return ""
    return text if text.isprintable() and "  " not in text else " ".join(text.split())


def _names(texts: Sequence[str], at: _Places) -> tuple[str, str]:
    """The lead's name and the person to ask for."""
    name, contact_person = _line(texts, at.name), _line(texts, at.contact_person)
    if name and contact_person:
        return name, contact_person
    person = f"{_line(texts, at.family_name)} {_line(texts, at.given_name)}".strip()
    return (name, contact_person or person) if name else (person, contact_person)


def _as_shown(text: str) -> str:
    """``="0352542287"`` is how a CSV file keeps a spreadsheet from dropping the zero."""
    is_formula = len(text) > 2 and text.startswith('="') and text.endswith('"')
    return text[2:-1].strip() if is_formula else text


def _normal(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _spilled(texts: Sequence[str], width: int) -> tuple[Cell, ...]:
    return tuple(
        Cell(f"[{column_letter(width + index)}]", text)
        for index, text in enumerate(texts[width:])
        if text
    )


def _too_long(lead: LeadDraft) -> tuple[Cell, ...]:
    found = [
        Cell(name, f"{len(text)} > {limit}")
        for name, limit, read in _LIMITS
        if len(text := read(lead)) > limit
    ]
    for contact in lead.contacts:
        if len(contact.raw) > _RAW_LIMIT or len(contact.note) > _RAW_LIMIT:
            longest = max(len(contact.raw), len(contact.note))
            found.append(Cell(contact.label, f"{longest} > {_RAW_LIMIT}"))
    return tuple(found)
