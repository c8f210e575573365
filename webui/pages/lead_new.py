"""A new lead by hand: leads that have the number already are told before it is saved."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from multidict import MultiMapping

from dialer.custom_fields import fields_of_project
from dialer.lead_contacts import ContactForm
from dialer.lead_creating import DoesNotFitTogether, Duplicate, create_lead, duplicates_of
from dialer.projects import Project, projects_of
from dialer.rules.custom_field import CustomField
from dialer.rules.lead_fields import BASIC_FIELDS, CUSTOM
from webui.forms import an_id
from webui.lead_fields import basic_field
from webui.lead_words import contact_problem
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer

_CONTACTS = 3  # lines for contact points; more are added on the lead's page


@dataclass(frozen=True, slots=True)
class _Form:
    """The page's project, its fields, and what was typed so far."""

    projects: Sequence[Project]
    project: Project
    custom: Sequence[CustomField]


async def page(request: web.Request) -> web.Response:
    form = await _form(request, request.query.get("project", ""))
    return await _show(request, form, {}, [])


async def duplicates(request: web.Request) -> web.Response:
    """Asked for while the numbers are typed."""
    contacts = [one for one in _contacts(await request.post()) if one.raw]
    async with services(request).database.read() as connection:
        found = await duplicates_of(
            connection, numbers=[one.raw for one in contacts], viewer=viewer(request)
        )
    return render(request, "parts/lead_new_duplicates.html", {"duplicates": found})


async def create(request: web.Request) -> web.Response:
    sent = await request.post()
    form = await _form(request, str(sent.get("project", "")))
    contacts = _contacts(sent)
    texts = {name: [str(sent.get(name, ""))] for name in BASIC_FIELDS}
    for field in form.custom:
        key = f"custom-{field.id}"
        texts[f"{CUSTOM}{field.id}"] = [str(one) for one in sent.getall(key, [])]
    try:
        async with services(request).database.write() as connection:
            lead_id = await create_lead(
                connection,
                project_id=form.project.id,
                texts=texts,
                contacts=[one for one in contacts if one.raw],
                by=viewer(request),
                now=services(request).clock.now(),
            )
    except DoesNotFitTogether as error:
        return await _show(request, form, texts, contacts, error)
    services(request).live.publish("gate", {})
    raise web.HTTPSeeOther(f"/leads/{lead_id}")


async def _form(request: web.Request, wanted: str) -> _Form:
    async with services(request).database.read() as connection:
        known = await projects_of(connection, viewer(request))
        project = next((one for one in known if one.id == an_id(wanted)), None)
        if project is None and known and not wanted:
            project = known[0]
        if project is None:
            raise web.HTTPNotFound
        custom = await fields_of_project(connection, project.id)
    return _Form(known, project, custom)


async def _show(
    request: web.Request,
    form: _Form,
    texts: dict[str, list[str]],
    contacts: Sequence[ContactForm],
    error: DoesNotFitTogether | None = None,
) -> web.Response:
    said = words_for(request)
    lines = [*contacts, *(ContactForm("phone", "") for _ in range(_CONTACTS - len(contacts)))]
    # Lines that were left empty are not among those that were read.
    filled = [place for place, line in enumerate(lines) if line.raw]
    problems = {
        filled[place]: contact_problem(reason, said)
        for place, reason in (error.contacts.items() if error else ())
    }
    duplicates: list[Duplicate] = []
    if error is not None:
        async with services(request).database.read() as connection:
            duplicates = await duplicates_of(
                connection, numbers=[one.raw for one in lines], viewer=viewer(request)
            )
    return render(
        request,
        "lead_new.html",
        {
            "projects": form.projects,
            "project": form.project,
            "basic": [
                basic_field(name, "".join(texts.get(name, [])), said) for name in BASIC_FIELDS
            ],
            "required": [name for name, field in BASIC_FIELDS.items() if field.required],
            "custom": form.custom,
            "typed": {
                field.id: _typed(field, texts.get(f"{CUSTOM}{field.id}")) for field in form.custom
            },
            "misfits": dict(error.fields) if error else {},
            "contacts": lines,
            "contact_problems": problems,
            "duplicates": duplicates,
        },
        status=422 if error else 200,
    )


def _typed(field: CustomField, texts: list[str] | None) -> object:
    """What was typed, or the field's default."""
    if texts is None:
        several = field.kind == "multiple_choice"
        return ([field.default] if field.default else []) if several else field.default
    if field.kind == "multiple_choice":
        return [one for one in texts if one]
    return texts[-1] if texts else ""


def _contacts(sent: MultiMapping[object]) -> list[ContactForm]:
    kinds, raws, labels = (
        [str(one).strip() for one in sent.getall(name, [])] for name in ("kind", "raw", "label")
    )
    return [
        ContactForm(kind, raw, label) for kind, raw, label in zip(kinds, raws, labels, strict=False)
    ][:_CONTACTS]
