"""The migrations make exactly the tables of this version, and go back without a trace."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from dialer.storage import migrate
from dialer.storage.engine import Database, StorageError, open_database
from dialer.storage.tables import metadata
from tests.postgres_server import PostgresServer
from tests.small_world import add_lead, build_small_world


@pytest.fixture
async def empty_url(database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the same kind as `database` in which there is nothing yet."""
    if database.is_sqlite:
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return await server.fresh("template0")


@pytest.fixture
async def made_from_tables(empty_url: str) -> AsyncIterator[Database]:
    """A database that no migration has seen."""
    database = open_database(empty_url)
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


async def test_migrating_makes_what_the_tables_say(
    database: Database, made_from_tables: Database
) -> None:
    assert await _definitions(database) == await _definitions(made_from_tables)


async def test_alembic_finds_nothing_to_change(database: Database) -> None:
    async with database.read() as connection:
        assert await connection.run_sync(_differences) == []


async def test_up_and_down_and_up_again(empty_url: str) -> None:
    assert await migrate.current(empty_url) is None
    assert await migrate.upgrade(empty_url) == migrate.head()
    assert await migrate.current(empty_url) == migrate.head()

    assert await migrate.downgrade(empty_url, "base") is None
    assert await _tables(empty_url) == {"alembic_version"}

    assert await migrate.upgrade(empty_url) == migrate.head()
    assert await _tables(empty_url) == {*metadata.tables, "alembic_version"}


async def test_down_with_rows_in_the_tables(database: Database, database_url: str) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        await add_lead(connection, world.project_id, "+81352542287")

    await migrate.downgrade(database_url, "base")

    assert await _tables(database_url) == {"alembic_version"}


async def test_upgrading_again_keeps_the_rows(database: Database, database_url: str) -> None:
    async with database.write() as connection:
        await build_small_world(connection)

    await migrate.upgrade(database_url)

    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM users"))).scalar_one() == 4


async def test_many_processes_may_upgrade_at_once(empty_url: str) -> None:
    revisions = await asyncio.gather(*(migrate.upgrade(empty_url) for _ in range(4)))

    assert set(revisions) == {migrate.head()}


async def test_a_database_of_a_newer_version_is_refused(
    database: Database, database_url: str
) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StorageError, match="another version of Kakeru"):
        await migrate.upgrade(database_url)


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_text("not a database, but long enough to have a header\n" * 10)

    with pytest.raises(StorageError, match=r"notes\.db.*not a database"):
        await migrate.upgrade(f"sqlite:///{file}")


def _differences(connection: Connection) -> list[Any]:
    with warnings.catch_warnings():
        # The index with coalesce() in it; its definition is compared as text above.
        warnings.filterwarnings("ignore", message=".*expression-based index.*")
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, *_: not (name or "").startswith(_INDEX_OF_WORDS)},
        )
        return list(compare_metadata(context, metadata))


async def _definitions(database: Database) -> set[tuple[str, ...]]:
    """Every table, index and constraint in the database's own words."""
    sql = _SQLITE_DEFINITIONS if database.is_sqlite else _POSTGRES_DEFINITIONS
    async with database.read() as connection:
        rows = await connection.execute(text(sql))
        return {tuple(map(str, row)) for row in rows if "alembic_version" not in str(row)}


# Not the text of CREATE TABLE: a column that came later stands elsewhere in it.
_SQLITE_DEFINITIONS = """
    SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql > ''
    UNION ALL
    SELECT 'column', t.name || '.' || c.name,
           c.type || ' ' || c."notnull" || ' ' || coalesce(c.dflt_value, '') || ' ' || c.pk
    FROM sqlite_master t JOIN pragma_table_xinfo(t.name) c WHERE t.type = 'table'
    UNION ALL
    SELECT 'foreign key', t.name || '.' || f."from",
           f."table" || ' ' || f."to" || ' ' || f.on_delete
    FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'
"""
_POSTGRES_DEFINITIONS = """
    SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'constraint', conname, conrelid::regclass || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'column', table_name || '.' || column_name,
           concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default,
                     collation_name)
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
"""


# Each database keeps them in tables of its own, which the metadata does not name.
_INDEX_OF_WORDS = ("action_grams", "lead_grams")


async def _tables(url: str) -> set[str]:
    database = open_database(url)
    try:
        async with database.read() as connection:
            found = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
            return {name for name in found if not name.startswith(_INDEX_OF_WORDS)}
    finally:
        await database.close()
