"""Recordings in folders of a local disk.

    ROOT/incoming/2026/11/24/c-<call>.raw     Asterisk writes here while people talk
    ROOT/2026/11/24/013005-<call>.wav         finished: agent left, customer right

Dates and times in names are UTC. A name tells the call's id and never a phone number.

A raw file is given up only after its WAV file is complete under its final name and
flushed to the disk, so a crash at any moment leaves one or the other, and finishing
again gives the same answer.
"""

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from uuid import UUID

import structlog

from dialer.ports import AudioFile, CopyForm, KeptAudio, RecordingFacts
from dialer.rules.recording_pause import PausesInMs
from recordings.audio_file import LocalAudioFile
from recordings.copies import copied
from recordings.errors import RecordingStoreError, store_error
from recordings.local_place import LocalPlace, flush_folder, new_file
from recordings.silence import silent_frames
from recordings.stereo import FRAME_BYTES, SAMPLE_RATE, WrittenAudio, read_wav, write_wav

_INCOMING = "incoming"
_MAX_ROUNDS = 5
_LONG_UNTOUCHED_SECONDS = 60.0
_STALE_SECONDS = 24 * 3600.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class UnfinishedRecording:
    """Raw audio that nobody has finished yet."""

    call_id: UUID
    path: Path
    size_bytes: int
    last_written_at: datetime


class LocalRecordingStore:
    """Implements `dialer.ports.RecordingStore` in the folder `root`.

    `settle_seconds`: Asterisk closes a file some milliseconds after it reports the
    hang-up, and only then writes the last block of up to two seconds. `finish` waits
    this long for it.
    """

    def __init__(self, root: Path, *, settle_seconds: float = 0.1) -> None:
        self._place = LocalPlace(root)
        self._root = self._place.root
        self._settle_seconds = settle_seconds

    @property
    def root(self) -> Path:
        return self._root

    @property
    def place(self) -> LocalPlace:
        """Where the finished files lie."""
        return self._place

    def raw_path(self, call_id: UUID, at: datetime) -> Path:
        """Where Asterisk is to write the conversation; the folder exists afterwards.

        Raises RecordingStoreError when the folder cannot be made.
        """
        path = self._raw(call_id, at)
        if not path.parent.is_dir():
            self._place.make_folder(path.parent)
        return path

    async def finish(
        self, call_id: UUID, at: datetime, pauses: PausesInMs = ()
    ) -> RecordingFacts | None:
        """Turns raw audio into a WAV file, silent during `pauses`; None when nothing was recorded.

        `at` is the time that was given to `raw_path`. May be called again at any time:
        the answer is the same. Raises RecordingStoreError when the file cannot be written
        or Asterisk still writes to it; the raw audio is kept then.
        """
        raw, wav = self._raw(call_id, at), self._wav(call_id, at)
        if not raw.exists() and not wav.exists():
            raw = await asyncio.to_thread(self._find_raw, call_id, raw)
        await self._settled(raw)
        return await asyncio.to_thread(self._finish, raw, wav, pauses)

    async def open(self, kept: KeptAudio) -> LocalAudioFile:
        """Raises FileNotFoundError when it is gone or lies outside; see `LocalPlace.find`."""
        return LocalAudioFile(self._place.find(kept.path))

    async def copy_as(self, kept: KeptAudio, form: CopyForm) -> AudioFile:
        """Raises FileNotFoundError, RecordingStoreError."""
        return await copied(await self.open(kept), kept, form)

    async def erase(self, kept: KeptAudio) -> None:
        """Also raw audio and drawings of it. Raises RecordingStoreError."""
        await asyncio.to_thread(self._erase, kept)

    def unfinished(self) -> list[UnfinishedRecording]:
        """Raw audio left behind, oldest first; removes what crashes left half written.

        Some of it may belong to conversations that go on: the caller knows which.
        """
        now = time.time()
        found: list[UnfinishedRecording] = []
        for path in sorted((self._root / _INCOMING).glob("*/*/*/c-*")):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # finished meanwhile
            stale = now - status.st_mtime > _STALE_SECONDS
            empty = path.suffix == ".part" or status.st_size < FRAME_BYTES
            if stale and empty:
                _remove(path)
            elif path.suffix == ".raw" and (call_id := _call_of(path)):
                written_at = _time_of(status)
                found.append(UnfinishedRecording(call_id, path, status.st_size, written_at))
        return sorted(found, key=lambda one: one.last_written_at)

    def _erase(self, kept: KeptAudio) -> None:
        found = list((self._root / _INCOMING).glob(f"*/*/*/c-{kept.call_id.hex}*"))
        found += self._place.siblings(kept.path)
        for path in found:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise store_error(path, error) from error

    def _raw(self, call_id: UUID, at: datetime) -> Path:
        return self._root / _INCOMING / _day(at) / f"c-{call_id.hex}.raw"

    def _wav(self, call_id: UUID, at: datetime) -> Path:
        return self._root / _day(at) / f"{at.astimezone(UTC):%H%M%S}-{call_id.hex}.wav"

    def _find_raw(self, call_id: UUID, expected: Path) -> Path:
        """Raw audio of the call under another day, where `at` is not what it was."""
        return next((self._root / _INCOMING).glob(f"*/*/*/c-{call_id.hex}.raw"), expected)

    async def _settled(self, raw: Path) -> None:
        """Returns when the file's size has not changed for a while, or there is no file."""
        size = -1
        for _ in range(_MAX_ROUNDS):
            try:
                status = raw.stat()
            except FileNotFoundError:
                return
            if status.st_size == size or time.time() - status.st_mtime > _LONG_UNTOUCHED_SECONDS:
                return
            size = status.st_size
            await asyncio.sleep(self._settle_seconds)

    def _finish(self, raw: Path, wav: Path, pauses: PausesInMs) -> RecordingFacts | None:
        for _ in range(_MAX_ROUNDS):
            try:
                status = raw.stat()
            except FileNotFoundError:
                return self._facts_of_finished(wav)
            if status.st_size < FRAME_BYTES:
                return self._facts_of_finished(wav)
            written = self._convert(raw, wav, pauses)
            if written is not None:
                _remove(raw)
                return self._facts(wav, written)
        raise RecordingStoreError(f"recordings: {raw} is still being written")

    def _convert(self, raw: Path, wav: Path, pauses: PausesInMs) -> WrittenAudio | None:
        """Writes the WAV file under its final name; None when the raw grew meanwhile."""
        part = raw.with_name(f"{raw.stem}.{token_hex(4)}.part")
        try:
            with raw.open("rb") as source, new_file(part, self._place.mode() & 0o666) as descriptor:
                with open(descriptor, "wb", closefd=False) as target:
                    written = write_wav(source, target, pauses)
                status = os.fstat(source.fileno())
                if status.st_size // FRAME_BYTES + silent_frames(pauses) > written.frames:
                    return None
                # The end of the conversation stays readable from the finished file.
                os.utime(descriptor, ns=(status.st_mtime_ns, status.st_mtime_ns))
                os.fsync(descriptor)
            self._place.make_folder(wav.parent)
            os.replace(part, wav)
            flush_folder(wav.parent)
        except OSError as error:
            raise store_error(wav, error) from error
        finally:
            _remove(part)
        return written

    def _facts_of_finished(self, wav: Path) -> RecordingFacts | None:
        try:
            with wav.open("rb") as file:
                return self._facts(wav, read_wav(file))
        except FileNotFoundError:
            return None

    def _facts(self, wav: Path, written: WrittenAudio) -> RecordingFacts:
        return RecordingFacts(
            path=wav.relative_to(self._root).as_posix(),
            duration_ms=written.frames * 1000 // SAMPLE_RATE,
            size_bytes=written.size_bytes,
            sha256=written.sha256,
            audio_sha256=written.audio_sha256,
            peaks=written.peaks,
            ended_at=_time_of(wav.stat()),
        )


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        # Nothing is lost: the next sweep comes upon it again.
        log.warning("recording_leftover", file=str(path), error=str(error))


def _day(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone names no day: {at!r}")
    return f"{at.astimezone(UTC):%Y/%m/%d}"


def _call_of(path: Path) -> UUID | None:
    try:
        return UUID(hex=path.stem.removeprefix("c-"))
    except ValueError:
        return None


def _time_of(status: os.stat_result) -> datetime:
    # Whole microseconds without a float in between, so that it compares equal every time.
    seconds, rest = divmod(status.st_mtime_ns // 1000, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
