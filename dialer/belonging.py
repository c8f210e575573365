"""Which project a thing lies in: what a page asks before it shows the thing."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.storage.tables import actions, leads
from dialer.users import User

_LARGEST_ID = 2**63 - 1  # what the column holds; more is an error on PostgreSQL


async def project_of_lead(connection: AsyncConnection, lead_id: int) -> int | None:
    """None when there is no such lead."""
    if lead_id > _LARGEST_ID:
        return None
    query = select(leads.c.project_id).where(leads.c.id == lead_id)
    return (await connection.execute(query)).scalar_one_or_none()


async def visible_leads(
    connection: AsyncConnection, lead_ids: Sequence[int], viewer: User
) -> list[int]:
    """Those that exist in projects the viewer may see, in their order. At most 30,000."""
    rows = await connection.execute(
        select(leads.c.id, leads.c.project_id).where(
            leads.c.id.in_([one for one in lead_ids if one <= _LARGEST_ID])
        )
    )
    seen = {row.id for row in rows if viewer.sees_project(row.project_id)}
    return [one for one in dict.fromkeys(lead_ids) if one in seen]


async def project_of_action(connection: AsyncConnection, action_id: UUID) -> int | None:
    """None when there is no such action."""
    query = select(actions.c.project_id).where(actions.c.id == action_id)
    return (await connection.execute(query)).scalar_one_or_none()
