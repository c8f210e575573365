"""The form of a project's calling hours: read into settings, and drawn as a week."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from multidict import MultiMapping
from pydantic import ValidationError

from dialer.campaign import HoursSettings
from dialer.rules.calling_hours import WEEKDAYS, CallingHours, Weekday, Window
from webui.forms import a_date
from webui.translations import marked

WEEKDAY_WORDS: Mapping[Weekday, str] = {
    "mon": marked("Monday"),
    "tue": marked("Tuesday"),
    "wed": marked("Wednesday"),
    "thu": marked("Thursday"),
    "fri": marked("Friday"),
    "sat": marked("Saturday"),
    "sun": marked("Sunday"),
}
_DAYS_DRAWN = 14
_MINUTES = 24 * 60


class BadHours(Exception):
    """The form cannot be used; `where` and `why` are texts of the catalogue."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


@dataclass(frozen=True, slots=True)
class Day:
    """A line of the form: times as a time field has them, ``24:00`` as ``00:00``."""

    key: str
    is_open: bool
    opens: str
    closes: str


def read_form(form: MultiMapping[object]) -> HoursSettings | None:
    """None: as the campaigns say. Raises BadHours."""
    if form.get("own") != "yes":
        return None
    weekdays: dict[Weekday, str] = {}
    for day in WEEKDAYS:
        if form.get(f"open-{day}") == "yes":
            weekdays[day] = _window(form, day, WEEKDAY_WORDS[day])
    values = {
        "weekdays": weekdays,
        "holidays": "closed" if form.get("holidays") == "closed" else "open",
        "exceptions": _exceptions(form),
    }
    try:
        return HoursSettings.model_validate(values)
    except ValidationError as error:  # a field that no browser sends so
        raise BadHours("", str(error.errors()[0]["msg"])) from error


def week_of(hours: HoursSettings) -> list[Day]:
    """The weekdays as the form shows them; a closed one with usual times to open it by."""
    return [_day(day, hours.weekdays.get(day)) for day in WEEKDAYS]


def exceptions_of(hours: HoursSettings) -> list[Day]:
    """The days that differ, by date, and a line to be filled in."""
    known = [
        _day(day.isoformat(), None if text == "closed" else text)
        for day, text in sorted(hours.exceptions.items())
    ]
    return [*known, _day("", None)]


# --- reading ----------------------------------------------------------------------------


def _exceptions(form: MultiMapping[object]) -> dict[date, str]:
    found: dict[date, str] = {}
    for number, text in enumerate(form.getall("exception", [])):
        if not str(text).strip():
            continue
        day = a_date(str(text).strip())
        if day is None:
            raise BadHours(str(text), marked("This is no date."))
        key = f"x{number}"
        closed = form.get(f"closed-{key}") == "yes"
        found[day] = "closed" if closed else _window(form, key, day.isoformat())
    return found


def _window(form: MultiMapping[object], key: str, where: str) -> str:
    opens, closes = str(form.get(f"from-{key}", "")), str(form.get(f"to-{key}", ""))
    try:
        begin, end = time.fromisoformat(opens), time.fromisoformat(closes)
    except ValueError as error:
        raise BadHours(where, marked("Give the time from and the time to.")) from error
    if end != time.min and end <= begin:
        raise BadHours(where, marked("The end must come after the beginning."))
    return f"{begin:%H:%M}-{'24:00' if end == time.min else f'{end:%H:%M}'}"


def _day(key: str, window: str | None) -> Day:
    opens, closes = (window or "09:00-18:00").split("-")
    return Day(key, window is not None, opens, "00:00" if closes == "24:00" else closes)


# --- drawing ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawn:
    """A day of the picture: minutes from midnight at which it opens and closes; None: closed."""

    day: date
    opens: int | None
    closes: int | None
    text: str

    @property
    def length(self) -> int:
        return (self.closes or 0) - (self.opens or 0)


def draw(hours: CallingHours, now: datetime) -> list[Drawn]:
    """The days to come with their holidays and exceptions, from the Monday of this week on."""
    today = now.astimezone(ZoneInfo(hours.time_zone)).date()
    monday = today - timedelta(days=today.weekday())
    days = (monday + timedelta(days=number) for number in range(_DAYS_DRAWN))
    return [_drawn(day, hours.window_on(day)) for day in days]


def _drawn(day: date, window: Window | None) -> Drawn:
    if window is None:
        return Drawn(day, None, None, "")
    opens, closes = window
    end = "24:00" if closes == time.max else f"{closes:%H:%M}"
    return Drawn(day, _minutes(opens), _minutes(closes), f"{opens:%H:%M}–{end}")


def _minutes(at: time) -> int:
    return _MINUTES if at == time.max else at.hour * 60 + at.minute
