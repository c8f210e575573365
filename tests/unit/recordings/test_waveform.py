"""The waveform shows each side's loudest moments."""

from pathlib import Path

import numpy as np
import pytest

from recordings.stereo import FRAME_BYTES, wav_header
from recordings.waveform import peaks_of


def recording(folder: Path, frames: list[tuple[int, int]]) -> Path:
    data = np.array(frames, dtype="<i2").reshape(-1, 2).tobytes()
    path = folder / "013005-0.wav"
    path.write_bytes(wav_header(len(data) // FRAME_BYTES) + data)
    return path


def test_each_part_shows_its_loudest_sample_per_side(tmp_path: Path) -> None:
    wav = recording(tmp_path, [(0, 100), (-16384, 0), (8192, -32768), (0, 0)])
    assert peaks_of(wav, 2) == ((128, 1), (64, 255))


def test_a_long_part_is_read_in_blocks(tmp_path: Path) -> None:
    frames = [(0, 0)] * 150_000
    frames[149_999] = (32767, -16384)
    wav = recording(tmp_path, frames)
    assert peaks_of(wav, 1) == ((255, 128),)


def test_more_parts_than_samples_and_no_audio_at_all_are_drawn_flat(tmp_path: Path) -> None:
    wav = recording(tmp_path, [(16384, 0)])
    assert sorted(peaks_of(wav, 3)) == [(0, 0), (0, 0), (128, 0)]
    assert peaks_of(recording(tmp_path, []), 2) == ((0, 0),) * 2


def test_the_answer_is_kept_next_to_the_recording_until_that_changes(tmp_path: Path) -> None:
    wav = recording(tmp_path, [(16384, 0), (0, 0)])
    first = peaks_of(wav, 2)
    inode_of = (tmp_path / "013005-0.peaks-2.json").stat().st_ino
    assert peaks_of(wav, 2) == first
    assert (tmp_path / "013005-0.peaks-2.json").stat().st_ino == inode_of

    changed = peaks_of(recording(tmp_path, [(0, 16384), (0, 0), (0, 0), (0, 0)]), 2)
    assert changed == ((0, 128), (0, 0))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"size": 52, "peaks": [1, 2]}'])
def test_a_damaged_cache_is_written_anew(tmp_path: Path, content: bytes) -> None:
    wav = recording(tmp_path, [(16384, 0), (0, 0)])
    cache = tmp_path / "013005-0.peaks-2.json"
    cache.write_bytes(content)
    assert peaks_of(wav, 2) == ((128, 0), (0, 0))
    assert cache.read_bytes() != content


def test_where_nothing_can_be_kept_the_waveform_is_drawn_all_the_same(tmp_path: Path) -> None:
    wav = recording(tmp_path, [(16384, 0), (0, 0)])
    (tmp_path / "013005-0.peaks-2.json").mkdir()
    assert peaks_of(wav, 2) == ((128, 0), (0, 0))
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".part"] == []


@pytest.mark.parametrize("count", [0, -1, 8001])
def test_a_senseless_count_is_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 8000"):
        peaks_of(recording(tmp_path, []), count)
