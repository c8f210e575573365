"""Who is at work on an import: one at a time, and only as long as he is alive.

A worker holds an import by a lease that it renews with every batch. When it dies the
lease ends, and another goes on from the last batch that was committed. A worker that was
only slow finds its lease gone and writes nothing: each batch is written on condition that
the lease is still its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_imports.jobs import ImportJob, import_by_id
from dialer.rules.import_choices import AT_WORK
from dialer.storage.engine import Database
from dialer.storage.tables import lead_imports

LEASE = timedelta(seconds=30)


class LeaseLost(Exception):
    """Somebody else has taken the import over; nothing more may be written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """`holder` is a word that no other worker uses."""

    import_id: int
    holder: str


async def take_next(database: Database, holder: str, now: datetime) -> ImportJob | None:
    """The longest waiting import that nobody is at work on, now leased; None without any."""
    async with database.write() as connection:
        import_id = await connection.scalar(
            select(lead_imports.c.id)
            .where(lead_imports.c.state.in_(sorted(AT_WORK)), _is_free(now))
            .order_by(lead_imports.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return None if import_id is None else await _take(connection, import_id, holder, now)


async def take(database: Database, import_id: int, holder: str, now: datetime) -> ImportJob | None:
    """This import, leased; None when there is nothing to do or somebody else is at work on it."""
    async with database.write() as connection:
        return await _take(connection, import_id, holder, now)


async def anything_waits(connection: AsyncConnection) -> bool:
    """Whether an import has work left to be done, leased or not."""
    found = await connection.scalar(
        select(lead_imports.c.id).where(lead_imports.c.state.in_(sorted(AT_WORK))).limit(1)
    )
    return found is not None


async def next_end(connection: AsyncConnection) -> datetime | None:
    """When the first of the leases ends; None when no import is leased."""
    ends: datetime | None = await connection.scalar(
        select(lead_imports.c.lease_until)
        .where(lead_imports.c.state.in_(sorted(AT_WORK)), lead_imports.c.lease_until.is_not(None))
        .order_by(lead_imports.c.lease_until)
        .limit(1)
    )
    return ends


async def keep(connection: AsyncConnection, lease: Lease, now: datetime, **values: Any) -> None:
    """Renews the lease and writes `values`, in the transaction of a batch. Raises LeaseLost."""
    await _write(connection, lease, lease_until=now + LEASE, **values)


async def release(connection: AsyncConnection, lease: Lease, **values: Any) -> None:
    """Ends the lease with the last of the work. Raises LeaseLost."""
    await _write(connection, lease, lease_until=None, lease_by="", **values)


async def end_all_of(database: Database, holder: str) -> None:
    """Frees what a worker that is known to be dead was at."""
    async with database.write() as connection:
        await connection.execute(
            update(lead_imports)
            .where(lead_imports.c.lease_by == holder)
            .values(lease_until=None, lease_by="")
        )


async def is_cancelled(connection: AsyncConnection, lease: Lease) -> bool:
    """Whether somebody wants it to stop."""
    return bool(
        await connection.scalar(
            select(lead_imports.c.cancel_requested).where(lead_imports.c.id == lease.import_id)
        )
    )


async def _take(
    connection: AsyncConnection, import_id: int, holder: str, now: datetime
) -> ImportJob | None:
    taken = await connection.execute(
        update(lead_imports)
        .where(
            lead_imports.c.id == import_id,
            lead_imports.c.state.in_(sorted(AT_WORK)),
            _is_free(now),
        )
        .values(lease_until=now + LEASE, lease_by=holder)
    )
    return await import_by_id(connection, import_id) if taken.rowcount else None


async def _write(connection: AsyncConnection, lease: Lease, **values: Any) -> None:
    written = await connection.execute(
        update(lead_imports)
        .where(lead_imports.c.id == lease.import_id, lead_imports.c.lease_by == lease.holder)
        .values(**values)
    )
    if not written.rowcount:
        raise LeaseLost(f"import {lease.import_id} is no longer ours")


def _is_free(now: datetime) -> Any:
    return or_(lead_imports.c.lease_until.is_(None), lead_imports.c.lease_until < now)
