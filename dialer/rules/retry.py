"""When, if ever, a lead is called again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.rules.hangup_cause import CallOutcome

# An abandoned person is left alone for this long (product rule; the campaign
# may only be stricter).
ABANDONED_REST = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class RetryRules:
    """`delay_seconds` per outcome; an outcome without a delay is not tried again."""

    max_attempts: int
    delay_seconds: Mapping[CallOutcome, int]


@dataclass(frozen=True, slots=True)
class RetryAt:
    at: datetime


@dataclass(frozen=True, slots=True)
class NoMoreAttempts:
    """The lead is finished: the last attempt was made, or another is useless."""


# Endings that are our own or the trunk's doing: they say nothing about the
# lead, so they do not use up one of its attempts.
_NOT_THE_LEADS_DOING = {CallOutcome.CANCELLED, CallOutcome.FAILED}
_OWN_FAULT_DELAY = timedelta(minutes=1)


def after_outcome(
    outcome: CallOutcome, attempts: int, rules: RetryRules, now: datetime
) -> RetryAt | NoMoreAttempts:
    """What follows a call that ended with `outcome`; `attempts` includes it."""
    if outcome in _NOT_THE_LEADS_DOING:
        return RetryAt(now + _OWN_FAULT_DELAY)
    if attempts >= rules.max_attempts:
        return NoMoreAttempts()
    if outcome is CallOutcome.ABANDONED:
        return RetryAt(now + ABANDONED_REST)
    delay = rules.delay_seconds.get(outcome)
    return NoMoreAttempts() if delay is None else RetryAt(now + timedelta(seconds=delay))


def counts_as_attempt(outcome: CallOutcome) -> bool:
    """Whether the call used up one of the lead's attempts."""
    return outcome not in _NOT_THE_LEADS_DOING
