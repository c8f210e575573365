"""What is known of a recording is written once, when it is finished."""

from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import recording_jobs
from dialer.ports import RecordingFacts
from dialer.recording_jobs import KEEP
from dialer.recording_keeper import write_finished
from dialer.storage.engine import Database
from dialer.storage.tables import recording_peaks, recordings
from tests.small_world import NOON, add_call, add_lead, build_small_world

FACTS = RecordingFacts("2026/11/24/x.wav", 1000, 32_044, "a" * 64, NOON, "b" * 64, b"\x01\x02")


async def _waiting(database: Database) -> UUID:
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id)
        call_id = await add_call(connection, world, lead_id, recorded=True)
        await connection.execute(update(recordings).values(state="recording", path=""))
        return call_id


async def test_facts_and_wave_are_written_together(database: Database) -> None:
    call_id = await _waiting(database)

    async with database.write() as connection:
        assert await write_finished(connection, call_id, FACTS)

    async with database.read() as connection:
        row = (await connection.execute(select(recordings))).one()
        assert (row.state, row.path, row.audio_sha256) == ("ready", FACTS.path, "b" * 64)
        assert await connection.scalar(select(recording_peaks.c.peaks)) == b"\x01\x02"


@pytest.mark.parametrize("state", ["ready", "erasing", "erased"])
@pytest.mark.parametrize("facts", [FACTS, None])
async def test_finishing_once_more_changes_nothing(
    database: Database, state: str, facts: RecordingFacts | None
) -> None:
    call_id = await _waiting(database)
    async with database.write() as connection:
        await connection.execute(update(recordings).values(state=state, path="kept.flac"))
        assert not await write_finished(connection, call_id, facts)

    async with database.read() as connection:
        row = (await connection.execute(select(recordings))).one()
        assert (row.state, row.path) == (state, "kept.flac")


async def test_the_next_work_is_queued_with_it(database: Database) -> None:
    call_id = await _waiting(database)

    async def keep(connection: AsyncConnection, call: UUID) -> None:
        await recording_jobs.enqueue(connection, KEEP, call, now=NOON)

    async with database.write() as connection:
        if await write_finished(connection, call_id, FACTS):
            await keep(connection, call_id)

    job = await recording_jobs.take_next(database, (KEEP,), "w", NOON)
    assert job is not None
    assert job.call_id == call_id
