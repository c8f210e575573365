"""Lists as Excel files: written to a temporary file first, because they end with their index."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import IO

from aiohttp import web
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

MOST_ROWS = 1_048_576  # of a sheet; more go on to the next
LONGEST_CELL = 32_767
_CHUNK = 1 << 18
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class XlsxFile:
    """A workbook in the making. All cells are text: none is a formula, none loses its zeros."""

    def __init__(self, title: str, header: Sequence[str], *, most_rows: int = MOST_ROWS) -> None:
        self._book = Workbook(write_only=True)
        self._title, self._header, self._most = title, header, most_rows
        self._sheets = 0
        self._new_sheet()

    def add(self, rows: Iterable[Sequence[str]]) -> None:
        for row in rows:
            if self._rows == self._most:
                self._new_sheet()
            self._append(row)

    def save(self, file: IO[bytes]) -> None:
        self._book.save(file)

    def _new_sheet(self) -> None:
        self._sheets += 1
        title = self._title if self._sheets == 1 else f"{self._title} {self._sheets}"
        self._sheet = self._book.create_sheet(title)
        self._sheet.freeze_panes = "B2"
        self._rows = 0
        self._append(self._header)

    def _append(self, row: Sequence[str]) -> None:
        self._sheet.append([self._cell(text) for text in row])
        self._rows += 1

    def _cell(self, text: str) -> object:
        text = ILLEGAL_CHARACTERS_RE.sub("", text)[:LONGEST_CELL]
        if not text.startswith("="):
            return text or None
        cell = WriteOnlyCell(self._sheet, text)
        cell.data_type = "s"
        return cell


async def send_xlsx(
    request: web.Request,
    file_name: str,
    title: str,
    header: Sequence[str],
    rows: AsyncIterator[Iterable[Sequence[str]]],
) -> web.StreamResponse:
    """Sends `rows` as one workbook; the memory it takes does not grow with them."""
    book = XlsxFile(title, header)
    async for some in rows:
        await asyncio.to_thread(book.add, some)
    with tempfile.TemporaryFile() as file:
        await asyncio.to_thread(book.save, file)
        size = await asyncio.to_thread(file.seek, 0, 2)
        await asyncio.to_thread(file.seek, 0)
        response = web.StreamResponse(
            headers={
                "Content-Type": _TYPE,
                "Content-Length": str(size),
                "Content-Disposition": f'attachment; filename="{file_name}"',
            }
        )
        await response.prepare(request)
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            await response.write(chunk)
    await response.write_eof()
    return response
