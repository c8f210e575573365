"""The time that the desk proposes for calling again."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from dialer.rules.callback_time import proposed_time
from dialer.rules.calling_hours import WEEKDAYS, CallingHours

TOKYO = ZoneInfo("Asia/Tokyo")
TUESDAY = datetime(2026, 11, 24, 14, 32, 10, tzinfo=TOKYO)
HOURS = CallingHours(
    "Asia/Tokyo", {day: (time(9), time(18)) for day in WEEKDAYS if day not in ("sat", "sun")}
)


@pytest.mark.parametrize(
    ("delay", "proposed"),
    [
        (None, "11-25 14:35"),
        (timedelta(hours=2), "11-24 16:35"),
        (timedelta(minutes=2, seconds=50), "11-24 14:35"),
        (timedelta(hours=6), "11-25 09:00"),
        (timedelta(days=3, hours=3), "11-27 17:35"),
        (timedelta(days=4), "11-30 09:00"),  # a Saturday
    ],
)
def test_the_result_says_after_how_long_and_calling_hours_move_it(
    delay: timedelta | None, proposed: str
) -> None:
    assert f"{proposed_time(TUESDAY, delay, HOURS):%m-%d %H:%M}" == proposed


def test_hours_that_never_open_move_nothing() -> None:
    closed = CallingHours("Asia/Tokyo", {})
    assert f"{proposed_time(TUESDAY, timedelta(hours=1), closed):%H:%M}" == "15:35"
