"""Why it is not dialling: a project's leads counted by what holds them back.

One grouped query reads every lead of the project once, and its lanes say the
rest: for a page that is looked at, not for the dialler. The few leads about which
more than their own row speaks (an open call, an abandoned one, a callback that is
somebody's) are looked at one by one in the same query.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.claiming import ClaimRequest
from dialer.judged_lanes import JudgedLane, judged_lanes
from dialer.lead_facts import abandoned_at
from dialer.rules.eligibility import ABANDONED_REST, Actor, Refusal, hours_for
from dialer.storage.tables import actions, callbacks, calls, contact_points, leads
from dialer.storage.types import UTCDateTime

_ORDER = list(Refusal)
# Lane and reason are grouped by as one number, which databases sort several times faster.
_REASONS = 32
_ALLOWED = len(_ORDER)  # in the place of a reason


@dataclass(frozen=True, slots=True)
class LeadsHeldBack:
    """How the gate sees a project's leads for one campaign; deleted leads are left out.

    A lead counts under outside_hours only when nothing else holds it back, so that the
    counts of a night tell what the morning will bring. `tried` were called at least once.
    `next_at` is when the first of the leads that only wait becomes callable, calling hours
    considered; None: none waits.
    """

    callable_now: int
    by_reason: Mapping[Refusal, int]
    tried: int
    next_at: datetime | None

    @property
    def leads(self) -> int:
        return self.callable_now + sum(self.by_reason.values())

    @property
    def largest_first(self) -> tuple[tuple[Refusal, int], ...]:
        """The reasons by how many leads they hold back; of equals in the gate's order."""
        return tuple(sorted(self.by_reason.items(), key=lambda one: -one[1]))


async def held_back(
    connection: AsyncConnection, request: ClaimRequest, now: datetime
) -> LeadsHeldBack:
    """Counts the project's leads by the gate's answer to a campaign call."""
    project = await judged_lanes(connection, request.actor(), now, every_box=True)
    lanes = {lane.id: lane for lane in project.lanes}
    counted: Counter[Refusal | None] = Counter()
    tried, times = 0, []
    for row in await connection.execute(_counted(project.actor, now)):
        lane = lanes[row.key // _REASONS]
        reason = _first(lane, row.key % _REASONS)
        counted[reason] += row.number
        tried += row.tried
        if reason is not None and (at := _callable_at(lane, row, now)):
            opens = hours_for(lane.lane.time_zone, project.actor).next_opening(at)
            times.append(opens)
    return LeadsHeldBack(
        callable_now=counted[None],
        by_reason={reason: counted[reason] for reason in Refusal if counted[reason]},
        tried=tried,
        next_at=min((at for at in times if at is not None), default=None),
    )


def _first(lane: JudgedLane, place: int) -> Refusal | None:
    """The lane's first reason or that of the leads themselves; the hours only without another."""
    reasons = {refusal.reason for refusal in lane.refusals}
    if place != _ALLOWED:
        reasons.add(_ORDER[place])
    others = reasons - {Refusal.OUTSIDE_HOURS}
    return min(others or reasons, key=_ORDER.index, default=None)


def _callable_at(lane: JudgedLane, row: Row[Any], now: datetime) -> datetime | None:
    """From when on nothing but the hours stands against the first of these leads."""
    if any(refusal.reason is not Refusal.OUTSIDE_HOURS for refusal in lane.refusals):
        return None
    if row.key % _REASONS == _ALLOWED:
        return now
    rested_at = row.abandoned_at + ABANDONED_REST if row.abandoned_at else None
    return max((at for at in (row.waits_until, rested_at) if at), default=None)


# --- the query ------------------------------------------------------------------------------


def _counted(actor: Actor, now: datetime) -> CompoundSelect[Any]:
    """How many leads there are of each lane and reason, and until when the first has to wait.

    The times are those of leads that nothing but time holds back.
    """
    somebodys, resting, in_call = _somebodys(actor), _resting(now), _in_call()
    special = union(somebodys, resting, in_call).subquery()
    own_row = _only_time(actor)
    plain = _judged(actor, _own_reasons(actor, now), _waits_until(own_row, now))
    plain = plain.where(leads.c.id.not_in(select(special.c.lead_id)))
    alone = and_(own_row, leads.c.id.not_in(somebodys), leads.c.id.not_in(in_call))
    rests = and_(alone, leads.c.id.in_(resting))
    others = _judged(
        actor,
        [
            *_own_reasons(actor, now),
            (Refusal.CALLBACK_OF_ANOTHER, leads.c.id.in_(somebodys)),
            (Refusal.ABANDONED_REST, leads.c.id.in_(resting)),
            (Refusal.IN_CALL, leads.c.id.in_(in_call)),
        ],
        _waits_until(alone, now),
    ).add_columns(case((rests, abandoned_at())).label("abandoned_at"))
    others = others.where(leads.c.id.in_(select(special.c.lead_id)))
    return union_all(_grouped(plain), _one_by_one(others))


def _grouped(judged: Select[Any]) -> Select[Any]:
    each = judged.subquery().c
    return select(
        each.key,
        func.count().label("number"),
        func.count().filter(each.tried).label("tried"),
        func.min(each.waits_until).label("waits_until"),
        cast(null(), UTCDateTime).label("abandoned_at"),
    ).group_by(each.key)


def _one_by_one(judged: Select[Any]) -> Select[Any]:
    each = judged.subquery().c
    tried = case((each.tried, 1), else_=0)
    return select(each.key, literal(1), tried, each.waits_until, each.abandoned_at)


def _judged(
    actor: Actor,
    reasons: Iterable[tuple[Refusal, ColumnElement[bool]]],
    waits_until: ColumnElement[Any],
) -> Select[Any]:
    in_order = sorted(reasons, key=lambda one: _ORDER.index(one[0]))
    places = ((condition, _ORDER.index(reason)) for reason, condition in in_order)
    return select(
        (leads.c.lane_id * _REASONS + case(*places, else_=_ALLOWED)).label("key"),
        (leads.c.attempts > 0).label("tried"),
        waits_until.label("waits_until"),
    ).where(leads.c.project_id == actor.project_id, leads.c.deleted_at.is_(None))


def _own_reasons(actor: Actor, now: datetime) -> list[tuple[Refusal, ColumnElement[bool]]]:
    """What the lead's own row says."""
    return [
        (Refusal.CALLBACK_NOT_DUE, leads.c.callback_at > now),
        (Refusal.FINISHED, leads.c.finished_at.is_not(None)),
        (Refusal.ATTEMPTS_USED, leads.c.attempts >= actor.max_attempts),
        (Refusal.WAITING, leads.c.next_attempt_at > now),
    ]


def _only_time(actor: Actor) -> ColumnElement[bool]:
    return and_(leads.c.finished_at.is_(None), leads.c.attempts < actor.max_attempts)


def _waits_until(alone: ColumnElement[bool], now: datetime) -> ColumnElement[datetime | None]:
    later = or_(leads.c.next_attempt_at.is_(None), leads.c.next_attempt_at <= leads.c.callback_at)
    # What few leads fulfil comes first, so that most are done with at once.
    return case(
        (and_(leads.c.callback_at > now, alone, later), leads.c.callback_at),
        (and_(leads.c.next_attempt_at > now, alone), leads.c.next_attempt_at),
    )


def _somebodys(actor: Actor) -> Select[tuple[int]]:
    """Callbacks that a certain user has promised."""
    return select(callbacks.c.lead_id).where(
        callbacks.c.project_id == actor.project_id,
        callbacks.c.user_id.is_not(None),
        callbacks.c.closed_at.is_(None),
    )


def _resting(now: datetime) -> Select[tuple[int]]:
    return (
        select(contact_points.c.lead_id)
        .join(calls, calls.c.e164 == contact_points.c.e164)
        .where(calls.c.outcome == "abandoned", calls.c.ended_at > now - ABANDONED_REST)
    )


def _in_call() -> Select[tuple[int]]:
    to_the_lead = select(actions.c.lead_id).join(calls, calls.c.id == actions.c.id)
    to_a_number = select(contact_points.c.lead_id).join(
        calls, calls.c.e164 == contact_points.c.e164
    )
    open_calls = to_the_lead.where(calls.c.ended_at.is_(None)).union(
        to_a_number.where(calls.c.ended_at.is_(None))
    )
    return select(open_calls.subquery())
