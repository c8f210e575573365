"""Which keys earlier rows of a file had, in constant memory."""

import sqlite3
from collections.abc import Sequence
from types import TracebackType


class SeenKeys:
    """Keys with the first row that had each; on disk when they become many.

    A number is kept as the integer that its digits are, which takes a third of the room.
    """

    def __init__(self) -> None:
        self._kept = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._kept.execute("PRAGMA journal_mode=OFF")
        self._kept.execute("PRAGMA synchronous=OFF")
        self._kept.execute("PRAGMA cache_size=-32768")
        self._kept.execute("CREATE TABLE numbers (key INTEGER PRIMARY KEY, row INTEGER)")
        self._kept.execute("CREATE TABLE words (key TEXT PRIMARY KEY, row INTEGER) WITHOUT ROWID")
        self._kept.execute("BEGIN")

    def first_row_of(self, keys: Sequence[str]) -> int | None:
        """The first row that had one of `keys`."""
        rows = [
            found[0]
            for key in keys
            if (found := self._kept.execute(_FIND[_is_number(key)], (_kept_as(key),)).fetchone())
        ]
        return min(rows, default=None)

    def add(self, keys: Sequence[str], row: int) -> None:
        """Keeps `row` for those of `keys` that no earlier row had."""
        for key in keys:
            self._kept.execute(_KEEP[_is_number(key)], (_kept_as(key), row))

    def __enter__(self) -> "SeenKeys":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._kept.close()


_TABLES = {True: "numbers", False: "words"}
_FIND = {kind: f"SELECT row FROM {table} WHERE key = ?" for kind, table in _TABLES.items()}
_KEEP = {
    kind: f"INSERT INTO {table} VALUES (?, ?) ON CONFLICT DO NOTHING"
    for kind, table in _TABLES.items()
}


def _is_number(key: str) -> bool:
    return key.startswith("+") and key[1:].isdecimal() and key[1] != "0" and len(key) <= 19


def _kept_as(key: str) -> int | str:
    return int(key[1:]) if _is_number(key) else key
