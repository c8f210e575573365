"""カスタム項目: sets of typed fields, made and ordered by admins, with a preview of the inputs."""

from collections.abc import AsyncIterator, Awaitable, Mapping
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import custom_fields
from dialer.custom_field_holders import count_values
from dialer.custom_field_removal import delete_field, delete_set
from dialer.custom_field_values import change_field, check_change, misfits, values_found
from dialer.custom_fields import CustomFieldError, FieldDraft, FieldSet
from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.field_change import CHOICE_KINDS
from webui.changes import Change, Changes, acting, go_to
from webui.csv_download import send_csv
from webui.errors import notice
from webui.field_words import MISFITS
from webui.forms import an_id, field, named_by_path
from webui.rendering import render, words_for
from webui.services import services
from webui.set_words import field_refusal
from webui.translations import marked

_changes = Changes("fieldsChanged", (CustomFieldError,), field_refusal)
_MOST_FOUND = 50  # values that are offered as choices


async def page(request: web.Request) -> web.Response:
    """The set of the path, or the first one."""
    async with services(request).database.read() as connection:
        sets = await custom_fields.list_sets(connection)
        chosen = named_by_path(request, "field_set_id", sets)
        fields = await custom_fields.fields_of_set(connection, chosen.id) if chosen else ()
    return render(request, "custom_fields.html", {"sets": sets, "chosen": chosen, "fields": fields})


async def rows(request: web.Request) -> web.Response:
    return render(request, "parts/field_rows.html", await _fields(request))


async def preview(request: web.Request) -> web.Response:
    """All fields of the set, as the agent sees them."""
    return render(request, "parts/field_preview.html", await _fields(request))


# --- sets -------------------------------------------------------------------------------


async def add_set(request: web.Request) -> web.Response:
    name = await field(request, "name")
    return await _to_set(
        request,
        lambda connection: custom_fields.create_set(connection, name=name, **acting(request)),
    )


async def copy_set(request: web.Request) -> web.Response:
    name = await field(request, "name")
    return await _to_set(
        request,
        lambda connection: custom_fields.copy_set(
            connection, _set_id(request), name=name, **acting(request)
        ),
    )


async def rename_set(request: web.Request) -> web.Response:
    name, set_id = await field(request, "name"), _set_id(request)

    async def rename(connection: AsyncConnection) -> int:
        await custom_fields.rename_set(connection, set_id, name=name, **acting(request))
        return set_id

    return await _to_set(request, rename)


async def remove_set(request: web.Request) -> web.Response:
    given = services(request)
    try:
        await delete_set(given.database, _set_id(request), **acting(request))
    except CustomFieldError as error:
        return _changes.refused(request, error)
    return go_to("/fields")


# --- fields -----------------------------------------------------------------------------


async def editor(request: web.Request) -> web.Response:
    """The form of a field, or without an id of a new one."""
    field_id = an_id(request.query.get("field", ""))
    async with services(request).database.read() as connection:
        try:
            chosen = await _set(connection, request)
            known = (
                await custom_fields.field_of_set(connection, chosen.id, field_id)
                if field_id
                else CustomField(0, "", FieldKind.TEXT)
            )
        except CustomFieldError as error:
            return _changes.refused(request, error)
        held = await count_values(connection, field_id) if field_id else 0
    pairs = [(choice, choice) for choice in known.choices]
    context = {"chosen": chosen, "field": known, "held": held, "pairs": pairs}
    return render(request, "parts/field_editor.html", context)


async def draft(request: web.Request) -> web.Response:
    """The input of the field as its form stands now."""
    form = await request.post()
    wanted = _draft(form)
    shown = CustomField(
        0,
        wanted.name or words_for(request)("Name of the field"),
        wanted.kind,
        required=wanted.required,
        default=wanted.default,
        choices=tuple(one for one in wanted.choices if one.strip()),
    )
    return render(request, "parts/field_draft.html", {"field": shown})


async def found(request: web.Request) -> web.Response:
    """The values that leads hold, as rows of the editor of choices."""
    field_id = an_id(request.query.get("field", "")) or 0
    async with services(request).database.read() as connection:
        values = await values_found(connection, field_id, _MOST_FOUND)
    context = {"choices": [("", " ".join(value.split())) for value in values]}
    return render(request, "parts/choice_rows.html", context)


async def save(request: web.Request) -> web.Response:
    """Adds or changes a field. A new type of a field that leads hold is shown first: what it
    would do, and what does not fit."""
    form = await request.post()
    set_id, field_id, wanted = _set_id(request), an_id(str(form.get("field", ""))), _draft(form)
    if field_id is None:

        async def add(connection: AsyncConnection) -> None:
            await custom_fields.add_field(connection, set_id, wanted, **acting(request))

        return await _changes.make(request, add, marked("The field was added."))
    if form.get("sure") != "yes":
        asked = await _asks_first(request, set_id, field_id, wanted, _renamed(form))
        if asked is not None:
            return asked

    async def change(connection: AsyncConnection) -> None:
        await change_field(
            connection, set_id, field_id, wanted, renamed=_renamed(form), **acting(request)
        )

    return await _changes.make(request, change, marked("The field was saved."))


async def _asks_first(
    request: web.Request,
    set_id: int,
    field_id: int,
    wanted: FieldDraft,
    renamed: Mapping[str, str],
) -> web.Response | None:
    """The dialog about a change of type; None where there is nothing to ask."""
    async with services(request).database.read() as connection:
        try:
            old = await custom_fields.field_of_set(connection, set_id, field_id)
            if old.kind is wanted.kind:
                return None
            check = await check_change(connection, set_id, field_id, wanted, renamed=renamed)
        except CustomFieldError as error:
            return _changes.refused(request, error)
    if not check.values:
        return None
    query = [("field", str(field_id)), ("kind", wanted.kind.value), ("name", wanted.name)]
    query += [("choice", choice) for choice in wanted.choices]
    context = {
        "chosen": FieldSet(set_id, ""),
        "old": old,
        "kind": wanted.kind,
        "check": check,
        "query": urlencode(query),
    }
    response = render(request, "parts/field_change.html", context)
    response.headers["HX-Retarget"] = "#field-dialog"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


async def misfits_csv(request: web.Request) -> web.StreamResponse:
    """All values that do not fit a new type."""
    set_id, field_id = _set_id(request), an_id(request.query.get("field", "")) or 0
    said = words_for(request)
    async with services(request).database.read() as connection:
        try:
            await custom_fields.field_of_set(connection, set_id, field_id)
        except CustomFieldError as error:
            return _changes.refused(request, error)

        async def lines() -> AsyncIterator[list[tuple[str, ...]]]:
            async for some in misfits(connection, set_id, field_id, _draft(request.query)):
                yield [
                    (
                        str(row.lead_id),
                        row.lead_name,
                        row.project,
                        row.text,
                        said(MISFITS[row.misfit]),
                    )
                    for row in some
                ]

        header = (said("Lead ID"), said("Lead"), said("Project"), said("Value"), said("Reason"))
        return await send_csv(request, "kakeru-misfits.csv", header, lines())


async def order(request: web.Request) -> web.Response:
    ids = [an_id(one) or 0 for one in (await field(request, "order")).split(",")]

    async def put(connection: AsyncConnection) -> None:
        await custom_fields.order_fields(connection, _set_id(request), ids, **acting(request))

    return await _changes.make(request, put, marked("The order was saved."))


async def remove(request: web.Request) -> web.Response:
    given, field_id = services(request), an_id(await field(request, "field")) or 0
    try:
        removed = await delete_field(given.database, _set_id(request), field_id, **acting(request))
    except CustomFieldError as error:
        return _changes.refused(request, error)
    said = words_for(request)
    advice = said("Its values were removed from %(n)s leads.", n=removed) if removed else ""
    return _changes.made(notice(request, marked("The field was deleted."), advice=advice))


# --- parts ------------------------------------------------------------------------------


def _draft(form: MultiMapping[object]) -> FieldDraft:
    kind = str(form.get("kind", ""))
    known = FieldKind(kind) if kind in list(FieldKind) else FieldKind.TEXT
    choices = form.getall("choice", []) if known in CHOICE_KINDS else ()
    return FieldDraft(
        name=str(form.get("name", "")),
        kind=known,
        required=form.get("required") == "yes",
        default=str(form.get("default", "")),
        choices=tuple(map(str, choices)),
    )


def _renamed(form: MultiMapping[object]) -> dict[str, str]:
    """What choices are called now, by what they were called."""
    was = [str(one) for one in form.getall("was", [])]
    now = [" ".join(str(one).split()) for one in form.getall("choice", [])]
    return {old: new for old, new in zip(was, now, strict=False) if old and old != new}


async def _fields(request: web.Request) -> dict[str, object]:
    async with services(request).database.read() as connection:
        chosen = await _set(connection, request)
        fields = await custom_fields.fields_of_set(connection, chosen.id)
    return {"chosen": chosen, "fields": fields}


async def _set(connection: AsyncConnection, request: web.Request) -> FieldSet:
    try:
        name = await custom_fields.set_name(connection, _set_id(request))
    except custom_fields.UnknownSet as error:
        raise web.HTTPNotFound from error
    return FieldSet(_set_id(request), name)


def _set_id(request: web.Request) -> int:
    return int(request.match_info["field_set_id"])


def _to_set(request: web.Request, change: Change[int]) -> Awaitable[web.Response]:
    return _changes.answer(request, change, lambda set_id: go_to(f"/fields/{set_id}"))
