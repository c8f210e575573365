"""The process that brings recordings into their keeping form.

An hour of audio keeps a processor busy for up to a minute; beside the web pages that would be
felt. `python -m ari_app.recording_worker` is started by `worker_processes`.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ari_app.recording_stores import StorePlan
from ari_app.worker_main import News, run_worker, work_off
from dialer import recording_jobs
from dialer.recording_jobs import KEEP
from dialer.recording_keeping import keep_next
from dialer.storage.engine import Database, open_database

_NICE = 10  # pages and calls come first


def main() -> None:
    """Works until nothing waits any more, or nobody is left to do it for."""
    run_worker(_work, niceness=_NICE)


async def _work(told: Mapping[str, Any], woken: asyncio.Event) -> None:
    database = open_database(told["database_url"])
    store = StorePlan(**told["store"]).open()

    async def keep() -> News | None:
        call_id = await keep_next(database, store, told["holder"], _now)
        return None if call_id is None else {"call_id": str(call_id)}

    try:
        await work_off(keep, lambda: _next_due(database), woken)
    finally:
        await store.close()
        await database.close()


async def _next_due(database: Database) -> datetime | None:
    async with database.read() as connection:
        return await recording_jobs.next_due(connection, (KEEP,))


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
