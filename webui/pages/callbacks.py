"""リマインダー: whom to call back, and when; a time is agreed or taken back on the lead's page."""

from datetime import datetime, time
from typing import get_args
from zoneinfo import ZoneInfo

from aiohttp import web

from dialer.callback_list import Whose, open_callbacks
from dialer.callbacks import Agreed, close_callback, set_callback
from dialer.messages import UserId
from dialer.paging import BadPageKey
from webui.errors import notice
from webui.forms import a_date, field
from webui.rendering import render
from webui.services import services
from webui.sessions import viewer
from webui.translations import marked

_WHOSE: tuple[Whose, ...] = get_args(Whose)


async def page(request: web.Request) -> web.Response:
    return render(request, "callbacks.html", await _list(request))


async def rows(request: web.Request) -> web.Response:
    return render(request, "parts/callback_rows.html", await _list(request))


async def agree(request: web.Request) -> web.Response:
    """The lead is called again at a time of the installation's clock, by the viewer or anyone."""
    given, user = services(request), viewer(request)
    day, clock = a_date(await field(request, "date")), _a_time(await field(request, "time"))
    due = None
    if day is not None and clock is not None:
        due = datetime.combine(day, clock, ZoneInfo(given.settings.time_zone))
    if due is None or due <= given.clock.now():
        return notice(request, marked("Choose a time that is still to come."), status=409)
    mine = await field(request, "who") == "me" and user.may_call
    agreed = Agreed(due, UserId(user.id) if mine else None)
    async with given.database.write() as connection:
        await set_callback(
            connection,
            lead_id=int(request.match_info["lead_id"]),
            agreed=agreed,
            by=UserId(user.id),
            now=given.clock.now(),
        )
    return _done(request, marked("The callback is set."))


async def close(request: web.Request) -> web.Response:
    given = services(request)
    async with given.database.write() as connection:
        closed = await close_callback(
            connection,
            lead_id=int(request.match_info["lead_id"]),
            by=UserId(viewer(request).id),
            now=given.clock.now(),
        )
    if not closed:
        return notice(request, marked("No callback is agreed (any more)."), status=409)
    return _done(request, marked("The callback is closed."))


def _done(request: web.Request, words: str) -> web.Response:
    services(request).live.publish("history", {})
    response = notice(request, words)
    response.headers["HX-Trigger"] = "leadChanged, callbacksChanged"
    return response


async def _list(request: web.Request) -> dict[str, object]:
    wanted = request.query.get("whose")
    whose: Whose = next((one for one in _WHOSE if one == wanted), "all")
    async with services(request).database.read() as connection:
        try:
            found = await open_callbacks(
                connection,
                viewer=viewer(request),
                whose=whose,
                after=request.query.get("after") or None,
            )
        except BadPageKey as error:
            raise web.HTTPBadRequest from error
    return {
        "found": found,
        "whose": whose,
        "first_page": not request.query.get("after"),
        "shown_day": request.query.get("day", ""),
    }


def _a_time(text: str) -> time | None:
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None
