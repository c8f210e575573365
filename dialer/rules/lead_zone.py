"""In which time zone a lead lives, as far as its telephone numbers tell."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import timezone

_JAPAN = "Asia/Tokyo"

# Zones that agree on each of these days agree on every day that matters to a campaign.
_DAYS_TO_COMPARE = tuple(
    datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days) for days in range(0, 3 * 366, 7)
)


def time_zone_of(e164s: Sequence[str]) -> str:
    """The IANA zone of the first of these numbers that tells one; empty when none does.

    A number tells its zone when its area, or for a mobile its country, has one time: the
    mobiles of Britain do, with Jersey's, those of Australia do not. International toll-free
    and global numbers belong to no area.
    """
    return next(filter(None, map(_zone_of, e164s)), "")


def zone_to_keep(e164s: Sequence[str], project_zone: str) -> str:
    """The zone to store with a lead: empty, which means the project's, when it does not differ."""
    zone = time_zone_of(e164s)
    return "" if zone == project_zone else zone


def _zone_of(e164: str) -> str:
    # Most numbers of most lists: all Japan has one zone, and the library takes 20 µs.
    if e164.startswith("+81"):
        return _JAPAN
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return ""
    zones = timezone.time_zones_for_number(number)
    if len(zones) > 1:
        region = phonenumbers.region_code_for_number(number)
        return _common_zone(zones, region) if region else ""
    return zones[0] if zones and _offsets(zones[0]) else ""


@cache
def _common_zone(zones: tuple[str, ...], region: str) -> str:
    """One of several zones that keep the same time: that of an ordinary number of the region."""
    offsets = _offsets(zones[0])
    if not offsets or any(_offsets(zone) != offsets for zone in zones[1:]):
        return ""
    ordinary = phonenumbers.example_number(region)
    usual = timezone.time_zones_for_number(ordinary) if ordinary is not None else ()
    return next((zone for zone in usual if zone in zones), zones[0])


@cache
def _offsets(zone: str) -> tuple[timedelta | None, ...]:
    """Its time on the days to compare; empty for one that this machine does not know.

    The gate could not tell the time there. ``Etc/Unknown`` is the library's word for none.
    """
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ()
    return tuple(day.astimezone(info).utcoffset() for day in _DAYS_TO_COMPARE)
