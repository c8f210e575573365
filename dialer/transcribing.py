"""Transcripts: asked for when a recording is ready, written when its words are known, read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts, recording_jobs
from dialer.recording_jobs import TRANSCRIBE, Job
from dialer.rules.transcript import Utterance, from_json, mean_confidence, to_json
from dialer.rules.transcription import TranscriptionPolicy, is_transcribed
from dialer.storage.tables import calls, campaigns, recordings, transcripts

ASKED_BY_A_PERSON = 10
"""Priority of what somebody waits for, above what is queued by itself."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in a call, and what recognised it. `confidence`: 0 to 1, of all words."""

    call_id: UUID
    engine: str
    model: str
    language: str
    made_at: datetime
    confidence: float | None
    said: tuple[Utterance, ...]


async def recording_ready(
    connection: AsyncConnection,
    call_id: UUID,
    policies: Mapping[str, TranscriptionPolicy],
    now: datetime,
) -> bool:
    """Asks for a transcript where the campaign of the call wants one, whoever dialled."""
    call = (
        await connection.execute(
            select(campaigns.c.name, recordings.c.duration_ms)
            .select_from(recordings)
            .join(calls, calls.c.id == recordings.c.call_id)
            .outerjoin(campaigns, campaigns.c.id == calls.c.campaign_id)
            .where(recordings.c.call_id == call_id)
        )
    ).one()
    policy = policies.get(call.name or "", TranscriptionPolicy())
    wanted = is_transcribed(policy, call_id, (call.duration_ms or 0) / 1000)
    if wanted:
        await recording_jobs.enqueue(connection, TRANSCRIBE, call_id, now=now)
    return wanted


async def ask_for(connection: AsyncConnection, call_id: UUID, now: datetime) -> None:
    """Somebody wants the transcript, or wants it anew: it comes before all others."""
    await recording_jobs.enqueue(
        connection, TRANSCRIBE, call_id, now=now, priority=ASKED_BY_A_PERSON, again=True
    )


async def write_transcript(
    connection: AsyncConnection,
    job: Job,
    said: Sequence[Utterance],
    *,
    engine: str,
    model: str,
    language: str,
    now: datetime,
) -> None:
    """Puts it in the place of an earlier one, findable, and ends the job. Raises LeaseLost."""
    await recording_jobs.finish(connection, job, now)
    await connection.execute(delete(transcripts).where(transcripts.c.call_id == job.call_id))
    await connection.execute(
        insert(transcripts).values(
            call_id=job.call_id,
            engine=engine,
            model=model,
            language=language,
            made_at=now,
            confidence=mean_confidence(said),
            utterances=to_json(said),
        )
    )
    await action_texts.refresh(connection, [job.call_id])


async def transcript_of(connection: AsyncConnection, call_id: UUID) -> Transcript | None:
    """None where there is none (yet)."""
    query = select(transcripts).where(transcripts.c.call_id == call_id)
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    return Transcript(
        call_id=row.call_id,
        engine=row.engine,
        model=row.model,
        language=row.language,
        made_at=row.made_at,
        confidence=row.confidence,
        said=from_json(row.utterances),
    )
