"""Two leads that are one: what each field proposes, and where calling goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

ALL = 0  # instead of a lead's place: everything that stands in the field, one after the other


@dataclass(frozen=True, slots=True)
class Calling:
    """How far calling has come with a lead. Times are aware; None as the lead's columns have it."""

    priority: int
    attempts: int
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    finished_at: datetime | None


def proposed(texts: Sequence[str]) -> int:
    """The place, from 0, of the text that is taken unless somebody says otherwise."""
    return next((place for place, text in enumerate(texts) if text), 0)


def joined(texts: Sequence[str]) -> str:
    """Everything that stands in several fields, each once."""
    return "\n".join(dict.fromkeys(text for text in texts if text))


def united(some: Sequence[Calling], *, with_callback: bool) -> Calling:
    """Nobody is called sooner or oftener because a list had him twice.

    All attempts count; the longest delay holds; a final result of one ends the calls, unless
    a callback is agreed, which somebody made after it.
    """
    waits = [one.next_attempt_at for one in some if one.next_attempt_at is not None]
    finished = [one.finished_at for one in some if one.finished_at is not None]
    tried = [one.last_attempt_at for one in some if one.last_attempt_at is not None]
    return Calling(
        priority=max(one.priority for one in some),
        attempts=sum(one.attempts for one in some),
        last_attempt_at=max(tried, default=None),
        next_attempt_at=None if with_callback else max(waits, default=None),
        finished_at=None if with_callback else max(finished, default=None),
    )
