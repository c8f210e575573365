"""Samples come out of every format and from every place."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from recordings.audio_file import LocalAudioFile
from recordings.decoding import local_copy, opened, stereo_blocks

SECONDS = 11


class _Elsewhere:
    """Audio that lies in no file of this machine."""

    local_path = None

    def __init__(self, path: Path) -> None:
        self._bytes = path.read_bytes()

    @property
    def size_bytes(self) -> int:
        return len(self._bytes)

    async def read(self, start: int, length: int) -> bytes:
        return self._bytes[start : start + length]

    async def close(self) -> None:
        pass


@pytest.fixture
def samples() -> np.ndarray:
    at = np.arange(8000 * SECONDS) / 8000
    agent, customer = np.sin(2 * np.pi * 300 * at), np.sin(2 * np.pi * 700 * at)
    return (np.stack([agent, customer], axis=1) * 8000).astype(np.int16)


@pytest.mark.parametrize("format_", ["wav", "flac"])
@pytest.mark.parametrize("place", [LocalAudioFile, _Elsewhere])
async def test_lossless_audio_comes_out_as_it_went_in(
    tmp_path: Path,
    samples: np.ndarray,
    format_: str,
    place: type[LocalAudioFile] | type[_Elsewhere],
) -> None:
    path = tmp_path / f"call.{format_}"
    soundfile.write(path, samples, 8000, subtype="PCM_16")
    audio = place(path)

    with opened(await local_copy(audio)) as file:
        heard = np.concatenate(list(stereo_blocks(file)))
    await audio.close()

    assert np.array_equal(heard, samples)


async def test_another_rate_becomes_ours(tmp_path: Path, samples: np.ndarray) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, np.repeat(samples, 2, axis=0), 16000, subtype="PCM_16")

    with opened(path) as file:
        heard = np.concatenate(list(stereo_blocks(file)))

    assert abs(len(heard) - len(samples)) <= 8
    assert np.abs(heard[4000:8000].astype(int)).max() == pytest.approx(8000, rel=0.05)


async def test_opus_keeps_its_length_and_sides(tmp_path: Path, samples: np.ndarray) -> None:
    path = tmp_path / "call.opus"
    soundfile.write(path, samples, 8000, format="OGG", subtype="OPUS")

    with opened(path) as file:
        heard = np.concatenate(list(stereo_blocks(file)))

    assert abs(len(heard) - len(samples)) <= 8000 * 0.02
    assert [_loudest_hertz(heard[:, side]) for side in (0, 1)] == [300, 700]


def _loudest_hertz(samples: np.ndarray) -> int:
    spectrum = np.abs(np.fft.rfft(samples))
    return round(int(spectrum.argmax()) * 8000 / len(samples))
