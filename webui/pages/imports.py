"""インポート: lists come in, and are followed until they are leads."""

from collections.abc import AsyncIterator

from aiohttp import BodyPartReader, web

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.lead_imports import jobs
from dialer.lead_imports.bring import StoredFile, store
from dialer.lead_imports.jobs import ImportJob, UnknownImport
from dialer.lead_imports.workshop import Workshop
from dialer.projects import project_by_id, projects_of
from dialer.rules.import_choices import ImportChoices
from webui import import_words
from webui.errors import notice
from webui.forms import an_id
from webui.rendering import is_fragment_request, render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import marked

_PAGE = 50
_BLOCK = 256 * 1024


async def page(request: web.Request) -> web.Response:
    """Where a list is dropped, and the lists that came in before."""
    return render(request, "imports.html", await _list(request))


async def rows(request: web.Request) -> web.Response:
    return render(request, "parts/import_rows.html", await _list(request))


async def upload(request: web.Request) -> web.Response:
    """Takes a file while it arrives: it may be larger than any other request.

    The CSRF token stands in a header, so nothing of the file is read before it is checked.
    """
    given, user = services(request), viewer(request)
    project_id = an_id(request.query.get("project", ""))
    async with given.database.read() as connection:
        project = await project_by_id(connection, project_id) if project_id else None
    if project is None:
        return notice(request, marked("Choose the project first."), status=409)
    try:
        name, stored = await _received(request)
    except LeadFileError as error:
        title = marked("The file cannot be used, nothing was changed.")
        return notice(request, title, advice=error.text(words_for(request).language), status=409)
    except OSError as error:
        title = marked("The file cannot be kept: the disk is full, or may not be written.")
        return notice(request, title, advice=error.strerror or str(error), status=507)
    async with given.database.write() as connection:
        import_id = await jobs.create_import(
            connection,
            project_id=project.id,
            file_name=name,
            stored_as=stored.name,
            file_hash=stored.digest,
            choices=ImportChoices(),
            now=given.clock.now(),
            by=user,
        )
    if is_fragment_request(request):
        return web.Response(status=204, headers={"HX-Redirect": f"/imports/{import_id}"})
    raise web.HTTPSeeOther(f"/imports/{import_id}")


async def news(request: web.Request) -> web.Response:
    """For whoever went on to other pages: a notice when the import is through."""
    job = await job_of(request)
    if job.at_work:
        return web.Response(status=204)
    words = words_for(request)
    advice = (
        f"{words(import_words.STATES[job.state])} · {words('Leads')} {job.created + job.updated}"
    )
    response = notice(request, job.file_name, advice=advice)
    response.headers["X-Import-Over"] = "yes"
    return response


async def job_of(request: web.Request) -> ImportJob:
    """The import of the path. Raises HTTPNotFound."""
    async with services(request).database.read() as connection:
        try:
            return await jobs.import_by_id(connection, int(request.match_info["import_id"]))
        except UnknownImport as error:
            raise web.HTTPNotFound from error


def workshop(request: web.Request) -> Workshop:
    """What the work on lists is done with."""
    given = services(request)
    return Workshop(
        given.database, given.imports.folder, given.clock.now, limits=given.imports.limits
    )


async def _list(request: web.Request) -> dict[str, object]:
    project_id = an_id(request.query.get("project", ""))
    async with services(request).database.read() as connection:
        projects = await projects_of(connection, viewer(request))
        found = await jobs.list_imports(
            connection,
            project_id=project_id,
            before=an_id(request.query.get("before", "")),
            most=_PAGE + 1,
        )
    return {
        "projects": projects,
        "project_id": project_id,
        "jobs": found[:_PAGE],
        "words": import_words,
        "more": found[_PAGE - 1].id if len(found) > _PAGE else None,
        "first_page": "before" not in request.query,
        "largest_mb": services(request).imports.limits.file_bytes // 1024**2,
    }


async def _received(request: web.Request) -> tuple[str, StoredFile]:
    """The first file of the form, written to disk as it comes."""
    if not request.content_type.startswith("multipart/"):
        raise LeadFileError(FileProblem.EMPTY, "")
    limits = services(request).imports.limits
    async for part in await request.clone(client_max_size=2 * limits.file_bytes).multipart():
        if isinstance(part, BodyPartReader) and part.filename:
            name = part.filename.replace("\\", "/").rpartition("/")[2][:200]

            return name, await store(workshop(request), _blocks(part), name)
    raise LeadFileError(FileProblem.EMPTY, "")


async def _blocks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while block := await part.read_chunk(_BLOCK):
        yield bytes(block)
