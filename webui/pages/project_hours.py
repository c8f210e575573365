"""When a project is called: a week of its own, within that of each campaign, and its picture."""

from dataclasses import dataclass, replace
from itertools import groupby

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import project_changes
from dialer.campaign import HoursSettings
from dialer.campaign_projects import campaigns_of
from dialer.projects import Project
from webui import hours_form
from webui.errors import notice
from webui.hours_form import BadHours, Drawn
from webui.project_frame import frame, project_of
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import marked


@dataclass(frozen=True, slots=True)
class Picture:
    """The days to come: when some campaigns call (`name` empty: there is none yet)."""

    name: str
    days: list[Drawn]


async def page(request: web.Request) -> web.Response:
    async with services(request).database.read() as connection:
        project = await project_of(request, connection)
        context = await frame(request, connection, project, "hours")
        own = await project_changes.hours_of(connection, project.id)
        context["pictures"] = await _pictures(request, connection, project, own)
    hours = own or HoursSettings()
    context["own"] = own is not None
    context["holidays_closed"] = hours.holidays == "closed"
    context["week"] = hours_form.week_of(hours)
    context["exceptions"] = hours_form.exceptions_of(hours)
    context["weekday_words"] = hours_form.WEEKDAY_WORDS
    return render(request, "project_hours.html", context)


async def picture(request: web.Request) -> web.Response:
    """How it would be, while the form is filled in."""
    form = await request.post()
    async with services(request).database.read() as connection:
        project = await project_of(request, connection)
        try:
            own = hours_form.read_form(form)
        except BadHours as error:
            return render(request, "parts/project_week.html", {"problem": error, "pictures": []})
        pictures = await _pictures(request, connection, project, own)
    return render(request, "parts/project_week.html", {"problem": None, "pictures": pictures})


async def save(request: web.Request) -> web.Response:
    given, form = services(request), await request.post()
    try:
        own = hours_form.read_form(form)
    except BadHours as error:
        _ = words_for(request)
        return notice(request, f"{_(error.where)}: {_(error.why)}".removeprefix(": "), status=409)
    async with given.database.write() as connection:
        project = await project_of(request, connection)
        await project_changes.set_hours(
            connection, project.id, own, now=given.clock.now(), by=viewer(request)
        )
    return notice(request, marked("Saved. It counts from the next call on."))


async def _pictures(
    request: web.Request,
    connection: AsyncConnection,
    project: Project,
    own: HoursSettings | None,
) -> list[Picture]:
    given = services(request)
    now = given.clock.now()
    within = own.calling_hours(project.time_zone) if own else None
    found = await campaigns_of(connection, project.id, given.campaigns.settings())
    weeks = {one.name: one.hours for one in found} or {"": HoursSettings()}
    drawn = {
        name: hours_form.draw(replace(hours.calling_hours(project.time_zone), within=within), now)
        for name, hours in weeks.items()
    }
    alike = groupby(sorted(drawn.items(), key=lambda one: repr(one[1])), key=lambda one: one[1])
    return [Picture(" · ".join(name for name, _ in some), days) for days, some in alike]
