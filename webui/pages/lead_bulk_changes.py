"""What changes many leads of the list at once: a field, the project, deletion, restoration."""

from collections.abc import Iterator, Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_deletion import delete_leads, restore_leads
from dialer.lead_editing import Edit, Fields, edit_leads, fields_in
from dialer.lead_moving import UnknownProject, move_leads
from dialer.projects import projects_of
from dialer.rules.lead_fields import BASIC_FIELDS
from webui.errors import notice
from webui.forms import an_id, field
from webui.lead_fields import (
    ShownField,
    basic_field,
    custom_field,
    field_of_key,
    stage_field,
)
from webui.lead_lots import Done, change_lots, in_one_transaction
from webui.lead_words import FIELDS
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import Words, marked

# Fields that many leads may well have in common; a name or an address of its own they have not.
_COMMON = ("stage", "priority", "prefecture", "city", "contact_person", "notes")


async def delete(request: web.Request) -> web.Response:
    async def some(connection: AsyncConnection, ids: Sequence[int]) -> Done:
        report = await delete_leads(
            connection, lead_ids=ids, by=viewer(request), now=services(request).clock.now()
        )
        return report.done, report.refused

    response = await change_lots(request, marked("Deleted"), in_one_transaction(request, some))
    services(request).live.publish("gate", {})  # calls that ring are stopped
    return response


async def restore(request: web.Request) -> web.Response:
    async def some(connection: AsyncConnection, ids: Sequence[int]) -> Done:
        report = await restore_leads(
            connection, lead_ids=ids, by=viewer(request), now=services(request).clock.now()
        )
        return report.done, report.refused

    return await change_lots(request, marked("Restored"), in_one_transaction(request, some))


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

    async def some(connection: AsyncConnection, ids: Sequence[int]) -> Done:
        report = await edit_leads(
            connection,
            lead_ids=ids,
            edit=change,
            by=viewer(request),
            now=services(request).clock.now(),
        )
        return (*report.changed, *report.same), report.refused

    return await change_lots(request, marked("Written"), in_one_transaction(request, some))


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

    async def some(connection: AsyncConnection, ids: Sequence[int]) -> Done:
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
        return report.done, report.refused

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
        return await change_lots(request, marked("Moved"), in_one_transaction(request, some), notes)
    except UnknownProject:
        return notice(request, marked("Choose a project."), status=409)


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
