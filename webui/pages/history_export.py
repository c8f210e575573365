"""ヒストリー as a file."""

from collections.abc import AsyncIterator

from aiohttp import web

from dialer import audit
from dialer.history import HistoryRow
from dialer.history_list import every_action
from dialer.rules.cp932 import to_cp932
from webui import labels
from webui.csv_download import send_csv
from webui.formats import Formats
from webui.history_address import filter_of, read
from webui.rendering import formats_for, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import Words, marked

_COLUMNS = (
    marked("Time"),
    marked("Kind of action"),
    marked("Project"),
    marked("Lead"),
    marked("Number"),
    marked("User"),
    marked("Campaign"),
    marked("Outcome"),
    marked("Ringing (seconds)"),
    marked("Talk (seconds)"),
    marked("Result category"),
    marked("Result"),
    marked("Memo"),
    marked("Recording"),
    "ID",
)


async def download(request: web.Request) -> web.StreamResponse:
    """All that the list shows; the audit log says who took it, and in the end how much."""
    given, user, asked = services(request), viewer(request), read(request.query)
    said, formats = words_for(request), formats_for(request)
    kind = "cp932" if request.query.get("as") == "cp932" else "csv"
    await _record(request, "history.export", {"kind": kind, "filter": asked.query})
    now = given.clock.now()
    wanted = filter_of(asked, viewer=user, now=now, time_zone=given.settings.time_zone)
    sent, whole = 0, False

    async def lines() -> AsyncIterator[list[tuple[str, ...]]]:
        nonlocal sent, whole
        async for some in every_action(given.database, wanted=wanted, viewer=user):
            yield [_cells(row, formats, said) for row in some]
            sent += len(some)
        whole = True
        await _record(request, "history.export_end", {"rows": sent, "whole": True})

    header = [said(one) for one in _COLUMNS]
    encode = _as_cp932 if kind == "cp932" else None
    name = f"history-{formats.iso(now)[:10]}.csv"
    try:
        return await send_csv(request, name, header, lines(), encode=encode)
    finally:
        if not whole:
            await _record(request, "history.export_end", {"rows": sent, "whole": False})


def _cells(row: HistoryRow, formats: Formats, said: Words) -> tuple[str, ...]:
    recording = row.recording
    return (
        formats.iso(row.at),
        said(labels.ACTION_KINDS[row.kind]),
        row.project,
        row.lead_name,
        row.number,
        row.user_name,
        formats.campaign(row.campaign),
        said(labels.OUTCOMES[row.outcome]) if row.outcome else "",
        _seconds(row.ring_seconds),
        _seconds(row.talk_seconds),
        row.result_category,
        row.result,
        row.memo,
        said("Yes") if recording and recording.state == "ready" else "",
        str(row.id),
    )


def _seconds(length: float | None) -> str:
    return "" if length is None else str(round(length))


def _as_cp932(text: str) -> bytes:
    return to_cp932(text)[0]


async def _record(request: web.Request, action: str, detail: dict[str, object]) -> None:
    given = services(request)
    async with given.database.write() as connection:
        await audit.record(
            connection,
            user_id=viewer(request).id,
            action=action,
            subject="history:",
            detail=detail,
            now=given.clock.now(),
        )
