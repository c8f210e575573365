"""Where silence belongs in a paused recording, so that its times are the conversation's."""

from collections.abc import Iterator
from dataclasses import dataclass

from dialer.rules.recording_pause import PausesInMs

_FRAMES_PER_MS = 8  # at 8 kHz


@dataclass(frozen=True, slots=True)
class Part:
    """So many frames of what was recorded, or of silence."""

    frames: int
    recorded: bool


def silent_frames(pauses: PausesInMs) -> int:
    """How many frames of silence these pauses make; one without an end makes none."""
    return sum(part.frames for part in parts_of(0, pauses))


def parts_of(recorded_frames: int, pauses: PausesInMs) -> Iterator[Part]:
    """The recording in the order of its parts: every recorded frame, and silence for each pause.

    What was recorded is one piece after the other; where it is shorter than the times say, the
    silence follows what there is, so that nothing of it is lost.
    """
    at = 0  # milliseconds from the beginning
    left = recorded_frames
    for start, end in pauses:
        if start is None or end is None or end <= start:
            continue
        before = min(left, max(0, start - at) * _FRAMES_PER_MS)
        if before:
            yield Part(before, recorded=True)
        yield Part((end - start) * _FRAMES_PER_MS, recorded=False)
        left -= before
        at = end
    if left:
        yield Part(left, recorded=True)
