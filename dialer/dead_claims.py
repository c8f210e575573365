"""Claims whose claimer died before it dialled: their leads go back, once the lease is over.

Any controller may do it for all, several at once. A call that was dialled is never touched
here: what became of it is asked of Asterisk.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.messages import CallId
from dialer.rules.call_state import HungUpBy
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.tables import actions, calls, contact_points, leads

# After a disaster there may be many; the next second brings the next ones.
_AT_ONCE = 1000


async def has_dead_claims(
    connection: AsyncConnection, now: datetime, *, alive: Collection[CallId] = ()
) -> bool:
    """Whether `release_dead_claims` has something to do: a look at the open calls."""
    found = await connection.scalar(select(exists().where(_dead(now, alive))))
    return bool(found)


async def release_dead_claims(
    connection: AsyncConnection, now: datetime, *, alive: Collection[CallId] = ()
) -> list[CallId]:
    """Ends calls that were not dialled within their lease, and gives their attempts back.

    `alive` are calls that this controller still has; they are left alone. Returns the calls
    that were ended.
    """
    # The leads first, as claims do it; what another controller is releasing is left to it.
    found = (
        await connection.execute(
            select(calls.c.id)
            .join(actions, actions.c.id == calls.c.id)
            .join(leads, leads.c.id == actions.c.lead_id)
            .where(_dead(now, alive))
            .order_by(leads.c.id)
            .limit(_AT_ONCE)
            .with_for_update(of=leads, skip_locked=True, key_share=True)
        )
    ).scalars()
    ended = await connection.execute(
        update(calls)
        .where(calls.c.id.in_(list(found)), _dead(now, alive))
        .values(
            ended_at=now,
            outcome=CallOutcome.CANCELLED,
            hung_up_by=HungUpBy.SYSTEM,
            end_estimated=True,
        )
        .returning(calls.c.id, calls.c.contact_point_id)
    )
    rows = ended.all()
    if not rows:
        return []
    call_ids = [CallId(row.id) for row in rows]
    of_these = select(actions.c.lead_id).where(actions.c.id.in_(call_ids))
    await connection.execute(
        update(leads)
        .where(leads.c.id.in_(of_these), leads.c.attempts > 0)
        .values(attempts=leads.c.attempts - 1, next_attempt_at=None)
    )
    await connection.execute(
        update(contact_points)
        .where(
            contact_points.c.id.in_([row.contact_point_id for row in rows]),
            contact_points.c.attempts > 0,
        )
        .values(attempts=contact_points.c.attempts - 1)
    )
    return call_ids


def _dead(now: datetime, alive: Collection[CallId]) -> ColumnElement[bool]:
    return and_(
        calls.c.ended_at.is_(None),
        calls.c.dialled_at.is_(None),
        calls.c.lease_until < now,
        calls.c.id.not_in(list(alive)),
    )
