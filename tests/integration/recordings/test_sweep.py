"""Files and catalogue are compared both ways; nothing that could be a conversation is deleted."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, update

from dialer.recording_jobs import KEEP, enqueue
from dialer.recording_keeper import write_finished
from dialer.recording_keeping import keep_next
from dialer.recording_sweep import Found, sweep
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.recording_sweep import Finding
from dialer.storage.engine import Database
from dialer.storage.tables import recording_peaks, recordings
from recordings.archive import RecordingArchive
from tests.keep_until import archive_of
from tests.s3_server import S3Server, s3_server
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

LATER = NOON + timedelta(hours=3)
AUDIO = b"\1\0\2\0" * 16_000


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def archive(tmp_path: Path) -> RecordingArchive:
    return archive_of(tmp_path / "root", "flac", "")


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def _call(
    database: Database,
    world: SmallWorld,
    state: str | None = "recording",
    outcome: CallOutcome | None = CallOutcome.CONNECTED,
) -> UUID:
    async with database.write() as connection:
        lead_id = await add_lead(connection, world.project_id)
        call_id = await add_call(connection, world, lead_id, outcome=outcome, recorded=True)
        mine = recordings.c.call_id == call_id
        if state is None:
            await connection.execute(delete(recordings).where(mine))
        else:
            await connection.execute(update(recordings).where(mine).values(state=state, path=""))
    return call_id


def _raw(archive: RecordingArchive, call_id: UUID) -> Path:
    path = archive.raw_path(call_id, NOON)
    path.write_bytes(AUDIO)
    _age(path)
    return path


def _age(path: Path) -> None:
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))


async def _ready(database: Database, archive: RecordingArchive, world: SmallWorld) -> UUID:
    call_id = await _call(database, world)
    _raw(archive, call_id)
    facts = await archive.finish(call_id, NOON)
    async with database.write() as connection:
        await write_finished(connection, call_id, facts)
    return call_id


async def _sweep(
    database: Database, archive: RecordingArchive, *, repair: bool
) -> list[tuple[Finding, UUID | None, bool]]:
    swept = await sweep(database, archive, LATER, repair=repair)
    return [(one.finding, one.call_id, one.repaired) for one in swept.found]


async def _state(database: Database, call_id: UUID) -> str | None:
    async with database.read() as connection:
        state: str | None = await connection.scalar(
            select(recordings.c.state).where(recordings.c.call_id == call_id)
        )
        return state


async def test_what_lies_as_catalogued_is_nothing_to_tell(
    database: Database, archive: RecordingArchive, world: SmallWorld
) -> None:
    await _ready(database, archive, world)
    swept = await sweep(database, archive, LATER, repair=True)
    assert (swept.files, swept.found, swept.left) == (1, [], [])


@pytest.mark.parametrize("state", [None, "recording", "missing"])
async def test_audio_that_nobody_finished_is_finished(
    database: Database, archive: RecordingArchive, world: SmallWorld, state: str | None
) -> None:
    call_id = await _call(database, world, state)
    _raw(archive, call_id)

    assert await _sweep(database, archive, repair=False) == [(Finding.UNFINISHED, call_id, False)]
    assert await _state(database, call_id) == state
    assert await _sweep(database, archive, repair=True) == [(Finding.UNFINISHED, call_id, True)]

    assert await _state(database, call_id) == "ready"
    assert await _sweep(database, archive, repair=True) == []
    async with database.read() as connection:
        assert await connection.scalar(select(recording_peaks.c.call_id)) == call_id


@pytest.mark.parametrize("state", [None, "recording"])
async def test_a_finished_file_that_was_not_catalogued_is_catalogued(
    database: Database, archive: RecordingArchive, world: SmallWorld, state: str | None
) -> None:
    call_id = await _call(database, world, state)
    _raw(archive, call_id)
    assert await archive.finish(call_id, NOON) is not None

    assert await _sweep(database, archive, repair=True) == [(Finding.UNFINISHED, call_id, True)]

    assert await _state(database, call_id) == "ready"
    assert await _sweep(database, archive, repair=False) == []


async def test_a_conversation_that_goes_on_is_left_alone(
    database: Database, archive: RecordingArchive, world: SmallWorld
) -> None:
    raw = _raw(archive, await _call(database, world, "recording", outcome=None))
    assert await _sweep(database, archive, repair=True) == []
    assert raw.exists()


async def test_what_was_written_just_now_is_left_alone(
    database: Database, archive: RecordingArchive, world: SmallWorld
) -> None:
    _raw(archive, await _call(database, world))
    assert (await sweep(database, archive, NOON, repair=True)).found == []


async def test_a_file_of_no_known_call_is_set_aside_not_deleted(
    database: Database, archive: RecordingArchive
) -> None:
    unknown, raw_only = uuid4(), uuid4()
    _raw(archive, unknown)
    assert await archive.finish(unknown, NOON) is not None
    _raw(archive, raw_only)

    assert await _sweep(database, archive, repair=True) == [
        (Finding.UNKNOWN, raw_only, True),
        (Finding.UNKNOWN, unknown, True),
    ]

    aside = [one.name for one in (archive.local.root / "set-aside").rglob("*") if one.is_file()]
    assert sorted(aside) == sorted([f"c-{raw_only.hex}.raw", f"030000-{unknown.hex}.wav"])
    assert await _sweep(database, archive, repair=True) == []


@pytest.mark.parametrize("state", ["erasing", "erased"])
async def test_what_was_erased_leaves_no_file(
    database: Database, archive: RecordingArchive, world: SmallWorld, state: str
) -> None:
    call_id = await _ready(database, archive, world)
    raw = _raw(archive, call_id)
    async with database.write() as connection:
        await connection.execute(update(recordings).values(state=state, path=""))

    found = await _sweep(database, archive, repair=True)

    assert found == [(Finding.ERASED, call_id, True)] * 2
    assert not raw.exists()
    assert [one async for one in archive.files()] == []


async def test_left_over_files_go_only_when_the_catalogues_own_is_there(
    database: Database, archive: RecordingArchive, world: SmallWorld
) -> None:
    call_id = await _ready(database, archive, world)
    raw = _raw(archive, call_id)
    (found,) = [one async for one in archive.files()]
    other = archive.local.root / found.path.replace(".wav", ".flac")
    other.write_bytes(b"half a conversation")
    _age(other)

    assert await _sweep(database, archive, repair=True) == [(Finding.LEFT_OVER, call_id, True)] * 2
    assert not raw.exists()
    assert not other.exists()

    other.write_bytes(b"all that is left")
    _age(other)
    (archive.local.root / found.path).unlink()
    assert await _sweep(database, archive, repair=True) == [
        (Finding.LEFT_OVER, call_id, False),
        (Finding.MISSING, call_id, False),
    ]
    assert other.exists()


async def test_raw_audio_longer_than_its_recording_is_never_removed(
    database: Database, archive: RecordingArchive, world: SmallWorld
) -> None:
    call_id = await _ready(database, archive, world)
    raw = _raw(archive, call_id)
    raw.write_bytes(AUDIO * 2)
    _age(raw)
    assert await _sweep(database, archive, repair=True) == [(Finding.UNFINISHED, call_id, False)]
    assert raw.exists()


async def test_raw_audio_without_a_sample_goes_when_the_call_has_ended(
    database: Database, archive: RecordingArchive, world: SmallWorld
) -> None:
    ended = _raw(archive, await _call(database, world, None))
    goes_on = _raw(archive, await _call(database, world, None, outcome=None))
    for raw in (ended, goes_on):
        raw.write_bytes(b"")
        _age(raw)
    assert [one[::2] for one in await _sweep(database, archive, repair=True)] == [
        (Finding.EMPTY, True)
    ]
    assert (ended.exists(), goes_on.exists()) == (False, True)


async def test_half_made_files_and_foreign_names_are_told(
    database: Database, archive: RecordingArchive, world: SmallWorld
) -> None:
    await _ready(database, archive, world)
    part = archive.local.root / "keeping" / f"{uuid4().hex}.0.part"
    part.parent.mkdir()
    foreign = archive.local.root / "2026/11/24/party.wav"
    for file in (part, foreign):
        file.write_bytes(b"x")
        _age(file)

    swept = await sweep(database, archive, LATER, repair=True)

    assert swept.found == [
        Found(Finding.FOREIGN, "local", "2026/11/24/party.wav", None, repaired=False),
        Found(Finding.HALF_MADE, "local", f"keeping/{part.name}", None, repaired=True),
    ]
    assert foreign.exists()
    assert not part.exists()


async def test_a_buckets_objects_are_compared_too(
    database: Database, tmp_path: Path, server: S3Server, world: SmallWorld
) -> None:
    archive = archive_of(tmp_path / "root", "flac+s3", server.url)
    assert archive.bucket is not None
    try:
        kept, lost = [await _ready(database, archive, world) for _ in range(2)]
        for call_id in (kept, lost):
            async with database.write() as connection:
                await enqueue(connection, KEEP, call_id, now=NOON)
            await keep_next(database, archive, "w", lambda: NOON)
        files = [one async for one in archive.files()]
        assert {one.place for one in files} == {"s3"}
        gone = next(one for one in files if one.kept and one.kept.call_id == lost)
        await archive.remove(gone)
        unknown = f"2026/11/24/030000-{uuid4().hex}.flac"
        (tmp_path / "x").write_bytes(b"x")
        digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
        await archive.bucket.put(tmp_path / "x", unknown, digest)

        # An object's time is the server's own: it was written just now.
        swept = await sweep(database, archive, LATER, repair=True, settled=-timedelta(days=100_000))

        assert [(one.finding, one.path, one.repaired) for one in swept.found] == [
            (Finding.UNKNOWN, unknown, False),
            (Finding.MISSING, gone.path, False),
        ]
        assert swept.files == 1
    finally:
        await archive.close()
