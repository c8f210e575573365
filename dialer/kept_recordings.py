"""What is there to be heard of a call: where its audio lies, its wave, where it pauses."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.ports import KeptAudio
from dialer.storage.tables import recording_peaks, recordings


@dataclass(frozen=True, slots=True)
class KeptRecording:
    """Audio that lies ready. `sha256` is of the file as it lies, so another form has another;
    `peaks` as in the table ``recording_peaks``, empty until somebody has drawn them; `pauses`:
    milliseconds from and to, while nothing was recorded."""

    audio: KeptAudio
    duration_ms: int
    size_bytes: int
    sha256: str
    started_at: datetime
    peaks: bytes
    pauses: tuple[tuple[int, int], ...]


async def kept_recording(connection: AsyncConnection, call_id: UUID) -> KeptRecording | None:
    """None where there is no audio, or not yet, or no more. Who may hear it: `dialer.hearing`."""
    query = (
        select(recordings, recording_peaks.c.peaks)
        .outerjoin(recording_peaks, recording_peaks.c.call_id == recordings.c.call_id)
        .where(recordings.c.call_id == call_id, recordings.c.state == "ready")
    )
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    length = row.duration_ms or 0
    return KeptRecording(
        audio=KeptAudio(row.call_id, row.place, row.path, row.format, row.key_name),
        duration_ms=length,
        size_bytes=row.size_bytes or 0,
        sha256=row.sha256 or "",
        started_at=row.started_at,
        peaks=row.peaks or b"",
        pauses=tuple(
            (begins, length if ends is None else ends) for begins, ends in row.pauses or ()
        ),
    )
