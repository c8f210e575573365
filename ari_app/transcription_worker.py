"""A process that turns recordings into words.

Recognising speech keeps a processor busy for as long as people talked; it is done beside the
process that serves pages and calls. `python -m ari_app.transcription_worker` is started by
`worker_processes`; each has the model in its memory.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from ari_app.recording_stores import StorePlan
from ari_app.worker_main import News, run_worker, work_off
from dialer import recording_jobs
from dialer.recording_jobs import TRANSCRIBE
from dialer.storage.engine import open_database
from recordings.transcribers import engines
from recordings.transcribers.port import TranscriberError
from recordings.transcribers.work import Workplace, transcribe_next

log = structlog.get_logger(__name__)

_NICE = 19  # pages, calls and the keeping of recordings come first


def main() -> None:
    """Works until nothing waits any more, or nobody is left to do it for."""
    run_worker(_work, niceness=_NICE)


async def _work(told: Mapping[str, Any], woken: asyncio.Event) -> None:
    try:
        transcriber = await asyncio.to_thread(engines.load, told["engine"], Path(told["model"]))
    except TranscriberError as error:
        # It dies and is started again after a pause: the model may have been mended by then.
        raise OSError(str(error)) from error
    database = open_database(told["database_url"])
    store = StorePlan(**told["store"]).open()
    place = Workplace(database, store, transcriber, told["language"], _now)

    async def transcribe() -> News | None:
        job = await transcribe_next(place, told["holder"])
        return None if job is None else {"call_id": str(job.call_id)}

    async def next_due() -> datetime | None:
        async with database.read() as connection:
            return await recording_jobs.next_due(connection, (TRANSCRIBE,))

    try:
        await work_off(transcribe, next_due, woken)
    finally:
        await store.close()
        await database.close()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
