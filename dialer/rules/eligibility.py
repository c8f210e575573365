"""The gate: may this lead be called now, by this actor?

One and the same order everywhere. `dialer.claiming` asks the same in SQL for
many leads at once; property tests hold the two equal on both databases.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dialer.messages import UserId
from dialer.rules.calling_hours import CallingHours

# Kinds of number that a campaign never calls, whatever the list says.
UNCALLABLE_KINDS = frozenset({"premium", "uan", "emergency", "service"})


class Refusal(StrEnum):
    """Why a lead is not called, in the order in which the gate asks."""

    PROHIBITED = "prohibited"
    BOXED = "boxed"
    LEAD_DELETED = "lead_deleted"
    PROJECT_CLOSED = "project_closed"
    OUTSIDE_HOURS = "outside_hours"
    FINISHED = "finished"  # a final result
    ATTEMPTS_USED = "attempts_used"
    WAITING = "waiting"  # the delay after the last attempt, or a callback's time
    NO_NUMBER = "no_number"  # none that may be called
    IN_CALL = "in_call"  # an open call to the lead or to one of its numbers


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """What the gate must know of a lead."""

    prohibited: bool  # any of its numbers, for the actor's workgroups or the company
    boxed_by: UserId | None  # the holder of a box that has not expired
    deleted: bool
    project_closed: bool
    finished: bool
    attempts: int
    next_attempt_at: datetime | None
    callable_numbers: int  # contact points with a number that may be called
    in_call: bool


@dataclass(frozen=True, slots=True)
class Actor:
    """For whom the call would be: a user, or a campaign (no user)."""

    user_id: UserId | None
    hours: CallingHours
    max_attempts: int


@dataclass(frozen=True, slots=True)
class Allowed:
    pass


@dataclass(frozen=True, slots=True)
class Refused:
    reason: Refusal
    retry_at: datetime | None = None  # when it would be allowed, where time alone decides


def may_call(facts: LeadFacts, actor: Actor, now: datetime) -> Allowed | Refused:
    """The gate's answer for one lead at `now`."""
    if facts.prohibited:
        return Refused(Refusal.PROHIBITED)
    if facts.boxed_by is not None and facts.boxed_by != actor.user_id:
        return Refused(Refusal.BOXED)
    if facts.deleted:
        return Refused(Refusal.LEAD_DELETED)
    if facts.project_closed:
        return Refused(Refusal.PROJECT_CLOSED)
    if not actor.hours.is_open(now):
        return Refused(Refusal.OUTSIDE_HOURS, actor.hours.next_opening(now))
    if facts.finished:
        return Refused(Refusal.FINISHED)
    if facts.attempts >= actor.max_attempts:
        return Refused(Refusal.ATTEMPTS_USED)
    if facts.next_attempt_at is not None and facts.next_attempt_at > now:
        return Refused(Refusal.WAITING, facts.next_attempt_at)
    if facts.callable_numbers == 0:
        return Refused(Refusal.NO_NUMBER)
    if facts.in_call:
        return Refused(Refusal.IN_CALL)
    return Allowed()
