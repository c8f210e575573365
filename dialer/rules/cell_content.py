"""What a cell of a list looks like, whatever its column is called."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from dialer.rules.custom_field import CustomField, FieldKind, Misfit, read_value
from dialer.rules.phone_number import PhoneNumber, UnusableNumber, parse_phone_numbers

_KEN = (
    "青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|神奈川|新潟|富山|石川|福井|山梨|長野"
    "|岐阜|静岡|愛知|三重|滋賀|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡"
    "|佐賀|長崎|熊本|大分|宮崎|鹿児島|沖縄"
)
PREFECTURE = re.compile(f"北海道|東京都|(?:京都|大阪)府|(?:{_KEN})県")
PREFECTURE_OF = {name: f"{name}県" for name in _KEN.split("|")}
PREFECTURE_OF |= {"東京": "東京都", "京都": "京都府", "大阪": "大阪府"}
"""The full name of a prefecture by its short one: 東京 → 東京都."""
DITTO_MARKS = frozenset({"同上", "同　上", "同 上", "〃", "″", "仝", "々", "”"})
"""“The same as above”: the cell means what the cell over it says."""
LEFT_MARKS = frozenset({"同左", "同　左", "同 左", "←"})
"""“The same as on the left”."""
DASHES = frozenset(dash * count for dash in "-‐−ー–—―－ｰ─" for count in (1, 2, 3))
"""A cell that says that there is nothing."""

_DATA = re.compile(
    r"\d{5,}|\d[\-‐−ー–—()]+\d|@|://|^\d+([.,]\d+)?$|\d+年\d+月|^(令和|平成|昭和)(元|\d+)年|"
    r"^[○×◯✓✔☑]$|^\d{4}[/.\-]\d"
)
_POSTAL = re.compile(r"〒\s*\d{3}[-‐−ー]?\d{4}|\d{3}[-‐−ー]\d{4}")
_COORDINATE = re.compile(r"\d{1,3}\.\d{3,}")  # 139.726341 has the digits of a number in Tokyo
_SHORTEST_CODE = 8  # digits; amounts of money differ in length before that
_LOCAL_NUMBER = re.compile(
    r"[1-9]\d{0,3}[-‐−ーｰ–—]\d{4}|\([1-9]\d{0,3}\) ?\d{4}|[1-9]\d{0,3}[局)]\d{4}|[2-9]\d{5,7}"
)
_WEBSITE = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ORGANISATION = re.compile(
    "株式会社|有限会社|合同会社|合資会社|㈱|㈲|\\(株\\)|\\(有\\)|法人|協会|組合|病院|医院|クリニック|薬局|商店"
    "|工業|工務店|建設|設備|センター|保育園|幼稚園|学校|公民館|歯科|事務所|サービス|商会|製作所|水道|食堂|旅館"
)
_NOTE = re.compile(r"※|[(（]?注[)）:：意0-9０-９]")
_CITY = re.compile(r"\S{1,6}[市区町村郡]")


def looks_like_data(text: str) -> bool:
    """A number, a date, an address of any kind: no word that a column could be called."""
    return len(text) > 60 or _DATA.search(unicodedata.normalize("NFKC", text.strip())) is not None


def is_phone(text: str) -> bool:
    """A telephone number with its area code."""
    if len(text) > 60 or is_coordinate(text):
        return False
    numbers = parse_phone_numbers(text)
    return not isinstance(numbers, UnusableNumber) and isinstance(numbers[0], PhoneNumber)


def is_written_phone(text: str) -> bool:
    """The same with marks between its parts: 0170101950 may be a code as well."""
    return not _plain(text).isdecimal() and is_phone(text)


def is_coordinate(text: str) -> bool:
    """A latitude or a longitude."""
    return _COORDINATE.fullmatch(_plain(text)) is not None


def is_local_number(text: str) -> bool:
    """A telephone number without its area code, as people write it to their neighbours."""
    return _LOCAL_NUMBER.fullmatch(_plain(text)) is not None


def is_postal_code(text: str) -> bool:
    """Written as one: seven digits alone are a code of anything."""
    return _POSTAL.fullmatch(_plain(text)) is not None


def is_email(text: str) -> bool:
    return _EMAIL.fullmatch(_plain(text)) is not None


def is_website(text: str) -> bool:
    return _WEBSITE.fullmatch(_plain(text)) is not None


def is_prefecture(text: str) -> bool:
    return PREFECTURE.fullmatch(_plain(text)) is not None


def is_address(text: str) -> bool:
    """Begins with a prefecture and goes on, or names a town and a number."""
    plain = _plain(text)
    found = PREFECTURE.match(plain)
    if found:
        return len(plain) > found.end()
    return bool(_CITY.match(plain)) and any(character.isdecimal() for character in plain)


def is_note(text: str) -> bool:
    """Begins like a remark below or between the rows: ※, 注1."""
    return _NOTE.match(text) is not None


def is_organisation(text: str) -> bool:
    """Says by a word that it is the name of a company or a facility."""
    return len(text) <= 60 and _ORGANISATION.search(_plain(text)) is not None


def share(cells: Sequence[str], looks: Callable[[str], bool]) -> float:
    """Of the cells with anything in them, how many look like it: 0 to 1, 0 without any."""
    filled = [cell for cell in cells if cell.strip()]
    return sum(map(looks, filled)) / len(filled) if filled else 0.0


def suggested_kind(cells: Sequence[str]) -> FieldKind:
    """The kind of custom field for these cells: the narrowest that nearly all of them fit.

    One 約30名 makes no text of a column of figures: it is named (`column_fit`), and the kind is
    offered, not taken.
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return FieldKind.TEXT
    for kind in (FieldKind.CHECK_BOX, FieldKind.DATE, FieldKind.PHONE, FieldKind.EMAIL):
        if _fit(kind, filled) and not (kind is FieldKind.PHONE and any(map(is_coordinate, filled))):
            return kind
    if share(filled, is_website) >= _NEARLY_ALL:
        return FieldKind.URL
    if _fit(FieldKind.NUMBER, filled) and not _are_codes(_fitting(FieldKind.NUMBER, filled)):
        return FieldKind.NUMBER
    if any("\n" in cell or len(cell) > 200 for cell in filled):
        return FieldKind.LONG_TEXT
    different = set(filled)
    if len(filled) >= 10 and len(different) <= min(12, len(filled) // 3):
        return FieldKind.SINGLE_CHOICE
    return FieldKind.TEXT


_NEARLY_ALL = 0.95


def _are_codes(filled: Sequence[str]) -> bool:
    """011002 is a town and 1010401067890 a company: digits that nobody adds up."""
    if any("." in cell for cell in filled):
        return False
    if any(cell[0] == "0" and len(cell) > 1 for cell in filled):
        return True
    lengths = {len(cell) for cell in filled}
    return len(lengths) == 1 and lengths.pop() >= _SHORTEST_CODE and len(filled) > 1


def _fit(kind: FieldKind, filled: Sequence[str]) -> bool:
    return len(_fitting(kind, filled)) >= _NEARLY_ALL * len(filled)


def _fitting(kind: FieldKind, filled: Sequence[str]) -> list[str]:
    field = CustomField(0, "", kind)
    return [cell for cell in filled if not isinstance(read_value(field, cell), Misfit)]


def common_area_code(numbers: Mapping[str, int]) -> str:
    """The area code that most numbers of a list have, given how often each occurs; or none."""
    most = max(numbers, key=lambda code: numbers[code], default="")
    return most if most and numbers[most] * 2 > sum(numbers.values()) else ""


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()
