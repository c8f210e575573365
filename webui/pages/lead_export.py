"""Leads out of the table, as a file."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from dialer import audit
from dialer.lead_export import Wanted, export_columns, export_rows
from dialer.rules.cp932 import MISSING, to_cp932
from webui.csv_download import send_csv
from webui.lead_address import LeadAddress, read_address
from webui.rendering import formats_for, render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.xlsx_download import send_xlsx

KINDS = ("xlsx", "csv", "cp932")
MOST_CHECKED = 20_000
_SHOWN = 12


@dataclass(slots=True)
class _Sent:
    """What went out: leads, and characters that the encoding has not."""

    rows: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    whole: bool = False

    async def counting(
        self, lots: AsyncIterator[list[list[str]]], at_the_end: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[list[list[str]]]:
        """`lots`, counted; the end is told before the file ends for whoever reads it."""
        async for lot in lots:
            yield lot
            self.rows += len(lot)
        self.whole = True
        await at_the_end()

    def encode(self, text: str) -> bytes:
        encoded, missing = to_cp932(text)
        self.missing.update(missing)
        return encoded


async def download(request: web.Request) -> web.StreamResponse:
    """What the table shows; the audit log says who took it, and in the end how much."""
    address = await _address(request)
    kind = next((one for one in KINDS if one == request.query.get("as")), "xlsx")
    wanted = Wanted(words_for(request).language, progress=bool(request.query.get("progress")))
    await _record(request, address, "lead.export", kind=kind, filter=address.view_query)
    asked, sent = address.request(request), _Sent()
    async with services(request).database.read() as connection:
        columns = await export_columns(connection, asked, wanted)

    async def ended() -> None:
        replaced = sent.missing.total()
        told = {"kind": kind, "rows": sent.rows, "whole": sent.whole, "replaced": replaced}
        await _record(request, address, "lead.export_end", **told)

    lots = sent.counting(export_rows(services(request).database, asked, columns, wanted), ended)
    header = [column.name for column in columns]
    day = formats_for(request).iso(asked.now)[:10]
    try:
        if kind == "xlsx":
            title = words_for(request)("Leads")
            return await send_xlsx(request, f"leads-{day}.xlsx", title, header, lots)
        encode: Callable[[str], bytes] | None = sent.encode if kind == "cp932" else None
        return await send_csv(request, f"leads-{day}.csv", header, lots, encode=encode)
    finally:
        if not sent.whole:
            await ended()


async def check(request: web.Request) -> web.Response:
    """Which characters a file in Shift_JIS would lose: those of the first leads."""
    address = await _address(request)
    asked, wanted = address.request(request), Wanted(words_for(request).language)
    database, sent = services(request).database, _Sent()
    async with database.read() as connection:
        columns = await export_columns(connection, asked, wanted)
    affected: list[str] = []
    async for lot in export_rows(database, asked, columns, wanted):
        sent.rows += len(lot)
        affected += [row[0] for row in lot if _loses(row, sent)]
        if sent.rows >= MOST_CHECKED:
            break
    return render(
        request,
        "parts/lead_export_check.html",
        {
            "checked": sent.rows,
            "more": sent.rows >= MOST_CHECKED,
            "affected": len(affected),
            "names": affected[:_SHOWN],
            "characters": [one for one, _ in sent.missing.most_common(_SHOWN)],
            "shown_as": MISSING,
        },
    )


def _loses(row: Sequence[str], sent: _Sent) -> bool:
    before = sent.missing.total()
    sent.encode("".join(row))
    return sent.missing.total() > before


async def _address(request: web.Request) -> LeadAddress:
    async with services(request).database.read() as connection:
        address = await read_address(connection, request, request.query.items())
    if address is None:
        raise web.HTTPNotFound
    return address


async def _record(
    request: web.Request, address: LeadAddress, action: str, **detail: object
) -> None:
    given = services(request)
    async with given.database.write() as connection:
        await audit.record(
            connection,
            user_id=viewer(request).id,
            action=action,
            subject=f"project:{address.project.id}",
            detail=detail,
            now=given.clock.now(),
        )
