"""Raw audio of MixMonitor becomes a WAV file that every program reads."""

import io
import tempfile
import wave
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recordings.stereo import FRAME_BYTES, swap_sides, wav_header, write_wav

samples = st.integers(-32768, 32767)
conversations = st.lists(st.tuples(samples, samples), max_size=300)


def raw_of(frames: list[tuple[int, int]]) -> bytes:
    return np.array(frames, dtype="<i2").reshape(-1, 2).tobytes()


def wav_of(raw: bytes) -> tuple[bytes, int]:
    target = io.BytesIO()
    with tempfile.TemporaryFile() as source:
        source.write(raw)
        source.seek(0)
        written = write_wav(source, target)
    assert written.size_bytes == len(target.getvalue())
    return target.getvalue(), written.frames


@given(conversations, st.binary(max_size=FRAME_BYTES - 1))
def test_the_agent_is_left_and_the_customer_right_and_a_cut_frame_is_left_out(
    frames: list[tuple[int, int]], cut: bytes
) -> None:
    audio, count = wav_of(raw_of(frames) + cut)

    assert count == len(frames)
    with wave.open(io.BytesIO(audio)) as file:
        assert file.getnchannels() == 2
        assert file.getsampwidth() == 2
        assert file.getframerate() == 8000
        assert file.getnframes() == len(frames)
        heard = np.frombuffer(file.readframes(len(frames)), dtype="<i2").reshape(-1, 2)
    assert [(int(right), int(left)) for left, right in heard] == frames


@given(conversations)
def test_swapping_twice_changes_nothing(frames: list[tuple[int, int]]) -> None:
    raw = raw_of(frames)
    assert swap_sides(swap_sides(raw)) == raw


@given(st.integers(0, 2**30 - 64))
def test_the_header_tells_the_length_of_up_to_37_hours(frames: int) -> None:
    with wave.open(io.BytesIO(wav_header(frames))) as file:
        assert file.getnframes() == frames


def test_audio_longer_than_one_block_is_written_whole(tmp_path: Path) -> None:
    frames = np.arange(200_000, dtype="<i2").repeat(2)
    audio, count = wav_of(frames.tobytes())
    assert count == 200_000
    assert audio[44:] == frames.tobytes()
