"""All recordings of an installation: where they are made, and where and how they are kept.

A recording comes into the world as a WAV file of the local disk (`recordings.store`). Its keeping
form is made from that: perhaps compressed, perhaps encrypted, perhaps in a bucket. What can go
wrong between, and why nothing is lost then: docs/decisions/0018-recordings.md.
"""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Literal
from uuid import UUID

import structlog

from dialer.ports import (
    AudioFile,
    CopyForm,
    FoundFile,
    KeepingForm,
    KeptAudio,
    KeptFacts,
    RawAudio,
    RecordingFacts,
)
from dialer.rules.recording_pause import PausesInMs
from recordings.codec import Heard, encode, listen, require_same
from recordings.copies import copied
from recordings.errors import RecordingStoreError, store_error
from recordings.keys import Keyring
from recordings.names import call_of, form_of, name_in, stem_of
from recordings.place import Place
from recordings.sealed import SealedFile, seal, unseal
from recordings.stereo import FRAME_BYTES, SAMPLE_RATE
from recordings.store import LocalRecordingStore

log = structlog.get_logger(__name__)

_WORK = "keeping"
_SET_ASIDE = "set-aside"
_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeepingPolicy:
    """How recordings are kept, as the settings say."""

    format: Literal["wav", "flac", "opus"] = "wav"
    encrypted: bool = False
    place: Literal["local", "s3"] = "local"

    @property
    def is_as_finished(self) -> bool:
        """Whether a recording that was just finished has its keeping form already."""
        return self == KeepingPolicy()


@dataclass(frozen=True, slots=True)
class RecordingArchive:
    """Implements `dialer.ports.KeepingStore`. `bucket` is None where there is none."""

    local: LocalRecordingStore
    policy: KeepingPolicy = KeepingPolicy()
    keys: Keyring = field(default_factory=Keyring)
    bucket: Place | None = None

    def raw_path(self, call_id: UUID, at: datetime) -> Path:
        return self.local.raw_path(call_id, at)

    async def finish(
        self, call_id: UUID, at: datetime, pauses: PausesInMs = ()
    ) -> RecordingFacts | None:
        return await self.local.finish(call_id, at, pauses)

    async def open(self, kept: KeptAudio) -> AudioFile:
        """The audio itself, whatever it is wrapped in."""
        file = await self._place(kept.place).open(kept.path)
        if kept.key_name is None:
            return file
        try:
            key = self.keys.key(kept.key_name)
        except RecordingStoreError:
            await file.close()
            raise
        return await SealedFile.open(file, key)

    async def copy_as(self, kept: KeptAudio, form: CopyForm) -> AudioFile:
        return await copied(await self.open(kept), kept, form)

    async def erase(self, kept: KeptAudio) -> None:
        """In every place and form. Raises RecordingStoreError."""
        await self.local.erase(kept)
        self._remove_parts(kept.call_id)
        bucket = self._place("s3") if kept.place == "s3" else self.bucket
        if bucket is not None and kept.path:
            async for one in bucket.files(stem_of(kept.path)):
                await bucket.remove(one.path)

    async def close(self) -> None:
        """Ends connections to the bucket."""
        if self.bucket is not None:
            await self.bucket.close()

    # --- keeping --------------------------------------------------------------------------------

    def form_for(self, kept: KeptAudio) -> KeepingForm:
        lossy = kept.format == "opus"  # nothing is won by writing it larger
        return KeepingForm(
            self.policy.place,
            "opus" if lossy else self.policy.format,
            self._key_for_new() if self.policy.encrypted else None,
        )

    async def make(
        self,
        kept: KeptAudio,
        form: KeepingForm,
        *,
        audio_sha256: str | None,
        step: Callable[[str], None] = lambda _: None,
    ) -> KeptFacts:
        path = name_in(kept.path, form.format, form.key_name)
        with self._parts(kept.call_id) as parts:
            source = await self._fetched(kept, next(parts))
            step("fetched")
            encoded, heard = await asyncio.to_thread(
                _encoded, source, kept, form.format, audio_sha256, next(parts)
            )
            step("encoded")
            new = KeptAudio(kept.call_id, form.place, path, form.format, form.key_name)
            if (kept.place, kept.path) == (form.place, path):
                size_bytes, sha256 = await self._as_it_lies(kept)
            else:
                final = encoded
                if form.key_name is not None:
                    key = self.keys.key(form.key_name)
                    final = await asyncio.to_thread(_sealed, encoded, next(parts), key)
                    step("sealed")
                size_bytes, sha256 = final.stat().st_size, await asyncio.to_thread(_digest, final)
                await self._place(form.place).put(final, path, sha256)
                step("stored")
            samples = None if form.format == "opus" else heard.audio_sha256
            return KeptFacts(new, size_bytes, sha256, samples, heard.duration_ms, heard.peaks)

    async def remove_others(self, kept: KeptAudio) -> None:
        """Raises RecordingStoreError. The form that the catalogue names is not touched."""
        here = self.local.root.resolve() / kept.path if kept.place == "local" else None
        for one in self.local.place.siblings(kept.path):
            if one != here:
                try:
                    one.unlink(missing_ok=True)
                except OSError as error:
                    raise store_error(one, error) from error
        self._remove_parts(kept.call_id)
        if self.bucket is not None:
            async for stored in self.bucket.files(stem_of(kept.path)):
                if (kept.place, kept.path) != ("s3", stored.path):
                    await self.bucket.remove(stored.path)

    async def files(self) -> AsyncIterator[FoundFile]:
        for name, place in self._places().items():
            async for one in place.files(""):
                yield FoundFile(
                    name, one.path, one.size_bytes, one.written_at, _kept(name, one.path)
                )

    async def remove(self, file: FoundFile) -> None:
        await self._place(file.place).remove(file.path)

    # --- what is left behind ------------------------------------------------------------------

    def raw_audio(self) -> list[RawAudio]:
        root = self.local.root
        return [
            RawAudio(
                one.call_id,
                one.path.relative_to(root).as_posix(),
                one.size_bytes // FRAME_BYTES * 1000 // SAMPLE_RATE,
                one.last_written_at,
            )
            for one in self.local.unfinished()
        ]

    def half_made(self, before: datetime) -> list[str]:
        root, found = self.local.root, []
        for part in sorted(root.rglob("*.part")):
            with contextlib.suppress(FileNotFoundError):  # ended meanwhile
                if datetime.fromtimestamp(part.stat().st_mtime, UTC) < before:
                    found.append(part.relative_to(root).as_posix())
        return found

    def remove_half_made(self, path: str) -> None:
        file = self.local.root / path
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise store_error(file, error) from error

    async def set_aside(self, place: str, path: str) -> bool:
        """Into the folder `set-aside`; a bucket's objects stay where they are."""
        if place != "local":
            return False
        source, target = self.local.root / path, self.local.root / _SET_ASIDE / path
        self.local.place.make_folder(target.parent)
        try:
            os.replace(source, target)
        except OSError as error:
            raise store_error(target, error) from error
        return True

    # --- parts ----------------------------------------------------------------------------------

    def _key_for_new(self) -> str:
        newest = self.keys.newest
        if newest is None:
            raise RecordingStoreError("recordings: to be encrypted, but there is no key")
        return newest

    def _places(self) -> Mapping[str, Place]:
        local: dict[str, Place] = {"local": self.local.place}
        return local if self.bucket is None else local | {"s3": self.bucket}

    def _place(self, name: str) -> Place:
        try:
            return self._places()[name]
        except KeyError:
            raise RecordingStoreError(
                f"recordings: kept in {name}, but the settings name no such place: "
                "write recordings.s3 as it was"
            ) from None

    async def _fetched(self, kept: KeptAudio, part: Path) -> Path:
        """A local file with the audio: where it lies, or a copy."""
        file = await self.open(kept)
        try:
            if file.local_path is not None:
                return file.local_path
            with part.open("wb") as copy:
                at = 0
                while block := await file.read(at, _BLOCK_BYTES):
                    copy.write(block)
                    at += len(block)
        except OSError as error:
            raise store_error(part, error) from error
        finally:
            await file.close()
        return part

    async def _as_it_lies(self, kept: KeptAudio) -> tuple[int, str]:
        """Bytes and SHA-256 of the file itself, with all that it is wrapped in."""
        digest, at = hashlib.sha256(), 0
        file = await self._place(kept.place).open(kept.path)
        try:
            while block := await file.read(at, _BLOCK_BYTES):
                digest.update(block)
                at += len(block)
        finally:
            await file.close()
        return at, digest.hexdigest()

    @contextlib.contextmanager
    def _parts(self, call_id: UUID) -> Iterator[Iterator[Path]]:
        """Names for half-made files; none of them is left behind."""
        folder = self.local.root / _WORK
        self.local.place.make_folder(folder)
        stem = f"{call_id.hex}.{token_hex(4)}"
        try:
            yield (folder / f"{stem}.{number}.part" for number in range(9))
        finally:
            for part in folder.glob(f"{stem}.*"):
                _unlink(part)

    def _remove_parts(self, call_id: UUID) -> None:
        for part in (self.local.root / _WORK).glob(f"{call_id.hex}.*"):
            _unlink(part)


def _encoded(
    source: Path, kept: KeptAudio, form: str, audio_sha256: str | None, part: Path
) -> tuple[Path, Heard]:
    before = listen(source)
    if kept.format != "opus" and audio_sha256 not in (None, before.audio_sha256):
        raise RecordingStoreError(
            f"recordings: {kept.path} does not hold what was recorded: it was damaged or changed; "
            "it is left as it is"
        )
    if form == kept.format:
        return source, before
    encode(source, part, form)
    require_same(before, listen(part), form)
    return part, before


def _sealed(content: Path, part: Path, key: bytes) -> Path:
    with content.open("rb") as source, part.open("wb") as target:
        seal(source, target, key)
    again = hashlib.sha256()
    with part.open("rb") as sealed:
        for block in unseal(sealed, key):
            again.update(block)
    if again.hexdigest() != _digest(content):
        raise RecordingStoreError("recordings: what was encrypted does not open again")
    return part


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _kept(place: str, path: str) -> KeptAudio | None:
    call_id, form = call_of(path), form_of(path)
    if call_id is None or form is None:
        return None
    return KeptAudio(call_id, place, path, *form)


def _unlink(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError as error:
        # Nothing is lost: the next sweep comes upon it again.
        log.warning("recording_leftover", file=str(part), error=str(error))
