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
    BigInteger,
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
from dialer.storage.tables import actions, callbacks, calls, contact_points, gate_lanes, leads
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
    count = _Count({lane.id: lane for lane in project.lanes})
    for row in await connection.execute(_counted(project.actor, now)):
        count.add(row)
    times = count.callable_at(now)
    openings = (hours_for(zone, project.actor).next_opening(at) for zone, at in times)
    return LeadsHeldBack(
        callable_now=count.reasons[None],
        by_reason={reason: count.reasons[reason] for reason in Refusal if count.reasons[reason]},
        tried=count.tried,
        next_at=min((at for at in openings if at is not None), default=None),
    )


class _Count:
    """Adds up the rows of the query."""

    def __init__(self, lanes: Mapping[int, JudgedLane]) -> None:
        self.reasons: Counter[Refusal | None] = Counter()
        self.tried = 0
        self._lanes = lanes
        self._at_once: Counter[int] = Counter()  # by lane: nothing but the hours against them
        self._waiting: list[tuple[int, datetime]] = []

    def add(self, row: Row[Any]) -> None:
        """Leads of one key. One that was counted under another before changes over."""
        self.tried += row.tried
        self._put(row.key, row.number - row.used_up)
        self._put(row.key - row.key % _REASONS + _ORDER.index(Refusal.ATTEMPTS_USED), row.used_up)
        if row.counted_as is not None:
            self._put(row.counted_as, -row.number)
        rested_at = row.abandoned_at + ABANDONED_REST if row.abandoned_at else None
        if times := [at for at in (row.waits_until, rested_at) if at]:
            self._waiting.append((row.key // _REASONS, max(times)))

    def callable_at(self, now: datetime) -> Iterable[tuple[str, datetime]]:
        """By zone, from when on nothing but the hours stands against leads not callable now."""
        at_once = [(lane_id, now) for lane_id, number in self._at_once.items() if number > 0]
        for lane_id, at in [*at_once, *self._waiting]:
            lane = self._lanes[lane_id]
            reasons = {refusal.reason for refusal in lane.refusals}
            if reasons <= {Refusal.OUTSIDE_HOURS} and (reasons or at > now):
                yield lane.lane.time_zone, at

    def _put(self, key: int, number: int) -> None:
        lane, place = self._lanes[key // _REASONS], key % _REASONS
        self.reasons[_first(lane, place)] += number
        if place == _ALLOWED:
            self._at_once[lane.id] += number


def _first(lane: JudgedLane, place: int) -> Refusal | None:
    """The lane's first reason or that of the leads themselves; the hours only without another."""
    reasons = {refusal.reason for refusal in lane.refusals}
    if place != _ALLOWED:
        reasons.add(_ORDER[place])
    others = reasons - {Refusal.OUTSIDE_HOURS}
    return min(others or reasons, key=_ORDER.index, default=None)


# --- the query ------------------------------------------------------------------------------


def _counted(actor: Actor, now: datetime) -> CompoundSelect[Any]:
    """How many leads there are of each lane and reason, and until when the first has to wait.

    First those that may be called at once as far as their rows say, from the index that the
    claim walks; then the others by what their rows say; then, one by one, those about which
    more than their rows speaks, and what they were counted as before. The times are those of
    leads that nothing but time holds back.
    """
    somebodys, resting, in_call = _somebodys(actor), _resting(now), _in_call()
    special = select(union(somebodys, resting, in_call).subquery().c.lead_id)
    only_time = and_(leads.c.finished_at.is_(None), leads.c.attempts < actor.max_attempts)
    own_reasons = _own_reasons(actor, now)
    waits_until = _waits_until(and_(only_time, leads.c.id.not_in(special)), now)
    others = _in_the_list(actor, _key(own_reasons), waits_until).where(~_due())
    alone = and_(only_time, leads.c.id.not_in(somebodys), leads.c.id.not_in(in_call))
    reasons = [
        *own_reasons,
        (Refusal.CALLBACK_OF_ANOTHER, leads.c.id.in_(somebodys)),
        (Refusal.ABANDONED_REST, leads.c.id.in_(resting)),
        (Refusal.IN_CALL, leads.c.id.in_(in_call)),
    ]
    each = _in_the_list(actor, _key(reasons), _waits_until(alone, now)).add_columns(
        case((and_(alone, leads.c.id.in_(resting)), abandoned_at())).label("abandoned_at"),
        _key(own_reasons).label("counted_as"),
    )
    return union_all(
        _at_once(actor), _grouped(others), _one_by_one(each.where(leads.c.id.in_(special)))
    )


def _at_once(actor: Actor) -> Select[Any]:
    lanes = select(gate_lanes.c.id).where(gate_lanes.c.project_id == actor.project_id)
    return (
        select(
            (leads.c.lane_id * _REASONS + _ALLOWED).label("key"),
            func.count().label("number"),
            func.count().filter(leads.c.attempts > 0).label("tried"),
            func.count().filter(leads.c.attempts >= actor.max_attempts).label("used_up"),
            _NO_TIME.label("waits_until"),
            _NO_TIME.label("abandoned_at"),
            cast(null(), BigInteger).label("counted_as"),
        )
        .where(leads.c.lane_id.in_(lanes), leads.c.deleted_at.is_(None), _due())
        .group_by(leads.c.lane_id)
    )


def _grouped(judged: Select[Any]) -> Select[Any]:
    each = judged.subquery().c
    tried = func.count().filter(each.tried)
    times = func.min(each.waits_until), _NO_TIME
    return select(each.key, func.count(), tried, literal(0), *times, null()).group_by(each.key)


def _one_by_one(judged: Select[Any]) -> Select[Any]:
    each = judged.subquery().c
    # Whether it was tried is counted already.
    numbers = literal(1), literal(0), literal(0)
    return select(each.key, *numbers, each.waits_until, each.abandoned_at, each.counted_as)


_NO_TIME = cast(null(), UTCDateTime)


def _in_the_list(
    actor: Actor, key: ColumnElement[int], waits_until: ColumnElement[Any]
) -> Select[Any]:
    return select(
        key.label("key"),
        (leads.c.attempts > 0).label("tried"),
        waits_until.label("waits_until"),
    ).where(leads.c.project_id == actor.project_id, leads.c.deleted_at.is_(None))


def _due() -> ColumnElement[bool]:
    """No time is set for it; as the index says it, but for deleted ones."""
    return and_(
        leads.c.finished_at.is_(None),
        leads.c.callback_at.is_(None),
        leads.c.next_attempt_at.is_(None),
    )


def _key(reasons: Iterable[tuple[Refusal, ColumnElement[bool]]]) -> ColumnElement[int]:
    in_order = sorted(reasons, key=lambda one: _ORDER.index(one[0]))
    places = ((condition, _ORDER.index(reason)) for reason, condition in in_order)
    return leads.c.lane_id * _REASONS + case(*places, else_=_ALLOWED)


def _own_reasons(actor: Actor, now: datetime) -> list[tuple[Refusal, ColumnElement[bool]]]:
    """What the lead's own row says."""
    return [
        (Refusal.CALLBACK_NOT_DUE, leads.c.callback_at > now),
        (Refusal.FINISHED, leads.c.finished_at.is_not(None)),
        (Refusal.ATTEMPTS_USED, leads.c.attempts >= actor.max_attempts),
        (Refusal.WAITING, leads.c.next_attempt_at > now),
    ]


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
