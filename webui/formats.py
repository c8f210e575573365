"""Times, numbers and phone numbers as people read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, format_percent

from webui.translations import Language

_DAY: Mapping[Language, str] = {"ja": "M月d日(E)", "en": "EEE d MMM"}
_TOMORROW: Mapping[Language, str] = {"ja": "明日", "en": "tomorrow"}
_DAY_WITH_YEAR: Mapping[Language, str] = {"ja": "y年M月d日(E)", "en": "EEE d MMM y"}


@dataclass(frozen=True, slots=True)
class Formats:
    """Formatting for one viewer: his language, the installation's time zone, what people call
    the campaigns that have a title beside their name."""

    language: Language
    time_zone: str
    now: datetime
    campaign_titles: Mapping[str, str] = field(default_factory=dict)

    def campaign(self, name: str) -> str:
        return self.campaign_titles.get(name, name)

    def day(self, at: datetime) -> str:
        """The date; the year only where it is not the current one."""
        local = self._local(at)
        pattern = _DAY if local.year == self._local(self.now).year else _DAY_WITH_YEAR
        return str(format_datetime(local, pattern[self.language], locale=self.language))

    def date(self, day: date) -> str:
        """A day by itself, in no zone."""
        return str(format_date(day, _DAY[self.language], locale=self.language))

    def calendar(self, text: str) -> str:
        """A day or a time as fields keep it, in figures."""
        return calendar(text, self.language)

    def clock(self, at: datetime, *, seconds: bool = False) -> str:
        local = self._local(at)
        return str(format_time(local, "HH:mm:ss" if seconds else "HH:mm", locale=self.language))

    def moment(self, at: datetime) -> str:
        """Only the time for today, date and time otherwise."""
        if self._local(at).date() == self._local(self.now).date():
            return self.clock(at)
        return f"{self.day(at)} {self.clock(at)}"

    def ahead(self, at: datetime) -> str:
        """A moment to come: only the time for today, ``tomorrow 09:00``, else with its date."""
        tomorrow = self._local(self.now).date() + timedelta(days=1)
        if self._local(at).date() == tomorrow:
            return f"{_TOMORROW[self.language]} {self.clock(at)}"
        return self.moment(at)

    def last_day(self, ends: datetime) -> str:
        """The last day before a moment in time, as a date field has it: ``2026-11-24``."""
        return (self._local(ends) - timedelta(microseconds=1)).date().isoformat()

    def iso(self, at: datetime) -> str:
        """For the `datetime` attribute, in the zone that is shown."""
        return self._local(at).isoformat(timespec="seconds")

    def file_time(self, at: datetime) -> str:
        """For the name of a file, in the zone that is shown: ``20261124-143205``."""
        return f"{self._local(at):%Y%m%d-%H%M%S}"

    def milliseconds(self, at: datetime) -> int:
        """Since 1970, as the browser counts."""
        return int(at.timestamp() * 1000)

    def duration(self, length: timedelta | float | None) -> str:
        """``3:07`` or ``1:02:45``; a dash when unknown."""
        if length is None:
            return "–"
        seconds = length.total_seconds() if isinstance(length, timedelta) else length
        minutes, second = divmod(max(0, round(seconds)), 60)
        hours, minute = divmod(minutes, 60)
        return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"

    def elapsed(self, since: datetime) -> str:
        return self.duration(self.now - since)

    def number(self, value: float) -> str:
        return str(format_decimal(value, locale=self.language))

    def percent(self, part: float, whole: float) -> str:
        """A share with one decimal; a dash when there is nothing to share."""
        if not whole:
            return "–"
        return str(format_percent(part / whole, "0.0%", locale=self.language))

    def phone(self, e164: str) -> str:
        """The national form for numbers of Japan, the international one for others."""
        return national(e164)

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.time_zone))


def national(e164: str) -> str:
    """``+81312345678`` → ``03-1234-5678``; what is not a number comes back as it is."""
    try:
        # A caller ID may stand in the settings as it is written at home.
        number = phonenumbers.parse(e164, "JP")
    except phonenumbers.NumberParseException:
        return e164
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if number.country_code == 81
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(number, style)


def calendar(text: str, language: Language) -> str:
    """``2026-11-01T09:30``, as fields keep it, in figures: ``2026/11/01 09:30`` in Japanese."""
    shown = text.replace("T", " ")
    return shown.replace("-", "/") if language == "ja" else shown


def midnight(now: datetime, time_zone: str) -> datetime:
    """When today began in a time zone."""
    return start_of_day(now.astimezone(ZoneInfo(time_zone)).date(), time_zone)


def start_of_day(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(time_zone))
