"""dialer.ports.RecordingStore without audio: it knows how long each conversation lasted."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from dialer.ports import AudioFile, CopyForm, KeptAudio, RecordingFacts, RecordingFault
from dialer.rules.recording_pause import PausesInMs


@dataclass(slots=True)
class FakeRecordings:
    """`began` and `ended` are what a telephony recorded; the same after a restart."""

    began: dict[UUID, datetime] = field(default_factory=dict)
    ended: dict[UUID, datetime] = field(default_factory=dict)
    finished: set[UUID] = field(default_factory=set)
    erased: list[UUID] = field(default_factory=list)
    full: bool = False
    """No room on the disk: neither new recordings nor finished ones."""

    def raw_path(self, call_id: UUID, at: datetime) -> Path:
        if self.full:
            raise RecordingFault("/recordings is full; make room")
        return Path(f"/recordings/{at:%Y/%m/%d}/{call_id}.raw")

    async def finish(
        self, call_id: UUID, at: datetime, pauses: PausesInMs = ()
    ) -> RecordingFacts | None:
        if self.full:
            raise RecordingFault("/recordings is full; make room")
        if call_id not in self.began:
            return None
        ended = self.ended.get(call_id, self.began[call_id])
        lasted = ended - self.began[call_id]
        self.finished.add(call_id)
        return RecordingFacts(
            path=f"{at:%Y/%m/%d}/{call_id}.wav",
            duration_ms=lasted // timedelta(milliseconds=1),
            size_bytes=44 + lasted // timedelta(milliseconds=1) * 32,
            sha256=call_id.hex * 2,
            ended_at=ended,
        )

    async def open(self, kept: KeptAudio) -> AudioFile:
        raise FileNotFoundError(kept.path)

    async def copy_as(self, kept: KeptAudio, form: CopyForm) -> AudioFile:
        raise FileNotFoundError(kept.path)

    async def erase(self, kept: KeptAudio) -> None:
        self.erased.append(kept.call_id)
