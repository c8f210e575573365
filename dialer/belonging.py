"""Which project a thing lies in: what a page asks before it shows the thing."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.storage.tables import actions, leads

_LARGEST_ID = 2**63 - 1  # what the column holds; more is an error on PostgreSQL


async def project_of_lead(connection: AsyncConnection, lead_id: int) -> int | None:
    """None when there is no such lead."""
    if lead_id > _LARGEST_ID:
        return None
    query = select(leads.c.project_id).where(leads.c.id == lead_id)
    return (await connection.execute(query)).scalar_one_or_none()


async def project_of_action(connection: AsyncConnection, action_id: UUID) -> int | None:
    """None when there is no such action."""
    query = select(actions.c.project_id).where(actions.c.id == action_id)
    return (await connection.execute(query)).scalar_one_or_none()
