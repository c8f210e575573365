"""Bringing a database to the tables of this version, and back.

    python -m dialer.storage.migrate new "what changes"    a draft of the next migration

Each call is one transaction, on SQLite too: a migration that fails leaves the
database as it was. Several processes may upgrade at once; one does it, the others wait.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.storage.engine import Database, StorageError, open_database

_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do, as long as every version of Kakeru takes the same.
_UPGRADE_LOCK = 0x6B616B6572750001


async def upgrade(url: str, revision: str = "head") -> str:
    """Brings the database up to `revision`, from nothing if need be; returns where it is now.

    Raises StorageError when it cannot be reached or a newer version of Kakeru made it.
    """
    return await _move(url, lambda config: command.upgrade(config, revision)) or ""


async def downgrade(url: str, revision: str) -> str | None:
    """Takes the database back to `revision`; ``base`` removes every table and row."""
    return await _move(url, lambda config: command.downgrade(config, revision))


async def current(url: str) -> str | None:
    """The revision of the database; None when it is empty. Raises StorageError."""
    async with _opened(url) as database, _explained(database), database.read() as connection:
        return await connection.run_sync(_revision)


def head() -> str:
    """The revision that this version of Kakeru needs."""
    found = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    assert found is not None  # there is a first migration
    return found


async def _move(url: str, step: Callable[[Config], None]) -> str | None:
    def run(connection: Connection) -> str | None:
        config = _config()
        config.attributes["connection"] = connection
        step(config)
        return _revision(connection)

    async with (
        _opened(url) as database,
        _explained(database),
        _migrating(database) as connection,
    ):
        return await connection.run_sync(run)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _explained(database: Database) -> AsyncIterator[None]:
    where = database.engine.url.render_as_string()
    try:
        yield
    except CommandError as error:
        raise StorageError(
            f"database {where}: {error}; it was made by another version of Kakeru"
        ) from error
    except (SQLAlchemyError, OSError) as error:
        raise StorageError(f"database {where}: {error.__cause__ or error}") from error


@asynccontextmanager
async def _migrating(database: Database) -> AsyncIterator[AsyncConnection]:
    if not database.is_sqlite:
        async with database.write() as connection:
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")
            yield connection
        return
    # A table that is copied and dropped must not take its dependents with it, and the
    # switch for that works only outside transactions.
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).all()
        if broken:
            raise StorageError(f"the migration would orphan rows of {broken[0][0]}")
        await connection.commit()


async def _draft(message: str) -> None:
    """Writes the next migration: the difference between the tables and the last one."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/draft.db"
        await upgrade(url)
        await _move(url, lambda config: _write_draft(config, message))


def _write_draft(config: Config, message: str) -> None:
    number = len(list(ScriptDirectory(str(_MIGRATIONS)).walk_revisions())) + 1
    command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "new":
        sys.exit(__doc__)
    asyncio.run(_draft(sys.argv[2]))
