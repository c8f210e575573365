"""連絡先: what a person may write as a way to reach a lead."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

from dialer.rules.custom_field import CustomField, FieldKind, Misfit, read_value
from dialer.rules.phone_number import UnusableNumber, UnusableReason, parse_phone_numbers

ContactKind = Literal["mobile", "phone", "fax", "email", "line", "other"]
CONTACT_KINDS: tuple[ContactKind, ...] = get_args(ContactKind)
NUMBERED = frozenset({"mobile", "phone", "fax"})
KIND_WORDS: Mapping[ContactKind, tuple[str, str]] = {
    "mobile": ("携帯電話", "Mobile"),
    "phone": ("電話", "Phone"),
    "fax": ("FAX", "Fax"),
    "other": ("その他", "Other"),
}
"""What lists of leads call the kinds of numbers, in Japanese and English."""

_LONGEST_RAW = 200
_LONGEST_LABEL = 100
_LONGEST_NOTE = 200


class ContactProblem(StrEnum):
    """Why something is no contact point, apart from what `UnusableReason` says of a number."""

    EMPTY = "empty"
    UNKNOWN_KIND = "unknown kind"
    SEVERAL_NUMBERS = "several numbers"
    NOT_AN_EMAIL = "not an e-mail address"
    TOO_LONG = "too long"


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact point as it is kept. `e164` None: nothing that could be dialled."""

    kind: ContactKind
    label: str
    raw: str
    note: str = ""
    e164: str | None = None
    number_kind: str = ""


def kind_of_word(text: str) -> ContactKind | None:
    """The kind of a number that a cell of a list says, in either language."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    return next(
        (
            kind
            for kind, words in KIND_WORDS.items()
            if plain in (word.casefold() for word in words)
        ),
        None,
    )


def read_contact(
    *, kind: str, label: str, raw: str, note: str, region: str = "JP"
) -> Contact | ContactProblem | UnusableReason:
    """The contact point, or why it is none.

    Phones and fax machines need one number that exists; what is written beside it
    (内線, 代) becomes the note where that is empty. `region` (ISO 3166-1 alpha-2) is where
    numbers without a country code belong.
    """
    known = next((one for one in CONTACT_KINDS if one == kind), None)
    if known is None:
        return ContactProblem.UNKNOWN_KIND
    raw, label, note = (" ".join(text.split()) for text in (raw, label, note))
    if not raw:
        return ContactProblem.EMPTY
    if len(raw) > _LONGEST_RAW or len(label) > _LONGEST_LABEL or len(note) > _LONGEST_NOTE:
        return ContactProblem.TOO_LONG
    if known == "email":
        plain = unicodedata.normalize("NFKC", raw)
        fits = read_value(CustomField(0, "", FieldKind.EMAIL), plain)
        return (
            ContactProblem.NOT_AN_EMAIL
            if isinstance(fits, Misfit)
            else Contact(known, label, plain, note)
        )
    if known == "line":
        return Contact(known, label, raw, note)
    numbers = parse_phone_numbers(raw, region)
    if isinstance(numbers, UnusableNumber):
        return numbers.reason if known in NUMBERED else Contact(known, label, raw, note)
    if len(numbers) > 1:
        return ContactProblem.SEVERAL_NUMBERS
    number = numbers[0]
    return Contact(
        kind=known,
        label=label,
        raw=raw,
        note=note or number.note[:_LONGEST_NOTE],
        e164=number.e164,
        number_kind=number.kind,
    )
