"""リード: the list of a project's leads in its tabs."""

from typing import Literal, get_args

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lead_table, lead_tabs, projects, users
from dialer.lead_tabs import Whose
from dialer.paging import BadPageKey
from dialer.prohibition_list import ForWhom
from dialer.projects import Project
from dialer.users import User
from webui.choices import workgroups_for
from webui.rendering import render
from webui.services import services
from webui.sessions import viewer

LeadTab = Literal["all", "mybox", "prohibited"]
_TABS: tuple[LeadTab, ...] = get_args(LeadTab)


async def page(request: web.Request) -> web.Response:
    return render(request, "leads.html", {**await _list(request), **await _choices(request)})


async def rows(request: web.Request) -> web.Response:
    """More rows, or the rows of another tab or search."""
    return render(request, "parts/lead_rows.html", await _list(request))


async def _list(request: web.Request) -> dict[str, object]:
    user, query = viewer(request), request.query
    tab: LeadTab = next((one for one in _TABS if one == query.get("tab")), "all")
    text = query.get("q", "").strip()[:200]
    whose = query.get("whose", "") or ("all" if user.acts_as_admin else "me")
    async with services(request).database.read() as connection:
        known = await projects.projects_of(connection, user)
        project = _chosen(known, query.get("project", ""))
        found = None
        if project is not None:
            try:
                found = await _found(request, connection, project, tab, text, whose)
            except BadPageKey as error:
                raise web.HTTPBadRequest from error
    return {
        "projects": known,
        "project": project,
        "tab": tab,
        "text": text,
        "whose": whose,
        "for_whom": query.get("for", "any"),
        "found": found,
        "first_page": not query.get("after"),
    }


async def _found(
    request: web.Request,
    connection: AsyncConnection,
    project: Project,
    tab: LeadTab,
    text: str,
    whose: str,
) -> object:
    user, now = viewer(request), services(request).clock.now()
    after = request.query.get("after") or None
    match tab:
        case "all":
            return await lead_table.list_leads(
                connection, project_id=project.id, viewer=user, now=now, text=text, after=after
            )
        case "mybox":
            return await lead_tabs.boxed_leads(
                connection,
                project_id=project.id,
                viewer=user,
                now=now,
                whose=_whose(whose, user),
                text=text,
                after=after,
            )
        case "prohibited":
            return await lead_tabs.prohibited_leads(
                connection,
                project_id=project.id,
                viewer=user,
                now=now,
                for_whom=for_whom(request.query.get("for", "")),
                text=text,
                after=after,
            )


async def _choices(request: web.Request) -> dict[str, object]:
    """Whose boxes and prohibitions may be asked for, and into whose box leads may go."""
    user = viewer(request)
    async with services(request).database.read() as connection:
        everybody = [one for one in await users.list_users(connection) if one.active]
        groups = await workgroups_for(connection, user)
    mates = [
        one
        for one in everybody
        if user.acts_as_admin or not user.workgroup_ids.isdisjoint(one.workgroup_ids)
    ]
    return {"workgroups": groups, "mates": mates, "takers": everybody}


def for_whom(text: str) -> ForWhom:
    """``company``, a workgroup's id, or anything else for any."""
    if text == "company":
        return "company"
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else "any"


def _whose(text: str, user: User) -> Whose:
    """``me``, ``u12`` for a user, ``w3`` for a workgroup; anything else: all one may know."""
    if text == "me":
        return Whose("user", user.id)
    kind, digits = text[:1], text[1:]
    if kind in ("u", "w") and digits.isascii() and digits.isdecimal() and len(digits) < 19:
        return Whose("user" if kind == "u" else "workgroup", int(digits))
    return Whose("all")


def _chosen(known: list[Project], wanted: str) -> Project | None:
    """The wanted project; the first one when none, or an unknown one, is asked for."""
    chosen = next((project for project in known if str(project.id) == wanted), None)
    return chosen or (known[0] if known else None)
