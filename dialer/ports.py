"""What the business needs from the world outside. The outside implements these."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, Protocol
from uuid import UUID

from dialer.messages import OpenLegs, TelephonyCommand, TelephonyEvent
from dialer.rules.recording_pause import PausesInMs


class Telephony(Protocol):
    """Asterisk, or a fake of it."""

    def send(self, command: TelephonyCommand) -> None:
        """Takes the command and returns at once; a failure comes back as an event."""

    def events(self) -> AsyncIterator[TelephonyEvent]:
        """What happened, in order; one reader."""

    async def open_legs(self) -> OpenLegs:
        """Raises ConnectionError while Asterisk cannot be asked."""


class Clock(Protocol):
    """Time for the shells; the rules get `now` passed in."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""

    def call_later(self, seconds: float, action: Callable[[], None]) -> "Timer":
        """Runs `action` once, unless the timer is cancelled before."""


class Timer(Protocol):
    def cancel(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What is known of a recording that lies ready."""

    path: str  # relative to the recordings root
    duration_ms: int
    size_bytes: int
    sha256: str
    ended_at: datetime  # when the last audio was written
    audio_sha256: str = ""  # of the samples alone
    peaks: bytes = b""  # as in the table recording_peaks


@dataclass(frozen=True, slots=True)
class KeptAudio:
    """Where finished audio lies and in what form, as the table ``recordings`` says."""

    call_id: UUID
    place: str  # local | s3
    path: str  # relative to the root of the place
    format: str  # wav | flac | opus
    key_name: str | None  # of the key it is encrypted with


CopyForm = Literal["wav", "mp3"]
"""The forms in which audio is taken away."""


class AudioFile(Protocol):
    """Finished audio, opened for reading: the bytes of a WAV, FLAC or Ogg Opus file."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def local_path(self) -> Path | None:
        """A file of this machine that holds just these bytes; None where there is none."""

    async def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`; empty at the end. Raises RecordingFault."""

    async def close(self) -> None: ...


class RecordingFault(Exception):
    """Audio cannot be stored now; the message names the place and the remedy."""


class RecordingStore(Protocol):
    """Where the recordings lie."""

    def raw_path(self, call_id: UUID, at: datetime) -> Path:
        """Absolute path that Asterisk writes the conversation of this call to.

        Raises RecordingFault when nothing can be written there.
        """

    async def finish(
        self, call_id: UUID, at: datetime, pauses: PausesInMs = ()
    ) -> RecordingFacts | None:
        """Turns the raw audio into a playable file; None when nothing was recorded.

        For as long as the `pauses` were, as the table ``recordings`` has them, there is silence.
        Raises RecordingFault when that is not possible now; the audio is kept.
        """

    async def open(self, kept: KeptAudio) -> AudioFile:
        """Raises FileNotFoundError when it is gone, RecordingFault when it cannot be read now."""

    async def copy_as(self, kept: KeptAudio, form: CopyForm) -> AudioFile:
        """The whole audio in a form that any program plays, made now; raises like `open`."""

    async def erase(self, kept: KeptAudio) -> None:
        """Removes all files of the recording; nothing where they are gone already.

        Raises RecordingFault when that is not possible now.
        """


@dataclass(frozen=True, slots=True)
class KeepingForm:
    """How finished audio is to lie; the words of `KeptAudio`."""

    place: str
    format: str
    key_name: str | None


@dataclass(frozen=True, slots=True)
class KeptFacts:
    """What is known of audio in its keeping form, after it was read back and found whole."""

    kept: KeptAudio
    size_bytes: int
    sha256: str  # of the file as it lies there
    audio_sha256: str | None  # of the samples; None where the form does not give them back
    duration_ms: int
    peaks: bytes


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A finished file that lies in a place; `kept` is what its name tells, None: not our name."""

    place: str
    path: str
    size_bytes: int
    written_at: datetime
    kept: KeptAudio | None


@dataclass(frozen=True, slots=True)
class RawAudio:
    """What Asterisk wrote, or still writes; `path` is relative to the local root."""

    call_id: UUID
    path: str
    duration_ms: int
    written_at: datetime


class KeepingStore(RecordingStore, Protocol):
    """A store that can bring recordings into the form that they are to be kept in."""

    def form_for(self, kept: KeptAudio) -> KeepingForm:
        """The form that the settings ask for; what was made lossy stays in that format."""

    async def make(
        self,
        kept: KeptAudio,
        form: KeepingForm,
        *,
        audio_sha256: str | None,
        step: Callable[[str], None],
    ) -> KeptFacts:
        """Makes, verifies and stores the audio in another form, under a name of its own.

        What it is made from is untouched; `audio_sha256` is what its samples should be. `step`
        is told each step that is done. Raises RecordingFault, FileNotFoundError.
        """

    async def remove_others(self, kept: KeptAudio) -> None:
        """Removes what other forms of the recording, or half-made ones, were left anywhere."""

    def files(self) -> AsyncIterator[FoundFile]:
        """All finished files, in every place."""

    async def remove(self, file: FoundFile) -> None:
        """Raises RecordingFault when that is not possible now."""

    def raw_audio(self) -> list[RawAudio]:
        """All of it, the oldest first."""

    def half_made(self, before: datetime) -> list[str]:
        """Paths, in the local root, of what somebody began to write before that and never ended."""

    def remove_half_made(self, path: str) -> None:
        """Of one of these, or of raw audio. Raises RecordingFault."""

    async def set_aside(self, place: str, path: str) -> bool:
        """Moves a file out of the way, still to be looked at; False where that cannot be."""


REFRESH: Final = "refresh"
"""Topic that every subscriber may get: news was lost, look at everything anew."""


class LiveUpdates(Protocol):
    """Fan-out of "something changed" to whoever watches (pages, other processes)."""

    def publish(self, topic: str, data: dict[str, object]) -> None: ...

    def subscribe(self, *topics: str) -> "Subscription": ...


class Subscription(Protocol):
    """What was published since subscribing; close it when done."""

    def __aiter__(self) -> AsyncIterator[tuple[str, dict[str, object]]]: ...

    def close(self) -> None: ...
