"""When people may be called, where they live."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.campaign import HoursSettings
from dialer.rules.calling_hours import WEEKDAYS, CallingHours, Weekday

TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")
DAYTIME = (time(8), time(21))


def every_day(zone: str = "Asia/Tokyo", window: tuple[time, time] = DAYTIME) -> CallingHours:
    return CallingHours(zone, dict.fromkeys(WEEKDAYS, window))


def tokyo(*when: int) -> datetime:
    return datetime(*when, tzinfo=TOKYO).astimezone(UTC)  # type: ignore[arg-type, misc]


def new_york(*when: int) -> datetime:
    return datetime(*when, tzinfo=NEW_YORK).astimezone(UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("hour", "minute", "open_"),
    [(7, 59, False), (8, 0, True), (12, 0, True), (20, 59, True), (21, 0, False), (23, 0, False)],
)
def test_the_day_begins_at_eight_and_is_over_at_nine(hour: int, minute: int, open_: bool) -> None:
    assert every_day().is_open(tokyo(2026, 11, 24, hour, minute)) is open_


def test_it_is_the_hour_of_the_person_called_that_counts() -> None:
    moment = tokyo(2026, 11, 24, 9, 0)
    assert every_day("Asia/Tokyo").is_open(moment)
    assert not every_day("Europe/Berlin").is_open(moment)


def test_a_day_left_out_is_closed() -> None:
    hours = CallingHours("Asia/Tokyo", {"mon": DAYTIME})
    assert hours.is_open(tokyo(2026, 11, 23, 12))
    assert not hours.is_open(tokyo(2026, 11, 24, 12))
    assert hours.next_opening(tokyo(2026, 11, 24, 12)) == tokyo(2026, 11, 30, 8)


def test_midnight_as_the_end_leaves_no_gap() -> None:
    hours = HoursSettings(weekdays=dict.fromkeys(WEEKDAYS, "00:00-24:00")).calling_hours(
        "Asia/Tokyo"
    )
    for moment in (tokyo(2026, 11, 24, 23, 59), tokyo(2026, 11, 25, 0, 0)):
        assert hours.is_open(moment)


def test_a_holiday_is_closed_where_the_campaign_says_so() -> None:
    labour_day = tokyo(2026, 11, 23, 12)
    closed = CallingHours("Asia/Tokyo", every_day().windows, closed_on_holidays=True)
    assert every_day().is_open(labour_day)
    assert not closed.is_open(labour_day)
    assert closed.next_opening(labour_day) == tokyo(2026, 11, 24, 8)


def test_holidays_in_a_row_are_passed_over() -> None:
    closed = CallingHours("Asia/Tokyo", every_day().windows, closed_on_holidays=True)
    assert closed.next_opening(tokyo(2026, 5, 2, 22)) == tokyo(2026, 5, 7, 8)


def test_while_it_is_open_the_next_opening_is_now() -> None:
    noon = tokyo(2026, 11, 24, 12)
    assert every_day().next_opening(noon) == noon


def test_in_the_morning_it_opens_today_and_in_the_evening_tomorrow() -> None:
    assert every_day().next_opening(tokyo(2026, 11, 24, 6)) == tokyo(2026, 11, 24, 8)
    assert every_day().next_opening(tokyo(2026, 11, 24, 21)) == tokyo(2026, 11, 25, 8)


def test_hours_that_never_open_have_no_next_opening() -> None:
    assert CallingHours("Asia/Tokyo", {}).next_opening(tokyo(2026, 11, 24, 12)) is None


@pytest.mark.parametrize(
    ("local", "open_"),
    [((2026, 3, 7, 20, 30), True), ((2026, 3, 8, 20, 30), True), ((2026, 3, 8, 21, 0), False)],
)
def test_summer_time_moves_the_day_with_it(local: tuple[int, ...], open_: bool) -> None:
    assert every_day("America/New_York").is_open(new_york(*local)) is open_


def test_over_the_night_of_the_change_it_opens_at_the_new_eight() -> None:
    evening = new_york(2026, 3, 7, 22)
    opening = every_day("America/New_York").next_opening(evening)
    assert opening == new_york(2026, 3, 8, 8)
    assert opening - evening == timedelta(hours=9)


def test_an_hour_that_does_not_exist_is_not_open() -> None:
    hours = every_day("America/New_York", (time(2, 10), time(2, 50)))
    before = new_york(2026, 3, 8, 1, 0)
    assert hours.next_opening(before) == new_york(2026, 3, 9, 2, 10)


MOMENTS = st.integers(0, 3 * 366 * 86_400).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
WINDOWS = st.tuples(st.times(), st.times()).filter(lambda window: window[0] < window[1])
HOURS = st.builds(
    CallingHours,
    st.sampled_from(["Asia/Tokyo", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"]),
    st.dictionaries(st.sampled_from(WEEKDAYS), WINDOWS),
    st.booleans(),
)


@given(HOURS, MOMENTS)
def test_the_next_opening_is_open_and_nothing_before_it_is(
    hours: CallingHours, now: datetime
) -> None:
    opening = hours.next_opening(now)
    if opening is None:
        assert not hours.is_open(now)
        return
    assert opening >= now
    assert hours.is_open(opening)
    if opening > now:
        step = (opening - now) / 50
        assert not any(hours.is_open(now + step * number) for number in range(50))


@given(MOMENTS, st.sampled_from(WEEKDAYS))
def test_only_one_day_of_the_week_opens_a_window_of_one_day(now: datetime, day: Weekday) -> None:
    hours = CallingHours("Asia/Tokyo", {day: (time(0), time.max)})
    assert hours.is_open(now) is (WEEKDAYS[now.astimezone(TOKYO).weekday()] == day)
