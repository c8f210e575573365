"""Recordings come out whole, once, and only from inside their folder."""

import asyncio
import hashlib
import os
import time
import wave
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from dialer.ports import RecordingStore
from recordings import LocalRecordingStore, RecordingStoreError

AT = datetime(2026, 11, 24, 1, 30, 5, tzinfo=UTC)
CALL = UUID("0123456789abcdef0123456789abcdef")
CUSTOMER_THEN_AGENT = b"\x01\x00\x02\x00"
AGENT_THEN_CUSTOMER = b"\x02\x00\x01\x00"


@pytest.fixture
def store(tmp_path: Path) -> LocalRecordingStore:
    return LocalRecordingStore(tmp_path / "recordings", settle_seconds=0.01)


def record(store: LocalRecordingStore, seconds: float, *, call: UUID = CALL) -> Path:
    raw = store.raw_path(call, AT)
    raw.write_bytes(CUSTOMER_THEN_AGENT * int(8000 * seconds))
    return raw


def test_it_is_the_store_that_the_business_asks_for(store: LocalRecordingStore) -> None:
    promised: RecordingStore = store
    assert promised.raw_path(CALL, AT) == store.raw_path(CALL, AT)


def test_asterisk_gets_a_path_by_day_that_tells_only_the_call(store: LocalRecordingStore) -> None:
    raw = store.raw_path(CALL, AT.astimezone(timezone(timedelta(hours=9))))
    assert raw == store.root / "incoming/2026/11/24" / f"c-{CALL.hex}.raw"
    assert raw.parent.is_dir()
    assert raw.is_absolute()


def test_a_time_without_a_zone_is_refused(store: LocalRecordingStore) -> None:
    with pytest.raises(ValueError, match="zone"):
        store.raw_path(CALL, AT.replace(tzinfo=None))


async def test_a_finished_recording_is_a_wav_file_with_its_facts(
    store: LocalRecordingStore,
) -> None:
    raw = record(store, 1.5)
    ended = datetime(2026, 11, 24, 1, 31, 7, 250_000, tzinfo=UTC)
    os.utime(raw, (ended.timestamp(), ended.timestamp()))

    facts = await store.finish(CALL, AT)

    assert facts is not None
    assert facts.path == f"2026/11/24/013005-{CALL.hex}.wav"
    assert facts.duration_ms == 1500
    assert facts.ended_at == ended
    wav = store.place.find(facts.path)
    assert facts.size_bytes == wav.stat().st_size
    assert facts.sha256 == hashlib.sha256(wav.read_bytes()).hexdigest()
    with wave.open(str(wav)) as audio:
        assert audio.readframes(1) == AGENT_THEN_CUSTOMER
    assert not raw.exists()
    assert list(raw.parent.iterdir()) == []


async def test_finishing_again_gives_the_same_facts(store: LocalRecordingStore) -> None:
    record(store, 1)
    first = await store.finish(CALL, AT)
    assert first is not None
    assert await store.finish(CALL, AT) == first


async def test_finishing_twice_at_once_gives_the_same_facts(store: LocalRecordingStore) -> None:
    record(store, 1)
    answers = await asyncio.gather(*(store.finish(CALL, AT) for _ in range(4)))
    assert len(set(answers)) == 1
    assert answers[0] is not None


async def test_without_audio_there_is_no_recording(store: LocalRecordingStore) -> None:
    assert await store.finish(CALL, AT) is None
    store.raw_path(CALL, AT).write_bytes(b"\x01\x00\x02")
    assert await store.finish(CALL, AT) is None


@pytest.mark.parametrize("extra", [1, 2, 3])
async def test_a_frame_cut_short_by_a_crash_is_left_out(
    store: LocalRecordingStore, extra: int
) -> None:
    raw = store.raw_path(CALL, AT)
    raw.write_bytes(CUSTOMER_THEN_AGENT * 800 + b"\x7f" * extra)
    facts = await store.finish(CALL, AT)
    assert facts is not None
    assert facts.duration_ms == 100
    assert facts.size_bytes == 44 + 3200


async def test_raw_audio_of_another_day_is_found_by_its_call(store: LocalRecordingStore) -> None:
    record(store, 1)
    facts = await store.finish(CALL, AT + timedelta(hours=23))
    assert facts is not None
    assert facts.path == f"2026/11/25/003005-{CALL.hex}.wav"
    assert await store.finish(CALL, AT + timedelta(hours=23)) == facts


async def test_the_last_block_written_after_the_hang_up_is_waited_for(tmp_path: Path) -> None:
    store = LocalRecordingStore(tmp_path, settle_seconds=0.2)
    raw = record(store, 1)

    async def asterisk_closes_the_file() -> None:
        await asyncio.sleep(0.05)
        with raw.open("ab") as file:
            file.write(CUSTOMER_THEN_AGENT * 8000)

    facts, _ = await asyncio.gather(store.finish(CALL, AT), asterisk_closes_the_file())
    assert facts is not None
    assert facts.duration_ms == 2000


async def test_old_raw_audio_is_finished_without_waiting(tmp_path: Path) -> None:
    store = LocalRecordingStore(tmp_path, settle_seconds=30)
    os.utime(record(store, 1), (AT.timestamp(), AT.timestamp()))
    async with asyncio.timeout(5):
        assert await store.finish(CALL, AT) is not None


def test_raws_left_behind_are_told_oldest_first(store: LocalRecordingStore) -> None:
    younger, older = uuid4(), uuid4()
    record(store, 1, call=younger)
    os.utime(record(store, 2, call=older), (1_700_000_000, 1_700_000_000))

    left = store.unfinished()

    assert [one.call_id for one in left] == [older, younger]
    assert left[0].size_bytes == 64_000
    assert left[0].last_written_at == datetime.fromtimestamp(1_700_000_000, UTC)


def test_what_a_crash_left_half_written_is_swept_after_a_day(store: LocalRecordingStore) -> None:
    folder = record(store, 1).parent
    fresh, stale, empty = folder / "c-1.aa.part", folder / "c-2.bb.part", folder / "c-3.raw"
    for path in (fresh, stale, empty):
        path.write_bytes(b"")
    two_days_ago = time.time() - 2 * 24 * 3600
    for path in (stale, empty):
        os.utime(path, (two_days_ago, two_days_ago))

    store.unfinished()

    assert fresh.exists()
    assert not stale.exists()
    assert not empty.exists()


def test_before_the_first_recording_nothing_is_left(store: LocalRecordingStore) -> None:
    assert store.unfinished() == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "../secret.wav",
        "2026/../../secret.wav",
        "/etc/hostname",
        "link.wav",
        "folder-link/secret.wav",
        "folder.wav",
        "notes.txt",
        "zero\0byte.wav",
        "x" * 5000 + ".wav",
        f"incoming/2026/11/24/c-{CALL.hex}.raw",
    ],
)
def test_nothing_outside_the_root_and_nothing_but_recordings_can_be_played(
    store: LocalRecordingStore, tmp_path: Path, path: str
) -> None:
    record(store, 1)
    (tmp_path / "secret.wav").write_bytes(b"secret")
    (store.root / "link.wav").symlink_to(tmp_path / "secret.wav")
    (store.root / "folder-link").symlink_to(tmp_path)
    (store.root / "folder.wav").mkdir()
    (store.root / "notes.txt").write_text("notes")
    with pytest.raises(FileNotFoundError):
        store.place.find(path)


def test_even_an_absolute_path_into_the_root_is_not_taken(store: LocalRecordingStore) -> None:
    record(store, 1)
    inside = store.root / "a.wav"
    inside.write_bytes(b"")
    assert store.place.find("a.wav") == inside
    with pytest.raises(FileNotFoundError):
        store.place.find(str(inside))


async def test_a_place_that_cannot_be_written_is_named_and_the_raw_audio_kept(
    store: LocalRecordingStore,
) -> None:
    raw = record(store, 1)
    (store.root / "2026").write_text("a file where a folder has to be")
    with pytest.raises(RecordingStoreError, match="2026/11/24"):
        await store.finish(CALL, AT)
    assert raw.stat().st_size == 32_000
    assert [one.name for one in raw.parent.iterdir()] == [raw.name]

    (store.root / "2026").unlink()
    assert await store.finish(CALL, AT) is not None


def test_a_root_that_cannot_be_made_is_named() -> None:
    with pytest.raises(RecordingStoreError, match="/proc/kakeru"):
        LocalRecordingStore(Path("/proc/kakeru")).raw_path(CALL, AT)


async def test_who_may_read_the_root_may_read_the_recordings(tmp_path: Path) -> None:
    root = tmp_path / "shared"
    root.mkdir()
    root.chmod(0o2770)
    store = LocalRecordingStore(root, settle_seconds=0.01)
    raw = record(store, 0.1)
    assert raw.parent.stat().st_mode & 0o7777 == 0o2770
    facts = await store.finish(CALL, AT)
    assert facts is not None
    assert store.place.find(facts.path).stat().st_mode & 0o007 == 0
