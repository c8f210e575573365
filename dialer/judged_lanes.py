"""The gate's word on a project's lanes, before any of its leads is looked at."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lanes import lane_in
from dialer.lead_facts import NOW, waits
from dialer.messages import UserId
from dialer.project_hours import STORED_HOURS, within_project
from dialer.rules.eligibility import Actor, Refused, refusals
from dialer.rules.lane import Lane, facts_of_lane
from dialer.storage.tables import (
    gate_lanes,
    leads,
    mybox_entries,
    project_users,
    projects,
    user_workgroups,
)


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
    """`actor` as the database knows him: assigned to the project or not, within its hours.

    `box_expired`: somewhere a box's time is over, and its leads are still in its lanes.
    """

    actor: Actor
    lanes: tuple[JudgedLane, ...]
    box_expired: bool


async def judged_lanes(
    connection: AsyncConnection, actor: Actor, now: datetime, *, every_box: bool = False
) -> JudgedProject:
    """The gate's word on each lane of the actor's project that may hold leads for him.

    With `every_box` also on those of other users' boxes. A project without leads has one
    lane, with id 0.
    """
    wanted = {"now": now, "project_id": actor.project_id, "user_id": actor.user_id}
    rows = (await connection.execute(_EVERY_BOX if every_box else _LANES, wanted)).all()
    actor = replace(actor, assigned=actor.user_id is None or all(row.assigned for row in rows))
    if rows:
        hours = within_project(actor.hours, rows[0].project_time_zone, rows[0].calling_hours)
        actor = replace(actor, hours=hours)
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


async def _workgroups(
    connection: AsyncConnection, lanes: Iterable[Lane]
) -> dict[UserId, frozenset[int]]:
    """The workgroups of everyone whose box is on a number of these lanes."""
    holders = {holder for lane in lanes for holder in lane.number_box_user_ids}
    groups: dict[UserId, frozenset[int]] = {}
    if not holders:
        return groups
    for user_id, workgroup_id in await connection.execute(
        select(user_workgroups.c.user_id, user_workgroups.c.workgroup_id).where(
            user_workgroups.c.user_id.in_(holders)
        )
    ):
        groups[UserId(user_id)] = groups.get(UserId(user_id), frozenset()) | {workgroup_id}
    return groups


# --- statements, made once: building one takes longer than running it ---------------------------


def _lanes(*, every_box: bool) -> Select[Any]:
    user_id = bindparam("user_id", type_=gate_lanes.c.box_user_id.type)
    his = or_(gate_lanes.c.box_user_id.is_(None), gate_lanes.c.box_user_id == user_id)
    assigned = exists().where(
        project_users.c.project_id == projects.c.id, project_users.c.user_id == user_id
    )
    due = exists().where(
        leads.c.lane_id == gate_lanes.c.id, waits(), leads.c.next_attempt_at <= NOW
    )
    expired = exists().where(
        mybox_entries.c.released_at.is_(None), mybox_entries.c.expires_at <= NOW
    )
    return (
        select(
            gate_lanes,
            projects.c.closed_at,
            projects.c.time_zone.label("project_time_zone"),
            STORED_HOURS.label("calling_hours"),
            assigned.label("assigned"),
            due.label("due"),
            expired.label("expired"),
        )
        .select_from(
            projects.outerjoin(
                gate_lanes,
                and_(gate_lanes.c.project_id == projects.c.id, true() if every_box else his),
            )
        )
        .where(projects.c.id == bindparam("project_id"))
        .order_by(gate_lanes.c.id)
    )


_LANES = _lanes(every_box=False)
_EVERY_BOX = _lanes(every_box=True)
