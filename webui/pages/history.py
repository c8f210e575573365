"""ヒストリー: what was done, with filters, details in place and the recordings."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from aiohttp import web

from dialer import audit, campaign_state, history, history_list, projects, result_sets, users
from dialer.paging import BadPageKey
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.history_filter import HistoryFilter
from webui.formats import start_of_day
from webui.rendering import render
from webui.services import services
from webui.sessions import viewer
from webui.waveform import BARS, Waveform, waveform

_PHONE_SIGNS = frozenset("0123456789+-() ー－−‐（）　０１２３４５６７８９＋")


class RecentPlays:
    """Remembers who listens to what, so that one play is one line in the audit log.

    A browser asks for a recording many times while it plays and seeks.
    """

    def __init__(self) -> None:
        self._plays: OrderedDict[tuple[int, UUID], datetime] = OrderedDict()

    def is_new(self, user_id: int, call_id: UUID, now: datetime) -> bool:
        before = self._plays.pop((user_id, call_id), None)
        self._plays[user_id, call_id] = now
        while len(self._plays) > 10_000:
            self._plays.popitem(last=False)
        return before is None or now - before > timedelta(minutes=10)


PLAYS = web.AppKey("plays", RecentPlays)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter as it stands in the form."""

    text: str
    project: str
    campaign: str
    user: str
    outcome: str
    result: str
    since: str
    until: str
    recorded: bool

    @property
    def is_empty(self) -> bool:
        return self == Asked("", "", "", "", "", "", "", "", False)


async def page(request: web.Request) -> web.Response:
    return render(request, "history.html", {**await _list(request), **await _choices(request)})


async def rows(request: web.Request) -> web.Response:
    response = render(request, "parts/history_rows.html", await _list(request))
    asked = {key: value for key, value in request.query.items() if value}
    if "after" not in asked:
        # What is shown stands in the address: it can be kept, sent and come back to.
        address = request.url.with_path("/history").with_query(asked)
        response.headers["HX-Replace-Url"] = str(address.relative())
    return response


async def detail(request: web.Request) -> web.Response:
    """The call in full, opened below its row."""
    async with services(request).database.read() as connection:
        found = await history.call_detail(
            connection, call_id=_call_id(request), viewer=viewer(request)
        )
    if found is None:
        raise web.HTTPNotFound
    drawing = await _drawing(request, found.row.recording)
    return render(request, "parts/call_detail.html", {"call": found, "waveform": drawing})


async def recording(request: web.Request) -> web.StreamResponse:
    """The audio, in ranges as the player asks for them."""
    user, given, call_id = viewer(request), services(request), _call_id(request)
    async with given.database.read() as connection:
        found = await history.call_detail(connection, call_id=call_id, viewer=user)
    info = found.row.recording if found else None
    if info is None or info.state != "ready":
        raise web.HTTPNotFound
    try:
        path = given.recordings.playable(info.path)
    except FileNotFoundError as error:
        raise web.HTTPNotFound from error
    now = given.clock.now()
    if request.app[PLAYS].is_new(user.id, call_id, now):
        async with given.database.write() as connection:
            await audit.record(
                connection,
                user_id=user.id,
                action="recording.play",
                subject=f"call:{call_id}",
                now=now,
            )
    return web.FileResponse(path, headers={"Cache-Control": "private, no-cache"})


async def _drawing(request: web.Request, info: history.RecordingInfo | None) -> Waveform | None:
    if info is None or info.state != "ready":
        return None
    try:
        peaks = await services(request).recordings.peaks(info.path, buckets=BARS)
    except FileNotFoundError:
        return None
    return waveform(peaks)


async def _list(request: web.Request) -> dict[str, object]:
    asked = _asked(request)
    async with services(request).database.read() as connection:
        try:
            found = await history_list.list_history(
                connection,
                wanted=_filter(request, asked),
                viewer=viewer(request),
                after=request.query.get("after") or None,
            )
        except BadPageKey as error:
            raise web.HTTPBadRequest from error
    query = {key: value for key, value in request.query.items() if value and key != "after"}
    return {
        "asked": asked,
        "found": found,
        "query": query,
        "first_page": not request.query.get("after"),
    }


async def _choices(request: web.Request) -> dict[str, object]:
    """What the filter offers; only an admin looks at others by name."""
    user = viewer(request)
    async with services(request).database.read() as connection:
        known = await projects.projects_of(connection, user)
        results = [
            result
            for project in known
            for result in await result_sets.results_of_project(connection, project.id, retired=True)
        ]
        return {
            "projects": known,
            "campaigns": await campaign_state.campaign_rows(connection, viewer=user),
            "users": await users.list_users(connection) if user.acts_as_admin else [],
            "results": list({result.id: result for result in results}.values()),
        }


def _asked(request: web.Request) -> Asked:
    query = request.query
    return Asked(
        text=query.get("q", "").strip()[:200],
        project=query.get("project", ""),
        campaign=query.get("campaign", ""),
        user=query.get("user", ""),
        outcome=query.get("outcome", ""),
        result=query.get("result", ""),
        since=query.get("since", ""),
        until=query.get("until", ""),
        recorded=query.get("recorded") == "on",
    )


def _filter(request: web.Request, asked: Asked) -> HistoryFilter:
    """What cannot be understood narrows nothing, as an empty field does."""
    zone = services(request).settings.time_zone
    since, last_day = _date(asked.since), _date(asked.until)
    is_number = _is_number(asked.text)
    me = viewer(request)
    return HistoryFilter(
        project_id=_id(asked.project),
        campaign_id=_id(asked.campaign),
        user_id=me.id if asked.user == "me" else _id(asked.user),
        outcome=next((outcome for outcome in CallOutcome if outcome == asked.outcome), None),
        result_id=_id(asked.result),
        number=asked.text if is_number else "",
        text="" if is_number else asked.text,
        since=start_of_day(since, zone) if since else None,
        until=start_of_day(last_day + timedelta(days=1), zone) if last_day else None,
        has_recording=True if asked.recorded else None,
    )


def _is_number(text: str) -> bool:
    return len(text) >= 3 and set(text) <= _PHONE_SIGNS


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _call_id(request: web.Request) -> UUID:
    return UUID(request.match_info["call_id"])
