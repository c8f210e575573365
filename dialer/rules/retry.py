"""When, if ever, a lead is called again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dialer.rules.hangup_cause import CallOutcome


@dataclass(frozen=True, slots=True)
class ResultRetry:
    """A campaign's own rule for one action result; None: as the result set says, no limit."""

    delay_seconds: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class RetryRules:
    """How often a lead is called, and how long it is left alone in between.

    `max_attempts` is the cap on all calls together; no limit adds to it. An outcome without
    a delay is not tried again, and one with a limit no more after so many calls that ended
    with it. `results` are by the name of an action result.
    """

    max_attempts: int
    delay_seconds: Mapping[CallOutcome, int]
    limits: Mapping[CallOutcome, int] = field(default_factory=dict)
    results: Mapping[str, ResultRetry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetryAt:
    at: datetime


@dataclass(frozen=True, slots=True)
class NoMoreAttempts:
    """The lead is finished: the last attempt was made, or another is useless."""


FollowUp = RetryAt | NoMoreAttempts

# Our own side did not place the call, or took it back before an answer: that says
# nothing about the lead, so it does not use up one of its attempts.
_OWN_FAULT_DELAY = timedelta(minutes=1)

# A result of the effect retry whose delay nobody set.
_RESULT_DELAY_SECONDS = 86_400


def after_outcome(
    outcome: CallOutcome,
    attempts: int,
    same_outcome: int,
    rules: RetryRules,
    now: datetime,
    *,
    placed: bool = True,
) -> FollowUp:
    """What follows a call that ended with `outcome`.

    `attempts` are the lead's calls and `same_outcome` those that ended so, this one included.
    `placed`: the call went out, and the network or the person ended it.
    """
    if not counts_as_attempt(outcome, placed=placed):
        return RetryAt(now + _OWN_FAULT_DELAY)
    delay = rules.delay_seconds.get(outcome)
    if delay is None and outcome is CallOutcome.ABANDONED:
        delay = 0  # the gate has the say: nobody calls him for days without an agent held
    return _again(attempts, same_outcome, rules.max_attempts, rules.limits.get(outcome), delay, now)


def after_result(
    result: str,
    attempts: int,
    same_result: int,
    rules: RetryRules,
    now: datetime,
    *,
    delay_seconds: int | None,
) -> FollowUp:
    """What follows a call with an action result whose effect is to try again.

    `result` is its name, and `delay_seconds` what the result set says. `attempts` are the
    lead's calls and `same_result` those with this result, this one included.
    """
    own = rules.results.get(result, ResultRetry())
    delays = (own.delay_seconds, delay_seconds, _RESULT_DELAY_SECONDS)
    delay = next(one for one in delays if one is not None)
    return _again(attempts, same_result, rules.max_attempts, own.limit, delay, now)


def counts_as_attempt(outcome: CallOutcome, *, placed: bool = True) -> bool:
    """Whether the call used up one of the lead's attempts.

    A number whose calls fail at the far end (no common codec, say) does use them up, or it
    would be dialled for ever.
    """
    return outcome is not CallOutcome.CANCELLED and (placed or outcome is not CallOutcome.FAILED)


def _again(
    attempts: int, same: int, cap: int, limit: int | None, delay: int | None, now: datetime
) -> FollowUp:
    if attempts >= cap or (limit is not None and same >= limit) or delay is None:
        return NoMoreAttempts()
    return RetryAt(now + timedelta(seconds=delay))
