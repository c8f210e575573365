"""Processes that work in the background, kept at it while there is something to do.

Each is started when needed, told what to work with on its standard input, woken by a line there,
and ends when that is closed: so none outlives the program that started it. When one dies on the
way another takes its place, after a pause that grows as long as they keep dying.
"""

import asyncio
import json
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import structlog

log = structlog.get_logger(__name__)

_PATIENCE_SECONDS = 5.0  # for a worker to finish its step when the program ends
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 60.0

News = Mapping[str, Any]


class WorkerProcesses:
    """Use: `await start()`, then `wake()` whenever there is more to do, `await stop()`.

    `module` is run by ``python -m``. `told` makes what a worker is told, from its holder: the
    word by which it holds leases. `anything_waits` tells whether there is (or will be) work.
    `free` ends the leases of a worker that is dead. `on_news` gets each line that a worker
    writes, a JSON object.
    """

    def __init__(
        self,
        module: str,
        *,
        count: int = 1,
        told: Callable[[str], Mapping[str, Any]],
        anything_waits: Callable[[], Awaitable[bool]],
        free: Callable[[str], Awaitable[None]],
        on_news: Callable[[News], None],
    ) -> None:
        self._module = module
        self._told = told
        self._anything_waits = anything_waits
        self._free = free
        self._on_news = on_news
        self._wanted = [asyncio.Event() for _ in range(count)]
        self._processes: list[Process | None] = [None] * count
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Takes up again what an earlier run left unfinished."""
        if await self._anything_waits():
            self.wake()
        for place in range(len(self._wanted)):
            work = self._keep_at_work(place)
            self._tasks.append(asyncio.create_task(work, name=f"{self._module} {place}"))

    def wake(self) -> None:
        """There is something to do."""
        for wanted in self._wanted:
            wanted.set()
        for process in self._processes:
            if process is not None and process.stdin is not None:
                with suppress(ConnectionError, RuntimeError):
                    process.stdin.write(b"\n")

    @property
    def process_ids(self) -> list[int]:
        """Of the workers that there are just now."""
        return [process.pid for process in self._processes if process is not None]

    async def stop(self) -> None:
        """Ends the workers; what they were at goes on at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep_at_work(self, place: int) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            await self._wanted[place].wait()
            self._wanted[place].clear()
            status = await self._one_life(place)
            if status == 0:
                pause = _FIRST_PAUSE_SECONDS
            else:
                log.error("worker_died", module=self._module, status=status)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            if await self._anything_waits():
                self._wanted[place].set()

    async def _one_life(self, place: int) -> int:
        holder = secrets.token_hex(8)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, stdin=PIPE, stdout=PIPE
        )
        self._processes[place] = process
        try:
            assert process.stdin is not None  # both are pipes
            assert process.stdout is not None
            with suppress(ConnectionError):
                process.stdin.write(json.dumps(dict(self._told(holder))).encode() + b"\n")
                await process.stdin.drain()
            async for line in process.stdout:
                self._on_news(json.loads(line))
            return await process.wait()
        finally:
            self._processes[place] = None
            if process.returncode is None:
                await _end(process)
            # It is dead, so nobody need wait until its leases end.
            await self._free(holder)


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
