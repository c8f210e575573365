"""Tables on the terminal: a number or a date is never cut, however narrow the window is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table

_NO_LIMIT = 10_000  # cells; in a pipe or a file no line has to end anywhere
_BETWEEN = 2  # cells that the box takes for each column


def console() -> Console:
    """Standard output. Without a terminal its lines are as long as they need to be."""
    found = Console(highlight=False, markup=False)
    if not found.is_terminal:
        found.width = _NO_LIMIT
    return found


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints it; what no column can give up runs over the edge of the terminal."""
    console().print(FittingTable(header, tuple(rows)), crop=False)


@dataclass(frozen=True, slots=True)
class FittingTable:
    """Long cells go on in the next line; headings and words with digits stay in one piece."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._table(options.max_width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._table(options.max_width))

    def _table(self, room: int) -> Table:
        table = Table(
            box=box.SIMPLE_HEAD,
            title=self.title,
            title_justify="left",
            collapse_padding=True,
            pad_edge=False,
        )
        columns = list(zip(self.header, *self.rows, strict=True))
        widths = _fitted(columns, room - _BETWEEN * len(columns))
        for name, width in zip(self.header, widths, strict=True):
            # Both, because a table that is too wide would squeeze a mere width.
            table.add_column(name, overflow="fold", min_width=width, max_width=width)
        for row in self.rows:
            table.add_row(*row)
        return table


def _fitted(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """The widths; the widest column that can gives way first."""
    widths = [max(1, *map(cell_len, column)) for column in columns]
    least = [_least(column) for column in columns]
    while sum(widths) > room:
        spare = [place for place, width in enumerate(widths) if width > least[place]]
        if not spare:
            break
        widths[max(spare, key=widths.__getitem__)] -= 1
    return widths


def _least(column: Sequence[str]) -> int:
    heading, *cells = column
    whole = [word for cell in cells for word in cell.split() if any(map(str.isdigit, word))]
    # A column without a heading keeps room for a wide character.
    return max([2, *map(cell_len, [*heading.split(), *whole])])
