"""Databases for tests: a migrated one that is copied for each test, of both kinds."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from argon2 import PasswordHasher

from dialer import users
from dialer.storage.engine import Database, open_database
from dialer.storage.migrate import upgrade
from tests.postgres_server import PostgresServer, postgres_server

T = TypeVar("T")
_TEMPLATE = "kakeru_template"


@pytest.fixture(scope="session", autouse=True)
def passwords_made_fast() -> Iterator[None]:
    """Argon2 is slow on purpose; here the same with the least work it can do."""
    fast = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "_hasher", fast)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables and no rows."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    _apart(upgrade(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> str:
    """The name of a database with all tables and no rows."""
    _apart(postgres.run(f"CREATE DATABASE {_TEMPLATE}"))
    _apart(upgrade(postgres.url(_TEMPLATE)))
    return _TEMPLATE


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated, empty database of the test's own: once SQLite, once PostgreSQL."""
    if request.param == "sqlite":
        file = tmp_path / "kakeru.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), file)
        return f"sqlite:///{file}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return _apart(server.fresh(request.getfixturevalue("migrated_postgres")))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated, empty database of the test's own: once SQLite, once PostgreSQL."""
    opened = open_database(database_url)
    yield opened
    await opened.close()


def _apart(work: Coroutine[Any, Any, T]) -> T:
    """Runs `work` on a loop of its own, away from the test's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
