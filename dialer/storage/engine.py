"""Opening the database: SQLite in WAL mode by default, PostgreSQL by URL."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine


class StorageError(Exception):
    """The database cannot be used; the message says which one, why and what to do."""


class Database:
    """One database with its connections.

    SQLite has a single writer. `write` takes the write lock at once (``BEGIN
    IMMEDIATE``), so that a transaction never reads first and then finds that it may
    not write. Writers of one process queue here, in order: SQLite itself makes them
    sleep and try again, up to 100 ms at a time. PostgreSQL begins as usual.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[Any] | None = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries, which all see the same moment on SQLite.

        What is written through it is rolled back.
        """
        async with self.engine.connect() as connection:
            if self.is_sqlite:
                await connection.exec_driver_sql("BEGIN")
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, rolled back by an exception.

        Raises RuntimeError on SQLite when the task is already in a `write`: it would
        wait for itself.
        """
        async with self._turn_to_write(), self.engine.connect() as connection:
            if self.is_sqlite:
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            async with _committed(connection):
                yield connection

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def _turn_to_write(self) -> AsyncIterator[None]:
        if not self.is_sqlite:
            yield
            return
        if self._writer is asyncio.current_task():
            raise RuntimeError("a write transaction within a write transaction")
        async with self._writing:
            self._writer = asyncio.current_task()
            try:
                yield
            finally:
                self._writer = None


@asynccontextmanager
async def _committed(connection: AsyncConnection) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        await connection.rollback()
        raise
    await connection.commit()


def open_database(url: str) -> Database:
    """`url` is ``sqlite:///path`` or ``postgresql://user:password@host/name``.

    Raises StorageError when the URL means nothing or names another database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StorageError(
            f"database URL {url!r}: not a URL; write sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from error
    match parsed.get_backend_name():
        case "sqlite":
            path = parsed.database
            if not path or path == ":memory:":
                raise StorageError("database URL: name a file, as in sqlite:///kakeru.db")
            if not Path(path).parent.is_dir():
                folder = Path(path).parent
                raise StorageError(f"database {path}: no folder {folder}; make it, or name another")
            engine = create_async_engine(parsed.set(drivername="sqlite+aiosqlite"))
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        case "postgresql":
            engine = create_async_engine(
                parsed.set(drivername="postgresql+asyncpg"),
                pool_size=10,
                pool_pre_ping=True,
                # The statements are short; compiling them takes longer than running them.
                connect_args={"server_settings": {"jit": "off"}},
            )
        case other:
            raise StorageError(f"database URL: {other} is not supported; use sqlite or postgresql")
    return Database(engine)


async def check_database(database: Database) -> None:
    """Raises StorageError when the database does not answer or cannot be written."""
    try:
        async with database.write() as connection:
            await connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError) as error:
        raise StorageError(
            f"database {database.engine.url.render_as_string()}: {_first_line(error)}; "
            "is it running, and may this user write to it?"
        ) from error


def _first_line(error: BaseException) -> str:
    cause = error.__cause__ or error
    return (str(cause) or type(cause).__name__).splitlines()[0]


def _prepare_sqlite(connection: Any, record: Any) -> None:
    # The driver must not open transactions by itself: `Database.write` does it.
    connection.isolation_level = None
    cursor: sqlite3.Cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()
