"""Where the tables of a sheet lie: header rows, data, and what stands above and below.

A list may have titles above its header, a header of several rows (所在地 over 郵便番号 and
住所), notes and sums below, the header again on every printed page, and other tables in
the same sheet. Rows are looked at one after the other, so that no list is too long.
"""

import re
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from dialer.rules.cell_content import is_written_phone, looks_like_data
from dialer.rules.column_names import exact_key, meaning_of

HEAD_ROWS = 60  # each of the first ones may be a header; later ones only below a gap
_BELOW_GAP = 3
_AROUND = 3  # rows kept before and after a header, which may belong to it
_MOST_TABLES = 20

Row = tuple[int, Sequence[str]]
Spans = Mapping[int, Sequence[tuple[int, int]]]
"""By row number, the first and the last column of each cell that was merged over several."""


@dataclass(slots=True)
class FoundTable:
    """A table; `last_row` is its last one with more than a word in it."""

    header_rows: tuple[int, int]  # (0, 0): it has none
    names: tuple[tuple[str, ...], ...]  # of each column, from top to bottom
    last_row: int = 0
    row_count: int = 0
    rows_below: int = 0  # with something in them, but too little to be data

    @property
    def first_row(self) -> int:
        """The first row of data."""
        return self.header_rows[1] + 1


@dataclass(slots=True)
class _Candidate:
    number: int
    cells: Sequence[str]
    before: list[Row]
    after: list[Row] = field(default_factory=list)
    last_full: int = 0
    full: int = 0
    narrow_since: int = 0


class TableFinder:
    """Looks at the rows of a sheet, in order; `tables` says what there was.

    `known` are names of columns that somebody knows, in addition to the usual ones.
    """

    def __init__(self, known: Collection[str] = (), spans: Spans | None = None) -> None:
        self._known = frozenset(map(exact_key, known))
        self._spans = spans or {}
        self._head: list[Row] = []
        self._before: deque[Row] = deque(maxlen=_AROUND)
        self._found: list[_Candidate] = []
        self._previous = 0
        self._watching = HEAD_ROWS
        self._nobodys = _Candidate(0, (), [])  # rows above the first header

    def add(self, number: int, cells: Sequence[str]) -> None:
        """The next row; rows without any text may be left out."""
        filled = len(cells) - cells.count("")
        if not filled:
            return
        if number != self._previous + 1 or filled == 1:
            self._watching = max(self._watching, _BELOW_GAP)
        self._previous = number
        if len(self._head) < HEAD_ROWS:
            self._head.append((number, cells))
        if self._watching and filled > 1:
            self._watching -= 1
            if self._is_new_header(number, cells):
                self._found.append(_Candidate(number, cells, list(self._before)))
                self._before.clear()
                return
        self._before.append((number, cells))
        self._count(number, cells, filled)

    def tables(self) -> list[FoundTable]:
        """All of them in order; one without a header when there is none."""
        found = self._found or self._weak_header()
        if not found:
            return [self._without_header()]
        return [self._table(candidate) for candidate in found]

    def table_at(self, first: int, last: int) -> FoundTable:
        """The table whose header is said to be these rows, as far as its first rows tell."""
        rows = [row for row in self._head if first <= row[0] <= last]
        names = header_names(rows, self._spans)
        after = [each for each in self._found if each.number > last]
        counted = [each for each in self._found if each.number <= last] or [self._nobodys]
        end = after[0].number - 1 if after else self._previous
        if not after:
            end = max(each.last_full for each in (*counted, *self._found, self._nobodys))
        return FoundTable((first, last), names, end, max(end - last, 0))

    def _is_new_header(self, number: int, cells: Sequence[str]) -> bool:
        if len(self._found) >= _MOST_TABLES or not is_header(cells, self._known):
            return False
        if not self._found:
            return True
        current = self._found[-1]
        # The same header again, on the next page; or another row of the header just above.
        seen = [current.cells, *(row for _, row in current.after)]
        again = any(_is_again(cells, row) for row in seen)
        return not again and not (number - current.number <= _AROUND and not current.full)

    def _count(self, number: int, cells: Sequence[str], filled: int) -> None:
        current = self._found[-1] if self._found else self._nobodys
        if self._found and len(current.after) < _AROUND:
            current.after.append((number, cells))
        if filled > 1 or len(current.cells) <= 2:
            current.last_full = number
            current.full += 1 + current.narrow_since
            current.narrow_since = 0
        else:
            current.narrow_since += 1

    def _weak_header(self) -> list[_Candidate]:
        """A row with one known name, else the row of words above rows of data."""
        scores = [
            len(known_fields(cells, self._known)) - sum(map(looks_like_data, cells))
            for _, cells in self._head
        ]
        best = max(scores, default=0)
        index = scores.index(best) if best > 0 else self._words_above_data()
        if index is None:
            return []
        number, cells = self._head[index]
        candidate = _Candidate(
            number, cells, self._head[max(index - _AROUND, 0) : index],
            self._head[index + 1 : index + 1 + _AROUND],
        )  # fmt: skip
        rest = self._nobodys
        candidate.last_full = max(rest.last_full, number)
        candidate.full = max(rest.full - index - 1, 0)
        candidate.narrow_since = rest.narrow_since
        return [candidate]

    def _words_above_data(self) -> int | None:
        for index, (_, cells) in enumerate(self._head[:-1]):
            words = [cell for cell in cells if cell.strip()]
            below = [cell for cell in self._head[index + 1][1] if cell.strip()]
            if len(words) < 2:
                continue
            if any(map(looks_like_data, words)) or len(below) < 2:
                return None
            return index if any(map(looks_like_data, below)) else None
        return None

    def _without_header(self) -> FoundTable:
        width = max((len(cells) for _, cells in self._head), default=0)
        rest = self._nobodys
        return FoundTable(
            (0, 0), ((),) * width, rest.last_full or self._previous, rest.full, rest.narrow_since
        )

    def _table(self, found: _Candidate) -> FoundTable:
        rows = [(found.number, found.cells)]
        for above in reversed(found.before):
            if above[0] != rows[0][0] - 1 or not self._is_above(above, rows[0][1]):
                break
            rows.insert(0, above)
        for below in found.after:
            if below[0] != rows[-1][0] + 1 or not self._is_below(below[1], rows[-1][1]):
                break
            rows.append(below)
        return FoundTable(
            (rows[0][0], rows[-1][0]),
            header_names(rows, self._spans),
            max(found.last_full, rows[-1][0]),
            max(found.full - (rows[-1][0] - found.number), 0),
            found.narrow_since,
        )

    def _is_above(self, above: Row, header: Sequence[str]) -> bool:
        """A row of groups (施設 | 設置者) over the names, and no title."""
        number, cells = above
        filled = [(column, cell) for column, cell in enumerate(cells) if cell.strip()]
        texts = [cell.strip() for _, cell in filled]
        if any(looks_like_data(text) or _TITLE.search(text) for text in texts):
            return False
        width = len(header) - list(header).count("")
        spans = [last - first + 1 for first, last in self._spans.get(number, ())]
        if spans:
            return max(spans) < max(width, 2)
        return len(filled) > 1 and all(len(text) <= _LONGEST_GROUP for text in texts)

    def _is_below(self, cells: Sequence[str], header: Sequence[str]) -> bool:
        """A row of parts under groups, of units, or of the names in another language."""
        filled = {column for column, cell in enumerate(cells) if cell.strip()}
        if not filled or any(looks_like_data(cells[column]) for column in filled):
            return False
        if _texts(cells) == _texts(header):
            return False  # the same again is no other row of it
        if filled != {0} and all(_UNIT.fullmatch(cells[column].strip()) for column in filled):
            return True
        known = len(known_fields(cells, self._known))
        if known >= 2 or (known == len(filled) and 0 not in filled):
            return True  # TEL under 連絡先
        empty = {column for column in filled if not _cell(header, column)}
        groups = {column for column in filled if not _cell(header, column + 1)}
        return bool(empty) and filled <= empty | groups


def is_header(cells: Sequence[str], known: Collection[str] = ()) -> bool:
    """At least two columns have names that are known, and hardly a cell holds data.

    A row with a number to call is a lead, even if it says 代表電話 and 本社FAX beside it.
    """
    filled = [cell for cell in cells if cell.strip()]
    if len(filled) < 2 or (looks_like_data(filled[0]) and looks_like_data(filled[-1])):
        return False
    if len(known_fields(filled, known)) < 2 or any(map(is_written_phone, filled)):
        return False
    return sum(map(looks_like_data, filled)) * 4 <= len(filled)


def known_fields(cells: Sequence[str], known: Collection[str] = ()) -> set[str]:
    """The different things that the names in this row are known to mean."""
    found: set[str] = set()
    for cell in cells:
        if not cell or len(cell) > 60:
            continue
        if (key := exact_key(cell)) in known:
            found.add(key)
        elif meaning := meaning_of(cell):
            found.add(meaning.field.value)
    return found


def header_names(rows: Sequence[Row], spans: Spans | None = None) -> tuple[tuple[str, ...], ...]:
    """What each column is called by the header's rows, from top to bottom.

    A name that stands over several columns counts for each: as the merged cells say, or in a
    file without them, as far to the right as the cells are empty and have names below.
    """
    width = max((len(cells) for _, cells in rows), default=0)
    for number, _ in rows:
        width = max([width, *(last + 1 for _, last in (spans or {}).get(number, ()))])
    levels = [[_cell(cells, column) for column in range(width)] for _, cells in rows]
    for level, (number, _) in enumerate(rows):
        merged = (spans or {}).get(number, ())
        for first, last in merged:
            if first < width:
                text = levels[level][first]
                levels[level][first : last + 1] = [text] * (min(last, width - 1) - first + 1)
        if not merged and level < len(rows) - 1:
            _spread(levels, level)
    return tuple(
        tuple(dict.fromkeys(text for level in levels if (text := level[column])))
        for column in range(width)
    )


def _spread(levels: list[list[str]], level: int) -> None:
    group = ""
    for column, text in enumerate(levels[level]):
        named_below = any(lower[column] for lower in levels[level + 1 :])
        if text:
            group = text if named_below else ""
        elif group and named_below:
            levels[level][column] = group
        else:
            group = ""


_LONGEST_GROUP = 16
_TITLE = re.compile("一覧|名簿|リスト|現在|時点|作成|担当課|ページ|[:\uff1a※]|について|年度$|頁")
_UNIT = re.compile(
    "[(\uff08\\[\u3014].{1,20}[)\uff09\\]\u3015]|必須(?:項目)?|任意(?:項目)?|入力必須|省略可"
)


def _cell(cells: Sequence[str], column: int) -> str:
    return " ".join(cells[column].split()) if column < len(cells) else ""


def _is_again(cells: Sequence[str], header: Sequence[str]) -> bool:
    """The same names in the same columns; one or the other may be left out."""
    return all(
        not (text := cell.strip()) or (at < len(header) and header[at].strip() == text)
        for at, cell in enumerate(cells)
    )


def _texts(cells: Sequence[str]) -> list[str]:
    texts = [cell.strip() for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts
