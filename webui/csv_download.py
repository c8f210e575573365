"""Lists as CSV files, sent while they are read."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from aiohttp import web

from dialer.rules.csv_cell import csv_cell

# Excel takes a CSV without a byte order mark for CP932.
_BYTE_ORDER_MARK = "\ufeff"


async def send_csv(
    request: web.Request,
    file_name: str,
    header: Sequence[str],
    rows: AsyncIterator[Iterable[Sequence[str]]],
    *,
    encode: Callable[[str], bytes] | None = None,
) -> web.StreamResponse:
    """Sends `rows`, some at a time; no cell of them is a formula for a spreadsheet.

    In UTF-8, unless `encode` writes something else.
    """
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=" + ("utf-8" if encode is None else "shift_jis"),
            "Content-Disposition": f'attachment; filename="{file_name}"',
        }
    )
    await response.prepare(request)
    if encode is None:
        await response.write(_BYTE_ORDER_MARK.encode())
        encode = str.encode
    await response.write(encode(csv_text([header])))
    async for some in rows:
        await response.write(encode(csv_text(some)))
    await response.write_eof()
    return response


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """CSV lines; no cell is a formula for a spreadsheet."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    for row in rows:
        writer.writerow([csv_cell(cell) for cell in row])
    return stream.getvalue()
