"""The process that keeps recordings, as this installation's settings want it."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.recording_stores import recording_store, store_plan
from ari_app.settings.models import Settings
from ari_app.worker_processes import WorkerProcesses
from dialer import recording_jobs
from dialer.ports import Clock
from dialer.recording_jobs import KEEP
from dialer.recording_keeper import WhenReady
from dialer.storage.engine import Database

# A worker that is woken looks at once; what queued the job must be committed by then.
_COMMITTED_SECONDS = 1.0


def recording_workers(
    settings: Settings, database: Database, on_news: Callable[[str], None]
) -> WorkerProcesses:
    """`on_news` is told the id of each call whose recording was worked on."""

    def told(holder: str) -> Mapping[str, Any]:
        return {
            "database_url": settings.database_url,
            "holder": holder,
            "log_file": str(settings.log_folder / "recordings.log"),
            "store": store_plan(settings).as_json(),
        }

    async def anything_waits() -> bool:
        async with database.read() as connection:
            return await recording_jobs.anything_waits(connection, (KEEP,))

    async def free(holder: str) -> None:
        await recording_jobs.end_all_of(database, holder)

    return WorkerProcesses(
        "ari_app.recording_worker",
        told=told,
        anything_waits=anything_waits,
        free=free,
        on_news=lambda news: on_news(news["call_id"]),
    )


def keep_when_ready(settings: Settings, clock: Clock, workers: WorkerProcesses) -> list[WhenReady]:
    """What queues a recording that was just finished; nothing where it is to stay as it is."""
    if recording_store(settings).policy.is_as_finished:
        return []
    pause = timedelta(minutes=settings.recordings.keep_after_minutes)

    async def queue(connection: AsyncConnection, call_id: UUID) -> None:
        now = clock.now()
        await recording_jobs.enqueue(connection, KEEP, call_id, now=now, due_at=now + pause)
        asyncio.get_running_loop().call_later(_COMMITTED_SECONDS, workers.wake)

    return [queue]
