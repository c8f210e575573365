"""What the abandonment ledger is filled from when a campaign starts."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.tables import calls


async def answered_calls(
    connection: AsyncConnection, campaign_id: int, since: datetime
) -> list[tuple[datetime, bool]]:
    """End and abandoned-or-not of the campaign's answered calls, oldest first."""
    rows = await connection.execute(
        select(calls.c.ended_at, calls.c.outcome)
        .where(
            calls.c.campaign_id == campaign_id,
            calls.c.claimed_at >= since,
            calls.c.ended_at.is_not(None),
            calls.c.outcome.in_((CallOutcome.CONNECTED, CallOutcome.ABANDONED)),
        )
        .order_by(calls.c.claimed_at)
    )
    return [(row.ended_at, row.outcome == CallOutcome.ABANDONED) for row in rows]
