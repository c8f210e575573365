"""The gate's answer taken apart: what each clause says, and when time alone lets a lead through."""

from dataclasses import dataclass
from datetime import datetime

from dialer.rules.eligibility import Actor, LeadFacts, Refusal, Refused, refusals


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """One clause of the gate; `refused` None: it lets the lead through."""

    rule: Refusal
    refused: Refused | None

    @property
    def passes(self) -> bool:
        return self.refused is None


def verdicts(facts: LeadFacts, actor: Actor, now: datetime) -> tuple[RuleVerdict, ...]:
    """Every clause in the gate's order; the first that refuses is `may_call`'s answer."""
    refused = {refusal.reason: refusal for refusal in refusals(facts, actor, now)}
    return tuple(RuleVerdict(reason, refused.get(reason)) for reason in Refusal)


def allowed_from(facts: LeadFacts, actor: Actor, now: datetime) -> datetime | None:
    """The first moment from `now` on at which the gate lets the lead through.

    None when time alone does not: somebody has to lift, release or change something first.
    """
    at: datetime | None = now
    while at is not None and (found := refusals(facts, actor, at)):
        times = [refusal.retry_at for refusal in found]
        # Until the last of them has passed, one of them refuses.
        at = None if None in times else max(time for time in times if time is not None)
    return at
