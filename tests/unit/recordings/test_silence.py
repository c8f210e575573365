"""A recording that was paused: every recorded moment at the time at which it was said."""

import io
import tempfile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recordings.silence import Part, parts_of, silent_frames
from recordings.stereo import read_wav, write_wav

MS = st.integers(0, 5000)


@st.composite
def pauses_in_order(draw: st.DrawFn) -> list[list[int | None]]:
    moments = sorted(draw(st.lists(MS, max_size=8)))
    pairs: list[list[int | None]] = [
        [start, end] for start, end in zip(moments[::2], moments[1::2], strict=False)
    ]
    if draw(st.booleans()):
        pairs.append([5000, None])
    return pairs


def test_silence_stands_where_the_pause_was() -> None:
    assert list(parts_of(8000 * 10, [[2000, 5000]])) == [
        Part(16_000, recorded=True),
        Part(24_000, recorded=False),
        Part(64_000, recorded=True),
    ]


def test_a_pause_whose_end_nobody_saw_makes_no_silence() -> None:
    assert list(parts_of(16_000, [[2000, None]])) == [Part(16_000, recorded=True)]


def test_where_less_was_recorded_the_silence_follows_what_there_is() -> None:
    assert list(parts_of(8_000, [[2000, 3000]])) == [
        Part(8_000, recorded=True),
        Part(8_000, recorded=False),
    ]


@given(st.integers(0, 100_000), pauses_in_order())
def test_nothing_of_what_was_recorded_is_left_out(
    frames: int, pauses: list[list[int | None]]
) -> None:
    parts = list(parts_of(frames, pauses))
    assert sum(part.frames for part in parts if part.recorded) == frames
    silent = sum(part.frames for part in parts if not part.recorded)
    assert silent == silent_frames(pauses)
    assert silent == 8 * sum(
        end - start for start, end in pauses if end is not None and start is not None
    )


@given(st.integers(0, 8000), pauses_in_order())
def test_a_file_with_silences_is_what_its_facts_say(
    frames: int, pauses: list[list[int | None]]
) -> None:
    audio = np.arange(1, frames * 2 + 1, dtype="<i2").reshape(-1, 2)
    target = io.BytesIO()
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as wav:
        source.write(audio.tobytes())
        source.seek(0)
        written = write_wav(source, target, pauses)
        wav.write(target.getvalue())
        wav.seek(0)
        assert read_wav(wav) == written
    heard = np.frombuffer(target.getvalue()[44:], dtype="<i2").reshape(-1, 2)
    said = heard[heard.any(axis=1)]
    assert np.array_equal(said[:, ::-1], audio)
    assert len(heard) == frames + silent_frames(pauses)
