"""Killed or out of space at any moment: the conversation is there afterwards, whole."""

import asyncio
import shutil
import subprocess
import sys
import threading
import wave
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from dialer.ports import RecordingFacts
from recordings import LocalRecordingStore, RecordingStoreError

AT = datetime(2026, 11, 24, 1, 30, 5, tzinfo=UTC)
CALL = UUID("0123456789abcdef0123456789abcdef")
FRAMES = 4_000_000

FINISHER = """
import asyncio, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from recordings import LocalRecordingStore, RecordingStoreError

root, limit = Path(sys.argv[1]), int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
store = LocalRecordingStore(root, settle_seconds=0)
print("ready", flush=True)
sys.stdin.readline()
try:
    asyncio.run(store.finish(UUID(sys.argv[3]), datetime.fromisoformat(sys.argv[4])))
except RecordingStoreError as error:
    sys.exit(str(error))
"""


def finisher(root: Path, *, file_size_limit: int = 0) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            FINISHER,
            str(root),
            str(file_size_limit),
            CALL.hex,
            AT.isoformat(),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def recorded(root: Path) -> tuple[LocalRecordingStore, Path]:
    store = LocalRecordingStore(root, settle_seconds=0)
    raw = store.raw_path(CALL, AT)
    raw.write_bytes(b"\x01\x00\x02\x00" * FRAMES)
    return store, raw


async def expect_whole(store: LocalRecordingStore) -> RecordingFacts:
    facts = await store.finish(CALL, AT)
    assert facts is not None
    with wave.open(str(store.place.find(facts.path))) as audio:
        assert audio.getnframes() == FRAMES
        audio.setpos(FRAMES - 1)
        assert audio.readframes(1) == b"\x02\x00\x01\x00"
    return facts


async def test_killed_in_the_middle_either_the_raw_or_the_wav_is_whole(tmp_path: Path) -> None:
    undisturbed, _ = recorded(tmp_path / "undisturbed")
    expected = await expect_whole(undisturbed)
    for delay_ms in (1, 5, 15, 30, 60):
        root = tmp_path / str(delay_ms)
        store, raw = recorded(root)
        with finisher(root) as process:
            begin(process)
            await asyncio.sleep(delay_ms / 1000)
            process.kill()
            process.communicate()

        wav = root / expected.path
        if raw.exists():
            assert raw.stat().st_size == FRAMES * 4
        if wav.exists():
            assert wav.stat().st_size == expected.size_bytes
        assert raw.exists() or wav.exists()

        facts = await expect_whole(store)
        assert (facts.sha256, facts.duration_ms) == (expected.sha256, expected.duration_ms)
        assert not raw.exists()
        shutil.rmtree(root)


async def test_killed_between_the_new_name_and_giving_up_the_raw(tmp_path: Path) -> None:
    store, raw = recorded(tmp_path)
    kept = tmp_path / "kept.raw"
    shutil.copy2(raw, kept)
    first = await expect_whole(store)
    shutil.move(kept, raw)  # as if it had never been removed

    assert [one.call_id for one in store.unfinished()] == [CALL]
    assert await store.finish(CALL, AT) == first
    assert store.unfinished() == []


async def test_a_disk_that_takes_no_more_leaves_the_raw_audio_and_no_half_file(
    tmp_path: Path,
) -> None:
    store, raw = recorded(tmp_path)
    with finisher(tmp_path, file_size_limit=1_000_000) as process:
        _, said = await asyncio.to_thread(process.communicate, "go\n")

    assert process.returncode == 1
    assert "cannot write" in said
    assert "Traceback" not in said
    assert raw.stat().st_size == FRAMES * 4
    assert [one.name for one in raw.parent.iterdir()] == [raw.name]
    await expect_whole(store)


async def test_audio_that_keeps_growing_is_never_given_up(tmp_path: Path) -> None:
    store, raw = recorded(tmp_path)
    hung_up = threading.Event()
    talking = threading.Thread(target=talk, args=(raw, hung_up))
    talking.start()
    try:
        with pytest.raises(RecordingStoreError, match="still being written"):
            await store.finish(CALL, AT)
    finally:
        hung_up.set()
        talking.join()

    frames = raw.stat().st_size // 4
    facts = await store.finish(CALL, AT)
    assert facts is not None
    assert facts.duration_ms == frames * 1000 // 8000


def talk(raw: Path, hung_up: threading.Event) -> None:
    with raw.open("ab", buffering=0) as file:
        while not hung_up.wait(0.001):
            file.write(b"\x01\x00\x02\x00" * 160)
