"""Times that people type for a part of a recording."""

import pytest

from webui.pages.good_examples import milliseconds


@pytest.mark.parametrize(
    ("typed", "ms"),
    [
        ("0:00", 0),
        ("1:23", 83_000),
        ("75:00", 4_500_000),
        ("1:02:03", 3_723_000),
        ("１：２３", 83_000),
    ],
)
def test_a_time_is_read(typed: str, ms: int) -> None:
    assert milliseconds(typed) == ms


@pytest.mark.parametrize("typed", ["", "83", "1:60", "a:bc", "-1:00", "1:2"])
def test_what_is_no_time_is_none(typed: str) -> None:
    assert milliseconds(typed) is None
