"""The contact points of a lead on its page: added, changed, put in order, removed."""

from aiohttp import web

from dialer.lead_changes import LeadChangeError, contact_text
from dialer.lead_contacts import (
    ContactForm,
    add_contact,
    change_contact,
    order_contacts,
    remove_contact,
    text_of_point,
)
from dialer.lead_creating import Duplicate, duplicates_of
from dialer.lead_detail import ContactPointView, LeadDetail, lead_detail
from webui.errors import notice
from webui.forms import field
from webui.lead_words import change_refusal
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer


async def show(request: web.Request) -> web.Response:
    return _list(request, await _lead(request))


async def new(request: web.Request) -> web.Response:
    return _form(request, None, ContactForm("mobile", ""))


async def edit(request: web.Request) -> web.Response:
    point = _point(await _lead(request), _contact_id(request))
    return _form(request, point, ContactForm(point.kind, point.raw, point.label, point.note))


async def add(request: web.Request) -> web.Response:
    form = await _sent(request)
    try:
        async with services(request).database.write() as connection:
            await add_contact(
                connection,
                lead_id=_lead_id(request),
                form=form,
                by=viewer(request),
                now=services(request).clock.now(),
            )
    except LeadChangeError as error:
        return _form(request, None, form, why=change_refusal(error, words_for(request)))
    return await _changed(request, form)


async def save(request: web.Request) -> web.Response:
    form, was = await _sent(request), await field(request, "was")
    try:
        async with services(request).database.write() as connection:
            await change_contact(
                connection,
                lead_id=_lead_id(request),
                contact_id=_contact_id(request),
                form=form,
                by=viewer(request),
                now=services(request).clock.now(),
                was=was or None,
            )
    except LeadChangeError as error:
        point = next(
            (
                one
                for one in (await _lead(request)).contact_points
                if one.id == _contact_id(request)
            ),
            None,
        )
        if point is None:
            return notice(request, change_refusal(error, words_for(request)), status=409)
        return _form(request, point, form, why=change_refusal(error, words_for(request)))
    return await _changed(request, form)


async def remove(request: web.Request) -> web.Response:
    try:
        async with services(request).database.write() as connection:
            await remove_contact(
                connection,
                lead_id=_lead_id(request),
                contact_id=_contact_id(request),
                by=viewer(request),
                now=services(request).clock.now(),
            )
    except LeadChangeError as error:
        return notice(request, change_refusal(error, words_for(request)), status=409)
    return await _changed(request)


async def move(request: web.Request) -> web.Response:
    """One place up, or down with ``direction`` down."""
    lead, contact_id = await _lead(request), _contact_id(request)
    order = [point.id for point in lead.contact_points]
    _point(lead, contact_id)
    place = order.index(contact_id)
    step = 1 if await field(request, "direction") == "down" else -1
    other = min(max(place + step, 0), len(order) - 1)
    order[place], order[other] = order[other], order[place]
    try:
        async with services(request).database.write() as connection:
            await order_contacts(
                connection,
                lead_id=lead.row.id,
                contact_ids=order,
                by=viewer(request),
                now=services(request).clock.now(),
            )
    except LeadChangeError as error:
        return notice(request, change_refusal(error, words_for(request)), status=409)
    return await _changed(request)


async def _changed(request: web.Request, form: ContactForm | None = None) -> web.Response:
    duplicates: list[Duplicate] = []
    if form is not None:
        async with services(request).database.read() as connection:
            duplicates = await duplicates_of(
                connection, numbers=[form.raw], viewer=viewer(request), but=_lead_id(request)
            )
    services(request).live.publish("history", {})
    services(request).live.publish("gate", {})
    response = _list(request, await _lead(request), duplicates)
    response.headers["HX-Trigger"] = "leadChanged"
    response.headers["HX-Retarget"] = "#lead-contacts"
    response.headers["HX-Reswap"] = "outerHTML"
    return response


def _list(
    request: web.Request, lead: LeadDetail, duplicates: list[Duplicate] | None = None
) -> web.Response:
    context = {"lead": lead, "duplicates": duplicates or [], "editable": lead.deleted_at is None}
    return render(request, "parts/lead_contacts.html", context)


def _form(
    request: web.Request, point: ContactPointView | None, form: ContactForm, *, why: str = ""
) -> web.Response:
    """What was typed stays; `was` is what is there now, so that saving once more means it."""
    was = (
        contact_text(kind="", label="", raw="", note="") if point is None else text_of_point(point)
    )
    context = {"lead_id": _lead_id(request), "point": point, "form": form, "was": was, "why": why}
    return render(request, "parts/lead_contact_form.html", context, status=422 if why else 200)


async def _sent(request: web.Request) -> ContactForm:
    return ContactForm(
        kind=await field(request, "kind"),
        raw=await field(request, "raw"),
        label=await field(request, "label"),
        note=await field(request, "note"),
    )


async def _lead(request: web.Request) -> LeadDetail:
    given = services(request)
    async with given.database.read() as connection:
        found = await lead_detail(
            connection, lead_id=_lead_id(request), viewer=viewer(request), now=given.clock.now()
        )
    if found is None:
        raise web.HTTPNotFound
    return found


def _point(lead: LeadDetail, contact_id: int) -> ContactPointView:
    found = next((point for point in lead.contact_points if point.id == contact_id), None)
    if found is None:
        raise web.HTTPNotFound
    return found


def _contact_id(request: web.Request) -> int:
    return int(request.match_info["contact_id"])


def _lead_id(request: web.Request) -> int:
    return int(request.match_info["lead_id"])
