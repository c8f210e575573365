"""One's own marks in a recording."""

from uuid import UUID

from aiohttp import web

from dialer.bookmarks import bookmarks_of, put_bookmark, remove_bookmark
from webui.changes import acting
from webui.forms import field
from webui.hearing import call_id_of, moment_of, require_right
from webui.rendering import render
from webui.services import services
from webui.sessions import viewer


async def put(request: web.Request) -> web.Response:
    """At a moment that has one already, its label is changed."""
    call_id, label, at_ms = call_id_of(request), await field(request, "label"), await _at(request)
    async with services(request).database.write() as connection:
        await require_right(request, connection, call_id)
        await put_bookmark(connection, call_id=call_id, at_ms=at_ms, label=label, **acting(request))
    return await _shown(request, call_id)


async def remove(request: web.Request) -> web.Response:
    call_id, at_ms = call_id_of(request), await _at(request)
    async with services(request).database.write() as connection:
        await remove_bookmark(connection, call_id=call_id, at_ms=at_ms, by=viewer(request))
    return await _shown(request, call_id)


async def _at(request: web.Request) -> int:
    at_ms = await moment_of(request, "at_ms")
    if at_ms is None:
        raise web.HTTPBadRequest
    return at_ms


async def _shown(request: web.Request, call_id: UUID) -> web.Response:
    async with services(request).database.read() as connection:
        found = await bookmarks_of(connection, call_id=call_id, by=viewer(request))
    return render(request, "parts/bookmarks.html", {"call_id": call_id, "bookmarks": found})
