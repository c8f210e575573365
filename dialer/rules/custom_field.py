"""カスタム項目: what a field that an admin added may hold, and how its values sort.

A value is kept as one text in a fixed form (a number as ``1200.5``, a day as
``2026-11-24``), of a multiple choice as the list of what was chosen. Nothing is kept
for a field that was left empty.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from dialer.rules.phone_number import PhoneNumber, parse_phone_number
from dialer.rules.search_text import fold

LONGEST_SORT_KEY = 100  # characters; longer texts sort by their beginning

Value = str | list[str]
Values = Mapping[str, Value]
"""The custom values of a lead by field id, as ``leads.custom`` keeps them: {"12": "渋谷"}."""


class FieldKind(StrEnum):
    """The type of a custom field."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    DATE = "date"
    DATE_TIME = "date_time"  # a time on the clock of the project's zone
    SINGLE_CHOICE = "single_choice"
    MULTIPLE_CHOICE = "multiple_choice"
    CHECK_BOX = "check_box"
    URL = "url"
    PHONE = "phone"
    EMAIL = "email"


class Misfit(StrEnum):
    """Why a text is no value of a field."""

    REQUIRED = "required"
    NOT_A_NUMBER = "not a number"
    NOT_A_DATE = "not a date"
    NOT_A_TIME = "not a date and time"
    NOT_A_CHOICE = "not one of the choices"
    NOT_YES_OR_NO = "neither yes nor no"
    NOT_A_URL = "not a web address"
    NOT_A_PHONE = "not a phone number"
    NOT_AN_EMAIL = "not an e-mail address"
    NOT_A_POSTAL_CODE = "not a postal code"
    NOT_A_PREFECTURE = "not a prefecture"
    TOO_LONG = "too long"


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field of a set, in the order of `position`; `choices` for the two kinds of choice."""

    id: int
    name: str
    kind: FieldKind
    required: bool = False
    position: int = 0
    default: str = ""  # as a person types it
    choices: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its key in `Values`."""
        return str(self.id)


_LONGEST = {FieldKind.LONG_TEXT: 20_000}
_LONGEST_LINE = 500
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;.]+(\.[^@\s,;.]+)+")
_URL = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_YES = frozenset(
    [
        "1",
        "true",
        "yes",
        "y",
        "on",
        "はい",
        "有",
        "有り",
        "あり",
        "○",
        "〇",
        "◯",
        "●",
        "✓",
        "✔",
        "☑",
        "レ",
        "済",
        "要",
        "可",
    ]
)
_NO = frozenset(
    [
        "0",
        "false",
        "no",
        "n",
        "off",
        "いいえ",
        "無",
        "無し",
        "なし",
        "×",
        "✕",
        "☐",
        "未",
        "不要",
        "不可",
        "-",
    ]
)
_BETWEEN_CHOICES = re.compile(r"^[,、;/|・ ]+")  # in folded text, where a new line is a space


def read_value(field: CustomField, text: str, *, region: str = "JP") -> Value | Misfit | None:
    """The value that `text` says, None for an empty one, or why it does not fit.

    Takes what lists and people write: full-width digits, ``令和6年4月1日``, ``1,200円`` is
    no number but ``１，２００`` is, はい ○ and 1 for yes. `region` (ISO 3166-1 alpha-2) is
    where numbers without a country code belong.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return Misfit.REQUIRED if field.required else None
    if len(text) > _LONGEST.get(field.kind, _LONGEST_LINE):
        return Misfit.TOO_LONG
    match field.kind:
        case FieldKind.TEXT:
            return " ".join(text.split())
        case FieldKind.LONG_TEXT:
            return text.replace("\r\n", "\n").strip()
        case FieldKind.NUMBER:
            return _number(plain)
        case FieldKind.DATE:
            day = read_date(plain)
            return day.isoformat() if day else Misfit.NOT_A_DATE
        case FieldKind.DATE_TIME:
            return _date_time(plain)
        case FieldKind.SINGLE_CHOICE:
            return _choice(field, plain) or Misfit.NOT_A_CHOICE
        case FieldKind.MULTIPLE_CHOICE:
            return _choices(field, plain)
        case FieldKind.CHECK_BOX:
            word = plain.lower()
            return "1" if word in _YES else "0" if word in _NO else Misfit.NOT_YES_OR_NO
        case FieldKind.URL:
            address = plain if "://" in plain else f"https://{plain}"
            return address if _URL.fullmatch(address) and "." in address else Misfit.NOT_A_URL
        case FieldKind.PHONE:
            number = parse_phone_number(plain, region)
            return number.e164 if isinstance(number, PhoneNumber) else Misfit.NOT_A_PHONE
        case FieldKind.EMAIL:
            return plain if _EMAIL.fullmatch(plain) else Misfit.NOT_AN_EMAIL


def read_input(field: CustomField, texts: Sequence[str]) -> Value | Misfit | None:
    """`read_value` of what an input sent, which may be several texts.

    Each choice comes by itself, so that one may contain what stands between choices in a
    list; the ticked check box comes after the text for one that is not.
    """
    if field.kind is not FieldKind.MULTIPLE_CHOICE:
        return read_value(field, texts[-1] if texts else "")
    chosen = [_choice(field, text) for text in texts if text.strip()]
    if not chosen:
        return Misfit.REQUIRED if field.required else None
    if None in chosen:
        return Misfit.NOT_A_CHOICE
    return [one for one in field.choices if one in chosen]


def sort_keys(kind: FieldKind, value: Value) -> tuple[str, ...]:
    """What the value is found and sorted by, byte by byte: one key, or one for each choice."""
    if isinstance(value, list):
        return tuple(dict.fromkeys(fold(one)[:LONGEST_SORT_KEY] for one in value))
    if kind is FieldKind.NUMBER and not isinstance(number := _number(value), Misfit):
        return (_number_key(Decimal(number)),)
    return (fold(value)[:LONGEST_SORT_KEY],)  # also of what is no number, should there be some


def keys_of(fields: Mapping[int, CustomField], values: Values) -> list[tuple[int, str]]:
    """Field id and sort key of each value, fields that are gone left out."""
    return [
        (field.id, key)
        for field_id, value in values.items()
        if (field := fields.get(int(field_id))) is not None
        for key in sort_keys(field.kind, value)
    ]


# --- numbers, days and choices ------------------------------------------------------

_INTEGER_DIGITS = 15
_DECIMALS = 6


def _number(plain: str) -> str | Misfit:
    try:
        number = Decimal(plain.replace(",", "").replace(" ", "").replace("−", "-"))
    except InvalidOperation:
        return Misfit.NOT_A_NUMBER
    if not number.is_finite():
        return Misfit.NOT_A_NUMBER
    if abs(number) >= 10**_INTEGER_DIGITS or round(number, _DECIMALS) != number:
        return Misfit.TOO_LONG
    return f"{number.normalize():f}" if number else "0"


def _number_key(number: Decimal) -> str:
    """All numbers as texts of one length: of negative ones the digits are turned round."""
    digits = f"{abs(number):0{_INTEGER_DIGITS + _DECIMALS + 1}.{_DECIMALS}f}"
    if number >= 0:
        return f"1{digits}"
    return "0" + digits.translate({ord(str(one)): str(9 - one) for one in range(10)})


_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERA_LETTERS = {"m": "明治", "t": "大正", "s": "昭和", "h": "平成", "r": "令和"}
_ERA_DAY = re.compile(
    r"(明治|大正|昭和|平成|令和|[mtshr])\s*(元|\d{1,2})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?",
    re.IGNORECASE,
)
_DAY = re.compile(r"(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?|(\d{4})(\d\d)(\d\d)")


def read_date(text: str) -> date | None:
    """A day as lists write it: ``2026/4/1``, ``20260401``, ``令和8年4月1日``, ``R8.4.1``.

    Years of eras are counted from the proclamation's year as 元年, as the Japanese
    calendar does; None for anything else, also for days that there are not.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if era := _ERA_DAY.fullmatch(plain):
        name = _ERA_LETTERS.get(era[1].lower(), era[1])
        year = _ERAS[name] + (1 if era[2] == "元" else int(era[2]))
        return _day(year, int(era[3]), int(era[4]))
    if found := _DAY.fullmatch(plain):
        year, month, day = (int(part) for part in found.groups() if part is not None)
        return _day(year, month, day)
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_CLOCK = re.compile(r"(\d{1,2})[:時](\d{1,2})(?:[:分]\d{0,2}(?:\.\d+)?秒?)?分?")


def _date_time(plain: str) -> str | Misfit:
    days, _, clock = plain.replace("T", " ").rpartition(" ")
    day = read_date(days or plain)
    if day is None:
        return Misfit.NOT_A_TIME
    if not days:
        return f"{day.isoformat()}T00:00"
    found = _CLOCK.fullmatch(clock)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return Misfit.NOT_A_TIME
    return f"{day.isoformat()}T{int(found[1]):02}:{int(found[2]):02}"


def _choice(field: CustomField, plain: str) -> str | None:
    wanted = fold(plain)
    return next((one for one in field.choices if fold(one) == wanted), None)


def _choices(field: CustomField, plain: str) -> list[str] | Misfit:
    """The longest first: what stands between two choices may stand within one, as in IT・通信."""
    known = sorted(((fold(one), one) for one in field.choices), key=lambda one: -len(one[0]))
    chosen: set[str] = set()
    rest = _BETWEEN_CHOICES.sub("", fold(plain), count=1)
    while rest:
        found = next(((text, one) for text, one in known if _begins(rest, text)), None)
        if found is None:
            return Misfit.NOT_A_CHOICE
        chosen.add(found[1])
        rest = _BETWEEN_CHOICES.sub("", rest[len(found[0]) :], count=1)
    if not chosen:
        return Misfit.NOT_A_CHOICE
    return [one for one in field.choices if one in chosen]


def _begins(rest: str, choice: str) -> bool:
    after = rest[len(choice) :]
    return rest.startswith(choice) and (not after or bool(_BETWEEN_CHOICES.match(after)))
