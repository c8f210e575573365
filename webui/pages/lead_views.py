"""The columns of the lead table, and its saved views."""

from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import saved_views
from dialer.rules.lead_view import read_view, write_view
from dialer.saved_views import BadViewName, TooManyViews, UnknownView
from dialer.users import NotAllowed
from webui.errors import notice
from webui.forms import field
from webui.lead_address import LeadAddress, pairs_of, read_address
from webui.rendering import is_fragment_request
from webui.services import services
from webui.sessions import viewer
from webui.translations import marked


async def columns(request: web.Request) -> web.Response:
    """The columns that were ticked, in the order they stand in, now and when it is opened."""
    form = await request.post()
    chosen = [] if form.get("usual") else [str(one) for one in form.getall("columns", [])]
    async with services(request).database.write() as connection:
        address = await _address(connection, request)
        pairs = [pair for pair in write_view(address.view) if pair[0] != "columns"]
        shown = [*pairs, ("columns", ",".join(chosen))] if chosen else pairs
        view = read_view(shown, address.custom)
        start = await saved_views.start_query(
            connection, project_id=address.project.id, user_id=viewer(request).id
        )
        kept = [pair for pair in pairs_of(start) if pair[0] != "columns"]
        kept += [pair for pair in write_view(view) if pair[0] == "columns"]
        await saved_views.set_start(
            connection,
            project_id=address.project.id,
            query=urlencode(kept),
            by=viewer(request),
            now=services(request).clock.now(),
        )
    return _opens(request, "/leads?" + address.query(view))


async def save(request: web.Request) -> web.Response:
    """What is shown, under a name."""
    name, shared = await field(request, "name"), bool(await field(request, "shared"))
    try:
        async with services(request).database.write() as connection:
            address = await _address(connection, request)
            await saved_views.save_view(
                connection,
                project_id=address.project.id,
                name=name,
                query=address.view_query,
                shared=shared,
                by=viewer(request),
                now=services(request).clock.now(),
            )
    except BadViewName:
        return _bad_name(request)
    except TooManyViews:
        return notice(
            request, marked("You have too many views. Delete one that you do not need."), status=409
        )
    return _opens(request, "/leads?" + address.query())


async def change(request: web.Request) -> web.Response:
    """Another name, and shared or not."""
    try:
        async with services(request).database.write() as connection:
            project_id = await saved_views.change_view(
                connection,
                view_id=_view_id(request),
                name=await field(request, "name"),
                shared=bool(await field(request, "shared")),
                by=viewer(request),
            )
    except BadViewName:
        return _bad_name(request)
    except UnknownView as error:
        raise web.HTTPNotFound from error
    except NotAllowed as error:
        raise web.HTTPForbidden from error
    return _opens(request, f"/leads?project={project_id}")


async def delete(request: web.Request) -> web.Response:
    try:
        async with services(request).database.write() as connection:
            project_id = await saved_views.delete_view(
                connection, view_id=_view_id(request), by=viewer(request)
            )
    except UnknownView as error:
        raise web.HTTPNotFound from error
    except NotAllowed as error:
        raise web.HTTPForbidden from error
    return _opens(request, f"/leads?project={project_id}")


async def start(request: web.Request) -> web.Response:
    """The table opens with this view."""
    try:
        async with services(request).database.write() as connection:
            project_id = await saved_views.start_with(
                connection,
                view_id=_view_id(request),
                by=viewer(request),
                now=services(request).clock.now(),
            )
    except UnknownView as error:
        raise web.HTTPNotFound from error
    return _opens(request, f"/leads?project={project_id}")


async def usual(request: web.Request) -> web.Response:
    """The table opens as it did at first."""
    async with services(request).database.write() as connection:
        address = await _address(connection, request)
        await saved_views.set_start(
            connection,
            project_id=address.project.id,
            query="",
            by=viewer(request),
            now=services(request).clock.now(),
        )
    return _opens(request, f"/leads?project={address.project.id}")


def _opens(request: web.Request, path: str) -> web.Response:
    if is_fragment_request(request):
        return web.Response(status=204, headers={"HX-Redirect": path})
    raise web.HTTPSeeOther(path)


async def _address(connection: AsyncConnection, request: web.Request) -> LeadAddress:
    """What the table showed when the form was sent."""
    pairs = pairs_of(await field(request, "shown"))
    address = await read_address(connection, request, pairs)
    if address is None:
        raise web.HTTPNotFound
    return address


def _bad_name(request: web.Request) -> web.Response:
    return notice(
        request,
        marked("Give the view a name of its own, of at most 100 characters."),
        status=409,
    )


def _view_id(request: web.Request) -> int:
    return int(request.match_info["view_id"])
