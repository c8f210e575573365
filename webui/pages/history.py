"""ヒストリー: what was done, with filters, details in place and the recordings."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web

from dialer import (
    audit,
    campaign_state,
    history,
    history_list,
    projects,
    result_sets,
    users,
    workgroups,
)
from dialer.history_hits import hits_of
from dialer.paging import BadPageKey, Page
from webui.history_address import DIRECTIONS, PERIODS, YES_NO, Asked, by_id, chips, filter_of, read
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.waveform import BARS, Waveform, waveform

_NAMED = ("project", "campaign", "workgroup", "result")


class RecentPlays:
    """Remembers who listens to what, so that one play is one line in the audit log.

    A browser asks for a recording many times while it plays and seeks.
    """

    def __init__(self) -> None:
        self._plays: OrderedDict[tuple[int, UUID], datetime] = OrderedDict()

    def is_new(self, user_id: int, call_id: UUID, now: datetime) -> bool:
        before = self._plays.pop((user_id, call_id), None)
        self._plays[user_id, call_id] = now
        while len(self._plays) > 10_000:
            self._plays.popitem(last=False)
        return before is None or now - before > timedelta(minutes=10)


PLAYS = web.AppKey("plays", RecentPlays)


async def page(request: web.Request) -> web.Response:
    return render(request, "history.html", await _list(request))


async def rows(request: web.Request) -> web.Response:
    shown = await _list(request)
    response = render(request, "parts/history_rows.html", {**shown, "only_rows": True})
    if shown["first_page"]:
        # What is shown stands in the address: it can be kept, sent and come back to.
        query = read(request.query).query
        response.headers["HX-Replace-Url"] = f"/history?{query}" if query else "/history"
    return response


async def detail(request: web.Request) -> web.Response:
    """The call in full, opened below its row; asked for by itself, with its row as a page."""
    action_id, user = _call_id(request), viewer(request)
    async with services(request).database.read() as connection:
        found = await history.call_detail(connection, call_id=action_id, viewer=user)
        known = await history.rows_of(connection, [action_id])
        hits = await hits_of(connection, list(known.values()), typed="", viewer=user)
    if action_id not in known or not user.sees_project(known[action_id].project_id):
        raise web.HTTPNotFound
    drawing = await _drawing(request, found.row.recording) if found else None
    shown = {"call": found, "waveform": drawing, "action": known[action_id]}
    if request.headers.get("HX-Request"):
        return render(request, "parts/action_detail.html", shown)
    one = Page((known[action_id],), None)
    return render(
        request,
        "history_one.html",
        {
            **shown,
            "found": one,
            "hits": hits,
            "asked": Asked(),
            "chips": (),
            "first_page": True,
            "only_rows": False,
            "opened": True,
        },
    )


async def recording(request: web.Request) -> web.StreamResponse:
    """The audio, in ranges as the player asks for them."""
    user, given, call_id = viewer(request), services(request), _call_id(request)
    async with given.database.read() as connection:
        found = await history.call_detail(connection, call_id=call_id, viewer=user)
    info = found.row.recording if found else None
    if info is None or info.state != "ready":
        raise web.HTTPNotFound
    try:
        path = given.recordings.playable(info.path)
    except FileNotFoundError as error:
        raise web.HTTPNotFound from error
    now = given.clock.now()
    if request.app[PLAYS].is_new(user.id, call_id, now):
        async with given.database.write() as connection:
            await audit.record(
                connection,
                user_id=user.id,
                action="recording.play",
                subject=f"call:{call_id}",
                now=now,
            )
    return web.FileResponse(path, headers={"Cache-Control": "private, no-cache"})


async def _drawing(request: web.Request, info: history.RecordingInfo | None) -> Waveform | None:
    if info is None or info.state != "ready":
        return None
    try:
        peaks = await services(request).recordings.peaks(info.path, buckets=BARS)
    except FileNotFoundError:
        return None
    return waveform(peaks)


async def _list(request: web.Request) -> dict[str, object]:
    asked, user, given = read(request.query), viewer(request), services(request)
    after = request.query.get("after") or None
    wanted = filter_of(
        asked, viewer=user, now=given.clock.now(), time_zone=given.settings.time_zone
    )
    async with given.database.read() as connection:
        try:
            found = await history_list.list_history(
                connection, wanted=wanted, viewer=user, after=after
            )
        except BadPageKey as error:
            raise web.HTTPBadRequest from error
        hits = await hits_of(connection, found.rows, typed=asked.words, viewer=user)
    choices = {} if after else await _choices(request)
    names = {key: by_id(choices.get(f"{key}s", ())) for key in _NAMED} | {"user": _names(choices)}
    return {
        **choices,
        "asked": asked,
        "found": found,
        "hits": hits,
        "chips": chips(asked, names, words_for(request)),
        "periods": PERIODS,
        "directions": DIRECTIONS,
        "answers": YES_NO,
        "first_page": after is None,
        "opened": False,
        "only_rows": False,
    }


def _names(choices: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    return by_id(choices.get("users", ())) | {"me": choices["me"][0]} if choices else {}


async def _choices(request: web.Request) -> dict[str, Sequence[Any]]:
    """What the filter offers; only an admin looks at others by name."""
    user = viewer(request)
    async with services(request).database.read() as connection:
        known = await projects.projects_of(connection, user)
        results = [
            result
            for project in known
            for result in await result_sets.results_of_project(connection, project.id, retired=True)
        ]
        groups = await workgroups.list_workgroups(connection)
        return {
            "projects": known,
            "campaigns": await campaign_state.campaign_rows(connection, viewer=user),
            "users": await users.list_users(connection) if user.acts_as_admin else [],
            "workgroups": [
                group for group in groups if user.acts_as_admin or group.id in user.workgroup_ids
            ],
            "results": list({result.id: result for result in results}.values()),
            "me": [words_for(request)("Only me")],
        }


def _call_id(request: web.Request) -> UUID:
    return UUID(request.match_info["call_id"])
