"""How many calls are started, and why none is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.pacing import (
    NotDialling,
    PacingSnapshot,
    StartBudget,
    effective_lines_per_agent,
    lines_to_dial,
    refill,
    take,
)

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
CALM = PacingSnapshot(
    lines_per_agent=2.0,
    logged_in=3,
    ready=3,
    open_lines=0,
    trunk_free=100,
    over_abandon_limit=False,
)


def test_power_dials_its_lines_for_each_ready_agent() -> None:
    assert lines_to_dial(CALM) == 6


def test_progressive_dials_one_line_for_each_ready_agent() -> None:
    assert lines_to_dial(replace(CALM, lines_per_agent=1.0)) == 3


def test_a_fraction_of_a_line_is_not_dialled() -> None:
    assert lines_to_dial(replace(CALM, lines_per_agent=1.5)) == 4


def test_lines_on_their_way_count() -> None:
    assert lines_to_dial(replace(CALM, open_lines=4)) == 2


def test_the_trunk_has_the_last_word() -> None:
    assert lines_to_dial(replace(CALM, trunk_free=1)) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"logged_in": 0, "ready": 0}, NotDialling.NO_AGENTS),
        ({"ready": 0}, NotDialling.AGENTS_BUSY),
        ({"open_lines": 6}, NotDialling.LINES_IN_USE),
        ({"open_lines": 9}, NotDialling.LINES_IN_USE),
        ({"trunk_free": 0}, NotDialling.TRUNK_FULL),
        ({"trunk_free": -1}, NotDialling.TRUNK_FULL),
    ],
)
def test_there_is_always_a_reason_for_not_dialling(
    change: dict[str, Any], reason: NotDialling
) -> None:
    assert lines_to_dial(replace(CALM, **change)) is reason


def test_at_the_abandonment_limit_one_line_an_agent_is_left() -> None:
    limited = replace(CALM, over_abandon_limit=True)
    assert effective_lines_per_agent(limited) == 1.0
    assert lines_to_dial(limited) == 3


SNAPSHOTS = st.builds(
    PacingSnapshot,
    lines_per_agent=st.floats(1, 10),
    logged_in=st.integers(0, 50),
    ready=st.integers(0, 50),
    open_lines=st.integers(0, 200),
    trunk_free=st.integers(-5, 200),
    over_abandon_limit=st.booleans(),
)


@given(SNAPSHOTS)
def test_never_more_lines_than_agents_and_trunk_allow(snapshot: PacingSnapshot) -> None:
    lines = lines_to_dial(snapshot)
    if isinstance(lines, NotDialling):
        return
    assert 1 <= lines <= snapshot.trunk_free
    assert lines + snapshot.open_lines <= snapshot.ready * effective_lines_per_agent(snapshot)


# --- calls per second ----------------------------------------------------------------------------


def a_bucket(per_second: float, tokens: float = 0.0) -> StartBudget:
    return StartBudget(per_second, tokens, NOON)


def test_an_empty_bucket_grants_nothing() -> None:
    assert take(a_bucket(10), 5)[1] == 0


def test_a_bucket_fills_with_time() -> None:
    bucket = refill(a_bucket(10), NOON + timedelta(milliseconds=300))
    assert take(bucket, 5)[1] == 3


def test_half_a_second_at_most_starts_at_once() -> None:
    bucket = refill(a_bucket(10), NOON + timedelta(hours=1))
    assert take(bucket, 100)[1] == 5


def test_a_slow_trunk_still_starts_one_call() -> None:
    bucket = refill(a_bucket(0.2), NOON + timedelta(seconds=5))
    assert take(bucket, 100)[1] == 1


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    bucket = refill(a_bucket(10, tokens=2.0), NOON - timedelta(hours=1))
    assert bucket.tokens == 2.0


@given(
    st.floats(0.1, 100),
    st.lists(st.tuples(st.floats(0, 5), st.integers(0, 50)), max_size=30),
)
def test_in_any_time_no_more_starts_than_the_rate_and_one_burst(
    per_second: float, looks: list[tuple[float, int]]
) -> None:
    bucket, now, started = a_bucket(per_second, tokens=1.0), NOON, 0
    for seconds, wanted in looks:
        now += timedelta(seconds=seconds)
        bucket, granted = take(refill(bucket, now), wanted)
        assert 0 <= granted <= wanted
        started += granted
    passed = (now - NOON).total_seconds()
    assert started <= ceil(bucket.burst + passed * per_second + 1e-6)
