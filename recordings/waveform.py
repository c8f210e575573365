"""The loudest moments of a recording, for drawing it."""

import contextlib
import os
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson
import soundfile
import structlog

Peak = tuple[int, int]  # agent, customer; each 0 (silence) to 255 (full scale)

MAX_PEAKS = 8000
_BLOCK_FRAMES = 65536
_LOUDEST_SAMPLE = 32768
_LOUDEST_PEAK = 255

log = structlog.get_logger(__name__)


def peaks_of(wav: Path, count: int) -> tuple[Peak, ...]:
    """The loudest sample of each side in `count` equal parts of the recording.

    The answer is kept in a file next to the recording. Raises ValueError for a count
    outside 1 to 8000, FileNotFoundError when the recording is gone.
    """
    if not 1 <= count <= MAX_PEAKS:
        raise ValueError(f"a waveform has 1 to {MAX_PEAKS} peaks, not {count}")
    size = wav.stat().st_size
    cache = wav.with_name(f"{wav.stem}.peaks-{count}.json")
    cached = _read_cache(cache, size, count)
    if cached is not None:
        return cached
    peaks = _compute(wav, count)
    _write_cache(cache, size, peaks)
    return peaks


def _compute(wav: Path, count: int) -> tuple[Peak, ...]:
    with soundfile.SoundFile(wav) as audio:
        edges = [part * audio.frames // count for part in range(count + 1)]
        return tuple(_loudest(audio, end - start) for start, end in pairwise(edges))


def _loudest(audio: soundfile.SoundFile, frames: int) -> Peak:
    loudest = np.zeros(2, dtype=np.int64)
    while frames:
        block = audio.read(min(frames, _BLOCK_FRAMES), dtype="int16", always_2d=True)
        if not len(block):
            break
        frames -= len(block)
        # -32768 has no positive twin in 16 bits, so the sign is turned in 64.
        highest, lowest = block.max(axis=0).astype(np.int64), block.min(axis=0).astype(np.int64)
        loudest = np.maximum(loudest, np.maximum(highest, -lowest))
    agent, customer = (-(-loudest * _LOUDEST_PEAK // _LOUDEST_SAMPLE)).tolist()
    return agent, customer


def _read_cache(cache: Path, size: int, count: int) -> tuple[Peak, ...] | None:
    try:
        kept = orjson.loads(cache.read_bytes())
        if kept["size"] != size or len(kept["peaks"]) != count:
            return None
        return tuple((int(agent), int(customer)) for agent, customer in kept["peaks"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("waveform_cache_unreadable", file=cache.name, error=str(error))
        return None


def _write_cache(cache: Path, size: int, peaks: tuple[Peak, ...]) -> None:
    try:
        descriptor, part = tempfile.mkstemp(prefix=".", suffix=".part", dir=cache.parent)
        try:
            with open(descriptor, "wb") as file:
                file.write(orjson.dumps({"size": size, "peaks": peaks}))
            os.replace(part, cache)
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part)
            raise
    except OSError as error:
        # It is only a short cut: the waveform is drawn all the same.
        log.warning("waveform_cache_not_written", file=cache.name, error=str(error))
