"""What may come up about a lead while its telephone rings, and stops the call."""

from datetime import datetime

from dialer.rules.eligibility import CLAUSES, Actor, LeadFacts, Refusal

# The other clauses of the gate are about when and how often; that was decided with the claim.
_MAY_COME_UP = (
    Refusal.PROHIBITED,
    Refusal.BOXED,
    Refusal.LEAD_DELETED,
    Refusal.PROJECT_CLOSED,
)


def came_up(facts: LeadFacts, actor: Actor, now: datetime) -> Refusal | None:
    """Why the call would not be let through any more; None: nothing has come up."""
    return next(
        (reason for reason in _MAY_COME_UP if CLAUSES[reason](facts, actor, now) is not None), None
    )
