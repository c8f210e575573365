from datetime import UTC, datetime, timedelta

import pytest

from dialer.rules.second_factor import STEP_SECONDS, accepted_step, steps_to_try

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
STEP = steps_to_try(NOON)[0]
CODES = {STEP: "123456", STEP - 1: "654321", STEP + 1: "111222"}


def test_a_phones_clock_may_be_half_a_minute_off() -> None:
    assert set(steps_to_try(NOON)) == {STEP - 1, STEP, STEP + 1}
    assert steps_to_try(NOON + timedelta(seconds=STEP_SECONDS))[0] == STEP + 1


@pytest.mark.parametrize(
    ("typed", "step"),
    [
        ("123456", STEP),
        ("123 456", STEP),
        (" 654321\n", STEP - 1),
        ("111222", STEP + 1),
        ("123457", None),
        ("12345", None),
        ("", None),
        ("一二三四五六", None),
    ],
)
def test_the_codes_around_now_are_taken(typed: str, step: int | None) -> None:
    assert accepted_step(typed, CODES, last_step=None) == step


def test_a_code_is_good_once_and_older_ones_no_more() -> None:
    assert accepted_step("123456", CODES, last_step=STEP) is None
    assert accepted_step("654321", CODES, last_step=STEP) is None
    assert accepted_step("111222", CODES, last_step=STEP) == STEP + 1
