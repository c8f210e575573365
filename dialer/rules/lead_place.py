"""Where a lead is: postal code, prefecture and the rest, as the columns of a row say."""

import re
import unicodedata
from typing import Protocol

from dialer.rules.cell_content import PREFECTURE, PREFECTURE_OF


class PostalPlaces(Protocol):
    """Where postal codes lead."""

    def place_of(self, postal_code: str) -> tuple[str, str] | None:
        """Prefecture and city of ``100-0001``; None for a code that there is not. The city is
        empty where a code has several."""
        ...


def postal_code_of(text: str) -> tuple[str, bool]:
    """``1000001`` → ``100-0001``; and whether a spreadsheet that took it for a number lost the
    zero, which is put back. What is no code is returned in one width."""
    if len(text) == 8 and text[3] == "-" and text.isascii():
        return text, False
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    plain = plain.removeprefix("〒").strip()
    digits = _POSTAL_MARKS.sub("", plain)
    if len(digits) not in (6, 7) or not digits.isdecimal():
        return plain, False
    lost = len(digits) == 6
    digits = digits.zfill(7)
    return f"{digits[:3]}-{digits[3:]}", lost


def postal_code_before(address: str) -> tuple[str, str]:
    """The postal code with which the address begins, or none, and the address without it."""
    if address[:1] not in _POSTAL_STARTS:
        return "", address
    found = _POSTAL_BEFORE.match(address)
    return (found[1] or found[2], address[found.end() :]) if found else ("", address)


def place_of_columns(prefecture: str, city: str, address: str) -> tuple[str, str]:
    """Prefecture and the rest, from their own columns or from one with everything."""
    prefecture = PREFECTURE_OF.get(prefecture, prefecture)
    if address:
        match = PREFECTURE.match(address)
        if match and prefecture in ("", match[0]):
            prefecture, address = match[0], address[match.end() :].strip()
        if address.startswith(city):
            city = ""
    return prefecture, " ".join(f"{city}{address}".split())


def filled_in(prefecture: str, city: str, place: tuple[str, str] | None) -> tuple[str, str]:
    """What a row leaves empty, from its postal code, unless the two contradict each other."""
    if place is None or prefecture not in ("", place[0]):
        return prefecture, city
    return place[0], city or place[1]


_POSTAL_STARTS = frozenset("〒0123456789０１２３４５６７８９")
# 〒380-0836長野市 and 380-0836 長野市 in one cell; 100-1234号棟 is part of an address.
_POSTAL_BEFORE = re.compile(
    r"(?:〒\s*(\d{3}[-‐−ー–—－]?\d{4})\s*|(\d{3}[-‐−ー–—－]\d{4})\s+)(?=\D)"
)
_POSTAL_MARKS = re.compile(r"[\s\-‐−ー–—]")
