"""When people may be called."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import holidays

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

# Far enough to pass any run of closed days that a campaign may really have.
_DAYS_TO_LOOK_AHEAD = 370


@dataclass(frozen=True, slots=True)
class CallingHours:
    """Weekly windows in one time zone; the end of a window is outside it."""

    time_zone: str
    windows: Mapping[Weekday, tuple[time, time]]
    closed_on_holidays: bool = False

    def is_open(self, now: datetime) -> bool:
        local = now.astimezone(ZoneInfo(self.time_zone))
        window = self.window_on(local.date())
        return window is not None and window[0] <= local.time() < window[1]

    def next_opening(self, now: datetime) -> datetime | None:
        """The first open moment at or after `now`; None when it never opens within a year."""
        if self.is_open(now):
            return now
        zone = ZoneInfo(self.time_zone)
        today = now.astimezone(zone).date()
        for ahead in range(_DAYS_TO_LOOK_AHEAD):
            day = today + timedelta(days=ahead)
            if window := self.window_on(day):
                opening = datetime.combine(day, window[0], zone).astimezone(now.tzinfo)
                # A window within the hour that summer time skips does not open that day.
                if opening > now and self.is_open(opening):
                    return opening
        return None

    def window_on(self, day: date) -> tuple[time, time] | None:
        """When it opens and closes on a day of its time zone; None: it does not open."""
        if self.closed_on_holidays and day in _japanese_holidays:
            return None
        return self.windows.get(WEEKDAYS[day.weekday()])


_japanese_holidays = holidays.country_holidays("JP")
