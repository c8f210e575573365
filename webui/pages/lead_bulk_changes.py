"""What changes many leads of the list at once: a field, the project, deletion, restoration.

Some hundred at a time, each lot in a transaction of its own, so that a dialler at work is
hardly held up; what a lot has done stays done when a later one cannot be.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_changes import LeadChangeError
from dialer.lead_deletion import delete_leads, restore_leads
from dialer.lead_editing import Edit, Fields, edit_leads, fields_in
from dialer.lead_moving import UnknownProject, move_leads
from dialer.lead_rows import names_of
from dialer.projects import projects_of
from dialer.rules.lead_fields import BASIC_FIELDS
from webui.chosen_leads import chosen_lot
from webui.errors import notice
from webui.forms import an_id, field
from webui.lead_fields import (
    ShownField,
    basic_field,
    custom_field,
    field_of_key,
    stage_field,
)
from webui.lead_words import FIELDS, change_refusal
from webui.pages.lead_bulk import told
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import Words, marked

_AT_ONCE = 500  # leads in one transaction
# Fields that many leads may well have in common; a name or an address of its own they have not.
_COMMON = ("stage", "priority", "prefecture", "city", "contact_person", "notes")


async def delete(request: web.Request) -> web.Response:
    async def some(connection: AsyncConnection, ids: Sequence[int]) -> _Done:
        report = await delete_leads(
            connection, lead_ids=ids, by=viewer(request), now=services(request).clock.now()
        )
        return report.done, dict(report.refused)

    response = await _run(request, marked("Deleted"), some)
    services(request).live.publish("gate", {})  # calls that ring are stopped
    return response


async def restore(request: web.Request) -> web.Response:
    async def some(connection: AsyncConnection, ids: Sequence[int]) -> _Done:
        report = await restore_leads(
            connection, lead_ids=ids, by=viewer(request), now=services(request).clock.now()
        )
        return report.done, dict(report.refused)

    return await _run(request, marked("Restored"), some)


async def edit_form(request: web.Request) -> web.Response:
    """The dialog: which field, and what stands there from now on."""
    project_id, said = await _project(request), words_for(request)
    async with services(request).database.read() as connection:
        fields = await fields_in(connection, project_id)
    offered = list(_offered(fields, said))
    wanted = request.query.get("field", "")
    chosen = next((one for one in offered if one.key == wanted), offered[0])
    return render(request, "parts/bulk_edit.html", {"offered": offered, "field": chosen})


async def edit(request: web.Request) -> web.Response:
    form = await request.post()
    key = str(form.get("field", ""))
    sent = [str(one) for one in form.getall(key if key.startswith("custom-") else "value", [])]
    change = Edit(field_of_key(key), sent)

    async def some(connection: AsyncConnection, ids: Sequence[int]) -> _Done:
        report = await edit_leads(
            connection,
            lead_ids=ids,
            edit=change,
            by=viewer(request),
            now=services(request).clock.now(),
        )
        return (*report.changed, *report.same), dict(report.refused)

    return await _run(request, marked("Written"), some)


async def move_form(request: web.Request) -> web.Response:
    """The dialog: into which project."""
    project_id = await _project(request)
    async with services(request).database.read() as connection:
        known = await projects_of(connection, viewer(request))
    others = [one for one in known if one.id != project_id]
    return render(request, "parts/bulk_move.html", {"projects": others})


async def move(request: web.Request) -> web.Response:
    target = an_id(await field(request, "to"))
    if target is None:
        return notice(request, marked("Choose a project."), status=409)
    afresh = bool(await field(request, "afresh"))
    aside: dict[str, int] = {}
    opened = 0

    async def some(connection: AsyncConnection, ids: Sequence[int]) -> _Done:
        nonlocal opened
        report = await move_leads(
            connection,
            lead_ids=ids,
            to_project_id=target,
            by=viewer(request),
            now=services(request).clock.now(),
            afresh=afresh,
        )
        opened += report.callbacks_opened
        for name, leads in report.kept_aside.items():
            aside[name] = aside.get(name, 0) + leads
        return report.done, dict(report.refused)

    said = words_for(request)

    def notes() -> Iterator[str]:
        for name, leads in aside.items():
            yield said.count(
                "%(field)s: %(n)s value has no place there and is kept beside the lead.",
                "%(field)s: %(n)s values have no place there and are kept beside the leads.",
                leads,
                field=name,
            )
        if opened:
            yield said.count(
                "%(n)s callback may be made by anyone now: its caller is not in that project.",
                "%(n)s callbacks may be made by anyone now: their callers are not in that project.",
                opened,
            )

    try:
        return await _run(request, marked("Moved"), some, notes)
    except UnknownProject:
        return notice(request, marked("Choose a project."), status=409)


# --- lots -------------------------------------------------------------------------------

_Done = tuple[tuple[int, ...], dict[int, LeadChangeError]]


async def _run(
    request: web.Request,
    title: str,
    some: Callable[[AsyncConnection, Sequence[int]], Awaitable[_Done]],
    notes: Callable[[], Iterable[str]] = tuple,
) -> web.Response:
    """Does it to a lot of the chosen leads. While there are more, the answer asks for the next.

    So whoever closes the page stops it, and whatever was done is done.
    """
    form, lot = await request.post(), await chosen_lot(request)
    done: list[int] = []
    refused: dict[int, LeadChangeError] = {}
    for start in range(0, len(lot.ids), _AT_ONCE):
        async with services(request).database.write() as connection:
            of_lot, not_done = await some(connection, lot.ids[start : start + _AT_ONCE])
        done += of_lot
        refused |= not_done
    done_before, refused_before = (
        an_id(str(form.get(name, ""))) or 0 for name in ("done", "refused")
    )
    earlier = [str(one) for one in form.getall("note", [])]
    said = [*earlier, *notes()]
    if lot.next_key is not None:
        said += await _named(request, refused, _NAMED - len(said))
        context = {
            "title": title,
            "path": request.path,
            "sent": [(name, str(value)) for name, value in form.items() if name not in _COUNTED],
            "lot": lot,
            "done": done_before + len(done),
            "refused": refused_before + len(refused),
            "notes": said,
        }
        response = render(request, "parts/bulk_progress.html", context)
        response.headers["HX-Retarget"] = "#bulk-progress" if form.get("after") else "#notices"
        response.headers["HX-Reswap"] = "outerHTML" if form.get("after") else "afterbegin"
        return response
    if not (done or done_before or refused_before) and len({str(e) for e in refused.values()}) == 1:
        error = next(iter(refused.values()))
        return notice(request, change_refusal(error, words_for(request)), status=409)
    response = await told(
        request,
        title,
        done,
        refused,
        notes=said,
        done_before=done_before,
        refused_before=refused_before,
    )
    if form.get("after"):
        response.headers["HX-Retarget"] = "#bulk-progress"
        response.headers["HX-Reswap"] = "outerHTML"
    return response


async def _named(
    request: web.Request, refused: Mapping[int, LeadChangeError], most: int
) -> list[str]:
    """The first leads that stayed as they were, each with why."""
    shown = list(refused)[: max(0, most)]
    async with services(request).database.read() as connection:
        names = await names_of(connection, shown)
    return [
        f"{names.get(one, one)}: {change_refusal(refused[one], words_for(request))}"
        for one in shown
    ]


_NAMED = 20
_COUNTED = frozenset({"after", "total", "more", "done", "refused", "note", "csrf_token"})


async def _project(request: web.Request) -> int:
    project_id = an_id(request.query.get("project", ""))
    if project_id is None or not viewer(request).sees_project(project_id):
        raise web.HTTPNotFound
    return project_id


def _offered(fields: Fields, _: Words) -> Iterator[ShownField]:
    """The fields in common, those of the project, then all others but the name."""
    for name in (*_COMMON, *(one for one in BASIC_FIELDS if one not in _COMMON)):
        if name == "stage":
            if fields.stages:
                yield stage_field("", fields.stages, _)
        elif name != "name" and name in FIELDS:
            yield basic_field(name, "0" if name == "priority" else "", _)
        if name == _COMMON[-1]:
            for one in fields.custom.values():
                yield custom_field(one, None)
