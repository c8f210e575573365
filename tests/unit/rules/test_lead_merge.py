"""Two leads that are one: nobody is called sooner or oftener because a list had him twice."""

from datetime import UTC, datetime, timedelta

from dialer.rules.lead_merge import Calling, joined, proposed, united

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=2)
FRESH = Calling(0, 0, None, None, None)


def test_the_first_that_says_something_is_proposed() -> None:
    assert proposed(["", "渋谷区", "港区"]) == 1
    assert proposed(["", ""]) == 0


def test_notes_are_joined_each_once() -> None:
    assert joined(["電話は午後", "", "電話は午後", "担当 山田"]) == "電話は午後\n担当 山田"


def test_all_attempts_count_and_the_longest_delay_holds() -> None:
    one = Calling(5, 2, NOON, NOON, None)
    other = Calling(-1, 1, LATER, LATER, None)
    assert united([one, other, FRESH], with_callback=False) == Calling(5, 3, LATER, LATER, None)


def test_a_final_result_of_one_is_final_for_all() -> None:
    assert united([FRESH, Calling(0, 1, NOON, None, NOON)], with_callback=False) == Calling(
        0, 1, NOON, None, NOON
    )


def test_a_promise_to_call_back_is_kept() -> None:
    one = Calling(0, 1, NOON, LATER, NOON)
    assert united([one, FRESH], with_callback=True) == Calling(0, 1, NOON, None, None)
