"""禁止リスト: lists of numbers as files, with a report that can be taken along."""

import asyncio
import io
import secrets
from collections import OrderedDict

from aiohttp import web
from aiohttp.web_request import FileField

from dialer.lead_file_errors import LeadFileError
from dialer.prohibition_files import (
    LARGEST_FILE_BYTES,
    ListProblem,
    NumberList,
    ProhibitionFileError,
    read_number_list,
)
from dialer.prohibition_import import (
    ListReport,
    ProhibitionImportError,
    RowOutcome,
    lift_list,
    prohibit_list,
    write_report,
)
from dialer.prohibitions import ProhibitionError
from dialer.users import NotAllowed
from webui.errors import notice
from webui.forms import an_id, chosen_workgroups
from webui.refusals import refusal
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import marked

_AROUND_THE_FILE = 64 * 1024  # bytes of the form besides the file
_NO_REPORT = '<div id="list-report" hx-swap-oob="true"></div>'
_SHOWN = 100  # lines of the report on the page; the download has all
_KEPT = 20  # reports


class Reports:
    """The last reports, each for whoever brought the list, until the program ends."""

    def __init__(self) -> None:
        self._reports: OrderedDict[str, tuple[int, ListReport]] = OrderedDict()

    def keep(self, user_id: int, report: ListReport) -> str:
        """Under which name it can be asked for."""
        name = secrets.token_urlsafe(12)
        self._reports[name] = (user_id, report)
        while len(self._reports) > _KEPT:
            self._reports.popitem(last=False)
        return name

    def find(self, user_id: int, name: str) -> ListReport | None:
        owner, report = self._reports.get(name, (None, None))
        return report if owner == user_id else None


REPORTS = web.AppKey("prohibition_reports", Reports)


async def bring(request: web.Request) -> web.Response:
    """Prohibits the numbers of a file, or only says what would become of them."""
    # The application takes small requests only; a list may be larger.
    request = request.clone(client_max_size=LARGEST_FILE_BYTES + _AROUND_THE_FILE)
    given, user = services(request), viewer(request)
    try:
        numbers = await _numbers(request)
        groups = await chosen_workgroups(request)
        if groups is not None and not groups:
            groups = user.workgroup_ids
            if not groups:
                raise ProhibitionError("no workgroup")
        report = await prohibit_list(
            given.database,
            numbers,
            workgroup_ids=groups,
            now=given.clock.now,
            reason=await _text(request, "reason"),
            by=user,
            check_only=await _text(request, "check") == "yes",
            on_committed=lambda some: given.live.publish("prohibited", {"numbers": some}),
        )
    except _REFUSALS as error:
        return _refused(request, error)
    return _reported(request, report)


async def lift(request: web.Request) -> web.Response:
    """Lifts the numbers of a file, or only says what would become of them."""
    request = request.clone(client_max_size=LARGEST_FILE_BYTES + _AROUND_THE_FILE)
    given = services(request)
    try:
        report = await lift_list(
            given.database,
            await _numbers(request),
            workgroup_id=an_id(await _text(request, "for")),
            now=given.clock.now,
            reason=await _text(request, "reason"),
            by=viewer(request),
            check_only=await _text(request, "check") == "yes",
        )
    except _REFUSALS as error:
        return _refused(request, error)
    return _reported(request, report)


async def download(request: web.Request) -> web.Response:
    """Every row of a report as CSV."""
    name = request.query.get("report", "")
    report = request.app[REPORTS].find(viewer(request).id, name)
    if report is None:
        raise web.HTTPGone
    stream = io.StringIO()
    write_report(report, stream, words_for(request).language)
    return web.Response(
        # With a byte order mark, because Excel takes a CSV without one for CP932.
        body=stream.getvalue().encode("utf-8-sig"),
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="kakeru-report.csv"',
        },
    )


_REFUSALS = (
    LeadFileError,
    ProhibitionFileError,
    ProhibitionImportError,
    ProhibitionError,
    NotAllowed,
)


async def _numbers(request: web.Request) -> NumberList:
    try:
        file = (await request.post()).get("file")
    except web.HTTPRequestEntityTooLarge as error:
        most = LARGEST_FILE_BYTES // 1024**2
        raise ProhibitionFileError(ListProblem.TOO_LARGE, "", most=most) from error
    if not isinstance(file, FileField):
        raise ProhibitionFileError(ListProblem.EMPTY, "")
    with file.file as stream:
        data = stream.read()
    # In a thread: a long list takes seconds, and pages and calls go on meanwhile.
    return await asyncio.to_thread(read_number_list, data, file_name=file.filename[:200])


async def _text(request: web.Request, name: str) -> str:
    return str((await request.post()).get(name, "")).strip()


def _refused(request: web.Request, error: Exception) -> web.Response:
    """A notice; the report of an earlier file, which would look like this one's, goes away."""
    response = _notice(request, error)
    response.text = f"{response.text}{_NO_REPORT}"
    return response


def _notice(request: web.Request, error: Exception) -> web.Response:
    language = words_for(request).language
    if isinstance(error, LeadFileError | ProhibitionFileError):
        title = marked("The file cannot be used, nothing was changed.")
        return notice(request, title, advice=error.text(language), status=409)
    if isinstance(error, ProhibitionImportError):
        title = marked("The database failed on the way.")
        return notice(request, title, advice=str(error), status=503)
    return notice(request, refusal(error, words_for(request)), status=409)


def _reported(request: web.Request, report: ListReport) -> web.Response:
    order = (
        RowOutcome.NOT_A_NUMBER,
        RowOutcome.DUPLICATE,
        RowOutcome.NOT_PROHIBITED,
        RowOutcome.ALREADY_PROHIBITED,
        RowOutcome.ADDED,
        RowOutcome.LIFTED,
    )
    # Those that somebody may want to correct come first.
    lines = sorted(report.lines, key=lambda line: order.index(line.outcome))
    response = render(
        request,
        "parts/list_report.html",
        {
            "report": report,
            "counts": [(one, report.count(one)) for one in RowOutcome if report.count(one)],
            "lines": lines[:_SHOWN],
            "more": max(0, len(lines) - _SHOWN),
            "name": request.app[REPORTS].keep(viewer(request).id, report),
        },
    )
    if not report.checked_only:
        response.headers["HX-Trigger"] = "prohibitionsChanged"
    return response
