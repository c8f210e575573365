"""The process that works on imports, beside the one that serves pages and calls.

Reading a million rows keeps a processor busy for a minute; in the process of the web
pages every click would wait for it. `python -m ari_app.import_worker` is started by
`worker_processes`.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from ari_app.worker_main import IDLE_SECONDS, run_worker, tell
from dialer.lead_imports import leases
from dialer.lead_imports.bring import remove_old_files
from dialer.lead_imports.jobs import ImportJob
from dialer.lead_imports.work import work_on_next
from dialer.lead_imports.workshop import Workshop
from dialer.rules.list_shape import ListLimits
from dialer.storage.engine import open_database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker is told; `holder` is its word on leases."""

    database_url: str
    folder: str
    holder: str
    log_file: str
    limits: Mapping[str, int]
    keep_files_days: int

    def as_line(self) -> bytes:
        """As its standard input takes it."""
        return json.dumps(asdict(self)).encode() + b"\n"


def main() -> None:
    """Works until there is nothing left to do for a while, or nobody left to do it for."""
    run_worker(_work)


async def _work(told: Mapping[str, Any], woken: asyncio.Event) -> None:
    settings = WorkerSettings(**told)
    database = open_database(settings.database_url)
    shop = Workshop(
        database,
        Path(settings.folder),
        lambda: datetime.now(UTC),
        limits=ListLimits(**settings.limits),
    )
    try:
        await remove_old_files(shop, timedelta(days=settings.keep_files_days))
        while True:
            woken.clear()
            while (job := await work_on_next(shop, settings.holder)) is not None:
                _tell(job)
            with suppress(TimeoutError):
                async with asyncio.timeout(await _patience(shop)):
                    await woken.wait()
                continue
            if not await _is_waited_for(shop):
                return
    finally:
        await database.close()


def _tell(job: ImportJob) -> None:
    log.info(
        "import_worked_on",
        import_id=job.id,
        state=job.state.value,
        created=job.created,
        updated=job.updated,
    )
    tell({"import": job.id, "state": job.state.value})


async def _patience(shop: Workshop) -> float:
    """Seconds until something may have to be done that nobody tells: another's lease ends."""
    async with shop.database.read() as connection:
        ends = await leases.next_end(connection)
    if ends is None:
        return IDLE_SECONDS
    return max(0.5, (ends - shop.now()).total_seconds() + 0.1)


async def _is_waited_for(shop: Workshop) -> bool:
    async with shop.database.read() as connection:
        return await leases.anything_waits(connection)


if __name__ == "__main__":
    main()
