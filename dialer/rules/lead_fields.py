"""基本情報: what a person may write into the fields of a lead, and how it is kept."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from dialer.rules.cell_content import DASHES, PREFECTURE, PREFECTURE_OF
from dialer.rules.custom_field import CustomField, FieldKind, Misfit, Value, read_value

PRIORITIES = range(-99, 100)  # the higher, the earlier it is called


@dataclass(frozen=True, slots=True)
class BasicField:
    """A column of a lead that people edit: at most `longest` characters of its `kind`."""

    name: str
    longest: int
    kind: FieldKind = FieldKind.TEXT
    required: bool = False


# In the order in which they are shown; the lengths are those of the columns.
BASIC_FIELDS: Mapping[str, BasicField] = {
    field.name: field
    for field in (
        BasicField("name", 400, required=True),
        BasicField("name_kana", 400),
        BasicField("contact_person", 200),
        BasicField("postal_code", 20),
        BasicField("prefecture", 40),
        BasicField("city", 200),
        BasicField("building", 400),
        BasicField("email", 320, FieldKind.EMAIL),
        BasicField("website", 500, FieldKind.URL),
        BasicField("notes", 20_000, FieldKind.LONG_TEXT),
    )
}
# What `search_text.lead_key` is made of.
SEARCHED = frozenset({"name", "name_kana", "contact_person", "email"})
NO_TEXT = DASHES | {""}
CUSTOM = "custom:"  # before the id of a custom field


def read_basic(field: BasicField, text: str) -> str | Misfit:
    """The text as the column keeps it, empty for none, or why it does not fit.

    A dash says that there is nothing, as it does in a list.
    """
    if text.strip() in NO_TEXT:
        return Misfit.REQUIRED if field.required else ""
    read: Value | Misfit | None
    if field.name == "postal_code":
        read = postal_code(text)
    elif field.name == "prefecture":
        read = prefecture(text)
    elif field.name == "name_kana":
        read = plain_name(unicodedata.normalize("NFKC", text))
    elif field.name in _NAMES:
        read = plain_name(text)
    else:
        read = read_value(CustomField(0, field.name, field.kind), text)
    if isinstance(read, Misfit):
        return read
    kept = str(read or "")
    return Misfit.TOO_LONG if len(kept) > field.longest else kept


def read_priority(text: str) -> int | Misfit:
    """A whole number of `PRIORITIES`; an empty text is 0, as every lead begins."""
    plain = unicodedata.normalize("NFKC", text).strip() or "0"
    try:
        number = int(plain)
    except ValueError:
        return Misfit.NOT_A_NUMBER
    return number if number in PRIORITIES else Misfit.TOO_LONG


def text_of(value: Value | None) -> str:
    """A custom value as a person types it: several choices with 、 between them."""
    if value is None:
        return ""
    return "、".join(value) if isinstance(value, list) else value


def postal_code(text: str) -> str | Misfit:
    """``１６００００４`` and ``〒160-0004`` as ``160-0004``; one of a country that begins
    its codes with letters as it stands."""
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("〒").strip()
    if _CODE_ABROAD.fullmatch(plain):
        return plain
    digits = _POSTAL_MARKS.sub("", plain)
    if len(digits) != 7 or not (digits.isascii() and digits.isdecimal()):
        return Misfit.NOT_A_POSTAL_CODE
    return f"{digits[:3]}-{digits[3:]}"


def prefecture(text: str) -> str | Misfit:
    """The whole name of a prefecture: ``東京`` is 東京都."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    name = PREFECTURE_OF.get(plain, plain)
    return name if PREFECTURE.fullmatch(name) else Misfit.NOT_A_PREFECTURE


def plain_name(text: str) -> str:
    """A name with kana in full width and single spaces; ㈱ and ３Ｆ stay as they were typed."""
    return " ".join(_HALF_WIDTH_KANA.sub(_in_full_width, text).split())


_NAMES = frozenset({"name", "contact_person", "city", "building"})
_HALF_WIDTH_KANA = re.compile("[\uff61-\uff9f]+")
_POSTAL_MARKS = re.compile(r"[\s‐‑–—―−ーｰ-]")
_CODE_ABROAD = re.compile(r"[A-Za-z](?=.*[0-9])[A-Za-z0-9 -]{4,9}")


def _in_full_width(kana: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", kana[0])
