"""重複: leads of a project that look like one, and their merging with a choice for each field."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from dialer.lead_changes import LeadChangeError, NoSuchLead
from dialer.lead_detail import LeadDetail, lead_detail
from dialer.lead_duplicates import By, duplicates
from dialer.lead_editing import Fields
from dialer.lead_merging import FieldChoice, field_choices, merge_leads
from dialer.paging import BadPageKey
from dialer.projects import projects_of
from dialer.rules.lead_fields import CUSTOM
from dialer.rules.lead_merge import ALL
from webui.errors import notice
from webui.forms import an_id, field
from webui.lead_fields import ShownField, basic_field, custom_field, stage_field
from webui.lead_words import change_refusal
from webui.rendering import is_fragment_request, render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import Words, marked


@dataclass(frozen=True, slots=True)
class MergeRow:
    """A field side by side: as it is shown for each lead, and whose is proposed."""

    field: str
    label: str
    shown: tuple[ShownField, ...]
    proposed: int
    differs: bool


async def page(request: web.Request) -> web.Response:
    """Two or more leads side by side. The button of the table is led to an address of its own."""
    ids = list(
        dict.fromkeys(one for text in request.query.getall("ids", []) if (one := an_id(text)))
    )
    if is_fragment_request(request):
        if len(ids) < 2:
            return notice(
                request, marked("Select at least two leads that are the same."), status=409
            )
        target = "/leads/merge?" + urlencode([("ids", one) for one in ids])
        return web.Response(status=200, headers={"HX-Redirect": target})
    given, user, said = services(request), viewer(request), words_for(request)
    async with given.database.read() as connection:
        try:
            choices, fields = await field_choices(connection, lead_ids=ids, viewer=user)
        except NoSuchLead as error:
            raise web.HTTPNotFound from error
        except LeadChangeError as error:
            context = {"why": change_refusal(error, said)}
            return render(request, "lead_merge_refused.html", context, status=409)
        found = [
            await lead_detail(connection, lead_id=one, viewer=user, now=given.clock.now())
            for one in ids
        ]
    leads = [lead for lead in found if lead is not None]
    rows = [_row(choice, fields, said) for choice in choices]
    return render(
        request,
        "lead_merge.html",
        {
            "leads": leads,
            "differing": [row for row in rows if row.differs],
            "alike": [row for row in rows if not row.differs],
            "all_of": ALL,
            "contacts": _united(leads),
        },
    )


async def merge(request: web.Request) -> web.Response:
    form = await request.post()
    survivor = an_id(await field(request, "survivor"))
    ids = [one for text in form.getall("ids", []) if (one := an_id(str(text)))]
    if survivor is None or survivor not in ids:
        return notice(request, marked("Choose which lead stays."), status=409)
    try:
        async with services(request).database.write() as connection:
            await merge_leads(
                connection,
                survivor_id=survivor,
                other_ids=[one for one in ids if one != survivor],
                choices=_choices({name: str(value) for name, value in form.items()}),
                by=viewer(request),
                now=services(request).clock.now(),
            )
    except LeadChangeError as error:
        return notice(request, change_refusal(error, words_for(request)), status=409)
    services(request).live.publish("history", {})
    services(request).live.publish("gate", {})
    return web.Response(status=200, headers={"HX-Redirect": f"/leads/{survivor}"})


async def duplicates_page(request: web.Request) -> web.Response:
    return render(request, "duplicates.html", await _groups(request))


async def duplicates_rows(request: web.Request) -> web.Response:
    return render(request, "parts/duplicate_rows.html", await _groups(request))


async def _groups(request: web.Request) -> dict[str, object]:
    by: By = "name" if request.query.get("by") == "name" else "number"
    async with services(request).database.read() as connection:
        known = await projects_of(connection, viewer(request))
        wanted = request.query.get("project", "")
        project = next((one for one in known if str(one.id) == wanted), known[0] if known else None)
        if project is None:
            raise web.HTTPNotFound
        try:
            found = await duplicates(
                connection,
                project_id=project.id,
                by=by,
                after=request.query.get("after") or None,
            )
        except BadPageKey as error:
            raise web.HTTPBadRequest from error
    return {
        "projects": known,
        "project": project,
        "by": by,
        "found": found,
        "first_page": not request.query.get("after"),
    }


def _row(choice: FieldChoice, fields: Fields, _: Words) -> MergeRow:
    shown = tuple(_shown(choice.field, text, fields, _) for text in choice.texts)
    return MergeRow(choice.field, shown[0].label, shown, choice.proposed, choice.differs)


def _shown(name: str, text: str, fields: Fields, _: Words) -> ShownField:
    if name == "stage":
        return stage_field(text, fields.stages, _)
    if name.startswith(CUSTOM):
        known = fields.custom[int(name.removeprefix(CUSTOM))]
        several = known.kind == "multiple_choice"
        return custom_field(known, text.split("、") if several and text else text or None)
    return basic_field(name, text, _)


def _choices(form: Mapping[str, str]) -> dict[str, int]:
    """``choice-name`` = the id of the lead whose name is taken."""
    chosen = {}
    for name, value in form.items():
        if name.startswith("choice-") and value.isdecimal() and len(value) < 19:
            chosen[name.removeprefix("choice-")] = int(value)
    return chosen


def _united(leads: list[LeadDetail]) -> list[str]:
    """All ways to reach one of them, each once."""
    return list(
        dict.fromkeys(point.number or point.raw for lead in leads for point in lead.contact_points)
    )
