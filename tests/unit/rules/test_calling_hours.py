"""When people may be called, where they live."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dialer.campaign import HoursSettings
from dialer.rules.calling_hours import (
    WEEKDAYS,
    CallingHours,
    Weekday,
    Window,
    holidays_are_known,
)

TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")
DAYTIME = (time(8), time(21))


def every_day(zone: str = "Asia/Tokyo", window: Window = DAYTIME) -> CallingHours:
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
    midnight = tokyo(2026, 11, 25, 0, 0)
    for moment in (midnight - timedelta(microseconds=1), midnight):
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


def test_it_is_the_holidays_of_the_named_country_that_are_closed() -> None:
    thanksgiving = tokyo(2026, 11, 26, 12)
    japan = CallingHours("Asia/Tokyo", every_day().windows, closed_on_holidays=True)
    america = replace(japan, holiday_country="US")
    assert japan.is_open(thanksgiving)
    assert not america.is_open(thanksgiving)
    assert replace(america, closed_on_holidays=False).is_open(thanksgiving)


@pytest.mark.parametrize(
    ("code", "known"),
    [("JP", True), ("US", True), ("XX", False), ("jp", False), ("JPN", False), ("", False)],
)
def test_a_country_is_named_by_its_code(code: str, known: bool) -> None:
    assert holidays_are_known(code) is known


EXCEPTIONS: dict[date, Window | None] = {
    date(2026, 12, 29): None,
    date(2026, 12, 30): (time(10), time(15)),
    date(2027, 1, 1): (time(13), time(14)),
}
YEAR_END = CallingHours(
    "Asia/Tokyo", {"mon": DAYTIME, "tue": DAYTIME}, closed_on_holidays=True, exceptions=EXCEPTIONS
)


@pytest.mark.parametrize(
    ("day", "hour", "open_"),
    [
        ((2026, 12, 28), 12, True),
        ((2026, 12, 29), 12, False),  # a Tuesday
        ((2026, 12, 30), 9, False),
        ((2026, 12, 30), 10, True),  # a Wednesday, which is closed else
        ((2026, 12, 30), 15, False),
        ((2026, 12, 31), 12, False),
        ((2027, 1, 1), 13, True),  # a holiday
        ((2027, 1, 4), 12, True),
    ],
)
def test_an_exception_beats_weekday_and_holiday(
    day: tuple[int, int, int], hour: int, open_: bool
) -> None:
    assert YEAR_END.is_open(tokyo(*day, hour)) is open_


def test_exceptions_are_found_on_the_way_to_the_next_opening() -> None:
    assert YEAR_END.next_opening(tokyo(2026, 12, 28, 21)) == tokyo(2026, 12, 30, 10)
    assert YEAR_END.next_opening(tokyo(2026, 12, 30, 16)) == tokyo(2027, 1, 1, 13)
    assert YEAR_END.next_opening(tokyo(2027, 1, 1, 14)) == tokyo(2027, 1, 4, 8)


def test_an_exception_is_a_day_of_the_person_called() -> None:
    honolulu = replace(YEAR_END, time_zone="Pacific/Honolulu")
    assert honolulu.next_opening(tokyo(2026, 12, 30, 10)) == datetime(2026, 12, 30, 20, tzinfo=UTC)


def test_hours_can_be_a_key_and_be_moved_to_another_zone() -> None:
    moved = replace(YEAR_END, time_zone="Europe/Berlin")
    assert {YEAR_END: 1, moved: 2}[replace(moved, time_zone="Asia/Tokyo")] == 1


def test_a_campaign_file_says_which_days_differ() -> None:
    hours = HoursSettings(
        exceptions={
            "2026-12-29": "closed",
            "2026-12-30": "10:00-15:00",
            "2026-12-31": "09:00-24:00",
        },
        holidays="closed",
        holiday_country="US",
    ).calling_hours("Asia/Tokyo")
    assert hours.exceptions == {
        date(2026, 12, 29): None,
        date(2026, 12, 30): (time(10), time(15)),
        date(2026, 12, 31): (time(9), time.max),
    }
    assert hours.closed_on_holidays
    assert hours.holiday_country == "US"


def test_days_may_be_dates_already() -> None:
    day = date(2026, 12, 29)
    assert HoursSettings(exceptions={day: "closed"}).exceptions == {day: "closed"}


@pytest.mark.parametrize("day", ["20261229", "1798502400", "2026-12-29T00:00:00", "2026-13-01"])
def test_what_is_no_date_is_not_taken_for_one(day: str) -> None:
    with pytest.raises(ValidationError, match="must be a date"):
        HoursSettings(exceptions={day: "closed"})


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


def test_a_window_that_summer_time_skips_does_not_open_that_day() -> None:
    hours = every_day("America/New_York", (time(2, 10), time(2, 50)))
    before = new_york(2026, 3, 8, 1, 0)
    assert hours.next_opening(before) == new_york(2026, 3, 9, 2, 10)


def test_a_window_that_begins_in_the_skipped_hour_opens_with_the_new_time() -> None:
    hours = every_day("America/New_York", (time(2, 10), time(5)))
    assert hours.next_opening(new_york(2026, 3, 8, 1, 0)) == new_york(2026, 3, 8, 3, 0)


def test_in_the_hour_that_comes_twice_a_window_opens_twice() -> None:
    hours = every_day("America/New_York", (time(1, 30), time(1, 45)))
    first = datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK).astimezone(UTC)
    assert hours.next_opening(first - timedelta(minutes=1)) == first
    assert hours.next_opening(first + timedelta(minutes=15)) == first + timedelta(hours=1)


def test_clocks_put_back_into_a_window_open_it_again() -> None:
    hours = every_day("America/New_York", (time(0), time(1, 45)))
    put_back = datetime(2026, 11, 1, 6, tzinfo=UTC)
    assert hours.next_opening(put_back - timedelta(minutes=10)) == put_back


MOMENTS = st.integers(0, 3 * 366 * 86_400).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
WINDOWS = st.tuples(MINUTES, MINUTES | st.just(time.max)).filter(lambda pair: pair[0] < pair[1])
ZONES = [
    "Asia/Tokyo",
    "America/New_York",
    "America/Santiago",  # clocks change at midnight
    "America/Havana",
    "Europe/Berlin",
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kathmandu",
]
# The hours around each change of clocks in those zones, and any other moment.
CHANGES = [
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 4, 5, 3, tzinfo=UTC),
    datetime(2026, 9, 6, 4, tzinfo=UTC),
    datetime(2026, 3, 8, 5, tzinfo=UTC),
    datetime(2026, 11, 1, 5, tzinfo=UTC),
]
AROUND_CHANGES = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-30 * 60, 6 * 60),
)
HOURS = st.builds(
    CallingHours,
    st.sampled_from(ZONES),
    st.dictionaries(st.sampled_from(WEEKDAYS), WINDOWS),
    st.booleans(),
    st.sampled_from(["JP", "US", "DE"]),
    st.dictionaries(st.dates(date(2025, 1, 1), date(2028, 1, 1)), st.none() | WINDOWS),
)
NIGHTS = st.tuples(MINUTES, MINUTES).map(
    lambda pair: tuple(sorted(one.replace(hour=one.hour % 4) for one in pair))
)
HOURS_AT_NIGHT = st.builds(
    lambda zone, window: every_day(zone, window),
    st.sampled_from(ZONES),
    NIGHTS.filter(lambda pair: pair[0] < pair[1]),
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


@settings(max_examples=200)
@given(HOURS | HOURS_AT_NIGHT, AROUND_CHANGES)
def test_the_next_opening_is_the_first_open_minute(hours: CallingHours, now: datetime) -> None:
    """Windows and changes of clocks begin with whole minutes, so trying each minute is exact."""
    minutes = (now + timedelta(minutes=minute) for minute in range(2 * 24 * 60))
    first = next((minute for minute in minutes if hours.is_open(minute)), None)
    opening = hours.next_opening(now)
    if first is not None:
        assert opening == first
    else:
        assert opening is None or opening >= now + timedelta(days=2)


@given(MOMENTS, st.sampled_from(WEEKDAYS))
def test_only_one_day_of_the_week_opens_a_window_of_one_day(now: datetime, day: Weekday) -> None:
    hours = CallingHours("Asia/Tokyo", {day: (time(0), time.max)})
    assert hours.is_open(now) is (WEEKDAYS[now.astimezone(TOKYO).weekday()] == day)


# --- two that must both be open --------------------------------------------------------------

TIMES = st.integers(0, 96).map(lambda n: time.max if n == 96 else time(n // 4, n % 4 * 15))
WINDOWS = st.tuples(TIMES, TIMES).filter(lambda window: window[0] < window[1])
# A week with its Wednesday a Japanese holiday (3 November 2027) and days that differ.
DAYS = st.dates(date(2027, 11, 1), date(2027, 11, 7))
SOME_HOURS = st.builds(
    CallingHours,
    time_zone=st.just("Asia/Tokyo"),
    windows=st.dictionaries(st.sampled_from(WEEKDAYS), WINDOWS),
    closed_on_holidays=st.booleans(),
    exceptions=st.dictionaries(DAYS, st.none() | WINDOWS, max_size=3),
)
MOMENTS = st.integers(0, 7 * 24 * 4).map(
    lambda quarters: tokyo(2027, 11, 1, 0) + timedelta(minutes=15 * quarters)
)


@given(SOME_HOURS, SOME_HOURS, MOMENTS)
def test_within_others_hours_are_open_when_both_are(
    one: CallingHours, other: CallingHours, now: datetime
) -> None:
    assert replace(one, within=other).is_open(now) == (one.is_open(now) and other.is_open(now))


@given(SOME_HOURS, SOME_HOURS, MOMENTS)
def test_the_next_opening_is_the_first_moment_at_which_both_are_open(
    one: CallingHours, other: CallingHours, now: datetime
) -> None:
    opening = replace(one, within=other).next_opening(now)
    # All windows begin and end at quarters of an hour.
    moments = (now + timedelta(minutes=15 * quarters) for quarters in range(15 * 24 * 4))
    first = next((at for at in moments if one.is_open(at) and other.is_open(at)), None)
    if first is not None or opening is None:
        assert opening == first
    else:
        assert opening > now + timedelta(days=15)


def test_a_week_whose_days_do_not_meet_never_opens() -> None:
    mondays = CallingHours("Asia/Tokyo", {"mon": DAYTIME})
    tuesdays = CallingHours("Asia/Tokyo", {"tue": DAYTIME})
    assert replace(mondays, within=tuesdays).next_opening(tokyo(2027, 11, 1, 0)) is None
