"""ヒストリー: what was done, with filters and details in place."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from aiohttp import web

from dialer import (
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
from webui.conversation import conversation
from webui.history_address import DIRECTIONS, PERIODS, YES_NO, Asked, by_id, chips, filter_of, read
from webui.rendering import formats_for, render, words_for
from webui.services import services
from webui.sessions import viewer

_NAMED = ("project", "campaign", "workgroup", "result")


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
    found = await conversation(request, action_id)
    async with services(request).database.read() as connection:
        known = await history.rows_of(connection, [action_id])
        hits = await hits_of(connection, list(known.values()), typed="", viewer=user)
    if action_id not in known or not user.sees_project(known[action_id].project_id):
        raise web.HTTPNotFound
    shown = {"conversation": found, "action": known[action_id]}
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
        campaigns = await campaign_state.campaign_rows(connection, viewer=user)
        title = formats_for(request).campaign
        return {
            "projects": known,
            "campaigns": [replace(one, name=title(one.name)) for one in campaigns],
            "users": await users.list_users(connection) if user.acts_as_admin else [],
            "workgroups": [
                group for group in groups if user.acts_as_admin or group.id in user.workgroup_ids
            ],
            "results": list({result.id: result for result in results}.values()),
            "me": [words_for(request)("Only me")],
        }


def _call_id(request: web.Request) -> UUID:
    return UUID(request.match_info["call_id"])
