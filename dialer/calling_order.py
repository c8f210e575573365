"""Which leads a claim finds, and in which order.

Callbacks that are due come first, the earliest first; then leads by priority, and
of one priority those that were tried least recently, never tried ones first; of
equals the one that came into the list first.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.judged_lanes import JudgedLane
from dialer.lead_facts import NOW, has_open_call, in_play, waits, was_abandoned_after
from dialer.rules.eligibility import ABANDONED_REST, Actor
from dialer.storage.number_locks import is_still
from dialer.storage.tables import callbacks, contact_points, leads, mybox_entries
from dialer.storage.types import UTCDateTime

# Leads whose delay has passed join the calling order in steps of so many a claim.
_DUE_AT_ONCE = 1000


async def make_ready(
    connection: AsyncConnection, lanes: Iterable[JudgedLane], now: datetime
) -> None:
    """Lets leads of these lanes whose delay has passed into the calling order."""
    for lane in lanes:
        if lane.due:
            await connection.execute(_MAKE_READY, {"of_lane": lane.id, "now": now})


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
    walked = [lane.id for lane in lanes if lane.lane.box_user_id == actor.user_id]
    statement = _walk(
        lanes=len(walked),
        for_user=actor.user_id is not None,
        locks_numbers=connection.dialect.name != "sqlite",
    )
    rows = await connection.execute(
        statement,
        {
            "now": now,
            "rested": now - ABANDONED_REST,
            "project_id": actor.project_id,
            "user_id": actor.user_id,
            "max_attempts": actor.max_attempts,
            "limit": limit,
            "open_lanes": [lane.id for lane in lanes],
            **{f"lane_{place}": lane_id for place, lane_id in enumerate(walked)},
        },
    )
    return [lead_id for lead_id, still in rows if still]


# --- statements, made once: building one takes longer than running it ---------------------------

_LIMIT = bindparam("limit", type_=leads.c.attempts.type)
_USER = bindparam("user_id", type_=callbacks.c.user_id.type)

_MAKE_READY = (
    update(leads)
    .where(
        leads.c.id.in_(
            select(leads.c.id)
            .where(leads.c.lane_id == bindparam("of_lane"), waits(), leads.c.next_attempt_at <= NOW)
            .order_by(leads.c.next_attempt_at)
            .limit(_DUE_AT_ONCE)
            .with_for_update(skip_locked=True, key_share=True)
        )
    )
    .values(next_attempt_at=None)
)


@cache
def _walk(*, lanes: int, for_user: bool, locks_numbers: bool) -> Select[Any]:
    walks = _due_callbacks(for_user=for_user)
    walks += [_of_lane(place, for_user=for_user) for place in range(lanes)]
    found = union_all(*(select(one.subquery()) for one in walks)).subquery()
    first = (
        select(found)
        .order_by(
            found.c.due_at.is_(None),
            found.c.due_at,
            found.c.priority.desc(),
            found.c.last_attempt_at.is_not(None),
            found.c.last_attempt_at,
            found.c.id,
        )
        .limit(_LIMIT)
        .subquery()
    )
    return select(first.c.id, _numbers_are_still(first.c.id) if locks_numbers else literal(True))


def _due_callbacks(*, for_user: bool) -> list[Select[Any]]:
    """Those that anyone may call; for a user his own, and those of the leads in his box."""
    due = (
        select(leads.c.id, callbacks.c.due_at, leads.c.priority, leads.c.last_attempt_at)
        .join(leads, leads.c.id == callbacks.c.lead_id)
        .where(
            callbacks.c.project_id == bindparam("project_id"),
            callbacks.c.closed_at.is_(None),
            callbacks.c.due_at <= NOW,
            leads.c.lane_id.in_(bindparam("open_lanes", expanding=True)),
            leads.c.finished_at.is_(None),
            leads.c.deleted_at.is_(None),
            or_(leads.c.next_attempt_at.is_(None), leads.c.next_attempt_at <= NOW),
            *_own_clauses(for_user=for_user),
        )
        # All of one user, or of nobody; that it leads the order lets the index be walked.
        .order_by(callbacks.c.user_id, callbacks.c.due_at, callbacks.c.lead_id)
        .limit(_LIMIT)
        .with_for_update(of=leads, skip_locked=True, key_share=True)
    )
    anyone = due.where(callbacks.c.user_id.is_(None))
    if not for_user:
        return [anyone]
    in_his_box = (mybox_entries.c.lead_id == leads.c.id) & mybox_entries.c.released_at.is_(None)
    return [
        due.where(callbacks.c.user_id == _USER),
        anyone.join(mybox_entries, in_his_box).where(mybox_entries.c.user_id == _USER),
    ]


def _of_lane(place: int, *, for_user: bool) -> Select[Any]:
    return (
        select(
            leads.c.id,
            cast(null(), UTCDateTime).label("due_at"),
            leads.c.priority,
            leads.c.last_attempt_at,
        )
        .where(
            leads.c.lane_id == bindparam(f"lane_{place}"),
            in_play(),
            leads.c.next_attempt_at.is_(None),
            *_own_clauses(for_user=for_user),
        )
        .order_by(leads.c.priority.desc(), leads.c.last_attempt_at.asc().nulls_first(), leads.c.id)
        .limit(_LIMIT)
        .with_for_update(skip_locked=True, key_share=True)
    )


def _own_clauses(*, for_user: bool) -> list[ColumnElement[bool]]:
    """The gate's clauses that neither the lane nor the index answers."""
    clauses = [leads.c.attempts < bindparam("max_attempts"), ~has_open_call()]
    if not for_user:
        clauses.append(~was_abandoned_after(bindparam("rested", type_=UTCDateTime)))
    return clauses


def _numbers_are_still(lead_id: ColumnElement[int]) -> ColumnElement[bool]:
    numbers = select(func.bool_and(is_still(contact_points.c.e164))).where(
        contact_points.c.lead_id == lead_id, contact_points.c.e164.is_not(None)
    )
    return func.coalesce(numbers.scalar_subquery(), literal(True))
