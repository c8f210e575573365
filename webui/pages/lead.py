"""One lead in full."""

from aiohttp import web

from dialer import users
from dialer.lead_detail import lead_detail
from webui.choices import workgroups_for
from webui.rendering import render
from webui.services import services
from webui.sessions import viewer


async def page(request: web.Request) -> web.Response:
    given, user = services(request), viewer(request)
    async with given.database.read() as connection:
        detail = await lead_detail(
            connection,
            lead_id=int(request.match_info["lead_id"]),
            viewer=user,
            now=given.clock.now(),
        )
        everybody = await users.list_users(connection)
        groups = await workgroups_for(connection, user)
    if detail is None:
        raise web.HTTPNotFound
    takers = [
        one
        for one in everybody
        if one.active
        and detail.project_id in one.project_ids
        and not (detail.box and detail.box.user_id == one.id)
    ]
    return render(request, "lead.html", {"lead": detail, "takers": takers, "workgroups": groups})
