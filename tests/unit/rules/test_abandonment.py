"""The ledger of those who answered and were left alone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.abandonment import MINIMUM_ANSWERED, WINDOW, AbandonmentLedger

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def a_ledger(answered: int, abandoned: int, at: datetime = NOON) -> AbandonmentLedger:
    ledger = AbandonmentLedger()
    for number in range(answered):
        ledger.add(at, abandoned=number < abandoned)
    return ledger


def test_without_answers_nobody_was_abandoned() -> None:
    assert AbandonmentLedger().rate(NOON) == 0.0


def test_the_rate_is_abandoned_of_answered() -> None:
    assert a_ledger(answered=50, abandoned=2).rate(NOON) == 0.04


def test_the_limit_is_reached_by_its_own_value() -> None:
    ledger = a_ledger(answered=100, abandoned=3)
    assert ledger.over_limit(3.0, NOON)
    assert not ledger.over_limit(3.1, NOON)


def test_one_unlucky_call_among_the_first_does_not_count_yet() -> None:
    assert not a_ledger(answered=MINIMUM_ANSWERED - 1, abandoned=5).over_limit(3.0, NOON)
    assert a_ledger(answered=MINIMUM_ANSWERED, abandoned=5).over_limit(3.0, NOON)


def test_a_day_later_it_is_forgotten() -> None:
    ledger = a_ledger(answered=100, abandoned=50)
    assert ledger.rate(NOON + WINDOW) == 0.5
    assert ledger.rate(NOON + WINDOW + timedelta(seconds=1)) == 0.0


@given(st.lists(st.tuples(st.integers(0, 3600 * 5), st.booleans()), max_size=60))
def test_the_rate_is_that_of_the_window(calls: list[tuple[int, bool]]) -> None:
    ledger, now = AbandonmentLedger(), NOON
    entries: list[tuple[datetime, bool]] = []
    for seconds, abandoned in calls:
        now += timedelta(seconds=seconds)
        ledger.add(now, abandoned=abandoned)
        entries.append((now, abandoned))
    inside = [abandoned for at, abandoned in entries if at >= now - WINDOW]
    assert ledger.rate(now) == (sum(inside) / len(inside) if inside else 0.0)
