"""The memo of a call while it is being typed."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts
from dialer.storage.tables import actions

LONGEST_MEMO = 4000  # characters


async def save_memo(connection: AsyncConnection, *, call_id: UUID, user_id: int, memo: str) -> bool:
    """Keeps what is typed so far; False when the call is not this user's.

    The memo is part of the call's action, so nothing is written to the audit log.
    Longer texts are cut at `LONGEST_MEMO`.
    """
    written = await connection.execute(
        update(actions)
        .where(actions.c.id == call_id, actions.c.user_id == user_id)
        .values(memo=memo[:LONGEST_MEMO])
    )
    await action_texts.refresh(connection, [call_id] if written.rowcount else [])
    return bool(written.rowcount)
