"""The gate: may this lead be called now, by this actor?

One and the same order everywhere. `dialer.claiming` asks the same in SQL for
many leads at once; property tests hold the two equal on both databases.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from dialer.messages import UserId
from dialer.rules.calling_hours import CallingHours

# Kinds of number that are never called, whatever the list says.
UNCALLABLE_KINDS = frozenset({"premium", "uan", "emergency", "service"})

# An abandoned person is left alone for this long, unless an agent is held for the call.
ABANDONED_REST = timedelta(hours=72)


class Refusal(StrEnum):
    """Why a lead is not called, in the order in which the gate asks."""

    PROHIBITED = "prohibited"
    BOXED = "boxed"
    OTHER_PROJECT = "other_project"
    LEAD_DELETED = "lead_deleted"
    PROJECT_CLOSED = "project_closed"
    NOT_ASSIGNED = "not_assigned"
    OUTSIDE_HOURS = "outside_hours"
    CALLBACK_NOT_DUE = "callback_not_due"
    CALLBACK_OF_ANOTHER = "callback_of_another"
    FINISHED = "finished"  # a final result
    ATTEMPTS_USED = "attempts_used"
    WAITING = "waiting"  # the delay after the last attempt
    ABANDONED_REST = "abandoned_rest"
    IN_CALL = "in_call"  # an open call to the lead or to one of its numbers
    NO_NUMBER = "no_number"  # no telephone number at all
    NUMBER_KIND = "number_kind"  # only numbers of kinds that are never called


@dataclass(frozen=True, slots=True)
class Box:
    """A MyBox that has not expired, with the lead itself or another lead of one of its numbers."""

    holder: UserId
    own: bool = True  # holds the lead itself
    holder_workgroups: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class OpenCallback:
    """An agreed time to call again; `user_id` None: anyone may call."""

    due_at: datetime
    user_id: UserId | None = None


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """What the gate must know of a lead. The defaults are those of a lead nothing speaks against.

    `prohibited_for` are the workgroups for which one of its numbers is prohibited, None the
    whole company. `time_zone` is the lead's own; empty: the project's. `abandoned_at` is when
    the last abandoned call to one of its numbers ended.
    """

    project_id: int
    prohibited_for: frozenset[int | None] = frozenset()
    boxes: tuple[Box, ...] = ()
    deleted: bool = False
    project_closed: bool = False
    time_zone: str = ""
    callback: OpenCallback | None = None
    finished: bool = False
    attempts: int = 0
    next_attempt_at: datetime | None = None
    abandoned_at: datetime | None = None
    in_call: bool = False
    telephone_kinds: tuple[str, ...] = ("fixed",)  # the number kind of each telephone number


@dataclass(frozen=True, slots=True)
class Actor:
    """For whom the call would be.

    `user_id` is the agent who is held for the call: he dials by hand, or the campaign calls
    his own lead for him; None: a campaign calls for whoever becomes free. `hours` carry the
    project's time zone.
    """

    user_id: UserId | None
    project_id: int
    workgroup_ids: frozenset[int]
    hours: CallingHours
    max_attempts: int
    assigned: bool = True  # to the project


@dataclass(frozen=True, slots=True)
class Allowed:
    pass


@dataclass(frozen=True, slots=True)
class Refused:
    reason: Refusal
    retry_at: datetime | None = None  # when it would be allowed, where time alone decides


def may_call(facts: LeadFacts, actor: Actor, now: datetime) -> Allowed | Refused:
    """The gate's answer for one lead at `now`: the first clause that refuses, or allowed."""
    for reason in Refusal:
        verdict = CLAUSES[reason](facts, actor, now)
        if verdict is not None:
            return verdict
    return Allowed()


def refusals(facts: LeadFacts, actor: Actor, now: datetime) -> tuple[Refused, ...]:
    """Every clause that refuses, in the gate's order; empty when the lead may be called."""
    verdicts = (CLAUSES[reason](facts, actor, now) for reason in Refusal)
    return tuple(verdict for verdict in verdicts if verdict is not None)


def owner_of(facts: LeadFacts) -> UserId | None:
    """For whom alone a campaign may call the lead: who holds it, or has promised to call back."""
    own = next((box.holder for box in facts.boxes if box.own), None)
    return facts.callback.user_id if own is None and facts.callback else own


def hours_for(time_zone: str, actor: Actor) -> CallingHours:
    """The actor's hours in the zone of a lead (empty: the project's)."""
    return _in_zone(actor.hours, time_zone) if time_zone else actor.hours


@lru_cache(maxsize=1024)
def _in_zone(hours: CallingHours, time_zone: str) -> CallingHours:
    return replace(hours, time_zone=time_zone)


# --- clauses ----------------------------------------------------------------------------

Clause = Callable[[LeadFacts, Actor, datetime], Refused | None]


def _prohibited(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    binding = facts.prohibited_for & (actor.workgroup_ids | {None})
    return Refused(Refusal.PROHIBITED) if binding else None


def _boxed(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    """Another user's box: the lead's own binds everyone, one on its number the workgroups of
    whoever holds that."""
    foreign = any(
        box.holder != actor.user_id and (box.own or box.holder_workgroups & actor.workgroup_ids)
        for box in facts.boxes
    )
    return Refused(Refusal.BOXED) if foreign else None


def _other_project(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    return Refused(Refusal.OTHER_PROJECT) if facts.project_id != actor.project_id else None


def _deleted(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    return Refused(Refusal.LEAD_DELETED) if facts.deleted else None


def _project_closed(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    return Refused(Refusal.PROJECT_CLOSED) if facts.project_closed else None


def _not_assigned(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    return None if actor.assigned else Refused(Refusal.NOT_ASSIGNED)


def _outside_hours(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    hours = hours_for(facts.time_zone, actor)
    return None if hours.is_open(now) else Refused(Refusal.OUTSIDE_HOURS, hours.next_opening(now))


def _callback_not_due(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    callback = facts.callback
    if callback is None or callback.due_at <= now:
        return None
    return Refused(Refusal.CALLBACK_NOT_DUE, callback.due_at)


def _callback_of_another(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    callback = facts.callback
    if callback is None or callback.user_id in (None, actor.user_id):
        return None
    return Refused(Refusal.CALLBACK_OF_ANOTHER)


def _finished(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    return Refused(Refusal.FINISHED) if facts.finished else None


def _attempts_used(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    return Refused(Refusal.ATTEMPTS_USED) if facts.attempts >= actor.max_attempts else None


def _waiting(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    if facts.next_attempt_at is None or facts.next_attempt_at <= now:
        return None
    return Refused(Refusal.WAITING, facts.next_attempt_at)


def _abandoned_rest(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    if facts.abandoned_at is None or actor.user_id is not None:
        return None
    rested_at = facts.abandoned_at + ABANDONED_REST
    return Refused(Refusal.ABANDONED_REST, rested_at) if rested_at > now else None


def _in_call(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    return Refused(Refusal.IN_CALL) if facts.in_call else None


def _no_number(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    return None if facts.telephone_kinds else Refused(Refusal.NO_NUMBER)


def _number_kind(facts: LeadFacts, actor: Actor, now: datetime) -> Refused | None:
    if not facts.telephone_kinds or set(facts.telephone_kinds) - UNCALLABLE_KINDS:
        return None
    return Refused(Refusal.NUMBER_KIND)


CLAUSES: dict[Refusal, Clause] = {
    Refusal.PROHIBITED: _prohibited,
    Refusal.BOXED: _boxed,
    Refusal.OTHER_PROJECT: _other_project,
    Refusal.LEAD_DELETED: _deleted,
    Refusal.PROJECT_CLOSED: _project_closed,
    Refusal.NOT_ASSIGNED: _not_assigned,
    Refusal.OUTSIDE_HOURS: _outside_hours,
    Refusal.CALLBACK_NOT_DUE: _callback_not_due,
    Refusal.CALLBACK_OF_ANOTHER: _callback_of_another,
    Refusal.FINISHED: _finished,
    Refusal.ATTEMPTS_USED: _attempts_used,
    Refusal.WAITING: _waiting,
    Refusal.ABANDONED_REST: _abandoned_rest,
    Refusal.IN_CALL: _in_call,
    Refusal.NO_NUMBER: _no_number,
    Refusal.NUMBER_KIND: _number_kind,
}
