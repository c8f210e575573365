"""What a file of a recording is, by what the catalogue says of its call."""

from dataclasses import dataclass
from enum import StrEnum


class Finding(StrEnum):
    """What is not as it should be."""

    UNFINISHED = "unfinished"  # audio of a call that has ended, not in the catalogue yet
    LEFT_OVER = "left_over"  # the catalogue names another file for the same recording
    ERASED = "erased"  # of a recording that was erased
    UNKNOWN = "unknown"  # of no call that we know
    FOREIGN = "foreign"  # with a name that we give to none
    EMPTY = "empty"  # Asterisk began to record, and not a sample came
    HALF_MADE = "half_made"  # what somebody was writing when he was killed
    MISSING = "missing"  # the catalogue names it, and it is not there


@dataclass(frozen=True, slots=True)
class Catalogued:
    """What the database says of a call; `state` is None when it has no recording."""

    call_ended: bool
    state: str | None
    place: str
    path: str
    duration_ms: int | None


def judge_finished(catalogued: Catalogued | None, place: str, path: str) -> Finding | None:
    """Of a finished file; None: it is what the catalogue names, or the call goes on."""
    if catalogued is None:
        return Finding.UNKNOWN
    match catalogued.state:
        case "ready":
            same = (catalogued.place, catalogued.path) == (place, path)
            return None if same else Finding.LEFT_OVER
        case "erasing" | "erased":
            return Finding.ERASED
        case _:
            return Finding.UNFINISHED if catalogued.call_ended else None


def judge_raw(catalogued: Catalogued | None, duration_ms: int) -> Finding | None:
    """Of audio as Asterisk wrote it; None: the call goes on.

    What is longer than the recording that was made of it is not yet finished.
    """
    if catalogued is None:
        return Finding.UNKNOWN
    if duration_ms == 0 and catalogued.call_ended:
        return Finding.EMPTY
    match catalogued.state:
        case "ready":
            whole = duration_ms <= (catalogued.duration_ms or 0)
            return Finding.LEFT_OVER if whole else Finding.UNFINISHED
        case "erasing" | "erased":
            return Finding.ERASED
        case _:
            return Finding.UNFINISHED if catalogued.call_ended else None
