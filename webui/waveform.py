"""A recording drawn as bars: the agent above the line, the customer below it."""

from collections.abc import Sequence
from dataclasses import dataclass

BARS = 180
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


def waveform(peaks: Sequence[tuple[int, int]]) -> Waveform:
    """`peaks` are the loudest samples of agent and customer per bar, 0 to 255."""
    agent, customer = [], []
    for index, (above, below) in enumerate(peaks):
        x = index * BAR_PITCH + BAR_PITCH // 2
        agent.append(f"M{x} {_HALF - 1:g}V{_HALF - 1 - _length(above):.1f}")
        customer.append(f"M{x} {_HALF + 1:g}V{_HALF + 1 + _length(below):.1f}")
    return Waveform(len(peaks) * BAR_PITCH, HEIGHT, "".join(agent), "".join(customer))


def _length(peak: int) -> float:
    # The square root shows quiet speech, as ears do; silence keeps a dot.
    return 0.6 + (_HALF - 3) * float((min(peak, _LOUDEST) / _LOUDEST) ** 0.5)
