"""How long conversations are kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.retention import Erasure, Retention, erasure, shortest

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
_DAYS = st.none() | st.integers(0, 400)
_POLICIES = st.builds(Retention, _DAYS, _DAYS)


@pytest.mark.parametrize(
    ("policy", "days_ago", "to_erase"),
    [
        (Retention(), 3650, Erasure.NOTHING),
        (Retention(90, 365), 89, Erasure.NOTHING),
        (Retention(90, 365), 90, Erasure.NOTHING),
        (Retention(90, 365), 91, Erasure.AUDIO),
        (Retention(90, 365), 366, Erasure.ALL),
        (Retention(90, None), 3650, Erasure.AUDIO),
        (Retention(None, 30), 31, Erasure.ALL),
        (Retention(90, 30), 31, Erasure.ALL),
    ],
)
def test_audio_goes_first_and_words_later(
    policy: Retention, days_ago: int, to_erase: Erasure
) -> None:
    assert _erased(policy, days_ago) is to_erase


def test_nothing_is_erased_under_a_hold() -> None:
    old = NOW - timedelta(days=3650)
    assert erasure(Retention(1, 1), old, held=True, now=NOW) is Erasure.NOTHING


def test_each_may_only_shorten() -> None:
    policies = (Retention(90, 365), Retention(None, 30), Retention(365, None))
    assert shortest(policies) == Retention(90, 30)
    assert shortest(()) == Retention(None, None)


@given(st.lists(_POLICIES, max_size=4), _POLICIES, st.integers(0, 500))
def test_another_policy_never_keeps_longer(
    policies: list[Retention], another: Retention, days_ago: int
) -> None:
    order = list(Erasure)
    before = _erased(shortest(policies), days_ago)
    after = _erased(shortest([*policies, another]), days_ago)
    assert order.index(after) >= order.index(before)


@given(_POLICIES, st.integers(0, 500))
def test_what_is_erased_stays_erased(policy: Retention, days_ago: int) -> None:
    order = list(Erasure)
    later = _erased(policy, days_ago + 1)
    assert order.index(later) >= order.index(_erased(policy, days_ago))


def _erased(policy: Retention, days_ago: int) -> Erasure:
    return erasure(policy, NOW - timedelta(days=days_ago), held=False, now=NOW)
