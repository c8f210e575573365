"""One lead in full: its fields, contact points, box and prohibitions, and all that happened."""

from typing import get_args

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import users
from dialer.belonging import project_of_lead
from dialer.custom_fields import fields_by_id
from dialer.hearing import heard_of
from dialer.lead_detail import lead_detail
from dialer.lead_timeline import Kind, timeline_page
from dialer.paging import BadPageKey
from webui import timeline_words
from webui.choices import workgroups_for
from webui.lead_fields import basic_fields, calling_fields, custom_fields
from webui.rendering import formats_for, render, words_for
from webui.services import services
from webui.sessions import viewer

_KINDS: tuple[Kind, ...] = get_args(Kind)


async def page(request: web.Request) -> web.Response:
    given, user, said = services(request), viewer(request), words_for(request)
    async with given.database.read() as connection:
        detail = await lead_detail(
            connection,
            lead_id=int(request.match_info["lead_id"]),
            viewer=user,
            now=given.clock.now(),
        )
        if detail is None:
            raise web.HTTPNotFound
        everybody = await users.list_users(connection)
        groups = await workgroups_for(connection, user)
        history = await _timeline(request, connection, detail.row.id, detail.project_id)
    takers = [
        one
        for one in everybody
        if one.active
        and detail.project_id in one.project_ids
        and not (detail.box and detail.box.user_id == one.id)
    ]
    return render(
        request,
        "lead.html",
        {
            "lead": detail,
            "takers": takers,
            "workgroups": groups,
            "editable": detail.deleted_at is None,
            "basic": basic_fields(detail, said),
            "calling": calling_fields(detail, said),
            "custom": custom_fields(detail),
            "timeline_kinds": timeline_words.KINDS,
            "duplicates": [],
            **history,
        },
    )


async def timeline(request: web.Request) -> web.Response:
    """More of what happened, or only one kind of it."""
    lead_id = int(request.match_info["lead_id"])
    async with services(request).database.read() as connection:
        project_id = await project_of_lead(connection, lead_id)
        if project_id is None:
            raise web.HTTPNotFound
        try:
            history = await _timeline(request, connection, lead_id, project_id)
        except BadPageKey as error:
            raise web.HTTPBadRequest from error
    return render(request, "parts/lead_timeline.html", history)


async def _timeline(
    request: web.Request, connection: AsyncConnection, lead_id: int, project_id: int
) -> dict[str, object]:
    query, given = request.query, services(request)
    kind = next((one for one in _KINDS if one == query.get("kind")), None)
    found = await timeline_page(
        connection,
        lead_id=lead_id,
        viewer=viewer(request),
        now=given.clock.now(),
        kind=kind,
        after=query.get("after") or None,
    )
    fields = await fields_by_id(connection, project_id)
    calls = [one.action.id for one in found.rows if one.action]
    return {
        "items": timeline_words.items(found.rows, fields, formats_for(request), words_for(request)),
        "heard": await heard_of(connection, calls, viewer(request)),
        "next_key": found.next_key,
        "kind": kind or "",
        "lead_id": lead_id,
        "shown_day": query.get("day", ""),
        "first_page": not query.get("after"),
    }
