"""Comparing files and catalogue, both ways, and putting right what can safely be put right.

Nothing that could be a conversation is deleted: what belongs to no call is set aside, what is
only left over goes when the catalogue's own file was seen, and what was erased goes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.pause_rows import stored_pauses
from dialer.ports import FoundFile, KeepingStore, KeptAudio, RawAudio
from dialer.recording_keeper import WhenReady, write_finished
from dialer.rules.recording_sweep import Catalogued, Finding, judge_finished, judge_raw
from dialer.storage.dialects import insert_if_new
from dialer.storage.engine import Database
from dialer.storage.tables import calls, recordings

_AT_ONCE = 500
SETTLED = timedelta(hours=1)
"""What was written in the last hour may be somebody's work of this moment."""


@dataclass(frozen=True, slots=True)
class Found:
    """`repaired`: it is as it should be now. `path` is relative to the place's root."""

    finding: Finding
    place: str
    path: str
    call_id: UUID | None
    repaired: bool


@dataclass(slots=True)
class Swept:
    """`files` counts finished files that are what the catalogue names."""

    files: int
    found: list[Found]

    @property
    def left(self) -> list[Found]:
        """What is still not as it should be."""
        return [one for one in self.found if not one.repaired]


async def sweep(
    database: Database,
    store: KeepingStore,
    now: datetime,
    *,
    repair: bool,
    settled: timedelta = SETTLED,
    when_ready: Sequence[WhenReady] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> Swept:
    """Looks at every file and every recording. O(files), in lots of some hundred.

    `settled`: what was written later is left alone. `when_ready` as for RecordingKeeper.
    Raises RecordingFault when a place cannot be reached.
    """
    run = _Sweep(database, store, now - settled, repair, when_ready)
    await run.raw_audio()
    await run.finished_files(progress)
    await run.missing_files()
    await run.half_made()
    return Swept(len(run.seen), run.found)


class _Sweep:
    def __init__(
        self,
        database: Database,
        store: KeepingStore,
        before: datetime,
        repair: bool,
        when_ready: Sequence[WhenReady],
    ) -> None:
        self._database = database
        self._store = store
        self._before = before
        self._repair = repair
        self._when_ready = when_ready
        self.seen: set[UUID] = set()
        self.found: list[Found] = []

    async def raw_audio(self) -> None:
        """What Asterisk wrote and nobody made a recording of."""
        left = [one for one in self._store.raw_audio() if one.written_at < self._before]
        for start in range(0, len(left), _AT_ONCE):
            lot = left[start : start + _AT_ONCE]
            rows = await self._rows([one.call_id for one in lot])
            for raw in lot:
                row = rows.get(raw.call_id)
                finding = judge_raw(_catalogued(row), raw.duration_ms)
                if finding is not None:
                    repaired = self._repair and await self._put_raw_right(finding, raw, row)
                    self._tell(finding, "local", raw.path, raw.call_id, repaired)

    async def finished_files(self, progress: Callable[[int], None]) -> None:
        lot: list[FoundFile] = []
        others: list[tuple[Finding, FoundFile]] = []
        count = 0
        async for file in self._store.files():
            lot.append(file)
            if len(lot) == _AT_ONCE:
                others += await self._judged(lot)
                count += len(lot)
                progress(count)
                lot = []
        others += await self._judged(lot)
        for finding, file in others:
            repaired = self._repair and await self._put_right(finding, file)
            call_id = file.kept.call_id if file.kept else None
            self._tell(finding, file.place, file.path, call_id, repaired)

    async def missing_files(self) -> None:
        after = UUID(int=0)
        ready = select(recordings).where(
            recordings.c.state == "ready", recordings.c.started_at < self._before
        )
        while True:
            async with self._database.read() as connection:
                page = (
                    await connection.execute(
                        ready.where(recordings.c.call_id > after)
                        .order_by(recordings.c.call_id)
                        .limit(_AT_ONCE)
                    )
                ).all()
            if not page:
                return
            after = page[-1].call_id
            for row in page:
                if row.call_id not in self.seen and not await self._is_there(row.call_id):
                    self._tell(Finding.MISSING, row.place, row.path, row.call_id, False)

    async def half_made(self) -> None:
        for path in self._store.half_made(self._before):
            if self._repair:
                self._store.remove_half_made(path)
            self._tell(Finding.HALF_MADE, "local", path, None, self._repair)

    # --- judging --------------------------------------------------------------------------------

    async def _judged(self, lot: Sequence[FoundFile]) -> list[tuple[Finding, FoundFile]]:
        rows = await self._rows([file.kept.call_id for file in lot if file.kept])
        found: list[tuple[Finding, FoundFile]] = []
        for file in lot:
            if file.kept is None:
                found.append((Finding.FOREIGN, file))
                continue
            finding = judge_finished(
                _catalogued(rows.get(file.kept.call_id)), file.place, file.path
            )
            if finding is None:
                self.seen.add(file.kept.call_id)
            elif file.written_at < self._before:
                found.append((finding, file))
        return found

    async def _rows(self, call_ids: Sequence[UUID]) -> dict[UUID, Any]:
        query = (
            select(
                calls.c.id,
                calls.c.ended_at,
                calls.c.dialled_at,
                calls.c.claimed_at,
                calls.c.connected_at,
                recordings.c.state,
                recordings.c.place,
                recordings.c.path,
                recordings.c.duration_ms,
            )
            .outerjoin(recordings, recordings.c.call_id == calls.c.id)
            .where(calls.c.id.in_(call_ids))
        )
        async with self._database.read() as connection:
            return {row.id: row for row in await connection.execute(query)}

    async def _is_there(self, call_id: UUID) -> bool:
        """As the catalogue says now: it may have been moved while we looked."""
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    select(recordings).where(
                        recordings.c.call_id == call_id, recordings.c.state == "ready"
                    )
                )
            ).first()
        if row is None:
            return True
        try:
            file = await self._store.open(
                KeptAudio(row.call_id, row.place, row.path, row.format, None)
            )
        except FileNotFoundError:
            return False
        await file.close()
        return True

    # --- putting right --------------------------------------------------------------------------

    async def _put_raw_right(self, finding: Finding, raw: RawAudio, row: Any) -> bool:
        match finding:
            case Finding.UNKNOWN:
                return await self._store.set_aside("local", raw.path)
            case Finding.UNFINISHED if row is not None and row.state != "ready":
                return await self._finish(row)
            case Finding.LEFT_OVER | Finding.ERASED | Finding.EMPTY:
                self._store.remove_half_made(raw.path)
                return True
        return False

    async def _put_right(self, finding: Finding, file: FoundFile) -> bool:
        match finding:
            case Finding.UNKNOWN:
                return await self._store.set_aside(file.place, file.path)
            case Finding.ERASED:
                await self._store.remove(file)
                return True
            case Finding.LEFT_OVER if file.kept is not None and file.kept.call_id in self.seen:
                await self._store.remove(file)
                return True
            case Finding.UNFINISHED if file.kept is not None:
                rows = await self._rows([file.kept.call_id])
                return await self._finish(rows[file.kept.call_id])
        return False

    async def _finish(self, row: Any) -> bool:
        """A conversation that the catalogue did not know of is in it afterwards."""
        at = row.dialled_at or row.claimed_at
        async with self._database.read() as connection:
            pauses = await stored_pauses(connection, row.id)
        facts = await self._store.finish(row.id, at, pauses)
        if facts is None:
            return False
        async with self._database.write() as connection:
            await self._await_recording(connection, row, at)
            if await write_finished(connection, row.id, facts):
                for queue in self._when_ready:
                    await queue(connection, row.id)
        self.seen.add(row.id)
        return True

    async def _await_recording(self, connection: AsyncConnection, row: Any, at: datetime) -> None:
        new = insert_if_new(connection, recordings).values(
            call_id=row.id, path="", state="recording", started_at=row.connected_at or at
        )
        await connection.execute(new)
        await connection.execute(
            update(recordings)
            .where(recordings.c.call_id == row.id, recordings.c.state == "missing")
            .values(state="recording")
        )

    def _tell(
        self, finding: Finding, place: str, path: str, call_id: UUID | None, repaired: bool
    ) -> None:
        self.found.append(Found(finding, place, path, call_id, repaired))


def _catalogued(row: Any) -> Catalogued | None:
    if row is None:
        return None
    return Catalogued(
        row.ended_at is not None, row.state, row.place or "", row.path or "", row.duration_ms
    )
