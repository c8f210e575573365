"""The forms that finished audio is kept in: WAV, FLAC or Opus, always stereo at 8 kHz.

FLAC gives back every sample. Opus does not: at 16 kbit/s a side it keeps what a telephone lets
through, in a third of FLAC's room, and needs thirty times FLAC's work to make.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from recordings.errors import RecordingStoreError
from recordings.loudness import Loudness
from recordings.stereo import SAMPLE_RATE

SUFFIXES = {"wav": ".wav", "flac": ".flac", "opus": ".opus"}
# libsndfile's scale for 16 kbit/s a channel: from 256 (0.0) down to 6 kbit/s (1.0).
_OPUS_LEVEL = 0.96
_HOW: Mapping[str, dict[str, Any]] = {
    "wav": {"format": "WAV", "subtype": "PCM_16"},
    "flac": {"format": "FLAC", "subtype": "PCM_16"},
    "opus": {"format": "OGG", "subtype": "OPUS", "compression_level": _OPUS_LEVEL},
}
# The largest difference in length that a lossy form may have.
_LENGTH_TOLERANCE_FRAMES = SAMPLE_RATE // 50
_BLOCK_FRAMES = 65536


@dataclass(frozen=True, slots=True)
class Heard:
    """What a file gives when it is decoded: its samples' SHA-256 (hex), and its wave."""

    frames: int
    audio_sha256: str
    peaks: bytes

    @property
    def duration_ms(self) -> int:
        return self.frames * 1000 // SAMPLE_RATE


def encode(source: Path, target: Path, form: str) -> None:
    """Writes the audio of any of the forms as `form` (wav, flac, opus) into a new file.

    A second's work for an hour as FLAC, most of a minute's as Opus, in little memory.
    Raises RecordingStoreError for what is no audio.
    """
    with _opened(source) as audio:
        how = _HOW[form]
        try:
            with soundfile.SoundFile(target, "w", audio.samplerate, audio.channels, **how) as made:
                for block in _blocks(audio, source):
                    made.write(block)
        except soundfile.LibsndfileError as error:
            raise RecordingStoreError(f"recordings: cannot write {target}: {error}") from error


def listen(file: Path) -> Heard:
    """Decodes the whole file. Raises RecordingStoreError for what cannot be decoded."""
    digest = hashlib.sha256()
    with _opened(file) as audio:
        if audio.channels != 2:
            raise RecordingStoreError(f"recordings: {file} is not stereo")
        loudness, frames = Loudness(audio.frames), 0
        for block in _blocks(audio, file):
            digest.update(np.ascontiguousarray(block, dtype="<i2").tobytes())
            loudness.add(block)
            frames += len(block)
    return Heard(frames, digest.hexdigest(), loudness.as_bytes())


def require_same(before: Heard, after: Heard, form: str) -> None:
    """Raises RecordingStoreError unless `after`, in that form, holds what `before` held."""
    if form == "opus":
        same = abs(before.frames - after.frames) <= _LENGTH_TOLERANCE_FRAMES
    else:
        same = before.audio_sha256 == after.audio_sha256
    if not same:
        raise RecordingStoreError(
            f"recordings: the {form} file does not hold what it was made from "
            f"({after.duration_ms} of {before.duration_ms} ms); the original is kept"
        )


def _opened(file: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(file)
    except soundfile.LibsndfileError as error:
        raise _undecodable(file, error) from error


def _blocks(audio: soundfile.SoundFile, file: Path) -> Iterator[NDArray[np.int16]]:
    try:
        yield from audio.blocks(_BLOCK_FRAMES, dtype="int16", always_2d=True)
    except soundfile.LibsndfileError as error:  # damaged further on
        raise _undecodable(file, error) from error


def _undecodable(file: Path, error: Exception) -> RecordingStoreError:
    return RecordingStoreError(f"recordings: {file} cannot be decoded: {error}")
