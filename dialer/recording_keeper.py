"""Finishing recordings: when a conversation is over, its audio becomes a file with facts.

Nothing is lost by a crash in between: a recording whose row still says
``recording`` although its call has ended is finished at the next start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.pause_rows import stored_pauses
from dialer.ports import LiveUpdates, RecordingFacts, RecordingFault, RecordingStore
from dialer.rules.call_state import CallState
from dialer.storage.dialects import insert_if_new
from dialer.storage.engine import Database
from dialer.storage.tables import calls, recording_peaks, recordings

log = structlog.get_logger(__name__)

WhenReady = Callable[[AsyncConnection, UUID], Awaitable[None]]
"""Called in the transaction in which a recording becomes ready, to queue what comes next."""

# Asterisk writes the last block of a recording shortly after the channel's end.
_SETTLE_SECONDS = 0.5
_RETRY_SECONDS = 5.0


class RecordingKeeper:
    """Finishes recordings one after the other; start `run` as a task."""

    def __init__(
        self,
        database: Database,
        store: RecordingStore,
        live: LiveUpdates,
        *,
        when_ready: Sequence[WhenReady] = (),
    ) -> None:
        self._database = database
        self._store = store
        self._live = live
        self._when_ready = when_ready
        # Each with the event loop's time from which it may be finished, the earliest first.
        self._queue: asyncio.PriorityQueue[tuple[float, UUID, datetime]] = asyncio.PriorityQueue()

    def written(self, states: list[CallState]) -> None:
        """Takes calls whose state was just committed; those with a conversation are finished."""
        for state in states:
            if state.ended_at is not None and state.connected_at is not None and state.recorded:
                self._put(state.call_id, state.dialled_at, _SETTLE_SECONDS)

    async def take_up(self) -> int:
        """Queues what an earlier run of this program left unfinished; returns how many."""
        async with self._database.read() as connection:
            rows = (
                await connection.execute(
                    select(recordings.c.call_id, calls.c.dialled_at)
                    .join(calls, calls.c.id == recordings.c.call_id)
                    .where(recordings.c.state == "recording", calls.c.ended_at.is_not(None))
                )
            ).all()
        for row in rows:
            self._put(row.call_id, row.dialled_at, _SETTLE_SECONDS)
        return len(rows)

    async def idle(self) -> None:
        """Returns when every recording taken so far is finished."""
        await self._queue.join()

    async def run(self) -> None:
        """Finishes until cancelled. A full disk or an absent database only delays."""
        while True:
            due, call_id, at = await self._queue.get()
            early = due - asyncio.get_running_loop().time()
            if early > 0:
                self._queue.put_nowait((due, call_id, at))
                await asyncio.sleep(min(early, _SETTLE_SECONDS))
            elif not await self._finish(call_id, at):
                self._put(call_id, at, _RETRY_SECONDS)
            self._queue.task_done()

    def _put(self, call_id: UUID, at: datetime, seconds: float) -> None:
        self._queue.put_nowait((asyncio.get_running_loop().time() + seconds, call_id, at))

    async def _finish(self, call_id: UUID, at: datetime) -> bool:
        try:
            async with self._database.read() as connection:
                pauses = await stored_pauses(connection, call_id)
            facts = await self._store.finish(call_id, at, pauses)
            await self._write(call_id, facts)
        except (RecordingFault, OSError, SQLAlchemyError) as error:
            log.error(
                "recording cannot be finished; will try again",
                call_id=str(call_id),
                error=str(error),
            )
            return False
        if facts is None:
            log.warning("no audio was recorded", call_id=str(call_id))
        self._live.publish("history", {"call_id": str(call_id)})
        return True

    async def _write(self, call_id: UUID, facts: RecordingFacts | None) -> None:
        async with self._database.write() as connection:
            if not await write_finished(connection, call_id, facts) or facts is None:
                return
            for queue in self._when_ready:
                await queue(connection, call_id)


async def write_finished(
    connection: AsyncConnection, call_id: UUID, facts: RecordingFacts | None
) -> bool:
    """Catalogues what `RecordingStore.finish` gave; False when that was done before.

    Only a recording that is waited for is written: it may be kept elsewhere, or be erased, by
    the time that somebody finishes it once more.
    """
    is_waited_for = (recordings.c.call_id == call_id) & (recordings.c.state == "recording")
    if facts is None:
        found = update(recordings).where(is_waited_for).values(state="missing")
        return bool((await connection.execute(found)).rowcount)
    written = await connection.execute(
        update(recordings)
        .where(is_waited_for)
        .values(
            state="ready",
            path=facts.path,
            duration_ms=facts.duration_ms,
            size_bytes=facts.size_bytes,
            sha256=facts.sha256,
            audio_sha256=facts.audio_sha256 or None,
        )
    )
    if not written.rowcount:
        return False
    await connection.execute(
        insert_if_new(connection, recording_peaks).values(call_id=call_id, peaks=facts.peaks)
    )
    # The last audio knows better than we when a call ended that nobody watched.
    await connection.execute(
        update(calls)
        .where(calls.c.id == call_id, calls.c.end_estimated)
        .values(ended_at=facts.ended_at)
    )
    return True
