"""The telephone numbers of a row: every number in its cells, and what is to say about them."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from dialer.rules.cell_content import is_email, is_local_number
from dialer.rules.column_names import exact_key
from dialer.rules.contact import kind_of_word
from dialer.rules.eligibility import UNCALLABLE_KINDS
from dialer.rules.lead_field import NUMBER_PARTS, LeadField
from dialer.rules.lead_problem import Cell, RowNote, RowWarning
from dialer.rules.list_shape import ListColumn
from dialer.rules.phone_number import (
    NumberKind,
    PhoneNumber,
    UnusableNumber,
    UnusableReason,
    ordinary_number,
    parse_phone_numbers,
)

_SUBSCRIBER_DIGITS = 4
LABEL_LIMIT = 100  # the width of the column in dialer.storage.tables


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


@dataclass(slots=True)
class RowNumbers:
    """Collects the contact points of one row. `area_code` is for numbers that lack one."""

    row: int
    region: str = "JP"
    area_code: str = ""
    contacts: list[ContactDraft] = field(default_factory=list)
    columns: list[ListColumn] = field(default_factory=list)  # where each contact comes from
    warnings: list[RowWarning] = field(default_factory=list)
    unusable: list[Cell] = field(default_factory=list)
    # By column: what is no contact point of its own, because it is one already, or none.
    kept_by_name: dict[str, str] = field(default_factory=dict)
    parts: dict[LeadField, tuple[ListColumn, str]] = field(default_factory=dict)

    def take(self, column: ListColumn, kind: LeadField, text: str) -> None:
        """A cell of a column of numbers of a `kind`, which is not empty."""
        is_called = kind is LeadField.PHONE or kind is LeadField.MOBILE
        if is_called and self.region == "JP" and (number := ordinary_number(text)):
            self._take_number(column, text, number, is_fax=False)
        elif kind is LeadField.FAX:
            self._take_text(column, text, fax_from=0)
        elif kind in NUMBER_PARTS:
            self._take_part(column, text)
        elif kind is LeadField.PHONE_NOTE:
            self._take_note(text)
        elif kind is LeadField.LINE:
            self._add("line", column, text)
        elif kind is LeadField.CONTACT_EMAIL:
            self._take_email(column, text)
        else:
            fax_from = 1 if kind is LeadField.PHONE_AND_FAX else None
            for said, part in _told_apart(text):
                self._take_text(column, part, 0 if said == "fax" else None if said else fax_from)

    def finish(self) -> None:
        """After the last column: a number in several columns is put together."""
        if LeadField.SUBSCRIBER not in self.parts:
            return
        column, _ = self.parts[LeadField.SUBSCRIBER]
        first = self.parts.get(LeadField.AREA_CODE) or self.parts.get(LeadField.EXCHANGE)
        said = [self.parts[part][1] for part in NUMBER_PARTS if part in self.parts]
        lost = said[-1].isdecimal() and len(said[-1]) < _SUBSCRIBER_DIGITS
        if lost:  # 12 in a cell of numbers was 0012
            said[-1] = said[-1].zfill(_SUBSCRIBER_DIGITS)
        count = len(self.contacts)
        self._take_text(first[0] if first else column, "-".join(said), fax_from=None)
        if lost and len(self.contacts) > count and not self.contacts[-1].zero_restored:
            shown = (Cell(column.name, self.parts[LeadField.SUBSCRIBER][1]),)
            self.warnings.append(RowWarning(self.row, RowNote.ZERO_RESTORED, shown))
            self.contacts[-1] = replace(self.contacts[-1], zero_restored=True)

    def tell(self, of: ListColumn | None, about: LeadField, text: str) -> None:
        """A cell beside a number's column `of`, empty or not, which says something about it."""
        if about is LeadField.CONTACT_ORDER:
            self._put_in_order(text)
            return
        for place, column in enumerate(self.columns):
            if column is of:
                self.contacts[place] = _with(self.contacts[place], about, text)

    def _put_in_order(self, text: str) -> None:
        """`text` names columns; the contacts of those that it leaves out come last."""
        names = [exact_key(name) for name in _BETWEEN_NAMES.split(text)]
        ranks = {name: rank for rank, name in reversed(list(enumerate(names)))}
        places = sorted(
            range(len(self.contacts)),
            key=lambda place: ranks.get(exact_key(self.columns[place].name), len(names)),
        )
        self.columns = [self.columns[place] for place in places]
        self.contacts = [
            replace(self.contacts[place], position=position)
            for position, place in enumerate(places)
        ]

    def _take_part(self, column: ListColumn, text: str) -> None:
        known = self.parts.get(column.field)
        if known is not None and column.field is LeadField.SUBSCRIBER:
            self.finish()  # a second number in three more columns
            self.parts = {LeadField.SUBSCRIBER: (column, text)}
            return
        self.parts[column.field] = column, unicodedata.normalize("NFKC", text).strip("()- ")

    def _take_note(self, text: str) -> None:
        """内線番号 in a column of its own belongs to the number before it."""
        if not self.contacts or (text.strip("-－ー") == ""):
            return
        last = self.contacts[-1]
        words = f"内線{text}" if text.strip()[:1].isdecimal() else text
        note = f"{last.note} {words}".strip()
        self.contacts[-1] = replace(last, note=note)

    def _take_email(self, column: ListColumn, text: str) -> None:
        if is_email(text):
            self._add("email", column, unicodedata.normalize("NFKC", text))
        else:
            self.kept_by_name.setdefault(column.name, text)

    def _take_text(self, column: ListColumn, text: str, fax_from: int | None) -> None:
        numbers = parse_phone_numbers(text, self.region)
        if isinstance(numbers, UnusableNumber):
            numbers = self._with_area_code(column, text) or numbers
        if isinstance(numbers, UnusableNumber):
            self._take_unusable(column, text, numbers.reason, is_fax=fax_from == 0)
            return
        for count, number in enumerate(numbers):
            is_fax = fax_from is not None and count >= fax_from
            if fax_from and number.kind is NumberKind.MOBILE:
                is_fax = False  # the second number of “電話・FAX”, but nobody faxes a mobile
            self._take_number(column, text, number, is_fax=is_fax)

    def _take_number(
        self, column: ListColumn, text: str, number: PhoneNumber, *, is_fax: bool
    ) -> None:
        mobile = number.kind is NumberKind.MOBILE
        kind = "fax" if is_fax else "mobile" if mobile else "phone"
        for each in self.contacts:
            if each.e164 == number.e164 and each.kind == kind:
                self.kept_by_name.setdefault(column.name, text)
                return
        self._add(kind, column, text, number)
        self._warn_about(column, text, number, is_fax=is_fax)

    def _with_area_code(self, column: ListColumn, text: str) -> tuple[PhoneNumber, ...] | None:
        own = self.parts.get(LeadField.AREA_CODE)
        code = own[1] if own else self.area_code
        if not code or self.region != "JP" or not is_local_number(text):
            return None
        numbers = parse_phone_numbers(f"{code}-{text}", self.region)
        if isinstance(numbers, UnusableNumber):
            return None
        if own is None:
            shown = (Cell(column.name, text),)
            self.warnings.append(RowWarning(self.row, RowNote.AREA_CODE_ADDED, shown))
        return numbers

    def _take_unusable(
        self, column: ListColumn, text: str, why: UnusableReason, *, is_fax: bool
    ) -> None:
        shown = Cell(column.name, text, why)
        self.unusable.append(shown)
        if why in _UNWRITTEN:
            return
        self.warnings.append(RowWarning(self.row, RowNote.NUMBER_UNUSABLE, (shown,)))
        self._add("fax" if is_fax else _KINDS.get(column.field, "phone"), column, text)

    def _warn_about(
        self, column: ListColumn, text: str, number: PhoneNumber, *, is_fax: bool
    ) -> None:
        if number.zero_restored:
            shown = (Cell(column.name, text),)
            self.warnings.append(RowWarning(self.row, RowNote.ZERO_RESTORED, shown))
        if number.kind in UNCALLABLE_KINDS and not is_fax:
            shown = (Cell(column.name, text),)
            self.warnings.append(RowWarning(self.row, RowNote.NEVER_DIALLED, shown))

    def _add(
        self, kind: str, column: ListColumn, text: str, number: PhoneNumber | None = None
    ) -> None:
        label, position = column.name[:LABEL_LIMIT], len(self.contacts)
        self.columns.append(column)
        if number is None:
            self.contacts.append(ContactDraft(kind, label, position, text))
            return
        self.contacts.append(
            ContactDraft(
                kind,
                label,
                position,
                text,
                number.e164,
                number.kind.value,
                number.note,
                number.zero_restored,
            )
        )


def _with(contact: ContactDraft, about: LeadField, text: str) -> ContactDraft:
    if about is LeadField.NUMBER_LABEL:
        return replace(contact, label=text[:LABEL_LIMIT])
    if about is LeadField.NUMBER_KIND:
        return replace(contact, kind=kind_of_word(text) or contact.kind)
    return replace(contact, note=f"{contact.note} {text}".strip())


_BETWEEN_NAMES = re.compile("[、,]")
_UNWRITTEN = frozenset({UnusableReason.EMPTY, UnusableReason.NONE_GIVEN})
_KINDS: Mapping[LeadField, str] = {LeadField.MOBILE: "mobile", LeadField.FAX: "fax"}
# “TEL 03-… FAX 03-…” in one cell: the word before a number says which it is.
_FAX_WORD = (
    r"fax|ファックス|ファクス|ファクシミリ|Ｆ[ＡaａA][ＸxｘX]|ｆａｘ|\bf(?=[:：.])|Ｆ(?=[:：.])"
)
_TOLD = re.compile(
    rf"(?P<fax>{_FAX_WORD})|(?P<tel>tel|ｔｅｌ|電話|℡|☎|(?:\bt|ｔ)(?=[:：.．]))",
    re.IGNORECASE,
)


_MAYBE_FAX = frozenset("fFｆＦフ")  # what every word for it begins with


def _told_apart(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a cell, each with what it says of itself: ``fax``, ``tel`` or nothing."""
    if not _MAYBE_FAX.intersection(text):
        yield "", text
        return
    found = list(_TOLD.finditer(text))
    ends = [*(mark.start() for mark in found), len(text)][1:]
    # （FAX兼用） after a number is a remark on it; a number after the word is a fax.
    marks = [
        mark
        for mark, end in zip(found, ends, strict=True)
        if any(character.isdecimal() for character in text[mark.end() : end])
    ]
    if not any(mark["fax"] for mark in marks):
        yield "", text
        return
    before = text[: marks[0].start()].strip(" \t\r\n:：/／、,・(（")
    if before:
        yield "", before
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        part = text[mark.end() : following.start() if following else len(text)]
        part = part.strip(" \t\r\n:：/／、,・.")
        if part:
            yield ("fax" if mark["fax"] else "tel"), part
