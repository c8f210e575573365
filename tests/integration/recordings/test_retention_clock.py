"""Retention runs by itself, and again after a failure."""

import asyncio
from datetime import timedelta

from sqlalchemy import select, update

from ari_app.retention_clock import keep_retention
from dialer.ports import KeptAudio, RecordingFault
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.retention import Policies, Retention
from dialer.storage.engine import Database
from dialer.storage.tables import recordings
from tests.fakes.clock import FakeClock
from tests.fakes.recordings import FakeRecordings
from tests.small_world import NOON, add_call, add_lead, build_small_world


class _FailsOnce(FakeRecordings):
    failed = False

    async def erase(self, kept: KeptAudio) -> None:
        if not self.failed:
            self.failed = True
            raise RecordingFault("the disk is away")
        await super().erase(kept)


async def test_it_tries_again(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id)
        call_id = await add_call(
            connection, world, lead_id, outcome=CallOutcome.CONNECTED, recorded=True
        )
        long_ago = NOON - timedelta(days=10_000)
        await connection.execute(update(recordings).values(started_at=long_ago))
    store = _FailsOnce()
    task = asyncio.create_task(
        keep_retention(
            database, store, Policies(Retention(30), {}), FakeClock(), every_seconds=0.01
        )
    )
    try:
        async with asyncio.timeout(20):
            while store.erased != [call_id]:
                await asyncio.sleep(0.01)
            while await _state(database) != "erased":
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _state(database: Database) -> str | None:
    async with database.read() as connection:
        return await connection.scalar(select(recordings.c.state))
