"""Opening the database, and what a transaction promises."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError, StatementError

from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.engine import Database, StorageError, check_database, open_database
from dialer.storage.tables import calls, users, workgroups
from tests.small_world import add_call, add_lead, build_small_world


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as connection:
            await connection.execute(insert(workgroups).values(name="東京"))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        await fail()

    assert await _workgroups(database) == 0


async def test_what_is_written_while_reading_is_not_kept(database: Database) -> None:
    async with database.read() as connection:
        await connection.execute(insert(workgroups).values(name="東京"))

    assert await _workgroups(database) == 0


async def test_many_writers_take_turns(database: Database) -> None:
    async def add(number: int) -> None:
        async with database.write() as connection:
            before = (
                await connection.execute(select(func.count()).select_from(workgroups))
            ).scalar_one()
            assert before <= 40
            await connection.execute(insert(workgroups).values(name=f"group {number}"))

    await asyncio.gather(*(add(number) for number in range(40)))

    assert await _workgroups(database) == 40


async def test_a_write_within_a_write_is_an_error_and_no_dead_lock(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'a.db'}")
    with pytest.raises(RuntimeError, match="within a write"):
        async with database.write(), database.write():
            pass
    await check_database(database)
    await database.close()


async def test_two_processes_wait_for_each_other(tmp_path: Path) -> None:
    """Two `Database` objects on one file know nothing of each other, like two processes."""
    first, second = (open_database(f"sqlite:///{tmp_path / 'a.db'}") for _ in range(2))
    async with first.write() as connection:
        await connection.run_sync(workgroups.metadata.create_all)

    async def add(database: Database, name: str) -> None:
        async with database.write() as connection:
            await connection.execute(insert(workgroups).values(name=name))
            await asyncio.sleep(0.01)

    await asyncio.gather(
        *(add(database, f"{n} {id(database)}") for n in range(5) for database in (first, second))
    )

    assert await _workgroups(first) == 10
    await first.close()
    await second.close()


async def test_times_come_back_in_utc(database: Database) -> None:
    tokyo = timezone(timedelta(hours=9))
    at = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=tokyo)
    async with database.write() as connection:
        await connection.execute(
            insert(users).values(login="a", name="a", password_hash="x", created_at=at)
        )

    async with database.read() as connection:
        stored = (await connection.execute(select(users.c.created_at))).scalar_one()
    assert stored == at
    assert stored.tzinfo == UTC


async def test_a_time_without_zone_is_refused(database: Database) -> None:
    nobody_knows_where = datetime(2026, 11, 24, 12, 0)  # noqa: DTZ001 - that is the point
    async with database.write() as connection:
        with pytest.raises(StatementError, match="without a zone"):
            await connection.execute(
                insert(users).values(
                    login="a", name="a", password_hash="x", created_at=nobody_knows_where
                )
            )


async def test_the_database_allows_one_open_call_per_number(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id, "+81352542287")
        await add_call(connection, world, lead_id, outcome=CallOutcome.BUSY)
        await add_call(connection, world, lead_id, outcome=None)

    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await add_call(connection, world, lead_id, outcome=None)

    async with database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(calls))).scalar_one() == 2


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("kakeru.db", "not a URL"),
        ("sqlite://", "name a file"),
        ("sqlite:////no/such/folder/kakeru.db", "no folder /no/such/folder"),
        ("mysql://localhost/kakeru", "mysql is not supported"),
    ],
)
def test_a_useless_url_is_explained(url: str, message: str) -> None:
    with pytest.raises(StorageError, match=message):
        open_database(url)


async def test_a_database_that_is_away_is_explained() -> None:
    database = open_database("postgresql://kakeru:hidden@127.0.0.1:1/kakeru")
    with pytest.raises(StorageError, match="is it running") as caught:
        await check_database(database)
    assert "hidden" not in str(caught.value)
    await database.close()


async def _workgroups(database: Database) -> int:
    async with database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(workgroups))).scalar_one()
