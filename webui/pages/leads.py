"""リード: the list of a project's leads, and one lead in full."""

from collections.abc import Awaitable, Callable
from typing import get_args

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import history, lead_list, mybox, prohibitions, projects, users
from dialer.lead_list import LeadTab
from dialer.memos import LONGEST_MEMO
from dialer.paging import BadPageKey
from dialer.projects import Project
from dialer.users import NotAllowed
from webui.errors import notice
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import marked

_TABS: tuple[LeadTab, ...] = get_args(LeadTab)
_LONGEST_REASON = 500


async def page(request: web.Request) -> web.Response:
    return render(request, "leads.html", await _list(request))


async def rows(request: web.Request) -> web.Response:
    """More rows, or the rows of another tab or search."""
    return render(request, "parts/lead_rows.html", await _list(request))


async def lead(request: web.Request) -> web.Response:
    given = services(request)
    async with given.database.read() as connection:
        detail = await lead_list.lead_detail(
            connection, lead_id=_lead_id(request), viewer=viewer(request), now=given.clock.now()
        )
        everybody = await users.list_users(connection)
    if detail is None:
        raise web.HTTPNotFound
    takers = [
        user
        for user in everybody
        if user.active
        and detail.project_id in user.project_ids
        and not (detail.box and detail.box.user_id == user.id)
    ]
    return render(request, "lead.html", {"lead": detail, "takers": takers})


async def put_in_box(request: web.Request) -> web.Response:
    user, given = viewer(request), services(request)

    async def put(connection: AsyncConnection) -> str:
        await mybox.put(
            connection,
            lead_id=_lead_id(request),
            user_id=user.id,
            now=given.clock.now(),
            by=user,
        )
        return marked("It is in your MyBox now: nobody else may contact this lead.")

    return await _change(request, put)


async def release_box(request: web.Request) -> web.Response:
    given = services(request)

    async def release(connection: AsyncConnection) -> str:
        await mybox.release(
            connection, lead_id=_lead_id(request), now=given.clock.now(), by=viewer(request)
        )
        return marked("Taken out of the MyBox.")

    return await _change(request, release)


async def give_box(request: web.Request) -> web.Response:
    """Into another user's box: an admin from nobody's, members of the workgroup from theirs."""
    user, given, lead_id = viewer(request), services(request), _lead_id(request)
    to_user = str((await request.post()).get("user_id", ""))
    if not (to_user.isascii() and to_user.isdecimal() and len(to_user) < 19):
        raise web.HTTPBadRequest

    async def give(connection: AsyncConnection) -> str:
        now = given.clock.now()
        if await mybox.holder_of(connection, lead_id=lead_id, now=now):
            await mybox.hand_over(
                connection, lead_id=lead_id, to_user_id=int(to_user), now=now, by=user
            )
        else:
            await mybox.put(connection, lead_id=lead_id, user_id=int(to_user), now=now, by=user)
        return marked("Handed over: the lead is in the other user's MyBox now.")

    return await _change(request, give)


async def prohibit(request: web.Request) -> web.Response:
    reason, user, given = await _reason(request), viewer(request), services(request)
    whole_company = user.acts_as_admin
    prohibited: list[str] = []

    async def stop(connection: AsyncConnection) -> str:
        numbers = await prohibitions.prohibit_lead(
            connection,
            lead_id=_lead_id(request),
            now=given.clock.now(),
            reason=reason,
            by=user,
            workgroup_ids=None if whole_company else (),
        )
        prohibited.extend(numbers)
        return (
            marked("Prohibited: nobody in the company will call this number again.")
            if whole_company
            else marked("Prohibited: nobody in your workgroup will call this number again.")
        )

    response = await _change(request, stop)
    # Only now, after the commit: whoever runs calls cancels those that ring.
    given.live.publish("prohibited", {"numbers": prohibited})
    return response


async def lift(request: web.Request) -> web.Response:
    form, given = await request.post(), services(request)
    reason = await _reason(request)
    workgroup = str(form.get("workgroup_id", ""))
    if not reason:
        return _refused(request, marked("Give a reason for lifting the prohibition."))

    async def end(connection: AsyncConnection) -> str:
        await prohibitions.lift(
            connection,
            e164=str(form.get("e164", "")),
            workgroup_id=int(workgroup) if workgroup.isdecimal() else None,
            now=given.clock.now(),
            reason=reason,
            by=viewer(request),
        )
        return marked("The prohibition is lifted.")

    return await _change(request, end)


async def add_memo(request: web.Request) -> web.Response:
    memo = str((await request.post()).get("memo", "")).strip()[:LONGEST_MEMO]
    if not memo:
        return _refused(request, marked("Write something first."))

    async def add(connection: AsyncConnection) -> str:
        await history.add_memo(
            connection,
            lead_id=_lead_id(request),
            memo=memo,
            by=viewer(request),
            now=services(request).clock.now(),
        )
        return marked("The memo is saved.")

    return await _change(request, add)


async def _change(
    request: web.Request, change: Callable[[AsyncConnection], Awaitable[str]]
) -> web.Response:
    """Runs the change in one transaction; the page fetches the lead again when told."""
    try:
        async with services(request).database.write() as connection:
            done = await change(connection)
    except mybox.HeldByAnother as error:
        _ = words_for(request)
        return _refused(request, _("The lead is in the MyBox of %(name)s.", name=error.holder_name))
    except mybox.NotAssigned:
        return _refused(request, marked("Only who is assigned to the project may hold the lead."))
    except prohibitions.NoNumber:
        return _refused(request, marked("This lead has no phone number that could be prohibited."))
    except prohibitions.NotStanding:
        return _refused(request, marked("The number is not prohibited there (any more)."))
    except NotAllowed:
        return _refused(request, marked("You may not do this"))
    services(request).live.publish("history", {})
    response = notice(request, done)
    response.headers["HX-Trigger"] = "leadChanged"
    return response


def _refused(request: web.Request, title: str) -> web.Response:
    return notice(request, title, status=409)


async def _list(request: web.Request) -> dict[str, object]:
    user, given = viewer(request), services(request)
    tab: LeadTab = next((one for one in _TABS if one == request.query.get("tab")), "all")
    text = request.query.get("q", "").strip()
    async with given.database.read() as connection:
        known = await projects.projects_of(connection, user)
        project = _chosen(known, request.query.get("project", ""))
        found = None
        if project is not None:
            try:
                found = await lead_list.list_leads(
                    connection,
                    project_id=project.id,
                    viewer=user,
                    now=given.clock.now(),
                    text=text,
                    tab=tab,
                    after=request.query.get("after") or None,
                )
            except BadPageKey as error:
                raise web.HTTPBadRequest from error
    return {
        "projects": known,
        "project": project,
        "tab": tab,
        "text": text,
        "found": found,
        "first_page": not request.query.get("after"),
    }


def _chosen(known: list[Project], wanted: str) -> Project | None:
    """The wanted project; the first one when none, or an unknown one, is asked for."""
    chosen = next((project for project in known if str(project.id) == wanted), None)
    return chosen or (known[0] if known else None)


def _lead_id(request: web.Request) -> int:
    return int(request.match_info["lead_id"])


async def _reason(request: web.Request) -> str:
    return str((await request.post()).get("reason", "")).strip()[:_LONGEST_REASON]
