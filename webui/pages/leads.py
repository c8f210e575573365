"""リード: the table of a project's leads in its tabs."""

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import saved_views, users
from dialer.lead_choices import LeadChoices, lead_choices
from dialer.lead_table import LeadPage, count_leads, list_leads
from dialer.lead_tabs import InBoxes, Prohibited, prohibitions_of
from dialer.mybox_holders import holders_of
from dialer.paging import BadPageKey
from dialer.projects import Project, projects_of
from dialer.rules.lead_filter import FieldFilter, Pair
from dialer.rules.lead_view import COLUMNS
from dialer.rules.prefectures import REGIONS
from webui import lead_table_words
from webui.choices import workgroups_for
from webui.lead_address import LeadAddress, pairs_of, read_address, usual_boxes
from webui.lead_table_words import chips_of, column_heads
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer


async def page(request: web.Request) -> web.Response:
    """An address that says nothing opens what the user has chosen to open with."""
    async with services(request).database.read() as connection:
        known = await projects_of(connection, viewer(request))
        address = await _opened(connection, request, known)
        if address is not None and _came_from_a_form(request):
            raise web.HTTPSeeOther("/leads?" + address.query())
        shown = await _shown(connection, request, address)
        choices = await _choices(connection, request)
    return render(request, "leads.html", {"projects": known, **shown, **choices})


async def rows(request: web.Request) -> web.Response:
    """The table with all that depends on what it shows."""
    async with services(request).database.read() as connection:
        address = await read_address(connection, request, _pairs(request))
        shown = await _shown(connection, request, address)
    response = render(request, "parts/lead_list.html", shown)
    if address is not None and request.query.get("typed"):
        response.headers["HX-Replace-Url"] = f"/leads?{address.query()}"
    return response


async def counted(request: web.Request) -> web.Response:
    """How many leads the table shows."""
    async with services(request).database.read() as connection:
        address = await read_address(connection, request, _pairs(request))
        if address is None:
            raise web.HTTPNotFound
        found = await count_leads(connection, address.request(request))
    return render(request, "parts/lead_count.html", {"found": found})


# --- what is shown ----------------------------------------------------------------------


def _pairs(request: web.Request) -> list[Pair]:
    return list(request.query.items())


def _came_from_a_form(request: web.Request) -> bool:
    """Forms send also what was left empty; the address they lead to says only what is asked."""
    return any(not value for value in request.query.values())


async def _opened(
    connection: AsyncConnection, request: web.Request, known: list[Project]
) -> LeadAddress | None:
    if request.query.get("q") and "project" not in request.query:
        found = await _where_found(connection, request, known)
        if found is not None:
            return found
    address = await read_address(connection, request, _pairs(request), known)
    if address is None or set(request.query) - {"project", "tab"}:
        return address
    start = await saved_views.start_query(
        connection, project_id=address.project.id, user_id=viewer(request).id
    )
    if not start:
        return address
    kept = pairs_of(start)
    if request.query.get("tab"):
        # A tab is a question of its own: only the columns are as always.
        kept = [("tab", address.tab), *(pair for pair in kept if pair[0] == "columns")]
    pairs = [("project", str(address.project.id)), *kept]
    return await read_address(connection, request, pairs, known)


async def _where_found(
    connection: AsyncConnection, request: web.Request, known: list[Project]
) -> LeadAddress | None:
    """The first project that has something of what is searched for, where none is named."""
    for project in known:
        pairs = [("project", str(project.id)), *_pairs(request)]
        address = await read_address(connection, request, pairs, known)
        if address and (await list_leads(connection, address.request(request))).rows:
            return address
    return None


async def _shown(
    connection: AsyncConnection, request: web.Request, address: LeadAddress | None
) -> dict[str, Any]:
    if address is None:
        return {"project": None, "tab": "all", "address": None}
    said = words_for(request)
    turned = ("after", "before", "last")
    here = address.query(more=[(one, request.query[one]) for one in turned if one in request.query])
    given = {
        "project": address.project,
        "tab": address.tab,
        "address": address,
        "asked": address.view.filter,
        "here": here,
        "whose": address.whose or usual_boxes(viewer(request)),
        "for_whom": address.for_whom or "any",
    }
    try:
        found = await list_leads(
            connection,
            address.request(request),
            after=request.query.get("after") or None,
            before=request.query.get("before") or None,
            last=request.query.get("last") == "1",
        )
    except BadPageKey as error:
        raise web.HTTPBadRequest from error
    choices = await lead_choices(connection, project_id=address.project.id, viewer=viewer(request))
    return {
        **given,
        **await _of_tab(connection, request, address, found),
        "found": found,
        "view": address.view,
        "choices": choices,
        "heads": column_heads(address.view.columns, address.custom, said),
        "offered": _offered(address, request),
        "chips": chips_of(address, choices, said),
        "asked_fields": _asked_fields(address, choices),
        "words": lead_table_words,
        "regions": REGIONS,
        "views": await saved_views.list_views(
            connection, project_id=address.project.id, viewer=viewer(request)
        ),
    }


def _offered(address: LeadAddress, request: web.Request) -> list[tuple[Any, bool]]:
    """Every column with whether it is shown: those that are first, in their order."""
    shown = address.view.columns
    every = (*COLUMNS, *(f"f{one}" for one in address.custom))
    keys = (*shown, *(one for one in every if one not in shown))
    heads = column_heads(keys, address.custom, words_for(request))
    return [(head, head.key in shown) for head in heads]


def _asked_fields(address: LeadAddress, choices: LeadChoices) -> list[tuple[Any, FieldFilter]]:
    """Each custom field with what is asked of it."""
    asked = {one.field_id: one for one in address.view.filter.fields}
    return [(one, asked.get(one.id, FieldFilter(one.id))) for one in choices.fields.values()]


# --- マイボックス and 禁止 ----------------------------------------------------------------


async def _of_tab(
    connection: AsyncConnection, request: web.Request, address: LeadAddress, found: LeadPage
) -> dict[str, Any]:
    """What the tab shows of each lead besides what every tab does, by the lead's id."""
    user, within = viewer(request), address.within(viewer(request))
    ids = [row.id for row in found.rows]
    if isinstance(within, InBoxes):
        now = services(request).clock.now()
        return {"holders": await holders_of(connection, lead_ids=ids, now=now, viewer=user)}
    if isinstance(within, Prohibited):
        return {"prohibitions": await prohibitions_of(connection, ids, within, user)}
    return {}


async def _choices(connection: AsyncConnection, request: web.Request) -> dict[str, object]:
    """Whose boxes and prohibitions may be asked for, and into whose box leads may go."""
    user = viewer(request)
    everybody = [one for one in await users.list_users(connection) if one.active]
    groups = await workgroups_for(connection, user)
    mates = [
        one
        for one in everybody
        if user.acts_as_admin or not user.workgroup_ids.isdisjoint(one.workgroup_ids)
    ]
    return {"workgroups": groups, "mates": mates, "takers": everybody}
