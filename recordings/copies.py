"""Copies of recordings in a form that any program plays: what people take away."""

import asyncio
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO

import soundfile

from dialer.ports import AudioFile, CopyForm, KeptAudio
from recordings.decoding import local_copy, opened
from recordings.errors import RecordingStoreError

_FORMS: Mapping[str, dict[str, Any]] = {
    "wav": {"format": "WAV", "subtype": "PCM_16"},
    "mp3": {"format": "MP3", "subtype": "MPEG_LAYER_III"},
}
_BLOCK_FRAMES = 65_536


async def copied(audio: AudioFile, kept: KeptAudio, form: CopyForm) -> AudioFile:
    """The same audio as `form`, in a file that nobody else sees and that goes with its closing.

    Takes over `audio`, which is what lies as `kept`. Half a minute's work for an hour as MP3.
    Raises RecordingFault.
    """
    if kept.format == form:
        return audio
    try:
        source = await local_copy(audio)
        return UnnamedAudioFile(await asyncio.to_thread(_converted, source, form))
    finally:
        await audio.close()


class UnnamedAudioFile:
    """A temporary file without a name; implements `dialer.ports.AudioFile`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size_bytes = os.fstat(file.fileno()).st_size

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    @property
    def local_path(self) -> Path | None:
        return None

    async def read(self, start: int, length: int) -> bytes:
        return await asyncio.to_thread(os.pread, self._file.fileno(), length, start)

    async def close(self) -> None:
        self._file.close()


def _converted(source: IO[bytes] | Path, form: str) -> BinaryIO:
    target = tempfile.TemporaryFile()  # noqa: SIM115 - it goes to the caller
    how = _FORMS[form]
    try:
        with (
            opened(source) as audio,
            soundfile.SoundFile(target, "w", audio.samplerate, audio.channels, **how) as made,
        ):
            for block in audio.blocks(_BLOCK_FRAMES, dtype="int16", always_2d=True):
                made.write(block)
        target.flush()
    except soundfile.LibsndfileError as error:
        target.close()
        raise RecordingStoreError(f"recordings: cannot be copied as {form}: {error}") from error
    except BaseException:
        target.close()
        raise
    return target
