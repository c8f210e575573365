"""Work that fails is tried again, less and less often, and given up in the end."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from dialer.rules.job_retry import MOST_TRIES, next_try

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


def test_each_pause_is_at_least_as_long_as_the_one_before_and_never_over_an_hour() -> None:
    pauses = [next_try(tries, NOW) for tries in range(1, MOST_TRIES)]

    assert pauses[0] == NOW + timedelta(seconds=15)
    assert all(a is not None and b is not None and a <= b for a, b in pairwise(pauses))
    assert pauses[-1] == NOW + timedelta(hours=1)


def test_after_the_last_try_it_is_given_up() -> None:
    assert next_try(MOST_TRIES, NOW) is None
