from datetime import UTC, date, datetime, timedelta

import pytest

from webui.formats import Formats, midnight, national, start_of_day

NOW = datetime(2026, 11, 24, 5, 32, tzinfo=UTC)
JAPANESE = Formats("ja", "Asia/Tokyo", NOW)
ENGLISH = Formats("en", "Asia/Tokyo", NOW)


def test_times_are_shown_in_the_zone_of_the_installation() -> None:
    assert JAPANESE.clock(NOW) == "14:32"
    assert JAPANESE.clock(NOW, seconds=True) == "14:32:00"
    assert JAPANESE.iso(NOW) == "2026-11-24T14:32:00+09:00"


def test_the_date_is_shown_only_when_it_is_not_today() -> None:
    assert JAPANESE.moment(NOW - timedelta(hours=3)) == "11:32"
    assert JAPANESE.moment(NOW - timedelta(days=1)) == "11月23日(月) 14:32"
    assert ENGLISH.moment(NOW - timedelta(days=1)) == "Mon 23 Nov 14:32"
    assert JAPANESE.day(NOW - timedelta(days=365)) == "2025年11月24日(月)"


def test_tomorrow_is_called_so() -> None:
    assert JAPANESE.ahead(NOW + timedelta(hours=2)) == "16:32"
    assert JAPANESE.ahead(NOW + timedelta(hours=12)) == "明日 02:32"
    assert ENGLISH.ahead(NOW + timedelta(days=1)) == "tomorrow 14:32"
    assert ENGLISH.ahead(NOW + timedelta(days=2)) == "Thu 26 Nov 14:32"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (7, "0:07"), (187, "3:07"), (3765, "1:02:45"), (-3, "0:00"), (None, "–")],
)
def test_lengths_read_as_minutes_and_seconds(seconds: float | None, shown: str) -> None:
    assert JAPANESE.duration(seconds) == shown


def test_a_share_of_nothing_is_a_dash() -> None:
    assert JAPANESE.percent(0, 0) == "–"
    assert JAPANESE.percent(1, 3) == "33.3%"


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+81312345678", "03-1234-5678"),
        ("+819012345678", "090-1234-5678"),
        ("+442079460000", "+44 20 7946 0000"),
        ("0312345678", "03-1234-5678"),
        ("anonymous", "anonymous"),
    ],
)
def test_numbers_are_shown_as_people_here_write_them(e164: str, shown: str) -> None:
    assert national(e164) == shown


def test_the_day_begins_at_midnight_of_the_zone() -> None:
    begin = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    assert midnight(NOW, "Asia/Tokyo") == begin
    assert start_of_day(date(2026, 11, 24), "Asia/Tokyo") == begin


def test_a_campaign_is_called_by_its_title_if_it_has_one() -> None:
    titled = Formats("ja", "Asia/Tokyo", NOW, {"autumn": "秋の切り替え"})
    assert [titled.campaign(name) for name in ("autumn", "winter")] == ["秋の切り替え", "winter"]
