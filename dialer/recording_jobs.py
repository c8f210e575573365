"""The queue of what is to be done with recordings in the background.

One table serves all kinds (`keep`, `transcribe`); a recording is in it once for each. Whoever
works on a job holds it by a lease that he renews. When he dies the lease ends, and another
begins the job anew; when he was only slow he finds the lease gone and writes nothing: the
result and the end of the job are written in one transaction, on condition that the lease is
still his own.

    async with database.write() as connection:
        await recording_jobs.enqueue(connection, "keep", call_id, now=now)

    job = await recording_jobs.take_next(database, ("keep",), holder, now)
    async with recording_jobs.held(database, job, clock) as progress: ...
    async with database.write() as connection:
        ... the result ...
        await recording_jobs.finish(connection, job, now)
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.rules.job_retry import MOST_TRIES, next_try
from dialer.storage.dialects import insert_if_new
from dialer.storage.engine import Database
from dialer.storage.tables import recording_jobs

log = structlog.get_logger(__name__)

KEEP, TRANSCRIBE = "keep", "transcribe"
LEASE = timedelta(seconds=60)
_RENEW_SECONDS = 10.0


class LeaseLost(Exception):
    """Somebody else has taken the job over; nothing more may be written."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job that is held. `tries` counts this one; `holder` is a word nobody else uses."""

    id: int
    kind: str
    call_id: UUID
    tries: int
    holder: str


@dataclass(frozen=True, slots=True)
class JobState:
    """How far the job of one recording is; `percent` is of the try under way."""

    state: str  # waiting done failed
    percent: int
    is_at_work: bool
    tries: int
    error: str  # of the last try that failed
    due_at: datetime


@dataclass(frozen=True, slots=True)
class JobCount:
    """Of one kind."""

    waiting: int = 0
    failed: int = 0


async def enqueue(
    connection: AsyncConnection,
    kind: str,
    call_id: UUID,
    *,
    now: datetime,
    priority: int = 0,
    due_at: datetime | None = None,
    again: bool = False,
) -> None:
    """Queues the work once; of a job that is there only the priority may rise.

    `again`: also where it was done or given up before. `priority`: the highest is done first.
    """
    due = due_at or now
    fresh = {"state": "waiting", "due_at": due, "tries": 0, "error": "", "progress_percent": 0}
    new = insert_if_new(connection, recording_jobs).values(
        kind=kind, call_id=call_id, priority=priority, created_at=now, **fresh
    )
    if (await connection.execute(new)).rowcount:
        return
    mine = (recording_jobs.c.kind == kind) & (recording_jobs.c.call_id == call_id)
    await connection.execute(
        update(recording_jobs)
        .where(mine, recording_jobs.c.state == "waiting", recording_jobs.c.priority < priority)
        .values(priority=priority)
    )
    if again:
        await connection.execute(
            update(recording_jobs)
            .where(mine, recording_jobs.c.state != "waiting")
            .values(**fresh, priority=priority, holder=None, lease_until=None, finished_at=None)
        )


async def take_next(
    database: Database, kinds: Collection[str], holder: str, now: datetime
) -> Job | None:
    """The most urgent job that is due and that nobody holds, now held; None without any.

    A job that took its workers with it too often is given up, not handed on.
    """
    free = _due(kinds, now)
    async with database.read() as connection:  # looking costs no writer his turn
        if await connection.scalar(select(recording_jobs.c.id).where(free).limit(1)) is None:
            return None
    async with database.write() as connection:
        await connection.execute(
            update(recording_jobs)
            .where(free, recording_jobs.c.tries >= MOST_TRIES)
            .values(
                state="failed",
                finished_at=now,
                holder=None,
                error=case(
                    (recording_jobs.c.error != "", recording_jobs.c.error),
                    else_="the process that worked on it died each time",
                ),
            )
        )
        job_id = await connection.scalar(
            select(recording_jobs.c.id)
            .where(free)
            .order_by(
                recording_jobs.c.priority.desc(), recording_jobs.c.due_at, recording_jobs.c.id
            )
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if job_id is None:
            return None
        taken = await connection.execute(
            update(recording_jobs)
            .where(recording_jobs.c.id == job_id)
            .values(
                holder=holder,
                lease_until=now + LEASE,
                tries=recording_jobs.c.tries + 1,
                progress_percent=0,
            )
            .returning(recording_jobs.c.kind, recording_jobs.c.call_id, recording_jobs.c.tries)
        )
        row = taken.one()
    return Job(job_id, row.kind, row.call_id, row.tries, holder)


@asynccontextmanager
async def held(
    database: Database,
    job: Job,
    clock: Callable[[], datetime],
    *,
    renew_seconds: float = _RENEW_SECONDS,
) -> AsyncIterator[Callable[[int], None]]:
    """Renews the lease while the block works; gives what takes the progress in percent.

    The block is not interrupted when the lease is lost: `finish` raises then. Work that
    would keep the event loop busy belongs into a thread or process.
    """
    percent = 0

    def progress(done: int) -> None:
        nonlocal percent
        percent = max(0, min(100, done))

    async def renew() -> None:
        while True:
            await asyncio.sleep(renew_seconds)
            try:
                await keep(database, job, clock(), percent)
            except SQLAlchemyError as error:
                log.warning("job_lease_not_renewed", job=job.id, error=str(error).splitlines()[0])

    renewing = asyncio.create_task(renew())
    try:
        yield progress
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def keep(database: Database, job: Job, now: datetime, percent: int) -> None:
    """Renews the lease and tells the progress. Raises LeaseLost."""
    async with database.write() as connection:
        await _write(connection, job, lease_until=now + LEASE, progress_percent=percent)


async def renew(connection: AsyncConnection, job: Job, now: datetime) -> None:
    """Within a transaction that writes a part of the result. Raises LeaseLost."""
    await _write(connection, job, lease_until=now + LEASE)


async def finish(connection: AsyncConnection, job: Job, now: datetime) -> None:
    """Ends the job in the transaction that writes its result. Raises LeaseLost."""
    await _write(
        connection,
        job,
        state="done",
        finished_at=now,
        holder=None,
        lease_until=None,
        progress_percent=100,
        error="",
    )


async def fail(
    connection: AsyncConnection, job: Job, now: datetime, error: str, *, for_good: bool = False
) -> datetime | None:
    """Gives the job back for later; returns when it is due again, None: it is given up.

    `for_good`: trying again is useless. Raises LeaseLost.
    """
    due_at = None if for_good else next_try(job.tries, now)
    await _write(
        connection,
        job,
        state="failed" if due_at is None else "waiting",
        finished_at=now if due_at is None else None,
        due_at=due_at or now,
        holder=None,
        lease_until=None,
        progress_percent=0,
        error=error,
    )
    return due_at


async def release(connection: AsyncConnection, job: Job) -> None:
    """Gives the job back untried, as when the program ends. Raises LeaseLost."""
    await _write(connection, job, holder=None, lease_until=None, tries=job.tries - 1)


async def end_all_of(database: Database, holder: str) -> None:
    """Frees what a worker that is known to be dead was at."""
    async with database.write() as connection:
        await connection.execute(
            update(recording_jobs)
            .where(recording_jobs.c.state == "waiting", recording_jobs.c.holder == holder)
            .values(holder=None, lease_until=None)
        )


async def anything_waits(connection: AsyncConnection, kinds: Collection[str]) -> bool:
    """Whether work is left to be done, held, due or later."""
    found = await connection.scalar(select(recording_jobs.c.id).where(_waiting(kinds)).limit(1))
    return found is not None


async def next_due(connection: AsyncConnection, kinds: Collection[str]) -> datetime | None:
    """When the next job can be taken (in the past: now); None when none waits."""
    free_at = case(
        (
            recording_jobs.c.lease_until > recording_jobs.c.due_at,
            recording_jobs.c.lease_until,
        ),
        else_=recording_jobs.c.due_at,
    )
    soonest: datetime | None = await connection.scalar(
        select(free_at).where(_waiting(kinds)).order_by(free_at).limit(1)
    )
    return soonest


async def state_of(
    connection: AsyncConnection, kind: str, call_id: UUID, now: datetime
) -> JobState | None:
    """None when the work was never asked for."""
    job = recording_jobs.c
    row = (
        await connection.execute(
            select(recording_jobs).where(job.kind == kind, job.call_id == call_id)
        )
    ).first()
    if row is None:
        return None
    at_work = row.state == "waiting" and row.lease_until is not None and row.lease_until > now
    return JobState(row.state, row.progress_percent, at_work, row.tries, row.error, row.due_at)


async def counts(connection: AsyncConnection) -> dict[str, JobCount]:
    """By kind: how many wait, and how many were given up."""
    job = recording_jobs.c
    rows = await connection.execute(
        select(job.kind, job.state, func.count().label("number"))
        .where(job.state.in_(("waiting", "failed")))
        .group_by(job.kind, job.state)
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.kind, {})[row.state] = row.number
    return {kind: JobCount(**numbers) for kind, numbers in found.items()}


async def retry_failed(connection: AsyncConnection, kind: str, now: datetime) -> int:
    """What was given up begins anew; returns how many."""
    renewed = await connection.execute(
        update(recording_jobs)
        .where(recording_jobs.c.kind == kind, recording_jobs.c.state == "failed")
        .values(state="waiting", tries=0, due_at=now, finished_at=None)
    )
    return renewed.rowcount


async def _write(connection: AsyncConnection, job: Job, **values: Any) -> None:
    written = await connection.execute(
        update(recording_jobs)
        .where(
            recording_jobs.c.id == job.id,
            recording_jobs.c.state == "waiting",
            recording_jobs.c.holder == job.holder,
        )
        .values(**values)
    )
    if not written.rowcount:
        raise LeaseLost(f"{job.kind} of call {job.call_id} is no longer ours")


def _waiting(kinds: Collection[str]) -> ColumnElement[bool]:
    return (recording_jobs.c.state == "waiting") & recording_jobs.c.kind.in_(sorted(kinds))


def _due(kinds: Collection[str], now: datetime) -> ColumnElement[bool]:
    is_free = or_(recording_jobs.c.lease_until.is_(None), recording_jobs.c.lease_until <= now)
    return _waiting(kinds) & (recording_jobs.c.due_at <= now) & is_free
