"""One transcript after the other: what a process that transcribes does."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import structlog
from soundfile import LibsndfileError
from sqlalchemy import select

from dialer import recording_jobs
from dialer.ports import AudioFile, KeptAudio, RecordingFault, RecordingStore
from dialer.recording_jobs import TRANSCRIBE, Job, LeaseLost
from dialer.rules.transcript import Utterance
from dialer.storage.engine import Database
from dialer.storage.tables import recordings
from dialer.transcribing import write_transcript
from recordings.decoding import local_copy, opened, stereo_blocks
from recordings.stereo import SAMPLE_RATE
from recordings.transcribers.conversation import words_of_conversation
from recordings.transcribers.port import Transcriber

log = structlog.get_logger(__name__)

Progress = Callable[[int], None]


class NoAudio(Exception):
    """The recording is gone, erased or broken: trying again is useless."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """What transcripts are made with; `language` is the model's."""

    database: Database
    store: RecordingStore
    transcriber: Transcriber
    language: str
    now: Callable[[], datetime]


async def transcribe_next(place: Workplace, holder: str) -> Job | None:
    """Takes the most urgent job to its end; None when none is due.

    Audio that cannot be read now is tried again later; what it says is kept with the job.
    """
    job = await recording_jobs.take_next(place.database, (TRANSCRIBE,), holder, place.now())
    if job is None:
        return None
    try:
        try:
            async with recording_jobs.held(place.database, job, place.now) as progress:
                said = await _said_in(place, job, progress)
        except (RecordingFault, NoAudio, OSError) as error:
            await _failed(place, job, str(error), for_good=isinstance(error, NoAudio))
            return job
        async with place.database.write() as connection:
            await write_transcript(
                connection,
                job,
                said,
                engine=place.transcriber.engine,
                model=place.transcriber.model,
                language=place.language,
                now=place.now(),
            )
    except LeaseLost:
        log.warning("transcript_overtaken", call_id=str(job.call_id))
    return job


async def _said_in(place: Workplace, job: Job, progress: Progress) -> tuple[Utterance, ...]:
    audio = await _opened(place, job)
    try:
        source = await local_copy(audio)
        return await asyncio.to_thread(_recognise, place.transcriber, source, progress)
    except LibsndfileError as error:
        raise NoAudio(f"the recording cannot be read: {error}") from error
    finally:
        await audio.close()


async def _opened(place: Workplace, job: Job) -> AudioFile:
    """It may get its keeping form just now: then it lies elsewhere a moment later."""
    kept = await _kept_audio(place.database, job)
    while True:
        try:
            return await place.store.open(kept)
        except FileNotFoundError as error:
            before, kept = kept, await _kept_audio(place.database, job)
            if kept == before:
                raise NoAudio("the recording is gone") from error


def _recognise(
    transcriber: Transcriber, source: IO[bytes] | Path, progress: Progress
) -> tuple[Utterance, ...]:
    with opened(source) as audio:
        seconds = audio.frames / audio.samplerate

        def tell(frames: int) -> None:
            progress(round(100 * frames / SAMPLE_RATE / seconds))

        return words_of_conversation(transcriber, stereo_blocks(audio), progress=tell)


async def _kept_audio(database: Database, job: Job) -> KeptAudio:
    async with database.read() as connection:
        query = select(recordings).where(recordings.c.call_id == job.call_id)
        row = (await connection.execute(query)).one()
    if row.state != "ready":
        raise NoAudio(f"there is no audio: the recording is {row.state}")
    return KeptAudio(row.call_id, row.place, row.path, row.format, row.key_name)


async def _failed(place: Workplace, job: Job, error: str, *, for_good: bool) -> None:
    async with place.database.write() as connection:
        due_at = await recording_jobs.fail(connection, job, place.now(), error, for_good=for_good)
    log.warning(
        "transcript_failed",
        call_id=str(job.call_id),
        error=error,
        again_at=due_at.isoformat() if due_at else None,
    )
