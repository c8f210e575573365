"""Samples out of finished audio, whatever its format and place."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from dialer.ports import AudioFile
from recordings.stereo import SAMPLE_RATE

_BLOCK_SECONDS: Final = 4
_COPY_BYTES: Final = 1024 * 1024
_IN_MEMORY_BYTES: Final = 16 * 1024 * 1024


async def local_copy(audio: AudioFile) -> IO[bytes] | Path:
    """The audio where soundfile can read it: its own file, or a copy that closing removes."""
    if audio.local_path is not None:
        return audio.local_path
    # Small ones stay in memory; what is encrypted at rest comes to no lasting file.
    copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
    at = 0
    while block := await audio.read(at, _COPY_BYTES):
        copy.write(block)
        at += len(block)
    copy.seek(0)
    return copy


@contextmanager
def opened(source: IO[bytes] | Path) -> Iterator[soundfile.SoundFile]:
    """What `local_copy` gave, for reading; a copy is removed at the end."""
    try:
        with soundfile.SoundFile(source) as audio:
            yield audio
    finally:
        if not isinstance(source, Path):
            source.close()


def stereo_blocks(audio: soundfile.SoundFile) -> Iterator[npt.NDArray[np.int16]]:
    """Frames of agent and customer at `SAMPLE_RATE`, some seconds at a time."""
    rate: int = audio.samplerate
    if rate == SAMPLE_RATE:
        yield from audio.blocks(_BLOCK_SECONDS * rate, dtype="int16", always_2d=True)
        return
    stream = soxr.ResampleStream(rate, SAMPLE_RATE, audio.channels, dtype="int16")
    left = audio.frames
    for block in audio.blocks(_BLOCK_SECONDS * rate, dtype="int16", always_2d=True):
        left -= len(block)
        yield stream.resample_chunk(block, last=left <= 0)
