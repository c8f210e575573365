"""While an agent has stopped the recording: from when to when nothing was recorded, and why not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

# So long before the recording goes on by itself the agent is told: what he says then is recorded.
WARN_BEFORE = timedelta(seconds=30)

_MS = timedelta(milliseconds=1)


class PauseEnd(StrEnum):
    AGENT = "agent"
    TOO_LONG = "too_long"
    CALL_OVER = "call_over"
    FOUND = "found"  # it was found going on after an absence of ours


@dataclass(frozen=True, slots=True)
class Pause:
    """`ended_at` None: nothing is recorded. `ended_by` is known as soon as the end is wanted."""

    begun_at: datetime
    ended_at: datetime | None = None
    ended_by: PauseEnd | None = None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


Pauses = tuple[Pause, ...]
PausesInMs = Sequence[Sequence[int | None]]
"""As in the column ``recordings.pauses``: ``[[from, to], ...]`` in milliseconds from the
connection; ``to`` is None while it lasts, and where nobody saw its end."""


def open_pause(pauses: Pauses) -> Pause | None:
    """The one that lasts."""
    return pauses[-1] if pauses and pauses[-1].is_open else None


def begun(pauses: Pauses, at: datetime) -> Pauses:
    return (*pauses, Pause(at))


def end_wanted(pauses: Pauses, by: PauseEnd) -> Pauses:
    """The recording is to go on; it does as soon as the telephony says so."""
    return (*pauses[:-1], replace(pauses[-1], ended_by=by))


def ended(pauses: Pauses, at: datetime, by: PauseEnd) -> Pauses:
    """`by` counts where nobody had wanted the end; one that has ended stays as it is."""
    last = open_pause(pauses)
    if last is None:
        return pauses
    over = replace(last, ended_at=max(at, last.begun_at), ended_by=last.ended_by or by)
    return (*pauses[:-1], over)


def in_ms(pauses: Pauses, connected_at: datetime) -> PausesInMs:
    """For the database."""
    return [
        [
            max(0, (pause.begun_at - connected_at) // _MS),
            None if pause.ended_at is None else max(0, (pause.ended_at - connected_at) // _MS),
        ]
        for pause in pauses
    ]


def from_ms(stored: PausesInMs, connected_at: datetime) -> Pauses:
    """From the database; who ended them is not told there."""
    return tuple(
        Pause(
            connected_at + (start or 0) * _MS,
            None if end is None else connected_at + end * _MS,
            None if end is None else PauseEnd.FOUND,
        )
        for start, end in stored
    )
