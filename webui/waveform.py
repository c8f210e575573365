"""A recording drawn as bars: the agent above the line, the customer below it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

BARS = 240
HEIGHT = 64  # of the drawing, in its own units; one bar is 4 units wide with its gap
BAR_PITCH = 4

_LOUDEST = 255
_HALF = HEIGHT / 2


@dataclass(frozen=True, slots=True)
class Waveform:
    """Two SVG paths of vertical strokes, in a box of `width` × `height`."""

    width: int
    height: int
    agent: str
    customer: str


def waveform(peaks: bytes, bars: int = BARS) -> Waveform:
    """`peaks` as in the table ``recording_peaks``; as many bars, or fewer where it has fewer."""
    moments = len(peaks) // 2
    bars = min(bars, moments)
    edges = [bar * moments // bars * 2 for bar in range(bars + 1)] if bars else []
    agent, customer = [], []
    for index, (start, end) in enumerate(pairwise(edges)):
        x = index * BAR_PITCH + BAR_PITCH // 2
        above, below = max(peaks[start:end:2]), max(peaks[start + 1 : end : 2])
        agent.append(f"M{x} {_HALF - 1:g}V{_HALF - 1 - _length(above):.1f}")
        customer.append(f"M{x} {_HALF + 1:g}V{_HALF + 1 + _length(below):.1f}")
    return Waveform(bars * BAR_PITCH, HEIGHT, "".join(agent), "".join(customer))


def spans(
    parts: Iterable[tuple[int, int]], duration_ms: int, width: int
) -> tuple[tuple[float, float], ...]:
    """Where parts of a recording, in milliseconds, lie in its drawing: each one's x and width."""
    if not duration_ms:
        return ()
    scale = width / duration_ms
    return tuple(
        (round(start * scale, 1), round((min(end, duration_ms) - start) * scale, 1))
        for start, end in parts
        if start < min(end, duration_ms)
    )


def _length(peak: int) -> float:
    # The square root shows quiet speech, as ears do; silence keeps a dot.
    return 0.6 + (_HALF - 3) * float((peak / _LOUDEST) ** 0.5)
