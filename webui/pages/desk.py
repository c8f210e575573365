"""デスク: the agent's state, the person on the line, and what came of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from dialer import history, lead_list, memos, projects
from dialer.floor_views import AgentView, FloorError, NotOnACall
from dialer.history import CallDetail, HistoryFilter, HistoryRow
from dialer.lead_list import LeadDetail
from dialer.messages import CallId
from dialer.projects import ActionResult, Project
from dialer.results import ResultError
from dialer.users import User
from webui.errors import notice
from webui.formats import midnight
from webui.labels import AWAY_REASONS, FLOOR_ERRORS
from webui.rendering import render
from webui.services import services
from webui.sessions import viewer

_RECENT = 8


@dataclass(frozen=True, slots=True)
class Work:
    """The call at hand with all that the desk shows about it."""

    detail: CallDetail
    lead: LeadDetail
    project: Project
    results: tuple[tuple[str, tuple[ActionResult, ...]], ...]  # by category, in order


async def page(request: web.Request) -> web.Response:
    return render(request, "desk.html", await _context(request))


async def update(request: web.Request) -> web.Response:
    """What changed; `call` is the call that the page shows, whose memo must stay."""
    return await _update(request, shown=request.query.get("call", ""))


async def ready(request: web.Request) -> web.Response:
    return await _press(request, services(request).floor.go_ready)


async def away(request: web.Request) -> web.Response:
    reason = str((await request.post()).get("reason", ""))
    if reason not in AWAY_REASONS:
        raise web.HTTPBadRequest

    async def go_away(user_id: int) -> None:
        await services(request).floor.go_away(user_id, reason)

    return await _press(request, go_away)


async def offline(request: web.Request) -> web.Response:
    return await _press(request, services(request).floor.log_out)


async def hang_up(request: web.Request) -> web.Response:
    return await _press(request, services(request).floor.hang_up)


async def save_result(request: web.Request) -> web.Response:
    form = await request.post()
    result_id, memo = str(form.get("result_id", "")), str(form.get("memo", ""))
    if not (result_id.isascii() and result_id.isdecimal()):
        raise web.HTTPBadRequest
    call_id = CallId(UUID(request.match_info["call_id"]))

    async def save(user_id: int) -> None:
        await services(request).floor.save_result(
            user_id, call_id, result_id=int(result_id), memo=memo[: memos.LONGEST_MEMO]
        )

    return await _press(request, save)


async def save_memo(request: web.Request) -> web.Response:
    """Called while the agent types; answers with nothing, so that nothing is disturbed."""
    memo = str((await request.post()).get("memo", ""))
    async with services(request).database.write() as connection:
        kept = await memos.save_memo(
            connection,
            call_id=UUID(request.match_info["call_id"]),
            user_id=viewer(request).id,
            memo=memo,
        )
    if not kept:
        return _refused(request, NotOnACall())
    return web.Response(status=204)


async def _press(request: web.Request, action: Callable[[int], Awaitable[None]]) -> web.Response:
    try:
        await action(viewer(request).id)
    except FloorError as error:
        return _refused(request, error)
    except ResultError as error:
        raise web.HTTPBadRequest from error
    shown = str((await request.post()).get("call", ""))
    return await _update(request, shown=shown)


def _refused(request: web.Request, error: FloorError) -> web.Response:
    said = FLOOR_ERRORS.get(error.message_key, FLOOR_ERRORS["floor_error"])
    return notice(request, said, status=409)


async def _update(request: web.Request, *, shown: str) -> web.Response:
    context = await _context(request)
    work = context["work"]
    current = str(work.detail.row.id) if isinstance(work, Work) else ""
    context["same_call"] = current == shown
    return render(request, "parts/desk_update.html", context)


async def _context(request: web.Request) -> dict[str, object]:
    user = viewer(request)
    agent = services(request).floor.agent(user.id)
    work = await _work(request, user, agent)
    return {
        "agent": agent,
        "state": agent.state.value if agent else "offline",
        "work": work,
        "recent": () if work else await _recent(request, user),
        "away_reasons": AWAY_REASONS,
    }


async def _work(request: web.Request, user: User, agent: AgentView | None) -> Work | None:
    if agent is None or agent.call is None:
        return None
    given = services(request)
    async with given.database.read() as connection:
        detail = await history.call_detail(connection, call_id=agent.call.call_id, viewer=user)
        lead = await lead_list.lead_detail(
            connection, lead_id=agent.call.lead_id, viewer=user, now=given.clock.now()
        )
        if detail is None or lead is None:
            return None
        project = await projects.project_by_id(connection, lead.project_id)
        results = await projects.results_of_project(connection, lead.project_id)
    return Work(detail, lead, project, by_category(results)) if project else None


def by_category(
    results: tuple[ActionResult, ...],
) -> tuple[tuple[str, tuple[ActionResult, ...]], ...]:
    """The results under their categories, in the given order."""
    grouped: dict[str, list[ActionResult]] = {}
    for result in results:
        grouped.setdefault(result.category, []).append(result)
    return tuple((category, tuple(members)) for category, members in grouped.items())


async def _recent(request: web.Request, user: User) -> tuple[HistoryRow, ...]:
    """The agent's last calls of today."""
    given = services(request)
    wanted = HistoryFilter(
        user_id=user.id, since=midnight(given.clock.now(), given.settings.time_zone)
    )
    async with given.database.read() as connection:
        page = await history.list_history(connection, wanted=wanted, viewer=user, limit=_RECENT)
    return page.rows
