"""Recordings come into their keeping form; a kill at any step loses nothing and doubles nothing."""

import asyncio
import hashlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Row, select, update

from dialer import recording_jobs
from dialer.ports import KeptAudio
from dialer.recording_jobs import KEEP
from dialer.recording_keeper import write_finished
from dialer.recording_keeping import keep_next, queue_unkept
from dialer.storage.engine import Database, open_database
from dialer.storage.tables import recording_peaks, recordings
from recordings.archive import KeepingPolicy, RecordingArchive
from recordings.codec import listen
from recordings.keys import Keyring
from tests.checkout import ROOT
from tests.keep_until import KEYS, STEPS, archive_of
from tests.s3_server import S3Server, s3_server
from tests.small_world import NOON, add_call, add_lead, build_small_world

SECONDS = 4


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
async def sqlite(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[tuple[str, Database]]:
    """For processes of their own: the forms of SQL are tested on both databases elsewhere."""
    file = tmp_path / "kakeru.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    url = f"sqlite:///{file}"
    database = open_database(url)
    yield url, database
    await database.close()


async def _recorded(database: Database, archive: RecordingArchive) -> UUID:
    """A finished recording, and the job that keeps it."""
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id)
        call_id = await add_call(connection, world, lead_id, recorded=True)
        await connection.execute(update(recordings).values(state="recording", path=""))
    audio = np.random.default_rng(1).integers(-9000, 9000, (8000 * SECONDS, 2), dtype="<i2")
    archive.raw_path(call_id, NOON).write_bytes(audio.tobytes())
    facts = await archive.finish(call_id, NOON)
    assert facts is not None
    async with database.write() as connection:
        await write_finished(connection, call_id, facts)
        await recording_jobs.enqueue(connection, KEEP, call_id, now=NOON)
    return call_id


async def _row(database: Database) -> Row[Any]:
    async with database.read() as connection:
        return (await connection.execute(select(recordings))).one()


async def _expect_kept(database: Database, archive: RecordingArchive, row: Row[Any]) -> None:
    """One file, in the form asked for, that is the conversation; and nothing else anywhere."""
    kept = KeptAudio(row.call_id, row.place, row.path, row.format, row.key_name)
    found = [one async for one in archive.files()]
    assert [(one.place, one.path) for one in found] == [(row.place, row.path)]
    assert found[0].kept == kept
    left = [one for one in archive.local.root.rglob("*") if one.is_file()]
    assert len(left) == (1 if row.place == "local" else 0), left
    assert await _digest(archive, kept) == row.sha256
    file = await archive.open(kept)
    content = await file.read(0, file.size_bytes)
    await file.close()
    part = archive.local.root / "heard.flac"
    part.write_bytes(content)
    heard = listen(part)
    part.unlink()
    assert heard.duration_ms == row.duration_ms == SECONDS * 1000
    if row.format != "opus":
        assert heard.audio_sha256 == row.audio_sha256
    async with database.read() as connection:
        assert await connection.scalar(select(recording_peaks.c.peaks)) is not None
        assert not await recording_jobs.anything_waits(connection, (KEEP,))


async def _digest(archive: RecordingArchive, kept: KeptAudio) -> str:
    as_it_lies = await archive.open(replace(kept, key_name=None))
    content = await as_it_lies.read(0, as_it_lies.size_bytes)
    await as_it_lies.close()
    return hashlib.sha256(content).hexdigest()


async def _keep_all(database: Database, archive: RecordingArchive, at: datetime) -> None:
    while await keep_next(database, archive, "after", lambda: at) is not None:
        pass


@pytest.mark.parametrize("form", ["flac", "opus", "flac+key", "wav+s3", "flac+s3", "opus+key+s3"])
async def test_it_is_kept_as_the_settings_say(
    database: Database, tmp_path: Path, server: S3Server, form: str
) -> None:
    archive = archive_of(tmp_path / "root", form, server.url)
    call_id = await _recorded(database, archive)

    assert await keep_next(database, archive, "w", lambda: NOON) == call_id

    row = await _row(database)
    kind, *wraps = form.split("+")
    assert (row.format, row.place) == (kind, "s3" if "s3" in wraps else "local")
    assert row.key_name == ("new" if "key" in wraps else None)
    assert row.kept_at == NOON
    await _expect_kept(database, archive, row)
    await archive.close()


@pytest.mark.parametrize(
    ("form", "step"),
    [("flac", step) for step in STEPS if step != "sealed"]
    + [("flac+key+s3", step) for step in STEPS]
    + [("opus", "stored"), ("opus", "catalogued")],
)
async def test_a_kill_after_any_step_loses_nothing_and_doubles_nothing(
    sqlite: tuple[str, Database], tmp_path: Path, server: S3Server, form: str, step: str
) -> None:
    url, database = sqlite
    archive = archive_of(tmp_path / "root", form, server.url)
    await _recorded(database, archive)

    killed = await _killed_after(step, url, tmp_path / "root", form, server.url)

    assert killed == -signal.SIGKILL
    row = await _row(database)
    kept = KeptAudio(row.call_id, row.place, row.path, row.format, row.key_name)
    assert await _digest(archive, kept) == row.sha256  # whole at every moment
    later = datetime.now(UTC) + recording_jobs.LEASE
    await _keep_all(database, archive, later)
    await _expect_kept(database, archive, await _row(database))
    await archive.close()


@pytest.mark.parametrize("step", [step for step in STEPS if step != "encoded"])
async def test_a_kill_while_keys_are_changed_leaves_it_readable(
    sqlite: tuple[str, Database], tmp_path: Path, server: S3Server, step: str
) -> None:
    url, database = sqlite
    old = replace(
        archive_of(tmp_path / "root", "flac+key", server.url),
        keys=Keyring({"old": KEYS.key("old")}),
    )
    await _recorded(database, old)
    await _keep_all(database, old, NOON)
    archive = archive_of(tmp_path / "root", "flac+key", server.url)
    assert await queue_unkept(database, archive, NOON) == 1

    assert await _killed_after(step, url, tmp_path / "root", "flac+key", server.url) < 0

    await _keep_all(database, archive, datetime.now(UTC) + recording_jobs.LEASE)
    row = await _row(database)
    assert row.key_name == "new"
    await _expect_kept(database, archive, row)
    assert await queue_unkept(database, archive, NOON) == 0
    await archive.close()
    await old.close()


async def _killed_after(step: str, url: str, root: Path, form: str, s3_url: str) -> int:
    command = [sys.executable, "-m", "tests.keep_until", url, str(root), form, s3_url, step]
    return (await asyncio.to_thread(subprocess.run, command, cwd=ROOT)).returncode


async def test_audio_that_was_damaged_is_left_as_it_is(database: Database, tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "root", "flac", "")
    await _recorded(database, archive)
    before = await _row(database)
    wav = archive.local.place.find(before.path)
    damaged = bytearray(wav.read_bytes())
    damaged[5000] ^= 1
    wav.write_bytes(damaged)

    await keep_next(database, archive, "w", lambda: NOON)

    row = await _row(database)
    assert (row.path, row.kept_at) == (before.path, None)
    assert wav.read_bytes() == damaged
    async with database.read() as connection:
        state = await recording_jobs.state_of(connection, KEEP, row.call_id, NOON)
    assert state is not None
    assert "damaged" in state.error
    assert state.due_at > NOON


async def test_a_store_that_is_away_delays_and_loses_nothing(
    database: Database, tmp_path: Path
) -> None:
    archive = archive_of(tmp_path / "root", "flac+s3", "http://127.0.0.1:9")
    await _recorded(database, archive)

    await keep_next(database, archive, "w", lambda: NOON)

    row = await _row(database)
    assert (row.place, row.format) == ("local", "wav")
    assert archive.local.place.find(row.path).is_file()
    assert not list((archive.local.root / "keeping").iterdir())
    await archive.close()


async def test_what_is_erased_while_it_is_kept_leaves_nothing(
    database: Database, tmp_path: Path, server: S3Server
) -> None:
    archive = archive_of(tmp_path / "root", "flac+s3", server.url)
    await _recorded(database, archive)
    row = await _row(database)

    class ErasedMeanwhile(RecordingArchive):
        async def make(self, *given: Any, **more: Any) -> Any:
            facts = await super().make(*given, **more)
            async with database.write() as connection:
                await connection.execute(update(recordings).values(state="erasing"))
            await self.erase(KeptAudio(row.call_id, "local", row.path, "wav", None))
            return facts

    erased = ErasedMeanwhile(archive.local, archive.policy, archive.keys, archive.bucket)
    await keep_next(database, erased, "w", lambda: NOON)

    assert [one async for one in archive.files()] == []
    await archive.close()


async def test_a_plain_file_of_before_only_gets_its_wave(
    database: Database, tmp_path: Path
) -> None:
    archive = archive_of(tmp_path / "root", "wav", "")
    await _recorded(database, archive)
    await _keep_all(database, archive, NOON)
    async with database.write() as connection:
        await connection.execute(recording_peaks.delete())
        await connection.execute(update(recordings).values(audio_sha256=None))
    before = await _row(database)

    assert await queue_unkept(database, archive, NOON) == 1
    await _keep_all(database, archive, NOON)

    row = await _row(database)
    assert (row.path, row.sha256) == (before.path, before.sha256)
    assert row.audio_sha256 is not None
    await _expect_kept(database, archive, row)


def test_plain_wav_on_the_local_disk_is_how_recordings_come_into_the_world() -> None:
    assert KeepingPolicy().is_as_finished
    assert not KeepingPolicy("flac").is_as_finished
