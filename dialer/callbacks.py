"""再コール: agreed times to call a lead again, by one user or by anyone. A lead has one at most."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.messages import UserId
from dialer.storage.tables import callbacks, leads


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed with the person; `user_id` None: anyone may call."""

    due_at: datetime
    user_id: UserId | None = None


async def set_callback(
    connection: AsyncConnection, *, lead_id: int, agreed: Agreed, by: UserId | None, now: datetime
) -> None:
    """The lead is called again then, and not before; an older agreement is closed.

    `by` None is the program itself.
    """
    project_id = await _keep(connection, lead_id)
    if project_id is None:
        return
    await _close(connection, lead_id, now)
    await connection.execute(
        insert(callbacks).values(
            lead_id=lead_id,
            project_id=project_id,
            user_id=agreed.user_id,
            due_at=agreed.due_at,
            created_at=now,
            created_by=by,
        )
    )
    await connection.execute(
        update(leads)
        .where(leads.c.id == lead_id)
        .values(callback_at=agreed.due_at, next_attempt_at=None, finished_at=None)
    )
    await audit.record(
        connection,
        user_id=by,
        action="callback.set",
        subject=f"lead:{lead_id}",
        detail={"due_at": agreed.due_at.isoformat(), "user_id": agreed.user_id},
        now=now,
    )


async def close_callback(
    connection: AsyncConnection, *, lead_id: int, by: UserId | None, now: datetime
) -> bool:
    """Nobody calls the lead back any more; False when nothing was agreed."""
    await _keep(connection, lead_id)
    if not await _close(connection, lead_id, now):
        return False
    await connection.execute(update(leads).where(leads.c.id == lead_id).values(callback_at=None))
    await audit.record(
        connection, user_id=by, action="callback.close", subject=f"lead:{lead_id}", now=now
    )
    return True


async def _keep(connection: AsyncConnection, lead_id: int) -> int | None:
    """The lead stays as it is until the transaction ends; its project, if there is such a lead."""
    found: int | None = await connection.scalar(
        select(leads.c.project_id).where(leads.c.id == lead_id).with_for_update(key_share=True)
    )
    return found


async def _close(connection: AsyncConnection, lead_id: int, now: datetime) -> bool:
    closed = await connection.execute(
        update(callbacks)
        .where(callbacks.c.lead_id == lead_id, callbacks.c.closed_at.is_(None))
        .values(closed_at=now)
    )
    return closed.rowcount > 0
