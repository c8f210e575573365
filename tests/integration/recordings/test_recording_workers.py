"""A process of its own brings finished recordings into their keeping form."""

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from ari_app.clock import SystemClock
from ari_app.coordination import LocalLiveUpdates
from ari_app.recording_stores import recording_store
from ari_app.recording_workers import keep_when_ready, recording_workers
from ari_app.settings.models import Settings
from ari_app.worker_processes import WorkerProcesses
from dialer.recording_keeper import RecordingKeeper
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.engine import Database
from dialer.storage.tables import calls, recordings
from tests.small_world import add_call, add_lead, build_small_world

KEY = "2026a:" + "A" * 43 + "="


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "business_name": "テスト",
            "data_folder": tmp_path,
            "database": {"url": database_url},
            "recordings": {"encrypted": True, "keys": KEY, "keep_after_minutes": 0},
        }
    )


async def _conversation(database: Database, settings: Settings) -> UUID:
    at = datetime.now(UTC) - timedelta(minutes=1)
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id)
        call_id = await add_call(
            connection, world, lead_id, at=at, outcome=CallOutcome.CONNECTED, recorded=True
        )
        await connection.execute(update(recordings).values(state="recording", path=""))
        at = (await connection.execute(select(calls.c.dialled_at))).scalar_one()
    recording_store(settings).raw_path(call_id, at).write_bytes(b"\1\0\2\0" * 16_000)
    return call_id


async def _kept(database: Database) -> tuple[str, str]:
    async with asyncio.timeout(60):
        while True:
            async with database.read() as connection:
                row = (await connection.execute(select(recordings))).one()
            if row.kept_at is not None:
                return row.format, row.key_name
            await asyncio.sleep(0.05)


async def _with_keeper(database: Database, settings: Settings, workers: WorkerProcesses) -> None:
    keeper = RecordingKeeper(
        database,
        recording_store(settings),
        LocalLiveUpdates(),
        when_ready=keep_when_ready(settings, SystemClock(), workers),
    )
    finishing = asyncio.create_task(keeper.run())
    assert await keeper.take_up() == 1
    await keeper.idle()
    finishing.cancel()
    await asyncio.gather(finishing, return_exceptions=True)


async def test_a_finished_recording_is_kept_without_being_asked_for(
    database: Database, settings: Settings
) -> None:
    call_id = await _conversation(database, settings)
    news: list[str] = []
    workers = recording_workers(settings, database, news.append)
    await workers.start()
    try:
        await _with_keeper(database, settings, workers)
        assert await _kept(database) == ("flac", "2026a")
        async with asyncio.timeout(30):
            while str(call_id) not in news:
                await asyncio.sleep(0.05)
    finally:
        await workers.stop()


async def test_what_a_killed_worker_was_at_is_kept_all_the_same(
    database: Database, settings: Settings
) -> None:
    await _conversation(database, settings)
    workers = recording_workers(settings, database, lambda _: None)
    await workers.start()
    try:
        await _with_keeper(database, settings, workers)
        async with asyncio.timeout(60):
            while not workers.process_ids:
                await asyncio.sleep(0.01)
        os.kill(workers.process_ids[0], signal.SIGKILL)
        assert await _kept(database) == ("flac", "2026a")
    finally:
        await workers.stop()


def test_recordings_that_stay_as_they_are_are_queued_for_nothing(settings: Settings) -> None:
    plain = settings.model_copy(
        update={
            "recordings": settings.recordings.model_copy(
                update={"format": "wav", "encrypted": False}
            )
        }
    )
    assert keep_when_ready(plain, SystemClock(), None) == []  # type: ignore[arg-type]
