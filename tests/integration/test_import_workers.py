"""The process that works on imports: started when there is work, and again when it dies."""

import asyncio
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ari_app.import_workers import import_workers
from ari_app.settings.models import Settings
from dialer import projects
from dialer.lead_imports import jobs, whole
from dialer.lead_imports.workshop import Workshop
from dialer.rules.import_choices import ImportState
from dialer.storage.engine import Database
from tests.small_world import NOON


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "business_name": "テスト",
            "data_folder": tmp_path,
            "database": {"url": database_url},
        }
    )


@pytest.fixture
async def import_id(database: Database, settings: Settings, tmp_path: Path) -> int:
    """A list of three rows, waiting to be checked."""
    async with database.write() as connection:
        await projects.create_project(connection, name="光回線", now=NOON)
    file = tmp_path / "list.csv"
    rows = "".join(f"会社{n},03-6200-000{n}\n" for n in range(3))
    file.write_text(f"会社名,電話番号\n{rows}", encoding="utf-8")
    shop = Workshop(database, settings.imports_folder, lambda: datetime.now(UTC))
    found, _ = await whole.look_at(shop, file, project="光回線")
    async with database.write() as connection:
        await jobs.begin_check(connection, found)
    return found


async def reached(database: Database, import_id: int, state: ImportState) -> jobs.ImportJob:
    async with asyncio.timeout(60):
        while True:
            async with database.read() as connection:
                job = await jobs.import_by_id(connection, import_id)
            if job.state is state:
                return job
            await asyncio.sleep(0.05)


async def test_what_an_earlier_run_left_is_taken_up_and_more_when_it_is_told(
    database: Database, settings: Settings, import_id: int
) -> None:
    news: list[int] = []
    workers = import_workers(settings, database, news.append)
    await workers.start()
    try:
        await reached(database, import_id, ImportState.CHECKED)
        async with database.write() as connection:
            await jobs.begin_import(connection, import_id, now=NOON)
        workers.wake()
        job = await reached(database, import_id, ImportState.DONE)
    finally:
        await workers.stop()
    assert job.created == 3
    assert set(news) == {import_id}


async def test_a_worker_that_dies_is_started_again(
    database: Database, settings: Settings, import_id: int
) -> None:
    workers = import_workers(settings, database, lambda _id: None)
    await workers.start()
    try:
        async with asyncio.timeout(60):
            while not workers.process_ids:
                await asyncio.sleep(0.01)
        (first,) = workers.process_ids
        os.kill(first, signal.SIGKILL)
        await reached(database, import_id, ImportState.CHECKED)
        assert workers.process_ids != [first]
    finally:
        await workers.stop()
