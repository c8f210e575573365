"""What ヒストリー is asked for, as it stands in its address, in the form and on its chips."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.history_filter import HistoryFilter
from dialer.users import User
from webui import labels
from webui.formats import start_of_day
from webui.translations import Words, marked

_PHONE_SIGNS = frozenset("0123456789+-() ー－−‐（）　０１２３４５６７８９＋")
_LONGEST_TALK = 24 * 60

PERIODS: Mapping[str, str] = {
    "today": marked("Today"),
    "yesterday": marked("Yesterday"),
    "week": marked("This week"),
    "last_week": marked("Last week"),
    "month": marked("This month"),
    "last_month": marked("Last month"),
}
DIRECTIONS: Mapping[str, str] = {"outbound": marked("Outbound"), "inbound": marked("Inbound")}
YES_NO: Mapping[str, str] = {"yes": marked("there is some"), "no": marked("there is none")}
FIELDS: Mapping[str, str] = {
    "q": marked("Search"),
    "period": marked("Period"),
    "since": marked("From"),
    "until": marked("To"),
    "outcome": marked("Outcome"),
    "result": marked("Result"),
    "user": marked("User"),
    "workgroup": marked("Workgroup"),
    "project": marked("Project"),
    "campaign": marked("Campaign"),
    "kind": marked("Kind of action"),
    "direction": marked("Direction"),
    "least": marked("Talked at least (minutes)"),
    "most": marked("Talked at most (minutes)"),
    "recorded": marked("Recording"),
    "transcript": marked("Transcript"),
    "comment": marked("Comment"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter as it stands in the form; the names are those of the address."""

    q: str = ""
    period: str = ""
    since: str = ""
    until: str = ""
    outcome: str = ""
    result: str = ""
    user: str = ""
    workgroup: str = ""
    project: str = ""
    campaign: str = ""
    kind: str = ""
    direction: str = ""
    least: str = ""
    most: str = ""
    recorded: str = ""
    transcript: str = ""
    comment: str = ""

    @property
    def is_empty(self) -> bool:
        return self == Asked()

    @property
    def words(self) -> str:
        """What is looked for in texts and names; a number is not."""
        return "" if _is_number(self.q) else self.q

    @property
    def more(self) -> int:
        """How many of the filters are asked that stand behind the button."""
        seen = {"q", "period", "outcome", "result", "user"}
        return sum(1 for name, _ in self.pairs() if name not in seen)

    def pairs(self) -> Iterator[tuple[str, str]]:
        for one in fields(self):
            value = getattr(self, one.name)
            if value:
                yield one.name, value

    @property
    def query(self) -> str:
        return urlencode(list(self.pairs()))


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that is asked for; `rest` is the address's query without it."""

    label: str
    text: str
    rest: str


def read(query: Mapping[str, str]) -> Asked:
    """What cannot be understood narrows nothing, as an empty field does."""
    given = {one.name: query.get(one.name, "").strip()[:200] for one in fields(Asked)}
    if given["recorded"] == "on":  # as addresses said before
        given["recorded"] = "yes"
    for name, known in (
        ("period", PERIODS),
        ("outcome", labels.OUTCOMES),
        ("kind", labels.ACTION_KINDS),
        ("direction", DIRECTIONS),
        ("recorded", YES_NO),
        ("transcript", YES_NO),
        ("comment", YES_NO),
    ):
        if given[name] not in set(map(str, known)):
            given[name] = ""
    for name in ("result", "workgroup", "project", "campaign"):
        if _id(given[name]) is None:
            given[name] = ""
    if given["user"] != "me" and _id(given["user"]) is None:
        given["user"] = ""
    for name in ("since", "until"):
        if _date(given[name]) is None:
            given[name] = ""
    for name in ("least", "most"):
        if _minutes(given[name]) is None:
            given[name] = ""
    return Asked(**given)


def filter_of(asked: Asked, *, viewer: User, now: datetime, time_zone: str) -> HistoryFilter:
    since, until = _days(asked, now.astimezone(ZoneInfo(time_zone)).date())
    kind: Any = asked.kind or None
    direction: Any = asked.direction or None
    return HistoryFilter(
        project_id=_id(asked.project),
        workgroup_id=_workgroup(asked, viewer),
        user_id=viewer.id if asked.user == "me" else _id(asked.user),
        campaign_id=_id(asked.campaign),
        direction=direction,
        kind=kind,
        outcome=CallOutcome(asked.outcome) if asked.outcome else None,
        result_id=_id(asked.result),
        number=asked.q if _is_number(asked.q) else "",
        text=asked.words,
        since=start_of_day(since, time_zone) if since else None,
        until=start_of_day(until + timedelta(days=1), time_zone) if until else None,
        talk_least=_seconds(asked.least),
        talk_most=_seconds(asked.most),
        has_recording=_yes(asked.recorded),
        has_transcript=_yes(asked.transcript),
        has_comment=_yes(asked.comment),
    )


def chips(asked: Asked, names: Mapping[str, Mapping[str, str]], said: Words) -> list[Chip]:
    """`names` are those of results, users … by their ids, under the names of the fields."""
    known: dict[str, Mapping[str, str]] = {
        "period": PERIODS,
        "outcome": {str(key): text for key, text in labels.OUTCOMES.items()},
        "kind": labels.ACTION_KINDS,
        "direction": DIRECTIONS,
        "recorded": YES_NO,
        "transcript": YES_NO,
        "comment": YES_NO,
    }
    found = []
    for name, value in asked.pairs():
        text = said(known[name][value]) if name in known else names.get(name, {}).get(value, value)
        rest = replace(asked, **{name: ""}).query
        found.append(Chip(said(FIELDS[name]), text, rest))
    return found


def by_id(rows: Sequence[Any]) -> dict[str, str]:
    return {str(row.id): row.name for row in rows}


def _workgroup(asked: Asked, viewer: User) -> int | None:
    """Users see their own workgroups only."""
    found = _id(asked.workgroup)
    return found if viewer.acts_as_admin or found in viewer.workgroup_ids else None


def _days(asked: Asked, today: date) -> tuple[date | None, date | None]:
    """The first day and the last; a period goes before days."""
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    match asked.period:
        case "today":
            return today, today
        case "yesterday":
            return today - timedelta(days=1), today - timedelta(days=1)
        case "week":
            return monday, today
        case "last_week":
            return monday - timedelta(days=7), monday - timedelta(days=1)
        case "month":
            return first, today
        case "last_month":
            before = first - timedelta(days=1)
            return before.replace(day=1), before
    return _date(asked.since), _date(asked.until)


def _is_number(text: str) -> bool:
    return len(text) >= 3 and set(text) <= _PHONE_SIGNS


def _yes(text: str) -> bool | None:
    return text == "yes" if text else None


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _minutes(text: str) -> float | None:
    try:
        minutes = float(text)
    except ValueError:
        return None
    return minutes if 0 <= minutes <= _LONGEST_TALK else None


def _seconds(text: str) -> int | None:
    minutes = _minutes(text)
    return None if minutes is None else round(minutes * 60)


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date(1970, 1, 2) <= found <= date(9999, 12, 30) else None
