"""Lists as CSV files, sent while they are read."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

from aiohttp import web

from dialer.rules.csv_cell import csv_cell

# Excel takes a CSV without a byte order mark for CP932.
_BYTE_ORDER_MARK = "\ufeff"


async def send_csv(
    request: web.Request,
    file_name: str,
    header: Sequence[str],
    rows: AsyncIterator[Iterable[Sequence[str]]],
) -> web.StreamResponse:
    """Sends `rows`, some at a time; no cell of them is a formula for a spreadsheet."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{file_name}"',
        }
    )
    await response.prepare(request)
    await response.write((_BYTE_ORDER_MARK + _written([header])).encode())
    async for some in rows:
        await response.write(_written(some).encode())
    await response.write_eof()
    return response


def _written(rows: Iterable[Sequence[str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream)
    for row in rows:
        writer.writerow([csv_cell(cell) for cell in row])
    return stream.getvalue()
