"""When a lead is called again."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.campaign import ResultRetrySettings, RetrySettings
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.retry import (
    NoMoreAttempts,
    ResultRetry,
    RetryAt,
    RetryRules,
    after_outcome,
    after_result,
    counts_as_attempt,
)

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
RULES = RetryRules(3, {CallOutcome.NO_ANSWER: 7200, CallOutcome.BUSY: 900})
OWN_DOING = [CallOutcome.CANCELLED, CallOutcome.FAILED]


def test_after_no_answer_the_campaigns_delay_passes() -> None:
    assert after_outcome(CallOutcome.NO_ANSWER, 1, 1, RULES, NOON) == RetryAt(
        NOON + timedelta(hours=2)
    )


def test_the_last_attempt_finishes_the_lead() -> None:
    assert after_outcome(CallOutcome.NO_ANSWER, 3, 1, RULES, NOON) == NoMoreAttempts()


def test_an_outcome_without_a_delay_finishes_the_lead() -> None:
    assert after_outcome(CallOutcome.UNREACHABLE, 1, 1, RULES, NOON) == NoMoreAttempts()


@pytest.mark.parametrize(("delays", "seconds"), [({}, 0), ({CallOutcome.ABANDONED: 60}, 60)])
def test_how_long_who_was_abandoned_is_left_alone_is_the_gates_to_say(
    delays: dict[CallOutcome, int], seconds: int
) -> None:
    answer = after_outcome(CallOutcome.ABANDONED, 1, 1, RetryRules(3, delays), NOON)
    assert answer == RetryAt(NOON + timedelta(seconds=seconds))


def test_so_many_calls_with_one_outcome_finish_the_lead() -> None:
    rules = replace(RULES, max_attempts=9, limits={CallOutcome.BUSY: 2})
    assert after_outcome(CallOutcome.BUSY, 4, 1, rules, NOON) == RetryAt(
        NOON + timedelta(minutes=15)
    )
    assert after_outcome(CallOutcome.BUSY, 4, 2, rules, NOON) == NoMoreAttempts()
    assert after_outcome(CallOutcome.NO_ANSWER, 4, 4, rules, NOON) != NoMoreAttempts()


@pytest.mark.parametrize(
    ("own", "of_the_set", "hours"),
    [(None, 7200, 2), (3600, 7200, 1), (0, 7200, 0), (3600, None, 1), (None, None, 24)],
)
def test_the_campaigns_delay_of_a_result_beats_that_of_the_result_set(
    own: int | None, of_the_set: int | None, hours: int
) -> None:
    rules = replace(RULES, results={"検討中": ResultRetry(own)})
    answer = after_result("検討中", 1, 1, rules, NOON, delay_seconds=of_the_set)
    assert answer == RetryAt(NOON + timedelta(hours=hours))


def test_so_many_calls_with_one_result_finish_the_lead() -> None:
    rules = replace(RULES, results={"検討中": ResultRetry(limit=2)})
    assert after_result("検討中", 2, 1, rules, NOON, delay_seconds=60) != NoMoreAttempts()
    assert after_result("検討中", 2, 2, rules, NOON, delay_seconds=60) == NoMoreAttempts()
    assert after_result("担当者不在", 2, 2, rules, NOON, delay_seconds=60) != NoMoreAttempts()


def test_a_result_that_says_again_does_not_pass_over_the_cap() -> None:
    assert after_result("検討中", 3, 1, RULES, NOON, delay_seconds=60) == NoMoreAttempts()


@pytest.mark.parametrize("outcome", OWN_DOING)
def test_what_was_our_own_doing_costs_the_lead_no_attempt(outcome: CallOutcome) -> None:
    assert not counts_as_attempt(outcome, placed=False)
    answer = after_outcome(outcome, 99, 99, RULES, NOON, placed=False)
    assert isinstance(answer, RetryAt)
    assert answer.at > NOON


@pytest.mark.parametrize("outcome", [o for o in CallOutcome if o not in OWN_DOING])
def test_every_other_call_is_an_attempt(outcome: CallOutcome) -> None:
    assert counts_as_attempt(outcome)


def test_a_number_whose_calls_fail_at_the_far_end_is_not_dialled_for_ever() -> None:
    rules = RetryRules(2, {CallOutcome.FAILED: 3600})
    again = after_outcome(CallOutcome.FAILED, 1, 1, rules, NOON)
    assert again == RetryAt(NOON + timedelta(hours=1))
    assert after_outcome(CallOutcome.FAILED, 2, 2, rules, NOON) == NoMoreAttempts()


OUTCOMES = st.sampled_from(list(CallOutcome))
SECONDS = st.integers(0, 10**7)
LIMITS = st.integers(1, 50)
RULES_OF_ANY_KIND = st.builds(
    RetryRules,
    st.integers(1, 50),
    st.dictionaries(OUTCOMES, SECONDS),
    st.dictionaries(OUTCOMES, LIMITS),
    st.dictionaries(
        st.sampled_from("ab"), st.builds(ResultRetry, st.none() | SECONDS, st.none() | LIMITS)
    ),
)


@given(OUTCOMES, st.integers(1, 60), st.integers(1, 60), RULES_OF_ANY_KIND, st.booleans())
def test_nobody_is_called_again_before_now_or_more_often_than_allowed(
    outcome: CallOutcome, attempts: int, same: int, rules: RetryRules, placed: bool
) -> None:
    answer = after_outcome(outcome, attempts, same, rules, NOON, placed=placed)
    if isinstance(answer, RetryAt):
        assert answer.at >= NOON
        if counts_as_attempt(outcome, placed=placed):
            assert attempts < rules.max_attempts
            assert same < rules.limits.get(outcome, 61)


@given(
    st.lists(st.tuples(OUTCOMES, st.sampled_from(["a", "b", "c", None])), min_size=60, max_size=60),
    RULES_OF_ANY_KIND,
    st.none() | SECONDS,
)
def test_no_history_of_outcomes_and_results_makes_more_calls_than_the_cap(
    history: list[tuple[CallOutcome, str | None]], rules: RetryRules, delay: int | None
) -> None:
    attempts, now = 0, NOON
    outcomes: Counter[CallOutcome] = Counter()
    results: Counter[str] = Counter()
    for outcome, result in history:
        outcomes[outcome] += 1
        attempts += counts_as_attempt(outcome)
        answer = after_outcome(outcome, attempts, outcomes[outcome], rules, now)
        if result is not None:
            results[result] += 1
            answer = after_result(
                result, attempts, results[result], rules, now, delay_seconds=delay
            )
        if isinstance(answer, NoMoreAttempts):
            break
        assert answer.at >= now
        now = answer.at
    assert attempts <= rules.max_attempts


def test_minutes_of_the_campaign_file_become_seconds() -> None:
    settings = RetrySettings(
        max_attempts=5,
        delay_minutes={CallOutcome.BUSY: 15},
        limits={CallOutcome.BUSY: 4},
        results={"検討中": ResultRetrySettings(delay_minutes=1440, limit=2)},
    )
    assert settings.rules() == RetryRules(
        5, {CallOutcome.BUSY: 900}, {CallOutcome.BUSY: 4}, {"検討中": ResultRetry(86_400, 2)}
    )
