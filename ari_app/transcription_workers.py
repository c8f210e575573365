"""The processes that transcribe, as this installation's settings want them."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.recording_stores import store_plan
from ari_app.settings.models import Settings
from ari_app.worker_processes import WorkerProcesses
from dialer import recording_jobs
from dialer.ports import Clock
from dialer.recording_jobs import TRANSCRIBE
from dialer.recording_keeper import WhenReady
from dialer.storage.engine import Database
from dialer.transcribing import recording_ready

# A worker that is woken looks at once; what queued the job must be committed by then.
_COMMITTED_SECONDS = 1.0


def transcription_workers(
    settings: Settings, database: Database, on_news: Callable[[str], None]
) -> WorkerProcesses | None:
    """`on_news` is told the id of each call that was worked on. None without a model."""
    model = settings.model_path
    if model is None:
        return None

    def told(holder: str) -> Mapping[str, Any]:
        return {
            "database_url": settings.database_url,
            "holder": holder,
            "log_file": str(settings.log_folder / "transcripts.log"),
            "store": store_plan(settings).as_json(),
            "engine": settings.transcripts.engine,
            "model": str(model),
            "language": settings.transcripts.language,
        }

    async def anything_waits() -> bool:
        async with database.read() as connection:
            return await recording_jobs.anything_waits(connection, (TRANSCRIBE,))

    async def free(holder: str) -> None:
        await recording_jobs.end_all_of(database, holder)

    return WorkerProcesses(
        "ari_app.transcription_worker",
        count=settings.transcripts.workers,
        told=told,
        anything_waits=anything_waits,
        free=free,
        on_news=lambda news: on_news(news["call_id"]),
    )


def transcribe_when_ready(
    settings: Settings, clock: Clock, workers: WorkerProcesses | None
) -> list[WhenReady]:
    """What asks for the words of a recording that was just finished; nothing without a model."""
    if workers is None:
        return []
    policies = {campaign.name: campaign.transcribe.policy for campaign in settings.campaigns}

    async def queue(connection: AsyncConnection, call_id: UUID) -> None:
        if await recording_ready(connection, call_id, policies, clock.now()):
            asyncio.get_running_loop().call_later(_COMMITTED_SECONDS, workers.wake)

    return [queue]
