"""プロジェクト: the list for admins, one project's settings, copying, closing and reopening."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import available_timezones

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import custom_fields, project_changes, project_list, projects, result_sets
from dialer.custom_fields import FieldSet
from dialer.project_changes import General
from dialer.project_list import LeadCounts, ProjectLine
from dialer.project_retention import UnusableDays, retention_of, set_retention
from dialer.project_zone import move_to_zone
from dialer.projects import ProjectError
from dialer.rules.retention import Retention
from dialer.users import Language
from webui.forms import an_id, field
from webui.pages.campaigns import STOCKS
from webui.project_frame import frame, project_of, redirected, refused
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer

# Those that people look for first; the rest by name.
_USUAL_ZONES = ("Asia/Tokyo", "Asia/Seoul", "Asia/Taipei", "Asia/Shanghai", "Asia/Singapore", "UTC")
_NEW_RESULTS = "new"  # in the place of a result set's id: make the one to begin with


async def page(request: web.Request) -> web.Response:
    async with services(request).database.read() as connection:
        lines = await project_list.project_lines(connection, viewer(request))
        context = await _choices(request, connection)
    context["open_lines"] = [line for line in lines if line.project.closed_at is None]
    context["closed_lines"] = [line for line in lines if line.project.closed_at is not None]
    context["time_zone"] = services(request).settings.time_zone
    return render(request, "projects.html", context)


async def counts(request: web.Request) -> web.Response:
    """The figures of one line of the list, which the page asks for when it is shown."""
    given = services(request)
    async with given.database.read() as connection:
        project = await project_of(request, connection)
        counted = await project_list.lead_counts(connection, project.id)
        lines = await project_list.project_lines(connection, viewer(request))
        line = next(one for one in lines if one.project.id == project.id)
        callable_now = await _callable(request, connection, line)
    return render(request, "parts/project_counts.html", _figures(counted, callable_now))


async def create(request: web.Request) -> web.Response:
    given, user = services(request), viewer(request)
    results, fields = await field(request, "results"), await field(request, "fields")
    now = given.clock.now()
    try:
        async with given.database.write() as connection:
            project = await projects.create_project(
                connection,
                name=await field(request, "name"),
                now=now,
                time_zone=await field(request, "time_zone") or given.settings.time_zone,
                result_set_id=await _result_set(request, connection, results),
                custom_field_set_id=an_id(fields),
                by=user,
            )
    except ProjectError as error:
        return refused(request, error)
    return redirected(f"/projects/{project.id}/users?saved=created")


async def general(request: web.Request) -> web.Response:
    async with services(request).database.read() as connection:
        project = await project_of(request, connection)
        context = await frame(request, connection, project, "general")
        context |= await _choices(request, connection)
        context["retention"] = await retention_of(connection, project.id)
    context["installation"] = services(request).retention.installation
    return render(request, "project_general.html", context)


async def save_general(request: web.Request) -> web.Response:
    given, user = services(request), viewer(request)
    now, time_zone = given.clock.now(), await field(request, "time_zone")
    results, fields = await field(request, "results"), await field(request, "fields")
    try:
        projects.check_time_zone(time_zone)
        async with given.database.write() as connection:
            project = await project_of(request, connection)
            wanted = General(
                name=await field(request, "name"),
                result_set_id=await _result_set(request, connection, results),
                result_required=await field(request, "result_required") == "yes",
                custom_field_set_id=an_id(fields),
            )
            await project_changes.set_general(connection, project.id, wanted, now=now, by=user)
            retention = await _retention(request)
            await set_retention(connection, project.id, retention, now=now, by=user)
        await move_to_zone(given.database, project.id, time_zone, now=now, by=user)
    except ProjectError as error:
        return refused(request, error)
    return redirected(f"/projects/{project.id}?saved=yes")


async def _retention(request: web.Request) -> Retention:
    """Raises UnusableDays."""
    recordings, transcripts = [
        await field(request, name) for name in ("recordings_days", "transcripts_days")
    ]
    return Retention(_days(recordings), _days(transcripts))


def _days(text: str) -> int | None:
    text = unicodedata.normalize("NFKC", text)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise UnusableDays(f"{text!r} are no days")
    return int(text)


async def copy(request: web.Request) -> web.Response:
    given = services(request)
    try:
        async with given.database.write() as connection:
            project = await project_of(request, connection)
            made = await project_changes.copy_project(
                connection,
                project.id,
                name=await field(request, "name"),
                now=given.clock.now(),
                by=viewer(request),
            )
    except ProjectError as error:
        return refused(request, error)
    return redirected(f"/projects/{made.id}?saved=copied")


async def close(request: web.Request) -> web.Response:
    return await _open_or_close(request, closing=True)


async def reopen(request: web.Request) -> web.Response:
    return await _open_or_close(request, closing=False)


async def _open_or_close(request: web.Request, *, closing: bool) -> web.Response:
    given = services(request)
    change = project_changes.close_project if closing else project_changes.reopen_project
    async with given.database.write() as connection:
        project = await project_of(request, connection)
        await change(connection, project.id, now=given.clock.now(), by=viewer(request))
    given.live.publish("gate", {"project_id": project.id})  # what rings is looked at now
    return redirected(f"/projects/{project.id}?saved={'closed' if closing else 'reopened'}")


# --- what the pages show ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Zones:
    """Time zones as a selection offers them."""

    usual: Sequence[str]
    others: Sequence[str]


def _zones() -> Zones:
    known = available_timezones()
    others = sorted(zone for zone in known if "/" in zone and not zone.startswith("Etc/"))
    return Zones(_USUAL_ZONES, [zone for zone in others if zone not in _USUAL_ZONES])


async def _choices(request: web.Request, connection: AsyncConnection) -> dict[str, object]:
    sets: Sequence[FieldSet] = await custom_fields.list_sets(connection)
    return {
        "zones": _zones(),
        "result_sets": await project_list.result_set_names(connection),
        "field_sets": sets,
    }


async def _result_set(request: web.Request, connection: AsyncConnection, chosen: str) -> int | None:
    if chosen != _NEW_RESULTS:
        return an_id(chosen)
    language: Language = "ja" if words_for(request).language == "ja" else "en"
    return await result_sets.create_default_result_set(
        connection, language=language, now=services(request).clock.now()
    )


async def _callable(
    request: web.Request, connection: AsyncConnection, line: ProjectLine
) -> int | None:
    """By the first of its campaigns; None without one."""
    given = services(request)
    known = {one.name: one for one in given.campaigns.settings()}
    for row in line.campaigns:
        if row.name in known:
            stock = await request.app[STOCKS].of(connection, row, known[row.name], given.clock)
            return stock.callable_now if stock else None
    return None


def _figures(counted: LeadCounts, callable_now: int | None) -> dict[str, object]:
    return {"counted": counted, "callable_now": callable_now}
