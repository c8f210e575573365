"""From what MixMonitor writes to a stereo WAV file.

``MixMonitor(PATH.raw,D)`` writes s16le stereo at 8 kHz without a header: left is what
was received from the channel it runs on (the customer), right is what was sent to that
channel (the agent). In a finished recording the agent is left and the customer right.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from dialer.rules.recording_pause import PausesInMs
from recordings.loudness import Loudness
from recordings.silence import parts_of, silent_frames

SAMPLE_RATE = 8000  # Hz
FRAME_BYTES = 4  # two channels of 16 bits
HEADER_BYTES = 44
_BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class WrittenAudio:
    """What a WAV file holds: whole frames, bytes of the file, SHA-256 (hex) of all bytes and of
    the samples alone, and its loudest moments as in the table ``recording_peaks``."""

    frames: int
    size_bytes: int
    sha256: str
    audio_sha256: str
    peaks: bytes


def write_wav(raw: BinaryIO, wav: BinaryIO, pauses: PausesInMs = ()) -> WrittenAudio:
    """Writes the raw conversation into `wav`, agent left and customer right.

    Reads as many whole frames as `raw` holds at the beginning of the call; a frame cut
    short by a crash is left out. For the `pauses` silence is put in between. Memory stays below
    a megabyte whatever the length.
    """
    recorded = os.fstat(raw.fileno()).st_size // FRAME_BYTES
    frames = recorded + silent_frames(pauses)
    header = wav_header(frames)
    wav.write(header)
    told = _Telling(header, frames)
    for part in parts_of(recorded, pauses):
        for block in _blocks(raw, part.frames) if part.recorded else _silence(part.frames):
            swapped = swap_sides(block)
            wav.write(swapped)
            told.add(swapped)
    return told.all()


def read_wav(wav: BinaryIO) -> WrittenAudio:
    """The same of a file that `write_wav` has written. Raises OSError for one cut short."""
    frames = max(0, os.fstat(wav.fileno()).st_size - HEADER_BYTES) // FRAME_BYTES
    told = _Telling(wav.read(HEADER_BYTES), frames)
    for block in _blocks(wav, frames):
        told.add(block)
    return told.all()


def _blocks(source: BinaryIO, frames: int) -> Iterator[bytes]:
    left = frames * FRAME_BYTES
    while left:
        block = source.read(min(left, _BLOCK_BYTES))
        if not block:
            raise OSError(f"audio ended {left} bytes early")
        left -= len(block)
        yield block


def _silence(frames: int) -> Iterator[bytes]:
    for at in range(0, frames * FRAME_BYTES, _BLOCK_BYTES):
        yield bytes(min(_BLOCK_BYTES, frames * FRAME_BYTES - at))


class _Telling:
    """Takes the bytes of a WAV file in order and tells what they are."""

    def __init__(self, header: bytes, frames: int) -> None:
        self._frames = frames
        self._file = hashlib.sha256(header)
        self._audio = hashlib.sha256()
        self._loudness = Loudness(frames)

    def add(self, samples: bytes) -> None:
        self._file.update(samples)
        self._audio.update(samples)
        self._loudness.add(np.frombuffer(samples, dtype="<i2").reshape(-1, 2))

    def all(self) -> WrittenAudio:
        return WrittenAudio(
            self._frames,
            HEADER_BYTES + self._frames * FRAME_BYTES,
            self._file.hexdigest(),
            self._audio.hexdigest(),
            self._loudness.as_bytes(),
        )


def swap_sides(frames: bytes) -> bytes:
    """The same stereo frames with left and right exchanged; the length is whole frames."""
    return np.frombuffer(frames, dtype="<i2").reshape(-1, 2)[:, ::-1].tobytes()


def wav_header(frames: int) -> bytes:
    """The canonical 44-byte header (RIFF, WAVE, format 1) for that many stereo frames."""
    data_bytes = frames * FRAME_BYTES
    return b"".join(
        (
            struct.pack("<4sI4s", b"RIFF", HEADER_BYTES - 8 + data_bytes, b"WAVE"),
            struct.pack(
                "<4sIHHIIHH",
                b"fmt ",
                16,
                1,
                2,
                SAMPLE_RATE,
                SAMPLE_RATE * FRAME_BYTES,
                FRAME_BYTES,
                16,
            ),
            struct.pack("<4sI", b"data", data_bytes),
        )
    )
