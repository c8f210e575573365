"""Imports worked on in the process of the test."""

import asyncio
from pathlib import Path

from dialer.lead_imports.work import work_on_next
from dialer.lead_imports.workshop import Workshop
from dialer.ports import Clock
from dialer.storage.engine import Database


class ImportsAtOnce:
    """Works off what waits as soon as it is told; `paused` keeps everything waiting."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        self._shop = Workshop(database, folder, clock.now)
        self._tasks: set[asyncio.Task[None]] = set()
        self.paused = False

    def wake(self) -> None:
        if self.paused:
            return
        task = asyncio.create_task(self._work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Returns when nothing is being worked on."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _work(self) -> None:
        while await work_on_next(self._shop, "test") is not None:
            pass
