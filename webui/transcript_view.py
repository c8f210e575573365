"""The words of a conversation as they are shown, or why there are none."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import recording_jobs
from dialer.recording_jobs import TRANSCRIBE, JobState
from dialer.rules.transcript import Side, Utterance, gaps_before
from dialer.transcribing import transcript_of

# Below, the engine itself doubts that it heard the word.
UNSURE_BELOW = 0.6

State = Literal["written", "nothing_said", "waiting", "working", "failed", "none", "no_model"]


@dataclass(frozen=True, slots=True)
class ShownWord:
    """`gap` stands before it; `percent` is how sure the engine was, where that is little."""

    gap: str
    text: str
    start_ms: int
    end_ms: int
    percent: int | None


@dataclass(frozen=True, slots=True)
class ShownUtterance:
    side: Side
    start_ms: int
    words: tuple[ShownWord, ...]


@dataclass(frozen=True, slots=True)
class ShownTranscript:
    """`percent` of the work done while it is worked on; `error` of the last try that failed."""

    state: State
    said: tuple[ShownUtterance, ...] = ()
    model: str = ""
    percent: int = 0
    error: str = ""
    anew: bool = False

    @property
    def is_awaited(self) -> bool:
        """Whether it changes by itself: worth looking again."""
        return self.anew or self.state in ("waiting", "working")


async def shown_transcript(
    connection: AsyncConnection, call_id: UUID, now: datetime, *, has_model: bool
) -> ShownTranscript:
    """Of a call with a recording. Who may read it: ask `dialer.hearing` before."""
    transcript = await transcript_of(connection, call_id)
    job = await recording_jobs.state_of(connection, TRANSCRIBE, call_id, now)
    if transcript is None:
        return ShownTranscript(
            _state(job, has_model),
            percent=job.percent if job else 0,
            error=job.error if job else "",
        )
    return ShownTranscript(
        "written" if transcript.said else "nothing_said",
        tuple(_utterance(one) for one in transcript.said),
        model=transcript.model,
        anew=job is not None and job.state == "waiting" and has_model,
        percent=job.percent if job else 0,
    )


def _state(job: JobState | None, has_model: bool) -> State:
    if not has_model:
        return "no_model"
    if job is None or job.state == "done":
        return "none"
    if job.state == "failed":
        return "failed"
    return "working" if job.is_at_work else "waiting"


def _utterance(one: Utterance) -> ShownUtterance:
    gaps = gaps_before([word.text for word in one.words])
    words = tuple(
        ShownWord(
            gap,
            word.text,
            word.start_ms,
            word.end_ms,
            round(word.confidence * 100) if word.confidence < UNSURE_BELOW else None,
        )
        for gap, word in zip(gaps, one.words, strict=True)
    )
    return ShownUtterance(one.side, one.start_ms, words)
