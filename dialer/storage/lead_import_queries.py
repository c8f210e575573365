"""Writing many leads at once, with ids that are known before the rows are written."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.storage.tables import contact_points, leads

_NUMBERS_PER_QUERY = 500  # SQLite and asyncpg both limit the parameters of a statement


async def reserve_ids(connection: AsyncConnection, table: Table, count: int) -> Sequence[int]:
    """`count` ids of `table`, ascending, that no other transaction will use.

    On SQLite this holds because a write transaction is the only writer; on PostgreSQL
    the ids are drawn from the sequence that the column draws from.
    """
    if connection.dialect.name == "sqlite":
        last = (await connection.execute(select(func.max(table.c.id)))).scalar_one() or 0
        return range(last + 1, last + count + 1)
    drawn = await connection.execute(
        text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"),
        {"name": table.name, "count": count},
    )
    return sorted(drawn.scalars())


async def insert_leads(
    connection: AsyncConnection,
    lead_rows: Sequence[Mapping[str, Any]],
    contact_rows: Sequence[Mapping[str, Any]],
) -> None:
    """Rows of `leads` with their ids, and the contact points that refer to them."""
    await connection.execute(insert(leads), lead_rows)
    await connection.execute(insert(contact_points), contact_rows)


async def numbers_in_project(
    connection: AsyncConnection, *, project_id: int, numbers: Collection[str]
) -> set[str]:
    """Which of these E.164 numbers a lead of the project already has, deleted leads aside."""
    wanted = sorted(numbers)
    found: set[str] = set()
    for start in range(0, len(wanted), _NUMBERS_PER_QUERY):
        rows = await connection.execute(
            select(contact_points.c.e164)
            .distinct()
            .join(leads, leads.c.id == contact_points.c.lead_id)
            .where(
                contact_points.c.e164.in_(wanted[start : start + _NUMBERS_PER_QUERY]),
                contact_points.c.kind != "fax",
                leads.c.project_id == project_id,
                leads.c.deleted_at.is_(None),
            )
        )
        found.update(rows.scalars())
    return found
