"""When a lead is called again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.campaign import RetrySettings
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.retry import (
    ABANDONED_REST,
    NoMoreAttempts,
    RetryAt,
    RetryRules,
    after_outcome,
    counts_as_attempt,
)

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
RULES = RetryRules(3, {CallOutcome.NO_ANSWER: 7200, CallOutcome.BUSY: 900})
OWN_DOING = [CallOutcome.CANCELLED, CallOutcome.FAILED]


def test_after_no_answer_the_campaigns_delay_passes() -> None:
    assert after_outcome(CallOutcome.NO_ANSWER, 1, RULES, NOON) == RetryAt(
        NOON + timedelta(hours=2)
    )


def test_the_last_attempt_finishes_the_lead() -> None:
    assert after_outcome(CallOutcome.NO_ANSWER, 3, RULES, NOON) == NoMoreAttempts()


def test_an_outcome_without_a_delay_finishes_the_lead() -> None:
    assert after_outcome(CallOutcome.UNREACHABLE, 1, RULES, NOON) == NoMoreAttempts()


def test_who_was_abandoned_rests_for_three_days_whatever_the_campaign_says() -> None:
    hasty = RetryRules(3, {CallOutcome.ABANDONED: 60})
    assert after_outcome(CallOutcome.ABANDONED, 1, hasty, NOON) == RetryAt(NOON + ABANDONED_REST)


@pytest.mark.parametrize("outcome", OWN_DOING)
def test_what_was_our_own_doing_costs_the_lead_no_attempt(outcome: CallOutcome) -> None:
    assert not counts_as_attempt(outcome, placed=False)
    answer = after_outcome(outcome, 99, RULES, NOON, placed=False)
    assert isinstance(answer, RetryAt)
    assert answer.at > NOON


@pytest.mark.parametrize("outcome", [o for o in CallOutcome if o not in OWN_DOING])
def test_every_other_call_is_an_attempt(outcome: CallOutcome) -> None:
    assert counts_as_attempt(outcome)


def test_a_number_whose_calls_fail_at_the_far_end_is_not_dialled_for_ever() -> None:
    rules = RetryRules(2, {CallOutcome.FAILED: 3600})
    assert after_outcome(CallOutcome.FAILED, 1, rules, NOON) == RetryAt(NOON + timedelta(hours=1))
    assert after_outcome(CallOutcome.FAILED, 2, rules, NOON) == NoMoreAttempts()


@given(
    st.sampled_from(list(CallOutcome)),
    st.integers(1, 60),
    st.integers(1, 50),
    st.dictionaries(st.sampled_from(list(CallOutcome)), st.integers(0, 10**7)),
)
def test_nobody_is_called_again_before_now_or_more_often_than_allowed(
    outcome: CallOutcome, attempts: int, most: int, delays: dict[CallOutcome, int]
) -> None:
    answer = after_outcome(outcome, attempts, RetryRules(most, delays), NOON)
    if isinstance(answer, RetryAt):
        assert answer.at >= NOON
        assert attempts < most or not counts_as_attempt(outcome)


def test_minutes_of_the_campaign_file_become_seconds() -> None:
    rules = RetrySettings(max_attempts=5, delay_minutes={CallOutcome.BUSY: 15}).rules()
    assert rules == RetryRules(5, {CallOutcome.BUSY: 900})
