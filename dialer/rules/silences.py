"""Where nobody speaks in a recording, found in its wave."""

from collections.abc import Iterator, Sequence

# Quieter than this share of its own side's loud moments is not speech: a line hums.
_SHARE_OF_LOUD = 0.08
_FAINTEST = 3  # of 255: below, nothing could be understood
_LOUD_RANK = 0.95


def silences(
    peaks: bytes, duration_ms: int, *, at_least_ms: int = 1500, margin_ms: int = 250
) -> tuple[tuple[int, int], ...]:
    """From and to, in milliseconds, where both sides are silent so long, without the margins.

    `peaks` as in the table ``recording_peaks``. A margin is left at both ends, so that no first
    or last sound is cut; at the beginning and the end of the recording none is needed.
    """
    moments = len(peaks) // 2
    if not moments:
        return ()
    sides = peaks[: moments * 2 : 2], peaks[1 : moments * 2 : 2]
    levels = [_level(side) for side in sides]
    quiet = [all(map(int.__lt__, pair, levels)) for pair in zip(*sides, strict=True)]
    found = []
    for first, beyond in _runs(quiet):
        start = first * duration_ms // moments
        end = beyond * duration_ms // moments
        if end - start >= at_least_ms:
            start += margin_ms if first else 0
            end -= margin_ms if beyond < moments else 0
            found.append((start, end))
    return tuple(found)


def _level(side: Sequence[int]) -> int:
    """Below this the side is silent."""
    loud = sorted(side)[int((len(side) - 1) * _LOUD_RANK)]
    return max(_FAINTEST, round(loud * _SHARE_OF_LOUD))


def _runs(quiet: Sequence[bool]) -> Iterator[tuple[int, int]]:
    start = None
    for index, is_quiet in enumerate([*quiet, False]):
        if is_quiet and start is None:
            start = index
        elif not is_quiet and start is not None:
            yield start, index
            start = None
