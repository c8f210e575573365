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


# Our own side did not place the call, or took it back before an answer: that says
# nothing about the lead, so it does not use up one of its attempts.
_OWN_FAULT_DELAY = timedelta(minutes=1)


def after_outcome(
    outcome: CallOutcome,
    attempts: int,
    rules: RetryRules,
    now: datetime,
    *,
    placed: bool = True,
) -> RetryAt | NoMoreAttempts:
    """What follows a call that ended with `outcome`; `attempts` includes it.

    `placed`: the call went out, and the network or the person ended it.
    """
    if not counts_as_attempt(outcome, placed=placed):
        return RetryAt(now + _OWN_FAULT_DELAY)
    if attempts >= rules.max_attempts:
        return NoMoreAttempts()
    if outcome is CallOutcome.ABANDONED:
        return RetryAt(now + ABANDONED_REST)
    delay = rules.delay_seconds.get(outcome)
    return NoMoreAttempts() if delay is None else RetryAt(now + timedelta(seconds=delay))


def counts_as_attempt(outcome: CallOutcome, *, placed: bool = True) -> bool:
    """Whether the call used up one of the lead's attempts.

    A number whose calls fail at the far end (no common codec, say) does use them up, or it
    would be dialled for ever.
    """
    return outcome is not CallOutcome.CANCELLED and (placed or outcome is not CallOutcome.FAILED)
