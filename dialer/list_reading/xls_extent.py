"""How large the sheets of an xls file are, before a library makes room for all of it.

The library takes some 64 bytes for each cell of the rectangle around a sheet's cells: a
file of five kilobytes with a cell in its last corner took a gigabyte. So the cells' places
are looked at first. The compound file around them is [MS-CFB], the records are [MS-XLS].
"""

import struct
from collections.abc import Iterator, Sequence

from dialer.list_reading.unpacking import NotASpreadsheet

_NO_SECTOR = 0xFFFFFFFA  # this and above are marks, not sectors
_BEGIN, _MULTIPLE, _PASSWORD = 0x0809, 0x00BD, 0x002F
# NUMBER, LABEL, BOOLERR, FORMULA, RK, LABELSST, RSTRING
_CELLS = frozenset({0x0203, 0x0204, 0x0205, 0x0006, 0x0206, 0x0406, 0x027E, 0x00FD, 0x00D6})


def largest_extent(data: bytes) -> int:
    """The cells of the rectangle around those of the file's largest sheet.

    0 when the file has a password. Raises NotASpreadsheet when it is damaged.
    """
    try:
        return max(_extents(_workbook(data)), default=0)
    except (struct.error, IndexError) as error:
        raise NotASpreadsheet(f"damaged compound file: {error}") from error


def _extents(stream: bytes) -> Iterator[int]:
    rows: list[int] = []
    columns: list[int] = []
    at = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        body = at + 4
        if kind == _PASSWORD:
            return
        if kind == _BEGIN:
            yield _area(rows, columns)
            rows, columns = [], []
        elif size >= 6 and (kind in _CELLS or kind == _MULTIPLE) and body + size <= len(stream):
            row, column = struct.unpack_from("<HH", stream, body)
            last = column
            if kind == _MULTIPLE:
                (last,) = struct.unpack_from("<H", stream, body + size - 2)
            rows = [min([row, *rows[:1]]), max([row, *rows[1:]])]
            columns = [min([column, *columns[:1]]), max([last, *columns[1:]])]
        at = body + size
    yield _area(rows, columns)


def _area(rows: Sequence[int], columns: Sequence[int]) -> int:
    if not rows:
        return 0
    return (rows[1] - rows[0] + 1) * (columns[1] - columns[0] + 1)


def _workbook(data: bytes) -> bytes:
    """The stream called Workbook, or Book before 1997."""
    (shift,) = struct.unpack_from("<H", data, 30)
    directory_at, cutoff, mini_at = (
        struct.unpack_from("<I", data, where)[0] for where in (48, 56, 60)
    )
    size = 1 << min(shift, 20)
    table = _sector_table(data, size)
    directory = _join(data, size, table, directory_at, offset=size)
    root: tuple[int, int] | None = None
    for at in range(0, len(directory) - 127, 128):
        (length, kind) = struct.unpack_from("<HB", directory, at + 64)
        start, bytes_ = struct.unpack_from("<II", directory, at + 116)
        name = directory[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
        if kind == 5:
            root = start, bytes_
        if name.lower() not in {"workbook", "book"}:
            continue
        if bytes_ >= cutoff or root is None:
            return _join(data, size, table, start, offset=size)[:bytes_]
        small = _join(data, size, table, root[0], offset=size)
        minis = _numbers(_join(data, size, table, mini_at, offset=size))
        return _join(small, 64, minis, start, offset=0)[:bytes_]
    raise NotASpreadsheet("it has no workbook")


def _sector_table(data: bytes, size: int) -> Sequence[int]:
    """Which sector follows each one."""
    sectors = list(struct.unpack_from("<109I", data, 76))
    (more,) = struct.unpack_from("<I", data, 68)
    while more < _NO_SECTOR and len(sectors) * size <= 4 * len(data) + 4 * 109 * size:
        numbers = _numbers(data[(more + 1) * size : (more + 2) * size])
        sectors += numbers[:-1]
        more = numbers[-1]
    return [
        number
        for sector in sectors
        if sector < _NO_SECTOR
        for number in _numbers(data[(sector + 1) * size : (sector + 2) * size])
    ]


def _join(data: bytes, size: int, table: Sequence[int], start: int, *, offset: int) -> bytes:
    parts: list[bytes] = []
    sector = start
    while sector < _NO_SECTOR:
        if len(parts) * size > len(data):
            raise NotASpreadsheet("damaged compound file: its sectors run in a circle")
        parts.append(data[offset + sector * size : offset + (sector + 1) * size])
        sector = table[sector]
    return b"".join(parts)


def _numbers(data: bytes) -> Sequence[int]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])
