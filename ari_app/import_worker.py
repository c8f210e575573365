"""The process that works on imports, beside the one that serves pages and calls.

Reading a million rows keeps a processor busy for a minute; in the process of the web
pages every click would wait for it. `python -m ari_app.import_worker` is started by
`import_supervisor`; it is told what to work with on its standard input, and ends when that
is closed, so it never outlives the program that started it.
"""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ari_app import logging as logs
from dialer.lead_imports import leases
from dialer.lead_imports.bring import remove_old_files
from dialer.lead_imports.jobs import ImportJob
from dialer.lead_imports.work import work_on_next
from dialer.lead_imports.workshop import Workshop
from dialer.rules.list_shape import ListLimits
from dialer.storage.engine import open_database

log = structlog.get_logger(__name__)

_IDLE_SECONDS = 30.0  # without work; then it ends and is started again when there is some


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
    settings = WorkerSettings(**json.loads(sys.stdin.buffer.readline()))
    logs.configure(file=Path(settings.log_file))
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(settings))


async def _run(settings: WorkerSettings) -> None:
    woken, orphaned = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(target=_listen, args=(loop, woken, orphaned), daemon=True).start()
    working = asyncio.create_task(_work(settings, woken))
    alone = asyncio.create_task(orphaned.wait())
    done, _ = await asyncio.wait({working, alone}, return_when=asyncio.FIRST_COMPLETED)
    alone.cancel()
    if working not in done:
        working.cancel()
    try:
        await working
    except asyncio.CancelledError:
        log.info("import_worker_stopped")
    except (SQLAlchemyError, OSError) as error:
        # It dies, and is started again after a pause: the database may be back by then.
        log.error("import_interrupted", error=str(error).splitlines()[0])
        os._exit(1)
    sys.stdout.flush()
    # The thread that listens waits for a line that may never come, and an orderly end would
    # wait for it. What must be on disk is there: every batch is committed.
    os._exit(0)


def _listen(loop: asyncio.AbstractEventLoop, woken: asyncio.Event, orphaned: asyncio.Event) -> None:
    for _ in sys.stdin.buffer:
        loop.call_soon_threadsafe(woken.set)
    loop.call_soon_threadsafe(orphaned.set)


async def _work(settings: WorkerSettings, woken: asyncio.Event) -> None:
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
    line: dict[str, Any] = {"import": job.id, "state": job.state.value}
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


async def _patience(shop: Workshop) -> float:
    """Seconds until something may have to be done that nobody tells: another's lease ends."""
    async with shop.database.read() as connection:
        ends = await leases.next_end(connection)
    if ends is None:
        return _IDLE_SECONDS
    return max(0.5, (ends - shop.now()).total_seconds() + 0.1)


async def _is_waited_for(shop: Workshop) -> bool:
    async with shop.database.read() as connection:
        return await leases.anything_waits(connection)


if __name__ == "__main__":
    main()
