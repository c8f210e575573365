"""The campaigns of a project, and a new one: a file for ops, made by a form."""

from dataclasses import replace

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.campaign import Mode
from dialer.campaign_draft import BadCampaign, CampaignDraft, CampaignExists, NotWritable
from dialer.campaign_state import campaign_rows
from dialer.projects import Project
from dialer.rules.campaign_name import file_name_for
from dialer.rules.phone_number import PhoneNumber, parse_phone_number
from dialer.rules.search_text import fold
from webui.choices import workgroups_for
from webui.errors import notice
from webui.forms import field
from webui.project_frame import frame, project_of, redirected
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import Words, marked

_MOST_CALLER_IDS = 50
_LONGEST_TITLE = 60
_TRIES = 20
_WRONG = {
    "name": marked("Give the campaign a name of at most 60 characters."),
    "title": marked("Give the campaign a name of at most 60 characters."),
    "workgroups": marked("Choose at least one workgroup."),
    "lines_per_agent": marked("Lines per agent are from 1 to 10."),
    "trunk": marked("Choose a trunk."),
    "caller_ids": marked("Give at least one number that is shown to the person called."),
}


async def page(request: web.Request) -> web.Response:
    given = services(request)
    async with given.database.read() as connection:
        project = await project_of(request, connection)
        context = await frame(request, connection, project, "campaigns")
        known = {one.name: one for one in given.campaigns.settings()}
        rows = await campaign_rows(connection, viewer=viewer(request))
        context["campaigns"] = [
            (row, known[row.name])
            for row in rows
            if row.project_id == project.id and row.name in known
        ]
        context["workgroups"] = await workgroups_for(connection, viewer(request))
    context["trunks"] = given.campaign_files.trunks
    context["taken"] = sorted(known)
    return render(request, "project_campaigns.html", context)


async def create(request: web.Request) -> web.Response:
    given = services(request)
    async with given.database.read() as connection:
        project = await project_of(request, connection)
        wrong = await _wrong(request, connection, project)
    if isinstance(wrong, str):
        return notice(request, wrong, status=409)
    draft = wrong
    try:
        draft = await _added(request, draft)
    except BadCampaign as error:
        return notice(request, _WRONG.get(error.field, str(error)), status=409)
    except CampaignExists:
        said = marked("There is a campaign with this name already. Choose another name.")
        return notice(request, said, status=409)
    except NotWritable as error:
        return _for_ops(request, draft, error)
    async with given.database.write() as connection:
        await audit.record(
            connection,
            user_id=viewer(request).id,
            action="campaign.create",
            subject=f"campaign:{draft.name}",
            detail={"name": draft.name, "project_id": project.id},
            now=given.clock.now(),
        )
    return redirected(f"/projects/{project.id}/campaigns?saved=campaign")


async def _added(request: web.Request, draft: CampaignDraft) -> CampaignDraft:
    """The campaign as it was made: a file may have its name that nobody has loaded yet.

    Raises CampaignDraftError.
    """
    files, taken = services(request).campaign_files, {draft.name}
    for _ in range(_TRIES):
        try:
            await files.add(draft)
        except CampaignExists:
            taken.add(draft.name)
            draft = replace(draft, name=file_name_for(draft.title or draft.name, taken))
        else:
            return draft
    raise CampaignExists(draft.name)


async def _wrong(
    request: web.Request, connection: AsyncConnection, project: Project
) -> CampaignDraft | str:
    """The form as a draft, or what is wrong with it."""
    _, form = words_for(request), await request.post()
    known = {str(one.id): one.name for one in await workgroups_for(connection, viewer(request))}
    groups = tuple(known[str(one)] for one in form.getall("group", []) if str(one) in known)
    if not groups:
        return _wrong_field(_, "workgroups")
    title = " ".join((await field(request, "name")).split())
    if not 0 < len(title) <= _LONGEST_TITLE:
        return _wrong_field(_, "name")
    running = services(request).campaigns.settings()
    if fold(title) in {fold(text) for one in running for text in (one.name, one.title)}:
        return _("There is a campaign with this name already. Choose another name.")
    name = file_name_for(title, [one.name for one in running])
    trunk = await field(request, "trunk")
    if trunk not in services(request).campaign_files.trunks:
        return _wrong_field(_, "trunk")
    caller_ids = (await field(request, "caller_ids")).replace(",", " ").replace("、", " ").split()
    if not 0 < len(caller_ids) <= _MOST_CALLER_IDS:
        return _wrong_field(_, "caller_ids")
    if problem := _no_number(caller_ids, _):
        return problem
    mode = Mode.POWER if await field(request, "mode") == Mode.POWER else Mode.PROGRESSIVE
    lines = await _lines(request) if mode is Mode.POWER else 1.0
    if lines is None:
        return _wrong_field(_, "lines_per_agent")
    return CampaignDraft(
        name,
        project.name,
        groups,
        mode,
        lines,
        trunk,
        tuple(caller_ids),
        title="" if title == name else title,
    )


def _wrong_field(_: Words, name: str) -> str:
    said = _WRONG[name]
    return _(said)


def _no_number(caller_ids: list[str], _: Words) -> str:
    for one in caller_ids:
        if not isinstance(parse_phone_number(one), PhoneNumber):
            return _("%(text)s is not a phone number.", text=one[:60])
    return ""


async def _lines(request: web.Request) -> float | None:
    try:
        lines = float(await field(request, "lines"))
    except ValueError:
        return None
    return round(lines, 2) if 1 <= lines <= 10 else None


def _for_ops(request: web.Request, draft: CampaignDraft, error: NotWritable) -> web.Response:
    """The file's text, for whoever may write there."""
    context = {"draft": draft, "why": str(error), "text": error.text}
    response = render(request, "parts/campaign_yaml.html", context, status=409)
    response.headers["HX-Retarget"] = "#campaign-yaml"
    response.headers["HX-Reswap"] = "innerHTML"
    return response
