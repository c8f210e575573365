"""One import: how its list is read, what the check found, and what becomes of it."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.custom_fields import fields_of_project
from dialer.lead_file_errors import LeadFileError
from dialer.lead_imports import jobs
from dialer.lead_imports.blockers import blockers
from dialer.lead_imports.jobs import ImportJob, WrongState
from dialer.lead_imports.lists import OpenList, open_list
from dialer.lead_imports.problems import as_csv, notes_about, write_xlsx
from dialer.rules.column_fit import NEW, BadCell, bad_cells, field_of
from dialer.rules.custom_field import CustomField
from dialer.rules.import_choices import ImportState
from dialer.rules.import_fate import Fate
from dialer.rules.lead_field import LeadField
from dialer.rules.lead_problem import RowNote, RowReason
from dialer.rules.list_shape import ListColumn
from webui import import_words
from webui.errors import notice
from webui.field_words import FIELD_KINDS
from webui.forms import an_id, field
from webui.import_form import decisions_of, plan_of
from webui.pages.imports import job_of
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer

_NOTES = 50  # rows of a reason at a time
_BLOCK = 256 * 1024


async def page(request: web.Request) -> web.Response:
    return render(request, "import.html", await _shown(request))


async def state(request: web.Request) -> web.Response:
    """The part of the page that changes while the import is at work."""
    return await _answer(request)


async def plan(request: web.Request) -> web.Response:
    """Reads or maps the list otherwise, as the form says, and shows what it is then."""
    job = await job_of(request)
    choices = plan_of(await request.post(), job.choices)
    return await _done(request, lambda c: jobs.set_choices(c, job.id, choices))


async def decide(request: web.Request) -> web.Response:
    """What happens to duplicates."""
    job = await job_of(request)
    choices = decisions_of(await request.post(), job.choices)
    return await _done(request, lambda c: jobs.set_decisions(c, job.id, choices))


async def check(request: web.Request) -> web.Response:
    job = await job_of(request)
    return await _done(request, lambda c: jobs.begin_check(c, job.id), wake=True)


async def back(request: web.Request) -> web.Response:
    """From what a check found to the columns again."""
    job = await job_of(request)
    return await _done(request, lambda c: jobs.set_choices(c, job.id, job.choices))


async def begin(request: web.Request) -> web.Response:
    job, given = await job_of(request), services(request)
    return await _done(
        request,
        lambda c: jobs.begin_import(c, job.id, now=given.clock.now(), by=viewer(request)),
        wake=True,
    )


async def cancel(request: web.Request) -> web.Response:
    job, given = await job_of(request), services(request)
    take_back = await field(request, "take_back") == "yes"
    return await _done(
        request, lambda c: jobs.cancel(c, job.id, now=given.clock.now(), take_back=take_back)
    )


async def go_on(request: web.Request) -> web.Response:
    job = await job_of(request)
    return await _done(request, lambda c: jobs.go_on(c, job.id), wake=True)


async def undo(request: web.Request) -> web.Response:
    """Takes everything back, unless people have worked with the leads: then it says so."""
    job, given = await job_of(request), services(request)
    async with given.database.read() as connection:
        in_the_way = await blockers(connection, job.id)
    if in_the_way:
        return await _answer(request, blocked=in_the_way)
    return await _done(
        request,
        lambda c: jobs.begin_undo(c, job.id, now=given.clock.now(), by=viewer(request)),
        wake=True,
    )


async def notes(request: web.Request) -> web.Response:
    """Rows that one thing is said of."""
    job, wanted = await job_of(request), request.query.get("what", "")
    what = next((one for one in (*RowReason, *RowNote) if one.value == wanted), None)
    if what is None:
        raise web.HTTPNotFound
    async with services(request).database.read() as connection:
        found = await notes_about(
            connection,
            job.id,
            what,
            words_for(request).language,
            after=an_id(request.query.get("after", "")) or 0,
            most=_NOTES,
        )
    more = found[-1].row if len(found) == _NOTES else None
    # The heading above them says it already.
    said = f"{what.text(words_for(request).language)}: "
    notes = [(one.row, one.words.removeprefix(said)) for one in found]
    return render(
        request, "parts/import_notes.html", {"job": job, "what": what, "notes": notes, "more": more}
    )


async def problems_csv(request: web.Request) -> web.StreamResponse:
    """The refused rows, to be mended and dropped again."""
    job, language = await job_of(request), words_for(request).language
    encoding = "cp932" if request.query.get("encoding") == "cp932" else "utf-8"
    response = web.StreamResponse(headers=_as_file(job, "csv", "text/csv"))
    await response.prepare(request)
    async for piece in as_csv(services(request).database, job, language, encoding=encoding):
        await response.write(piece)
    await response.write_eof()
    return response


async def problems_xlsx(request: web.Request) -> web.StreamResponse:
    job = await job_of(request)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.xlsx"
        await write_xlsx(services(request).database, job, path, words_for(request).language)
        response = web.StreamResponse(headers=_as_file(job, "xlsx", _XLSX))
        await response.prepare(request)
        with path.open("rb") as file:
            while block := await asyncio.to_thread(file.read, _BLOCK):
                await response.write(block)
    await response.write_eof()
    return response


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _as_file(job: ImportJob, ending: str, kind: str) -> dict[str, str]:
    name = quote(f"{Path(job.file_name).stem}-{job.id}.{ending}")
    return {
        "Content-Type": kind,
        "Content-Disposition": f'attachment; filename="kakeru-rows-{job.id}.{ending}"; '
        f"filename*=UTF-8''{name}",
    }


async def _done(
    request: web.Request,
    change: Callable[[AsyncConnection], Awaitable[None]],
    *,
    wake: bool = False,
) -> web.Response:
    given = services(request)
    try:
        async with given.database.write() as connection:
            await change(connection)
    except WrongState as error:
        return notice(request, import_words.wrong_state(error), status=409)
    if wake:
        given.imports.work.wake()
    return await _answer(request)


async def _answer(request: web.Request, **more: Any) -> web.Response:
    return render(request, "parts/import_body.html", {**await _shown(request), **more})


async def _shown(request: web.Request) -> dict[str, Any]:
    job = await job_of(request)
    given = services(request)
    context: dict[str, Any] = {
        "job": job,
        "words": import_words,
        "kinds": FIELD_KINDS,
        "blocked": (),
        "again": None,
        "Fate": Fate,
        "row_word": _row_word(request),
    }
    if job.state is not ImportState.UPLOADED:
        return context
    try:
        async with given.database.read() as connection:
            given_list = await open_list(
                connection, job, given.imports.folder, given.imports.limits
            )
            context["again"] = await jobs.earlier_import_of(connection, job)
            fields = await fields_of_project(connection, job.project_id)
    except LeadFileError as error:
        return {**context, "unreadable": error.text(words_for(request).language)}
    return {
        **context,
        **_of_list(given_list),
        "fields": fields,
        "unfit": _unfit(given_list, fields),
    }


def _of_list(given: OpenList) -> dict[str, Any]:
    ready = given.shape.has_name() and given.shape.has_contact()
    return {
        "shape": given.shape,
        "ready": ready,
        "remarks": [
            one
            for one in given.shape.remarks
            if not ready or one.note not in import_words.HINDRANCES
        ],
        "made": [one for one in given.shape.columns if one.target.startswith("new:")],
        "custom_columns": [one for one in given.shape.columns if (one.custom_id or 0) > 0],
    }


@dataclass(frozen=True, slots=True)
class Unfit:
    """A column with the field that holds it, or would, and the cells that do not fit there.

    `instead` is what the column can become so that they do.
    """

    column: ListColumn
    field: CustomField
    cells: tuple[BadCell, ...]

    @property
    def is_offered(self) -> bool:
        """Nobody has chosen the field yet."""
        return self.column.target == LeadField.EXTRA

    @property
    def different(self) -> list[tuple[BadCell, int]]:
        """The first of each text, and how often that stands there."""
        times = Counter(cell.text for cell in self.cells)
        first = {cell.text: cell for cell in reversed(self.cells)}
        return [(first[text], times[text]) for text in times]

    @property
    def instead(self) -> str:
        return f"{NEW}text" if self.column.target.startswith(NEW) else LeadField.EXTRA.value


def _unfit(given: OpenList, fields: Sequence[CustomField]) -> dict[int, Unfit]:
    """By the place of the column; as far as the first rows tell."""
    found = {}
    for column in given.shape.columns:
        field = field_of(column, fields)
        cells = bad_cells(column, field, given.shape.sample) if field else ()
        if field and cells:
            found[column.index] = Unfit(column, field, cells)
    return found


def _row_word(request: web.Request) -> Callable[[str], str]:
    """What the words of a reason are, where only its value is at hand."""
    language = words_for(request).language
    known = {one.value: one.text(language) for one in (*RowReason, *RowNote)}
    return lambda value: known.get(value, value)
