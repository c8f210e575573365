"""デスク: the agent's state, the person on the line, and what came of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web
from markupsafe import Markup

from dialer import history, history_list, memos, projects, result_sets
from dialer.callbacks import Agreed
from dialer.floor_views import AgentView, FloorError, NotOnACall
from dialer.history import CallDetail, HistoryRow
from dialer.lead_detail import LeadDetail, lead_detail
from dialer.messages import CallId, UserId
from dialer.project_hours import usual_hours_of
from dialer.projects import Project
from dialer.result_sets import ActionResult
from dialer.results import ResultError
from dialer.rules.callback_time import proposed_time
from dialer.rules.calling_hours import CallingHours
from dialer.rules.history_filter import HistoryFilter
from dialer.users import User
from webui.errors import notice
from webui.formats import midnight
from webui.forms import field
from webui.labels import AWAY_REASONS, FLOOR_ERRORS
from webui.lead_fields import ShownField, calling_fields, custom_fields
from webui.lead_script import script_for
from webui.pages.live_words import phrases_of, words_on_desk
from webui.refusals import refusal
from webui.rendering import render, words_for
from webui.security import WITH_MICROPHONE
from webui.services import services
from webui.sessions import viewer
from webui.translations import Words, marked

_RECENT = 8
_WARNING = web.RequestKey("warning", str)  # what was saved, but not quite as it was meant


@dataclass(frozen=True, slots=True)
class Work:
    """The call at hand with all that the desk shows about it."""

    detail: CallDetail
    lead: LeadDetail
    project: Project
    results: tuple[tuple[str, tuple[ActionResult, ...]], ...]  # by category, in order
    script: Markup
    hours: CallingHours


async def page(request: web.Request) -> web.Response:
    response = render(request, "desk.html", await _context(request))
    if viewer(request).phone_in_browser:
        response.headers["Permissions-Policy"] = WITH_MICROPHONE
    return response


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


async def pause_recording(request: web.Request) -> web.Response:
    return await _press(request, services(request).pauses.pause)


async def resume_recording(request: web.Request) -> web.Response:
    return await _press(request, services(request).pauses.resume)


async def save_result(request: web.Request) -> web.Response:
    form = await request.post()
    result_id, memo = str(form.get("result_id", "")), str(form.get("memo", ""))
    if not (result_id.isascii() and result_id.isdecimal()):
        raise web.HTTPBadRequest
    call_id = CallId(UUID(request.match_info["call_id"]))
    agreed = await _agreed(request)
    if agreed is not None and agreed.due_at <= services(request).clock.now():
        return notice(request, marked("Choose a time that is still to come."), status=409)

    async def save(user_id: int) -> None:
        saved = await services(request).floor.save_result(
            user_id,
            call_id,
            result_id=int(result_id),
            memo=memo[: memos.LONGEST_MEMO],
            agreed=agreed,
        )
        if saved.not_boxed is not None:
            request[_WARNING] = refusal(saved.not_boxed, words_for(request))

    return await _press(request, save)


async def _agreed(request: web.Request) -> Agreed | None:
    """The time that was chosen with the result, in the time zone that pages show."""
    day, clock = await field(request, "callback_date"), await field(request, "callback_time")
    if not day and not clock:
        return None
    try:
        local = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock))
    except ValueError as error:
        raise web.HTTPBadRequest from error
    due_at = local.replace(tzinfo=ZoneInfo(services(request).settings.time_zone)).astimezone(UTC)
    mine = await field(request, "callback_for") != "anyone"
    return Agreed(due_at, UserId(viewer(request).id) if mine else None)


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
    context["warning"] = request.get(_WARNING, "")
    return render(request, "parts/desk_update.html", context)


async def _context(request: web.Request) -> dict[str, object]:
    user = viewer(request)
    agent = services(request).floor.agent(user.id)
    work = await _work(request, user, agent)
    return {
        "agent": agent,
        "state": agent.state.value if agent else "offline",
        "recording": services(request).pauses.view(user.id),
        "work": work,
        "asked": _asked(work.lead, words_for(request)) if work else (),
        "recent": () if work else await _recent(request, user),
        "away_reasons": AWAY_REASONS,
        "callback_defaults": _proposed(request, work) if work else {},
        "phrases": await phrases_of(request, agent),
        **words_on_desk(request, agent.call if agent else None),
    }


def _asked(lead: LeadDetail, said: Words) -> list[ShownField]:
    """What the agent finds out during the call: the stage, and the project's own fields."""
    stage = [one for one in calling_fields(lead, said) if one.kind == "stage"]
    return [*stage, *custom_fields(lead)]


def _proposed(request: web.Request, work: Work) -> dict[int, dict[str, str]]:
    """When to call again, by the result with which it is agreed, for the fields of a form."""
    given = services(request)
    proposed: dict[int, dict[str, str]] = {}
    for result in (one for _, some in work.results for one in some if one.effect == "callback"):
        seconds = result.retry_after_seconds
        delay = None if seconds is None else timedelta(seconds=seconds)
        at = proposed_time(given.clock.now(), delay, work.hours)
        local = at.astimezone(ZoneInfo(given.settings.time_zone))
        proposed[result.id] = {"date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}"}
    return proposed


async def _work(request: web.Request, user: User, agent: AgentView | None) -> Work | None:
    if agent is None or agent.call is None:
        return None
    given = services(request)
    async with given.database.read() as connection:
        detail = await history.call_detail(connection, call_id=agent.call.call_id, viewer=user)
        lead = await lead_detail(
            connection, lead_id=agent.call.lead_id, viewer=user, now=given.clock.now()
        )
        if detail is None or lead is None:
            return None
        project = await projects.project_by_id(connection, lead.project_id)
        if project is None:
            return None
        results = await result_sets.results_of_project(connection, lead.project_id)
        hours = await usual_hours_of(connection, project.id)
    script = script_for(
        project,
        lead,
        number=detail.row.e164,
        user=user.name,
        company=given.settings.business_name,
        _=words_for(request),
    )
    return Work(detail, lead, project, by_category(results), script, hours)


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
        page = await history_list.list_history(
            connection, wanted=wanted, viewer=user, limit=_RECENT
        )
    return page.rows
