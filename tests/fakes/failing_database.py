"""A real SQLite database that can be away, or die with the program that uses it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.storage.engine import Database, open_database
from tests.fakes.virtual_time import VirtualTimeLoop


class FailingDatabase(Database):
    """Virtual time stands still while the database works."""

    def __init__(self, url: str) -> None:
        super().__init__(open_database(url).engine)
        self.away = False
        self.unheard_commits = 0
        """So many of the next transactions are committed, but nobody hears of it."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        self._reach()
        with self._working():
            async with super().read() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        self._reach()
        with self._working():
            async with super().write() as connection:
                yield connection
        if self.unheard_commits:
            self.unheard_commits -= 1
            raise _away()

    async def close(self) -> None:
        with self._working():
            await super().close()

    def _reach(self) -> None:
        if self.away:
            raise _away()

    def _working(self) -> AbstractContextManager[None]:
        loop = asyncio.get_running_loop()
        return loop.pending() if isinstance(loop, VirtualTimeLoop) else nullcontext()


def _away() -> OperationalError:
    return OperationalError("SELECT 1", {}, Exception("the database is away"))
