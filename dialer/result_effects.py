"""What a result does beside saying when the lead is called again: its stage, and its box."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import mybox
from dialer.lead_changes import Change, write_changes
from dialer.mybox import MyBoxError, MyBoxPolicy
from dialer.storage.tables import lead_changes, leads, stages
from dialer.users import User


async def put_in_box(
    connection: AsyncConnection, lead_id: int, user: User, policy: MyBoxPolicy, now: datetime
) -> MyBoxError | None:
    """Into the box of the agent who says so, or why it does not go there."""
    try:
        await mybox.put(
            connection,
            lead_id=lead_id,
            user_id=user.id,
            now=now,
            policy=policy,
            by=user.as_user(),
        )
    except MyBoxError as refused:
        return refused
    return None


async def take_out_of_box(
    connection: AsyncConnection, lead_id: int, user: User, since: datetime, now: datetime
) -> None:
    """Takes back what an earlier result of the same call did, which began at `since`.

    What lay in the box before the call stays there, and so does what is another's by now.
    """
    holder = await mybox.holder_of(connection, lead_id=lead_id, now=now, viewer=user)
    if holder is not None and holder.user_id == user.id and holder.since >= since:
        await mybox.release(connection, lead_id=lead_id, now=now, by=user)


async def move_stage(
    connection: AsyncConnection,
    lead_id: int,
    *,
    to: int | None,
    taken_back: int | None,
    since: datetime,
    by: User,
    now: datetime,
) -> None:
    """Moves the lead to the stage of its result.

    `taken_back` is the stage of the result that the same call had before; where the new one
    has none, the lead goes back to where it was before the call, which began at `since`.
    The caller has locked the lead.
    """
    stage_id = await connection.scalar(select(leads.c.stage_id).where(leads.c.id == lead_id))
    if to is None:
        if taken_back is None or stage_id != taken_back:
            return
        to = await _stage_before(connection, lead_id, taken_back, since, by.id)
    if to == stage_id:
        return
    names = await _names(connection, stage_id, to)
    await connection.execute(update(leads).where(leads.c.id == lead_id).values(stage_id=to))
    change = Change("stage", names.get(stage_id, ""), names.get(to, ""))
    await write_changes(connection, {lead_id: [change]}, by=by, now=now, action="lead.stage")


async def _stage_before(
    connection: AsyncConnection, lead_id: int, stage_id: int, since: datetime, user_id: int
) -> int | None:
    """Where the lead was before the agent's results of this call moved it, however often."""
    came_from = await connection.scalar(
        select(lead_changes.c.old)
        .where(
            lead_changes.c.lead_id == lead_id,
            lead_changes.c.field == "stage",
            lead_changes.c.user_id == user_id,
            lead_changes.c.at >= since,
        )
        .order_by(lead_changes.c.id)
        .limit(1)
    )
    if came_from is None:
        return stage_id  # it was there already
    result_set = select(stages.c.result_set_id).where(stages.c.id == stage_id).scalar_subquery()
    before: int | None = await connection.scalar(
        select(stages.c.id).where(stages.c.result_set_id == result_set, stages.c.name == came_from)
    )
    return before


async def _names(connection: AsyncConnection, *stage_ids: int | None) -> dict[int | None, str]:
    rows = await connection.execute(
        select(stages.c.id, stages.c.name).where(stages.c.id.in_([one for one in stage_ids if one]))
    )
    return {row.id: row.name for row in rows}
