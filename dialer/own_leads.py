"""Who of the ready agents has something of his own to call: leads in his box, callbacks."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, Select, bindparam, exists, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_facts import NOW, in_play
from dialer.messages import UserId
from dialer.storage.tables import callbacks, gate_lanes, leads, mybox_entries


async def users_with_own_leads(
    connection: AsyncConnection,
    *,
    project_id: int,
    user_ids: Collection[UserId],
    max_attempts: int,
    now: datetime,
) -> set[UserId]:
    """Those for whom a claim is worth while. The gate decides; it may find nothing all the same."""
    if not user_ids:
        return set()
    wanted = {
        "now": now,
        "project_id": project_id,
        "user_ids": sorted(user_ids),
        "max_attempts": max_attempts,
    }
    return {UserId(user_id) for user_id in (await connection.execute(_OWN, wanted)).scalars()}


def _own() -> CompoundSelect[Any]:
    users: BindParameter[int] = bindparam("user_ids", expanding=True)
    project_id: BindParameter[int] = bindparam("project_id")
    may_be_tried = (
        leads.c.attempts < bindparam("max_attempts"),
        or_(leads.c.next_attempt_at.is_(None), leads.c.next_attempt_at <= NOW),
    )
    in_his_box = select(gate_lanes.c.box_user_id).where(
        gate_lanes.c.project_id == project_id,
        gate_lanes.c.box_user_id.in_(users),
        gate_lanes.c.undialable == "",
        exists().where(leads.c.lane_id == gate_lanes.c.id, in_play(), *may_be_tried),
    )
    due: Select[Any] = (
        select(callbacks.c.user_id)
        .join(leads, leads.c.id == callbacks.c.lead_id)
        .where(
            callbacks.c.project_id == project_id,
            callbacks.c.closed_at.is_(None),
            callbacks.c.due_at <= NOW,
            leads.c.finished_at.is_(None),
            leads.c.deleted_at.is_(None),
            *may_be_tried,
        )
    )
    held = (mybox_entries.c.lead_id == callbacks.c.lead_id) & mybox_entries.c.released_at.is_(None)
    of_his_leads = (
        due.where(callbacks.c.user_id.is_(None))
        .join(mybox_entries, held)
        .where(mybox_entries.c.user_id.in_(users))
        .with_only_columns(mybox_entries.c.user_id)
    )
    return union(in_his_box, due.where(callbacks.c.user_id.in_(users)), of_his_leads)


_OWN = _own()
