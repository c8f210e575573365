"""What the store of recordings costs: an hour finished, kept, and read in parts.

    python -m tests.benchmarks.recording_store [--quick]

`finish_seconds`: raw audio of an hour to a WAV file with wave and checksums; `wave_seconds`: the
wave alone. `flac_seconds`, `opus_seconds`: made, decoded again and compared.
`sealed_ratio_to_plain`: how fast ranges come out of an encrypted file, as a share of a plain one's.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np

from dialer.ports import AudioFile
from recordings.audio_file import LocalAudioFile
from recordings.codec import encode, listen, require_same
from recordings.loudness import Loudness
from recordings.sealed import SealedFile, seal
from recordings.store import LocalRecordingStore

RANGE_BYTES = 256 * 1024
KEY = bytes(range(32))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="five minutes instead of an hour")
    minutes = 5 if parser.parse_args().quick else 60
    print(json.dumps(asyncio.run(measure(minutes))))


async def measure(minutes: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="kakeru-bench-") as name:
        store = LocalRecordingStore(Path(name), settle_seconds=0.001)
        call_id, at = uuid4(), datetime.now(UTC)
        samples = _talk(minutes * 60)
        store.raw_path(call_id, at).write_bytes(samples.tobytes())
        began = time.perf_counter()
        facts = await store.finish(call_id, at)
        finish_seconds = time.perf_counter() - began
        assert facts is not None
        wav = store.place.find(facts.path)
        plain, sealed = await _ranges(wav, Path(name) / "sealed.enc")
        return {
            "minutes": minutes,
            "finish_seconds": round(finish_seconds, 3),
            "wave_seconds": _timed(lambda: _wave(samples)),
            "flac_seconds": _timed(lambda: _kept(wav, Path(name) / "x.flac", "flac")),
            "flac_share_of_wav": _share(Path(name) / "x.flac", wav),
            "opus_seconds": _timed(lambda: _kept(wav, Path(name) / "x.opus", "opus")),
            "opus_share_of_wav": _share(Path(name) / "x.opus", wav),
            "plain_mb_per_second": round(plain),
            "sealed_mb_per_second": round(sealed),
            "sealed_ratio_to_plain": round(sealed / plain, 2),
        }


def _talk(seconds: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Two who talk in turn: a voice-like buzz with pauses, and the noise of a line."""
    frames = np.arange(8000 * seconds)
    random = np.random.default_rng(1)
    turn = (frames // 24_000) % 2
    breath = np.abs(np.sin(2 * np.pi * 2.5 * frames / 8000))
    sides = []
    for side, pitch in ((1, 120), (0, 210)):
        buzz = sum(
            np.sin(2 * np.pi * pitch * harmonic * frames / 8000) / harmonic
            for harmonic in (1, 2, 3, 5, 8)
        )
        sides.append(buzz * breath * (turn == side) * 5000 + random.normal(0, 6, len(frames)))
    return np.stack(sides, axis=1).astype("<i2")


def _wave(samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> None:
    loudness = Loudness(len(samples))
    for start in range(0, len(samples), 65_536):
        loudness.add(samples[start : start + 65_536])


def _kept(wav: Path, target: Path, form: str) -> None:
    encode(wav, target, form)
    require_same(listen(wav), listen(target), form)


async def _ranges(wav: Path, target: Path) -> tuple[float, float]:
    """Megabytes a second, plain and sealed."""
    with wav.open("rb") as source, target.open("wb") as sealed:
        seal(source, sealed, KEY)
    plain = await _speed(LocalAudioFile(wav))
    return plain, await _speed(await SealedFile.open(LocalAudioFile(target), KEY))


async def _speed(file: AudioFile) -> float:
    began, read = time.perf_counter(), 0
    while time.perf_counter() - began < 2.0:
        for start in range(0, file.size_bytes, RANGE_BYTES):
            read += len(await file.read(start, RANGE_BYTES))
    await file.close()
    return read / (time.perf_counter() - began) / 1e6


def _timed(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return round(time.process_time() - began, 3)


def _share(file: Path, wav: Path) -> float:
    return round(os.path.getsize(file) / os.path.getsize(wav), 3)


if __name__ == "__main__":
    main()
