"""When people may be called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import holidays

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

# Opens and closes; the moment of closing is outside. `time.max` is the end of the day, which
# no time of day can say: that window is open until midnight.
Window = tuple[time, time]

# Far enough to pass any run of closed days that a campaign may really have.
_DAYS_TO_LOOK_AHEAD = 370


@dataclass(frozen=True, slots=True)
class CallingHours:
    """The windows of a week in one time zone, with the days that differ.

    A day of `exceptions` has the window that stands there, or none, whatever weekday or
    holiday it is. `holiday_country`: whose public holidays are closed, where they are.
    `within` are other hours that must be open as well, read in this time zone.
    """

    time_zone: str
    windows: Mapping[Weekday, Window] = field(hash=False)
    closed_on_holidays: bool = False
    holiday_country: str = "JP"
    exceptions: Mapping[date, Window | None] = field(default_factory=dict, hash=False)
    within: "CallingHours | None" = None

    def is_open(self, now: datetime) -> bool:
        local = now.astimezone(_zone(self.time_zone))
        window = self.window_on(local.date())
        if window is None:
            return False
        opens, closes = window
        return opens <= local.time() and (local.time() < closes or closes == time.max)

    def next_opening(self, now: datetime) -> datetime | None:
        """The first open moment at or after `now`; None when it never opens within a year."""
        if self.is_open(now):
            return now
        today = now.astimezone(_zone(self.time_zone)).date()
        for ahead in range(_DAYS_TO_LOOK_AHEAD):
            day = today + timedelta(days=ahead)
            if window := self.window_on(day):
                moments = _moments_of_opening(day, window[0], self.time_zone)
                openings = [at for at in moments if at > now and self.is_open(at)]
                if openings:
                    return min(openings).astimezone(now.tzinfo)
        return None

    def window_on(self, day: date) -> Window | None:
        """When it opens and closes on a day of its time zone; None: it does not open."""
        own = self._own_window_on(day)
        if own is None or self.within is None:
            return own
        other = self.within.window_on(day)
        return _common(own, other) if other else None

    def _own_window_on(self, day: date) -> Window | None:
        if day in self.exceptions:
            return self.exceptions[day]
        if self.closed_on_holidays and day in _holidays_of(self.holiday_country, day.year):
            return None
        return self.windows.get(WEEKDAYS[day.weekday()])


def _common(one: Window, other: Window) -> Window | None:
    opens, closes = max(one[0], other[0]), min(one[1], other[1])
    return (opens, closes) if opens < closes else None


def holidays_are_known(country: str) -> bool:
    """Whether the public holidays of a country are known; `country` is an ISO 3166 code, as JP."""
    # Names and codes of three letters, which the library also takes, would be a second
    # spelling of the same.
    return len(country) == 2 and country in holidays.list_supported_countries()


@lru_cache(maxsize=4000)
def _moments_of_opening(day: date, opens: time, time_zone: str) -> tuple[datetime, ...]:
    """Every moment at which a window of that day may open; some of them may be closed.

    Most days have one. When clocks are put back a time comes twice; and the change itself
    may lead into a window, from before it or back from behind it.
    """
    zone = _zone(time_zone)
    opening = datetime.combine(day, opens, zone)
    begin = datetime.combine(day, time.min, zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    once = opening.astimezone(UTC)
    if _offset(begin, zone) == _offset(end, zone):
        return (once,)
    twice = opening.replace(fold=1).astimezone(UTC)
    return once, twice, _change_of_clocks(begin, end, zone)


def _change_of_clocks(begin: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """The first second of the new time; `begin` is in the old, `end` in the new."""
    before, after = int(begin.timestamp()), int(end.timestamp())
    old = _offset(begin, zone)
    while after - before > 1:
        between = (before + after) // 2
        if _offset(datetime.fromtimestamp(between, UTC), zone) == old:
            before = between
        else:
            after = between
    return datetime.fromtimestamp(after, UTC)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


# A claim asks for every zone of its project, many times a second. ZoneInfo itself keeps
# eight zones and reads any other from its file again; a day looked up among a country's
# holidays goes through several conversions; and the next opening of a zone stays the same
# for a day.


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=1000)
def _holidays_of(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year))
