"""Spoken sounds for Asterisk: text to mu-law files at 8 kHz, by espeak-ng.

espeak-ng reads Japanese only as kana: a text with kanji has to be given in hiragana or katakana.
A recording made by a person sounds better; `prompt_from_recording` takes any format that
libsndfile reads.
"""

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ari_app.runtime import programs
from ari_app.runtime.debian_packages import cache_folder
from ari_app.runtime.errors import PartUnavailable, RuntimeFault, folder_fault

SAMPLE_RATE = 8000
Samples = NDArray[np.float32]


class UnreadableSound(RuntimeFault):
    """A sound file is missing or in a format that cannot be read."""


def prompt(text: str, *, language: str, voice: str = "", words_per_minute: int = 150) -> Path:
    """The sound of `text`, made once and kept in the cache; a path without ending, as Playback
    wants it (the file ends in `.ulaw`).

    `language` is `ja` or `en`; `voice` is a variant of espeak-ng (`f3`, `m2`). Takes about 30 ms
    the first time. Raises PartUnavailable, FolderUnwritable or DiskFull.
    """
    key = f"{language}|{voice}|{words_per_minute}|{text}"
    target = _cached_sound(key.encode())
    if not target.exists():
        samples = speak(text, language=language, voice=voice, words_per_minute=words_per_minute)
        write_ulaw(target, samples)
    return target.with_suffix("")


def prompt_from_recording(file: Path) -> Path:
    """A recorded prompt as Asterisk wants it, kept in the cache; a path without ending.

    Raises UnreadableSound, FolderUnwritable or DiskFull.
    """
    try:
        target = _cached_sound(file.read_bytes())
        if not target.exists():
            data, rate = soundfile.read(file, dtype="float32", always_2d=True)
            write_ulaw(target, _to_8_khz(data.mean(axis=1), rate))
    except (OSError, soundfile.LibsndfileError) as error:
        raise UnreadableSound(
            f"{file}: cannot be read as sound ({error}). Give a WAV, FLAC or Ogg file."
        ) from error
    return target.with_suffix("")


def seconds_of(prompt: Path) -> float:
    """How long one of these prompts takes; a byte is one sample."""
    return prompt.with_suffix(".ulaw").stat().st_size / SAMPLE_RATE


def speak(text: str, *, language: str, voice: str = "", words_per_minute: int = 150) -> Samples:
    """`text` spoken, as samples between -1 and 1 at 8 kHz. Raises PartUnavailable."""
    program = programs.espeak_ng()
    with tempfile.TemporaryDirectory(prefix="kakeru-") as folder:
        wave = Path(folder) / "speech.wav"
        said = subprocess.run(
            [
                *program.argv_prefix,
                *("-v", f"{language}+{voice}" if voice else language),
                *("-s", str(words_per_minute), "-w", str(wave), "--", text),
            ],
            env=program.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if said.returncode != 0 or not wave.exists():
            raise PartUnavailable(f"espeak-ng could not speak: {said.stderr.strip()}")
        data, rate = soundfile.read(wave, dtype="float32", always_2d=True)
    return _to_8_khz(data.mean(axis=1), rate)


def silence(seconds: float) -> Samples:
    """Nothing, for this long."""
    return np.zeros(int(seconds * SAMPLE_RATE), dtype=np.float32)


def tone(hertz: float, seconds: float, *, level: float) -> Samples:
    """A sine of amplitude `level` (0 to 1)."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def write_ulaw(file: Path, samples: Samples) -> None:
    """Write samples as headerless mu-law, in one step. Raises FolderUnwritable or DiskFull."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(temporary, samples, SAMPLE_RATE, format="RAW", subtype="ULAW")
        temporary.replace(file)
    except soundfile.LibsndfileError as error:
        raise folder_fault(file.parent, OSError(0, str(error))) from error
    except OSError as error:
        raise folder_fault(file.parent, error) from error


def _cached_sound(key: bytes) -> Path:
    return cache_folder() / "speech" / f"{hashlib.sha256(key).hexdigest()[:24]}.ulaw"


def _to_8_khz(samples: Samples, rate: int) -> Samples:
    converted: Samples = soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32)
    loudest = float(np.abs(converted).max(initial=0.0))
    return converted * np.float32(0.6 / loudest) if loudest > 0.6 else converted
