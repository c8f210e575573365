"""Which leads a claim finds, and in which order.

Callbacks that are due come first, the earliest first; then leads by priority, and
of one priority those that were tried least recently, never tried ones first; of
equals the one that came into the list first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lanes import lane_in
from dialer.lead_facts import abandoned_at, has_open_call
from dialer.messages import UserId
from dialer.rules.eligibility import ABANDONED_REST, Actor, Refused, refusals
from dialer.rules.lane import Lane, facts_of_lane
from dialer.storage.number_locks import is_still
from dialer.storage.tables import (
    callbacks,
    contact_points,
    gate_lanes,
    leads,
    mybox_entries,
    project_users,
    projects,
    user_workgroups,
)
from dialer.storage.types import UTCDateTime

_NO_TIME = cast(null(), UTCDateTime).label("due_at")
# Leads whose delay has passed join the calling order in steps of so many a claim.
_DUE_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class JudgedLane:
    """`refusals` is empty when the lane is open. `due`: some of its leads waited, and need not
    wait any longer."""

    id: int
    lane: Lane
    refusals: tuple[Refused, ...]
    due: bool


@dataclass(frozen=True, slots=True)
class JudgedProject:
    """`actor` as the database knows him: assigned to the project or not.

    `box_expired`: somewhere a box's time is over, and its leads are still in its lanes.
    """

    actor: Actor
    lanes: tuple[JudgedLane, ...]
    box_expired: bool


async def judged_lanes(
    connection: AsyncConnection, actor: Actor, now: datetime, *, every_box: bool = False
) -> JudgedProject:
    """The gate's word on each lane of the actor's project that may hold leads for him.

    With `every_box` also on those of other users' boxes.

    A project without leads has one lane, with id 0.
    """
    held = (
        true()
        if every_box
        else or_(gate_lanes.c.box_user_id.is_(None), gate_lanes.c.box_user_id == actor.user_id)
    )
    rows = (
        await connection.execute(
            select(
                gate_lanes,
                projects.c.closed_at,
                _assigned(actor).label("assigned"),
                _some_due(now).label("due"),
                _some_box_expired(now).label("expired"),
            )
            .select_from(
                projects.outerjoin(
                    gate_lanes,
                    and_(gate_lanes.c.project_id == projects.c.id, held),
                )
            )
            .where(projects.c.id == actor.project_id)
            .order_by(gate_lanes.c.id)
        )
    ).all()
    actor = replace(actor, assigned=all(row.assigned for row in rows))
    lanes = {row.id or 0: Lane() if row.id is None else lane_in(row) for row in rows}
    workgroups = await _workgroups(connection, lanes.values())
    judged = [
        JudgedLane(
            id=row.id or 0,
            lane=lanes[row.id or 0],
            refusals=refusals(
                facts_of_lane(
                    lanes[row.id or 0],
                    project_id=actor.project_id,
                    project_closed=row.closed_at is not None,
                    workgroups=workgroups,
                ),
                actor,
                now,
            ),
            due=bool(row.due),
        )
        for row in rows
    ]
    return JudgedProject(actor, tuple(judged), any(row.expired for row in rows))


async def make_ready(
    connection: AsyncConnection, lanes: Iterable[JudgedLane], now: datetime
) -> None:
    """Lets leads of these lanes whose delay has passed into the calling order."""
    for lane in lanes:
        if not lane.due:
            continue
        due = (
            select(leads.c.id)
            .where(leads.c.lane_id == lane.id, _waits(), leads.c.next_attempt_at <= now)
            .order_by(leads.c.next_attempt_at)
            .limit(_DUE_AT_ONCE)
            .with_for_update(skip_locked=True, key_share=True)
        )
        await connection.execute(
            update(leads).where(leads.c.id.in_(due)).values(next_attempt_at=None)
        )


async def walk(
    connection: AsyncConnection,
    lanes: Sequence[JudgedLane],
    actor: Actor,
    now: datetime,
    *,
    limit: int,
) -> list[int]:
    """The first `limit` leads in calling order that their own rows and open calls let through.

    For an actor with a user: of his box, and his callbacks. The leads are locked, and so is
    on PostgreSQL what stands about their numbers; what others have locked is left out.
    """
    walks = _due_callbacks(lanes, actor, now, limit)
    walks += [
        _of_lane(lane.id, actor, now, limit)
        for lane in lanes
        if lane.lane.box_user_id == actor.user_id
    ]
    found = union_all(*(select(one.subquery()) for one in walks)).subquery()
    order = (
        found.c.due_at.is_(None),
        found.c.due_at,
        found.c.priority.desc(),
        found.c.last_attempt_at.is_not(None),
        found.c.last_attempt_at,
        found.c.id,
    )
    first = select(found).order_by(*order).limit(limit)
    if connection.dialect.name == "sqlite":
        return list((await connection.execute(first)).scalars())
    some = first.subquery()
    rows = await connection.execute(select(some.c.id, _numbers_are_still(some.c.id)))
    return [lead_id for lead_id, still in rows if still]


# --- parts of the walk ----------------------------------------------------------------------


def _due_callbacks(
    lanes: Sequence[JudgedLane], actor: Actor, now: datetime, limit: int
) -> list[Select[Any]]:
    """Those that anyone may call; for a user his own, and those of the leads in his box."""
    due = (
        select(leads.c.id, callbacks.c.due_at, leads.c.priority, leads.c.last_attempt_at)
        .join(leads, leads.c.id == callbacks.c.lead_id)
        .where(
            callbacks.c.project_id == actor.project_id,
            callbacks.c.closed_at.is_(None),
            callbacks.c.due_at <= now,
            leads.c.lane_id.in_([lane.id for lane in lanes]),
            leads.c.finished_at.is_(None),
            leads.c.deleted_at.is_(None),
            or_(leads.c.next_attempt_at.is_(None), leads.c.next_attempt_at <= now),
            *_own_clauses(actor, now),
        )
        .order_by(callbacks.c.due_at, callbacks.c.lead_id)
        .limit(limit)
        .with_for_update(of=leads, skip_locked=True, key_share=True)
    )
    anyone = due.where(callbacks.c.user_id.is_(None))
    if actor.user_id is None:
        return [anyone]
    in_his_box = (mybox_entries.c.lead_id == leads.c.id) & mybox_entries.c.released_at.is_(None)
    return [
        due.where(callbacks.c.user_id == actor.user_id),
        anyone.join(mybox_entries, in_his_box).where(mybox_entries.c.user_id == actor.user_id),
    ]


def _of_lane(lane_id: int, actor: Actor, now: datetime, limit: int) -> Select[Any]:
    return (
        select(
            leads.c.id,
            _NO_TIME,
            leads.c.priority,
            leads.c.last_attempt_at,
        )
        .where(
            leads.c.lane_id == lane_id,
            *_in_play(),
            leads.c.next_attempt_at.is_(None),
            *_own_clauses(actor, now),
        )
        .order_by(leads.c.priority.desc(), leads.c.last_attempt_at.asc().nulls_first(), leads.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )


def _own_clauses(actor: Actor, now: datetime) -> list[ColumnElement[bool]]:
    """The gate's clauses that neither the lane nor the index answers."""
    clauses = [leads.c.attempts < actor.max_attempts, ~has_open_call()]
    if actor.user_id is None:
        clauses.append(
            func.coalesce(abandoned_at() <= now - ABANDONED_REST, literal(True))  # none: null
        )
    return clauses


def _in_play() -> tuple[ColumnElement[bool], ...]:
    return (
        leads.c.finished_at.is_(None),
        leads.c.deleted_at.is_(None),
        leads.c.callback_at.is_(None),
    )


def _waits() -> ColumnElement[bool]:
    return and_(*_in_play(), leads.c.next_attempt_at.is_not(None))


def _some_due(now: datetime) -> ColumnElement[bool]:
    return exists().where(
        leads.c.lane_id == gate_lanes.c.id, _waits(), leads.c.next_attempt_at <= now
    )


def _some_box_expired(now: datetime) -> ColumnElement[bool]:
    return exists().where(mybox_entries.c.released_at.is_(None), mybox_entries.c.expires_at <= now)


def _assigned(actor: Actor) -> ColumnElement[bool]:
    if actor.user_id is None:
        return literal(True)
    return exists().where(
        project_users.c.project_id == projects.c.id, project_users.c.user_id == actor.user_id
    )


def _numbers_are_still(lead_id: ColumnElement[int]) -> ColumnElement[bool]:
    numbers = select(func.bool_and(is_still(contact_points.c.e164))).where(
        contact_points.c.lead_id == lead_id, contact_points.c.e164.is_not(None)
    )
    return func.coalesce(numbers.scalar_subquery(), literal(True))


async def _workgroups(
    connection: AsyncConnection, lanes: Iterable[Lane]
) -> dict[UserId, frozenset[int]]:
    """The workgroups of everyone whose box is on a number of these lanes."""
    holders = {holder for lane in lanes for holder in lane.number_box_user_ids}
    groups: dict[UserId, frozenset[int]] = {}
    if not holders:
        return groups
    for user_id, workgroup_id in await connection.execute(
        select(user_workgroups).where(user_workgroups.c.user_id.in_(holders))
    ):
        groups[UserId(user_id)] = groups.get(UserId(user_id), frozenset()) | {workgroup_id}
    return groups
