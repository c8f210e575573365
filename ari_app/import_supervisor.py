"""Keeps a process at work on imports while there are any: started when needed, and again
when it dies on the way.
"""

import asyncio
import json
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace

import structlog

from ari_app.import_worker import WorkerSettings
from ari_app.settings import Settings
from dialer.lead_imports import leases
from dialer.storage.engine import Database

log = structlog.get_logger(__name__)

_PATIENCE_SECONDS = 5.0  # for the worker to finish its batch when the program ends
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 60.0


class ImportSupervisor:
    """`on_news` is told the id of each import that a worker has come to the end of.

    Use: `await start()`, then `wake()` whenever an import has been given work, `await stop()`.
    """

    def __init__(
        self, settings: Settings, database: Database, on_news: Callable[[int], None]
    ) -> None:
        self._settings = settings
        self._database = database
        self._on_news = on_news
        self._wanted = asyncio.Event()
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Takes up again what an earlier run left unfinished."""
        async with self._database.read() as connection:
            if await leases.anything_waits(connection):
                self._wanted.set()
        self._task = asyncio.create_task(self._keep_at_work(), name="imports")

    def wake(self) -> None:
        """There is something to do."""
        self._wanted.set()
        if self._process is not None and self._process.stdin is not None:
            with suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(b"\n")

    @property
    def process_id(self) -> int | None:
        """Of the worker; None while there is none."""
        return None if self._process is None else self._process.pid

    async def stop(self) -> None:
        """Ends the worker; what it was at goes on at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._process is not None:
            await self._end(self._process)

    async def _keep_at_work(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            status = await self._one_life()
            if status == 0:
                pause = _FIRST_PAUSE_SECONDS
            else:
                log.error("import_worker_died", status=status)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            async with self._database.read() as connection:
                if await leases.anything_waits(connection):
                    self._wanted.set()

    async def _one_life(self) -> int:
        holder = secrets.token_hex(8)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ari_app.import_worker", stdin=PIPE, stdout=PIPE
        )
        self._process = process
        try:
            assert process.stdin is not None  # both are pipes
            assert process.stdout is not None
            with suppress(ConnectionError):
                process.stdin.write(self._told(holder).as_line())
                await process.stdin.drain()
            async for line in process.stdout:
                self._on_news(int(json.loads(line)["import"]))
            return await process.wait()
        finally:
            self._process = None
            if process.returncode is None:
                await self._end(process)
            # It is dead, so nobody need wait until its lease ends.
            await leases.end_all_of(self._database, holder)

    async def _end(self, process: Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    def _told(self, holder: str) -> WorkerSettings:
        settings = self._settings
        return WorkerSettings(
            database_url=settings.database_url,
            folder=str(settings.imports_folder),
            holder=holder,
            log_file=str(settings.log_folder / "imports.log"),
            limits=asdict(replace(settings.imports.limits)),
            keep_files_days=settings.imports.keep_files_days,
        )
