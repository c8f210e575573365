"""From what MixMonitor writes to a stereo WAV file.

``MixMonitor(PATH.raw,D)`` writes s16le stereo at 8 kHz without a header: left is what
was received from the channel it runs on (the customer), right is what was sent to that
channel (the agent). In a finished recording the agent is left and the customer right.
"""

import hashlib
import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

SAMPLE_RATE = 8000  # Hz
FRAME_BYTES = 4  # two channels of 16 bits
HEADER_BYTES = 44
_BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class WrittenAudio:
    """What was written: whole frames, bytes of the file, and the SHA-256 of all of them (hex)."""

    frames: int
    size_bytes: int
    sha256: str


def write_wav(raw: BinaryIO, wav: BinaryIO) -> WrittenAudio:
    """Writes the raw conversation into `wav`, agent left and customer right.

    Reads as many whole frames as `raw` holds at the beginning of the call; a frame cut
    short by a crash is left out. Memory stays below a megabyte whatever the length.
    """
    frames = os.fstat(raw.fileno()).st_size // FRAME_BYTES
    digest = hashlib.sha256()
    header = wav_header(frames)
    wav.write(header)
    digest.update(header)
    left = frames * FRAME_BYTES
    while left:
        block = raw.read(min(left, _BLOCK_BYTES))
        if not block:
            raise OSError(f"raw audio ended {left} bytes early")
        left -= len(block)
        swapped = swap_sides(block)
        wav.write(swapped)
        digest.update(swapped)
    return WrittenAudio(frames, HEADER_BYTES + frames * FRAME_BYTES, digest.hexdigest())


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
