"""How loud each side is through a recording, for drawing it without its audio.

Gathered while the samples pass by for another reason, so it costs no reading of its own.
"""

import numpy as np
from numpy.typing import NDArray

MOMENTS = 2000  # a wave as wide as a screen; fewer where there are fewer samples
_LOUDEST_SAMPLE = 32768
_LOUDEST_PEAK = 255


class Loudness:
    """The loudest sample of agent and customer in equal parts of `frames` stereo frames."""

    def __init__(self, frames: int, *, moments: int = MOMENTS) -> None:
        count = min(frames, moments)
        self._edges = np.arange(count + 1, dtype=np.int64) * frames // max(count, 1)
        self._peaks = np.zeros((count, 2), dtype=np.int32)
        self._at = 0

    def add(self, block: NDArray[np.int16]) -> None:
        """The next frames, shaped (frames, 2). More than were announced are left out."""
        block = block[: int(self._edges[-1]) - self._at]
        if not len(block):
            return
        end = self._at + len(block)
        first = int(np.searchsorted(self._edges, self._at, side="right")) - 1
        beyond = int(np.searchsorted(self._edges, end, side="left"))
        starts = np.maximum(self._edges[first:beyond] - self._at, 0)
        # -32768 has no positive twin in 16 bits, so the sign is turned in 32.
        highest = np.maximum.reduceat(block, starts, axis=0).astype(np.int32)
        lowest = np.minimum.reduceat(block, starts, axis=0).astype(np.int32)
        part = self._peaks[first:beyond]
        np.maximum(part, np.maximum(highest, -lowest), out=part)
        self._at = end

    def as_bytes(self) -> bytes:
        """Two bytes a moment, agent and customer, 0 (silence) to 255 (full scale)."""
        levels = -(-self._peaks * _LOUDEST_PEAK // _LOUDEST_SAMPLE)
        return levels.astype(np.uint8).tobytes()
