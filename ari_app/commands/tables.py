"""Tables on the terminal: a number or a date is never cut, however narrow the window is."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

_NO_LIMIT = 10_000  # columns; in a pipe or a file no line has to end anywhere


def console() -> Console:
    """Standard output. Without a terminal its lines are as long as they need to be."""
    found = Console(highlight=False, markup=False)
    if not found.is_terminal:
        found.width = _NO_LIMIT
    return found


def table(header: Sequence[str], rows: Iterable[Sequence[str]], **settings: Any) -> Table:
    """Cells that are too long go on in the next line; words with digits stay in one piece."""
    lines = [list(row) for row in rows]
    made = Table(box=box.SIMPLE_HEAD, **settings)
    for place, name in enumerate(header):
        words = [word for line in lines for word in line[place].split() if _has_digit(word)]
        made.add_column(name, overflow="fold", min_width=max(map(cell_len, words), default=None))
    for line in lines:
        made.add_row(*line)
    return made


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints it; what no column can give up runs over the edge of the terminal."""
    console().print(table(header, rows), crop=False)


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)
