"""The small worlds of `claiming_worlds` in a database."""

from uuid import uuid4

from sqlalchemy import Table, delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes
from dialer.claiming import ClaimRequest
from dialer.rules.lane import Lane
from dialer.storage.tables import (
    actions,
    callbacks,
    calls,
    campaigns,
    contact_points,
    gate_lanes,
    leads,
    mybox_entries,
    prohibitions,
    project_users,
    projects,
    user_workgroups,
    users,
    workgroups,
)
from tests.integration.claiming_worlds import (
    NAGOYA,
    NOON,
    OSAKA,
    TOKYO,
    WORKGROUPS,
    Ban,
    Call,
    HeldBox,
    Lead,
    Point,
    World,
    in_hours,
    request,
)


async def build(connection: AsyncConnection, world: World) -> tuple[ClaimRequest, list[int]]:
    """Replaces whatever is in the database; the leads' ids in the world's order."""
    await _empty(connection)
    for number, name in ((TOKYO, "東京"), (OSAKA, "大阪"), (NAGOYA, "名古屋")):
        await _insert(connection, workgroups, {"id": number, "name": name})
    for user, groups in WORKGROUPS.items():
        await _insert(
            connection,
            users,
            {
                "id": user,
                "login": f"user{user}",
                "name": f"担当{user}",
                "password_hash": "",
                "created_at": NOON,
            },
        )
        for group in groups:
            await _insert(connection, user_workgroups, {"user_id": user, "workgroup_id": group})
    closed_at = NOON if world.project_closed else None
    for number, name in ((1, "光回線"), (2, "保険")):
        await _insert(
            connection,
            projects,
            {
                "id": number,
                "name": name,
                "created_at": NOON,
                "closed_at": closed_at,
                "time_zone": world.time_zone,
                "calling_hours": world.hours.model_dump(mode="json") if world.hours else None,
            },
        )
    for user in sorted(world.assigned):
        await _insert(connection, project_users, {"project_id": 1, "user_id": user})
    await _insert(
        connection,
        campaigns,
        {"id": 1, "name": "autumn", "project_id": 1, "state_changed_at": NOON},
    )
    lead_ids = [1000 + place for place in range(len(world.leads))]
    for lead, lead_id in zip(world.leads, lead_ids, strict=True):
        await _add_lead(connection, lead, lead_id)
    await _insert(connection, prohibitions, *map(_ban_row, world.bans))
    for call in world.calls:
        await _insert_call(connection, call, lead_ids[call.lead])
    await lanes.refresh(connection, lead_ids, NOON)
    return request(), lead_ids


async def _empty(connection: AsyncConnection) -> None:
    for table in (
        calls,
        actions,
        callbacks,
        mybox_entries,
        contact_points,
        leads,
        gate_lanes,
        prohibitions,
        campaigns,
        project_users,
        projects,
        user_workgroups,
        users,
        workgroups,
    ):
        await connection.execute(delete(table))


async def _insert(connection: AsyncConnection, table: Table, *rows: dict[str, object]) -> None:
    for row in rows:
        await connection.execute(insert(table).values(row))


async def _add_lead(connection: AsyncConnection, lead: Lead, lead_id: int) -> None:
    lane_id = await lanes.lane_id_of(connection, lead.project, Lane())
    await _insert(connection, leads, {**_lead_row(lead, lead_id), "lane_id": lane_id})
    for position, point in enumerate(lead.points):
        await _insert(connection, contact_points, _point_row(point, lead_id, position))
    if lead.box:
        await _insert(connection, mybox_entries, _box_row(lead.box, lead_id))
    if lead.callback:
        await _insert(
            connection,
            callbacks,
            {
                "lead_id": lead_id,
                "project_id": lead.project,
                "user_id": lead.callback.user,
                "due_at": in_hours(lead.callback.due_in),
                "created_at": NOON,
                "closed_at": NOON if lead.callback.closed else None,
            },
        )


def _lead_row(lead: Lead, lead_id: int) -> dict[str, object]:
    callback = lead.callback if lead.callback and not lead.callback.closed else None
    return {
        "id": lead_id,
        "project_id": lead.project,
        "name": f"リード{lead_id}",
        "created_at": NOON,
        "priority": lead.priority,
        "attempts": lead.attempts,
        "last_attempt_at": None if lead.tried_at is None else in_hours(lead.tried_at),
        "next_attempt_at": None if lead.due_in is None else in_hours(lead.due_in),
        "finished_at": NOON if lead.finished else None,
        "deleted_at": NOON if lead.deleted else None,
        "callback_at": in_hours(callback.due_in) if callback else None,
        "time_zone": lead.time_zone,
    }


def _point_row(point: Point, lead_id: int, position: int) -> dict[str, object]:
    return {
        "lead_id": lead_id,
        "kind": point.kind,
        "position": position,
        "raw": point.e164 or "不明",
        "e164": point.e164,
        "number_kind": point.number_kind,
        "attempts": point.attempts,
    }


def _box_row(box: HeldBox, lead_id: int) -> dict[str, object]:
    return {
        "lead_id": lead_id,
        "user_id": box.holder,
        "since": NOON,
        "expires_at": None if box.expires_in is None else in_hours(box.expires_in),
        "released_at": NOON if box.released else None,
    }


def _ban_row(ban: Ban) -> dict[str, object]:
    return {
        "e164": ban.e164,
        "workgroup_id": ban.workgroup,
        "prohibited_at": NOON,
        "lifted_at": NOON if ban.lifted else None,
    }


async def _insert_call(connection: AsyncConnection, call: Call, lead_id: int) -> None:
    call_id = uuid4()
    await _insert(
        connection,
        actions,
        {"id": call_id, "kind": "call", "at": NOON, "lead_id": lead_id, "project_id": 1},
    )
    ended = call.ended_in is not None
    outcome = "abandoned" if call.abandoned else "no_answer"
    await _insert(
        connection,
        calls,
        {
            "id": call_id,
            "campaign_id": 1,
            "e164": call.e164,
            "trunk": "carrier",
            "attempt": 1,
            "claimed_at": NOON,
            "ended_at": in_hours(call.ended_in) if call.ended_in is not None else None,
            "outcome": outcome if ended else None,
        },
    )
