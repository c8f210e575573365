"""A project's script: written with the names of what is known of a lead, and tried on one."""

from collections.abc import Mapping

from aiohttp import web
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import custom_fields, project_changes, project_list
from dialer.lead_detail import lead_detail
from dialer.project_changes import LONGEST_SCRIPT
from dialer.projects import Project, ProjectError
from dialer.rules.custom_field import CustomField, FieldKind
from webui.errors import notice
from webui.forms import an_id, field
from webui.lead_script import custom_texts, lead_values
from webui.project_frame import frame, project_of, refused
from webui.project_words import script_problem
from webui.rendering import render, words_for
from webui.script import VARIABLES, ScriptFailed, check, render_script
from webui.services import services
from webui.sessions import viewer
from webui.translations import Words, marked

# Of a lead that does not exist, for a project that has none yet.
_SAMPLE = {
    "name": marked("Yamada Trading"),
    "kana": marked("yamada trading"),
    "contact_person": marked("Hanako Suzuki"),
    "phone": "03-1234-5678",
    "email": "suzuki@example.jp",
    "postal_code": "150-0002",
    "prefecture": marked("Tokyo"),
    "city": marked("1-2-3 Shibuya"),
    "building": "",
    "website": "https://example.jp",
    "notes": marked("Asked for a brochure in spring."),
}


async def page(request: web.Request) -> web.Response:
    async with services(request).database.read() as connection:
        project = await project_of(request, connection)
        context = await frame(request, connection, project, "script")
        fields = await custom_fields.fields_of_project(connection, project.id)
        context["samples"] = await project_list.samples(connection, project.id)
        context |= await _preview(request, connection, project, project.script, fields)
    context["longest"] = LONGEST_SCRIPT
    japanese = words_for(request).language == "ja"
    context["variables"] = [(one[0] if japanese else one[1], one[2]) for one in VARIABLES]
    context["field_name"] = "項目" if japanese else "field"
    context["fields"] = fields
    return render(request, "project_script.html", context)


async def preview(request: web.Request) -> web.Response:
    """As an agent would read it, for the chosen lead."""
    async with services(request).database.read() as connection:
        project = await project_of(request, connection)
        fields = await custom_fields.fields_of_project(connection, project.id)
        shown = await _preview(request, connection, project, await _text(request), fields)
    return render(request, "parts/script_preview.html", shown)


async def save(request: web.Request) -> web.Response:
    given, text = services(request), await _text(request)
    try:
        async with given.database.write() as connection:
            project = await project_of(request, connection)
            fields = await custom_fields.fields_of_project(connection, project.id)
            problem = check(text.strip(), tuple(one.name for one in fields))
            if problem is not None:
                return notice(request, script_problem(problem, words_for(request)), status=409)
            await project_changes.set_script(
                connection, project.id, text, now=given.clock.now(), by=viewer(request)
            )
    except ProjectError as error:
        return refused(request, error)
    return notice(request, marked("Saved. Agents read it from their next call on."))


async def _text(request: web.Request) -> str:
    """At once cut to what can be saved, and a little more: so that this is told."""
    text = str((await request.post()).get("script", ""))
    return text.replace("\r\n", "\n")[: LONGEST_SCRIPT + 1]


async def _preview(
    request: web.Request,
    connection: AsyncConnection,
    project: Project,
    text: str,
    fields: tuple[CustomField, ...],
) -> dict[str, object]:
    _ = words_for(request)
    lead_id = an_id(await field(request, "lead"))
    values, custom = await _of_a_lead(request, connection, project, lead_id)
    if not custom:
        custom = {one.name: _sample(one, _) for one in fields}
    shown, problem = Markup(""), ""
    try:
        shown = render_script(text, values, custom)
    except ScriptFailed as error:
        problem = script_problem(error.problem, _)
    return {"shown": shown, "problem": problem}


async def _of_a_lead(
    request: web.Request, connection: AsyncConnection, project: Project, lead_id: int | None
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    given, user, _ = services(request), viewer(request), words_for(request)
    lead = None
    if lead_id is not None:
        lead = await lead_detail(connection, lead_id=lead_id, viewer=user, now=given.clock.now())
    company = given.settings.business_name
    if lead is None or lead.project_id != project.id:
        known = {name: _(text) if text else "" for name, text in _SAMPLE.items()}
        return {**known, "user": user.name, "project": project.name, "company": company}, {}
    number = next((one.e164 for one in lead.contact_points if one.e164), "")
    values = lead_values(project, lead, number=number, user=user.name, company=company)
    return values, custom_texts(lead.custom, _)


def _sample(one: CustomField, _: Words) -> str:
    """Something that such a field may hold."""
    if one.choices:
        return one.choices[0]
    samples = {
        FieldKind.NUMBER: "12",
        FieldKind.DATE: "2026-11-24",
        FieldKind.DATE_TIME: "2026-11-24 10:00",
        FieldKind.CHECK_BOX: _("Yes"),
        FieldKind.PHONE: "03-1234-5678",
        FieldKind.EMAIL: "suzuki@example.jp",
        FieldKind.URL: "https://example.jp",
    }
    return one.default or samples.get(one.kind, one.name)
