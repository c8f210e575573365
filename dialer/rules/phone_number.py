"""Telephone numbers as people write them, turned into E.164 or a reason why not.

The numbering plan is that of the `phonenumbers` library. What this module adds is
what Japanese lists need: every kind of dash, extensions and 代 (the switchboard's
number), zeros that a spreadsheet dropped, and codes that nobody must be called on.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType


class NumberKind(StrEnum):
    """What sort of line a number leads to. The gate never lets `PREMIUM` through."""

    MOBILE = "mobile"
    FIXED = "fixed"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"  # 0990: the called side charges the caller
    UAN = "uan"  # 0570: navi-dial, paid by the caller
    VOIP = "voip"  # 050
    OTHER = "other"


class UnusableReason(StrEnum):
    """Why a text is not a number that can be called."""

    EMPTY = "empty"
    NONE_GIVEN = "none given"
    NOT_A_NUMBER = "not a number"
    SERVICE_CODE = "service code"
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    NOT_ASSIGNED = "not assigned"
    DAMAGED = "damaged by a spreadsheet"

    def text(self, language: str = "en") -> str:
        """The reason in words; `language` is ``ja`` or ``en``."""
        japanese, english = _REASON_TEXTS[self]
        return japanese if language == "ja" else english


_REASON_TEXTS = {
    UnusableReason.EMPTY: ("空欄です", "the cell is empty"),
    UnusableReason.NONE_GIVEN: ("番号なしと書かれています", "it says that there is no number"),
    UnusableReason.NOT_A_NUMBER: ("電話番号ではありません", "this is not a telephone number"),
    UnusableReason.SERVICE_CODE: (
        "110などの特番です",
        "an emergency or service code is never called",
    ),
    UnusableReason.TOO_SHORT: ("桁数が足りません", "too few digits"),
    UnusableReason.TOO_LONG: ("桁数が多すぎます", "too many digits"),
    UnusableReason.NOT_ASSIGNED: (
        "使われていない番号帯です",
        "no such numbers exist in the numbering plan",
    ),
    UnusableReason.DAMAGED: (
        "表計算ソフトで桁が失われています(列を文字列にしてください)",
        "a spreadsheet rounded the digits away; format the column as text",
    ),
}


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that exists in the numbering plan."""

    e164: str  # "+81352542287"
    kind: NumberKind
    note: str = ""  # what else the cell said: "内線123", "代"
    zero_restored: bool = False  # the text lacked the leading zero


@dataclass(frozen=True, slots=True)
class UnusableNumber:
    """A text that is not a number that can be called, and why."""

    reason: UnusableReason


def parse_phone_number(text: str, region: str = "JP") -> PhoneNumber | UnusableNumber:
    """The first number in `text`; numbers without a country code belong to `region`.

    `region` is an ISO 3166-1 alpha-2 code. Never raises: what cannot be called is an
    `UnusableNumber`.
    """
    numbers = parse_phone_numbers(text, region)
    return numbers if isinstance(numbers, UnusableNumber) else numbers[0]


def parse_phone_numbers(text: str, region: str = "JP") -> tuple[PhoneNumber, ...] | UnusableNumber:
    """Every number in `text`, in order ("03-… / 090-…"); at least one, or the reason."""
    if region == "JP" and (number := ordinary_number(text)):
        return (number,)
    if region == "JP" and (number := _number_with_words(text)):
        return (number,)
    shown = _shown(text)
    plain = shown.translate(_TRANSLATION)
    if not plain:
        return UnusableNumber(UnusableReason.EMPTY)
    if _SCIENTIFIC.fullmatch(plain):
        return UnusableNumber(UnusableReason.DAMAGED)
    if whole := _WHOLE_FLOAT.fullmatch(plain):
        shown = plain = whole[1]
    # Nothing but one number: no words to keep, the usual case.
    if _RUN.fullmatch(plain) and (number := _read(plain, region, may_restore=True)):
        return (number,)
    found = tuple(_find(shown, region))
    return found if found else UnusableNumber(_why_unusable(plain))


def ordinary_number(text: str) -> PhoneNumber | None:
    """The Japanese number in a text of digits and the marks between them: ``03(5254)2287``.

    Most cells of most lists are one, and it takes a tenth of the time. None for all others,
    which is no answer: `parse_phone_numbers` may still find a number in them.
    """
    digits = text.translate(_WITHOUT_MARKS)
    if digits[:1] == "0":
        national = digits[1:]
    elif digits[:3] == "+81":
        national = digits[3:].removeprefix("0")
    else:
        return None
    if not (national.isascii() and national.isdigit()):
        return None
    beginning = national[:_DECIDING_DIGITS], len(national)
    kind = _known_beginnings.get(beginning)
    if kind is None:
        kind = _kind_of(national)
        if kind is None:
            return None
        _known_beginnings[beginning] = kind
    return PhoneNumber(f"+81{national}", kind)


def _number_with_words(text: str) -> PhoneNumber | None:
    """``03-5254-2287 内線12`` and ``（代）``: the words are the same in many cells of a list."""
    parts = _WORDS_AFTER.fullmatch(text)
    number = ordinary_number(parts[1]) if parts else None
    if parts is None or number is None:
        return None
    note = _note_of(parts[2])
    return None if note is None else PhoneNumber(number.e164, number.kind, note)


@lru_cache(maxsize=4096)
def _note_of(words: str) -> str | None:
    """What `words` after a number say of it; None when they hold another number."""
    found = tuple(_find(_shown(f"{_ANY_NUMBER}{words}"), "JP"))
    return found[0].note if len(found) == 1 and found[0].e164 == _ANY_E164 else None


@lru_cache(maxsize=8192)
def national_format(e164: str, region: str = "JP") -> str:
    """`e164` as people in `region` write it: ``+81352542287`` → ``03-5254-2287``.

    Numbers of other countries keep their country code; a text that is no number is
    returned unchanged.
    """
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    at_home = phonenumbers.country_code_for_region(region) == number.country_code
    form = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)


def national_digits(e164: str, region: str = "JP") -> str:
    """The digits to dial within `region`: ``+81352542287`` → ``0352542287``.

    A number of another country stays as it is, with its plus.
    """
    national = national_format(e164, region)
    return e164 if national.startswith("+") else "".join(filter(str.isdigit, national))


# --- the text ---------------------------------------------------------------------------

# Unicode's dashes, the minus, the katakana length mark and box-drawing lines: all of them
# are typed between the groups of a number. NFKC leaves most of them as they are.
_DASHES = "‐‑‒–—―⁃−ーー─━﹘﹣－"
_TRANSLATION = str.maketrans(dict.fromkeys(_DASHES, "-"))
_WITHOUT_MARKS = str.maketrans(
    {
        **dict.fromkeys(f"{_DASHES}-()（）[]. \u3000"),
        **{chr(ord("０") + digit): str(digit) for digit in range(10)},
        "＋": "+",
    }
)
_WORDS_AFTER = re.compile(r"([+0][0-9() -]*[0-9])(\s*[^0-9() \-].{0,19}|\s*[(（][^0-9]{1,8})")
_ANY_NUMBER, _ANY_E164 = "03-5254-2287", "+81352542287"
# ①03-… : a circled digit counts numbers; NFKC would make it the number's first digit.
_CIRCLED = re.compile("[①-⑳❶-❿]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad]")

_SCIENTIFIC = re.compile(r"[1-9](\.\d+)?E\+?\d{1,2}", re.IGNORECASE)
_WHOLE_FLOAT = re.compile(r"(\d{6,15})\.0+")  # a number cell of a spreadsheet
_EXTENSION = re.compile(
    r"[(\[]?\s*(?:内線|内|extension|ext|x|#)\s*[.:]?\s*(?:番号)?\s*[.:]?\s*\d{1,6}\s*[)\]]?",
    re.IGNORECASE,
)
# 03-… 9:00-17:00: the hours are no part of the number either.
_NO_PART = re.compile(rf"{_EXTENSION.pattern}|(?<![\d-])\d{{1,2}}:\d{{2}}(?!\d)", re.IGNORECASE)
_NOT_DIGIT = re.compile("[^0-9]")
_RUN = re.compile(r"[+(\[]*\d(?:[\d\s().\[\]\-]*\d)?[)\]]?")
_TRAILING_GROUP = re.compile(r"\s*[(\[](\d{1,5})[)\]]?$")
# “TEL 03-…” in a column of telephone numbers says nothing.
_JUST_A_PHONE = re.compile(r"(?:tel|電話(?:番号)?|phone|☎|☏)[\s.:]*$", re.IGNORECASE)
_SERVICE = re.compile(r"1\d\d|#\d{4}")
_NO_NUMBER = re.compile(
    r"-+|×|x|なし|無し|無|ナシ|無しです|ありません|不明|未定|未登録|非公開|非通知|該当なし"
    r"|n/?a|none|null|nil|no|unknown",
    re.IGNORECASE,
)
_NOTE_EDGES = f" \t\r\n()[]{{}}「」『』【】<>:;,、，。・/|*'\"=-.{_DASHES.replace('ー', '')}"


def _shown(text: str) -> str:
    """The text in one width and with ASCII digits; its dashes are as they were."""
    if text.isascii():
        return text.strip()
    visible = _INVISIBLE.sub("", _CIRCLED.sub(" ", text))
    plain = unicodedata.normalize("NFKC", visible).strip()
    if plain.isascii():
        return plain
    # \d matches the digits of every script; E.164 is written in ASCII.
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in plain
    )


def _digits(text: str) -> str:
    return _NOT_DIGIT.sub("", text)


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    number: PhoneNumber
    note: str = ""


def _find(shown: str, region: str) -> Iterator[PhoneNumber]:
    """The numbers of a cell, each with the words that follow it (or precede the first)."""
    plain = shown.translate(_TRANSLATION)
    masked = _NO_PART.sub(lambda match: "\0" * len(match[0]), plain)
    hits = [hit for run in _RUN.finditer(masked) for hit in _read_run(run, region)]
    for index, hit in enumerate(hits):
        before = _JUST_A_PHONE.sub("", shown[: hit.start]) if index == 0 else ""
        until = hits[index + 1].start if index + 1 < len(hits) else len(plain)
        words = (before, hit.note, shown[hit.end : until])
        note = " ".join(filter(None, (word.strip(_NOTE_EDGES) for word in words)))
        number = hit.number
        yield PhoneNumber(number.e164, number.kind, note, number.zero_restored)


def _read_run(run: re.Match[str], region: str) -> list[_Hit]:
    text, start, end = run[0], run.start(), run.end()
    # Inside a sentence, nine digits are more likely an order number than a number
    # without its zero.
    may_restore = not run.string[:start].strip(_NOTE_EDGES + "0")
    if number := _read(text, region, may_restore=may_restore):
        return [_Hit(start, end, number)]
    if group := _TRAILING_GROUP.search(text):  # 03-1234-5678(123): an extension
        shorter = text[: group.start()]
        if number := _read(shorter, region, may_restore=False):
            return [_Hit(start, end, number, note=group[1])]
    # Several numbers between spaces. Each part must be one: dropping a part would turn a
    # mistyped number into somebody else's.
    hits = []
    for part in re.finditer(r"\S+", text):
        number = _read(part[0], region, may_restore=False)
        if number is None:
            return []
        hits.append(_Hit(start + part.start(), start + part.end(), number))
    return hits


def _why_unusable(plain: str) -> UnusableReason:
    if not any(character.isdecimal() for character in plain):
        nothing = _NO_NUMBER.fullmatch(plain.strip(_NOTE_EDGES) or "-")
        return UnusableReason.NONE_GIVEN if nothing else UnusableReason.NOT_A_NUMBER
    if _SERVICE.fullmatch(plain):
        return UnusableReason.SERVICE_CODE
    runs = [_digits(run[0]) for run in _RUN.finditer(_EXTENSION.sub(" ", plain))]
    digits = max(runs, key=len, default="")
    if not digits or (len(digits) < 3 and len(plain) > 4):
        return UnusableReason.NOT_A_NUMBER
    if _SERVICE.fullmatch(digits):
        return UnusableReason.SERVICE_CODE
    if len(digits.removeprefix("0")) < 9:
        return UnusableReason.TOO_SHORT
    if len(digits) > 11 and "+" not in plain:
        return UnusableReason.TOO_LONG
    return UnusableReason.NOT_ASSIGNED


# --- the numbering plan -----------------------------------------------------------------

_KIND_BY_TYPE = {
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM,
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
    PhoneNumberType.VOIP: NumberKind.VOIP,
    PhoneNumberType.UAN: NumberKind.UAN,
    PhoneNumberType.FIXED_LINE: NumberKind.FIXED,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberKind.FIXED,
    PhoneNumberType.MOBILE: NumberKind.MOBILE,
}
_KIND_BY_GROUP = {
    "premium": NumberKind.PREMIUM,
    "toll_free": NumberKind.TOLL_FREE,
    "voip": NumberKind.VOIP,
    "personal": NumberKind.OTHER,
    "pager": NumberKind.OTHER,
    "uan": NumberKind.UAN,
    "fixed": NumberKind.FIXED,
    "mobile": NumberKind.MOBILE,
}
# 184 hides and 186 shows the caller's number (NTT): a habit of dialling, not the number.
_CALLER_ID_PREFIX = re.compile(r"18[46](?=0\d{9,10}$)")


def _read(text: str, region: str, *, may_restore: bool) -> PhoneNumber | None:
    digits = _digits(text)
    international = text.lstrip("([ ").startswith("+")
    if region == "JP":
        if not international:
            digits = _CALLER_ID_PREFIX.sub("", digits)
        if number := _read_japanese(digits, international=international, may_restore=may_restore):
            return number
        if not international and not digits.startswith(("0", "81")):
            return None
    return _read_any(digits, region, international=international)


def _read_japanese(digits: str, *, international: bool, may_restore: bool) -> PhoneNumber | None:
    """The common case without the library's parser, which takes thirty times as long.

    The patterns are the library's own, so the answer is the same.
    """
    if international:
        if not digits.startswith("81"):
            return None
        national, restored = digits[2:].removeprefix("0"), False
    elif digits.startswith("0"):
        national, restored = digits[1:], False
    else:
        national, restored = digits, True
    if restored and not may_restore:
        return None
    kind = _kind_of(national)
    return None if kind is None else PhoneNumber(f"+81{national}", kind, zero_restored=restored)


# The plan looks at the first digits of a number and at how many there are (a test proves
# it), so what it says of one number holds for the next one in the same exchange.
_DECIDING_DIGITS = 4
_known_beginnings: dict[tuple[str, int], NumberKind] = {}


def _kind_of(national: str) -> NumberKind | None:
    """What sort of line the digits after the first zero lead to; None for no such number."""
    if national.startswith("0"):
        return None
    match = _japanese_plan().fullmatch(national)
    return None if match is None else _KIND_BY_GROUP[match.lastgroup or ""]


def _read_any(digits: str, region: str, *, international: bool) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(f"+{digits}" if international else digits, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return PhoneNumber(e164, _KIND_BY_TYPE.get(phonenumbers.number_type(number), NumberKind.OTHER))


@cache
def _japanese_plan() -> re.Pattern[str]:
    """One pattern for every national number, in the order in which the library decides."""
    plan = PhoneMetadata.metadata_for_region("JP")
    assert plan is not None  # the library ships every region
    descriptions = {
        "premium": plan.premium_rate,
        "toll_free": plan.toll_free,
        "voip": plan.voip,
        "personal": plan.personal_number,
        "pager": plan.pager,
        "uan": plan.uan,
        "fixed": plan.fixed_line,
        "mobile": plan.mobile,
    }
    return re.compile(
        "|".join(
            f"(?P<{name}>{description.national_number_pattern})"
            for name, description in descriptions.items()
            if description is not None and description.national_number_pattern
        )
    )
