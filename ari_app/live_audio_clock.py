"""When it was said: from a place in a stream of audio to the time of day.

Audio should come as fast as time passes, but whoever sends it may lose a tick (a busy machine, a
phone that sends nothing), and whoever receives it may be kept from looking. What came late by
waiting is followed by what came in time, so the least delay of some moments is that of the stream.
"""

from typing import Final

_MOMENT_MS: Final = 500


class StreamClock:
    """Remembers the least delay of each half second. All times are Unix seconds."""

    def __init__(self) -> None:
        self._least: list[float] = []

    def arrived(self, until_ms: float, at: float) -> None:
        """At time `at` there was audio up to this place of the stream."""
        moment = int(until_ms // _MOMENT_MS)
        delay = at - until_ms / 1000
        if moment < len(self._least):
            self._least[moment] = min(self._least[moment], delay)
        else:
            self._least += [delay] * (moment + 1 - len(self._least))

    def time_of(self, at_ms: float) -> float:
        """When this place of the stream was said; audio must have come up to there."""
        moment = min(int(at_ms // _MOMENT_MS), len(self._least) - 1)
        return at_ms / 1000 + min(self._least[moment : moment + 2])
