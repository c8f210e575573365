"""Processes that transcribe: started when something waits, and again when they die."""

import asyncio
import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import soundfile
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.settings.models import Settings
from ari_app.transcription_workers import transcription_workers
from ari_app.worker_processes import WorkerProcesses
from dialer import transcribing
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.engine import Database
from dialer.storage.tables import recording_jobs, recordings
from tests import toy_vosk_model as toy
from tests.small_world import add_call, add_lead, build_small_world

_SECONDS = 120


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    toy.make(tmp_path / "models/toy")
    return Settings.model_validate(
        {
            "business_name": "テスト",
            "data_folder": tmp_path,
            "database": {"url": database_url},
            "transcripts": {"model": "models/toy", "workers": 2},
        }
    )


@pytest.fixture
def workers(settings: Settings, database: Database) -> WorkerProcesses:
    workers = transcription_workers(settings, database, lambda _: None)
    assert workers is not None
    return workers


async def test_what_waits_is_done_once_though_a_worker_is_killed(
    database: Database, settings: Settings, workers: WorkerProcesses
) -> None:
    calls = await _recorded(database, settings, 4)
    await workers.start()
    try:
        async with asyncio.timeout(60):
            while not (pid := await _pid_at_work(database, workers)):
                await asyncio.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(120):
            while await _waiting(database):
                await asyncio.sleep(0.1)
    finally:
        await workers.stop()
    async with database.read() as connection:
        for call_id in calls:
            found = await transcribing.transcript_of(connection, call_id)
            assert found is not None
            assert {one.side for one in found.said} == {"agent", "customer"}
        states = list(await connection.scalars(select(recording_jobs.c.state)))
    assert states == ["done"] * len(calls)


async def test_calls_come_first(
    database: Database, settings: Settings, workers: WorkerProcesses
) -> None:
    await _recorded(database, settings, 2)
    await workers.start()
    try:
        async with asyncio.timeout(60):
            while not (pid := await _pid_at_work(database, workers)):
                await asyncio.sleep(0.02)
        assert os.getpriority(os.PRIO_PROCESS, pid) == 19
        # Where Linux shares the processors among sessions first, niceness of processes would
        # count only within the program's own session.
        assert os.getsid(pid) == pid
        group = Path(f"/proc/{pid}/autogroup")
        assert not group.exists() or group.read_text().endswith("nice 19\n")
    finally:
        await workers.stop()


async def test_it_is_woken_by_what_comes_later(
    database: Database, settings: Settings, workers: WorkerProcesses
) -> None:
    await workers.start()
    try:
        assert workers.process_ids == []  # nothing to do: no process, no model in memory
        await _recorded(database, settings, 1)
        workers.wake()
        async with asyncio.timeout(60):
            while await _waiting(database):
                await asyncio.sleep(0.1)
    finally:
        await workers.stop()


async def test_without_a_model_there_are_none(database: Database, settings: Settings) -> None:
    without = settings.transcripts.model_copy(update={"model": None})
    plain = settings.model_copy(update={"transcripts": without})
    assert transcription_workers(plain, database, lambda _: None) is None


async def _pid_at_work(database: Database, workers: WorkerProcesses) -> int | None:
    """A worker, once some job is held."""
    async with database.read() as connection:
        held = select(recording_jobs.c.id).where(
            recording_jobs.c.state == "waiting", recording_jobs.c.holder.is_not(None)
        )
        if (await connection.execute(held)).first() is None:
            return None
    return next(iter(workers.process_ids), None)


async def _waiting(database: Database) -> bool:
    async with database.read() as connection:
        waiting = select(recording_jobs.c.id).where(recording_jobs.c.state == "waiting")
        return (await connection.execute(waiting)).first() is not None


async def _recorded(database: Database, settings: Settings, count: int) -> list[UUID]:
    """Conversations of two minutes, whose transcripts are asked for."""
    turns = _SECONDS // 6
    sides = (
        toy.say(*[(None, 1.0), ("moshimoshi", 1.0), (None, 4.0)] * turns),
        toy.say(*[(None, 3.0), ("rusuban", 1.0), (None, 2.0)] * turns),
    )
    both = np.stack([np.frombuffer(side, dtype="<i2") for side in sides], axis=1)
    settings.recordings_folder.mkdir(parents=True, exist_ok=True)
    settings.log_folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(settings.recordings_folder / "call.wav", both, 8000, subtype="PCM_16")
    async with database.write() as connection:
        return await _calls(connection, count)


async def _calls(connection: AsyncConnection, count: int) -> list[UUID]:
    ids = []
    world = await build_small_world(connection)
    for number in range(count):
        lead_id = await add_lead(connection, world.project_id, f"+8135254000{number}")
        call_id = await add_call(
            connection,
            world,
            lead_id,
            e164=f"+8135254000{number}",
            outcome=CallOutcome.CONNECTED,
            recorded=True,
        )
        await connection.execute(
            update(recordings).where(recordings.c.call_id == call_id).values(path="call.wav")
        )
        await transcribing.ask_for(connection, call_id, datetime.now(UTC))
        ids.append(call_id)
    return ids
