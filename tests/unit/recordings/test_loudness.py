"""The wave is drawn from the loudest moments, gathered block by block."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.loudness import Loudness


def _peaks(frames: list[tuple[int, int]], moments: int, block: int) -> list[int]:
    samples = np.array(frames, dtype="<i2").reshape(-1, 2)
    loudness = Loudness(len(samples), moments=moments)
    for start in range(0, len(samples), block):
        loudness.add(samples[start : start + block])
    return list(loudness.as_bytes())


def test_each_moment_is_the_loudest_sample_of_each_side() -> None:
    frames = [(0, 100), (-16384, 0), (8192, -32768), (0, 0)]
    assert _peaks(frames, 2, 99) == [128, 1, 64, 255]


def test_there_are_never_more_moments_than_samples() -> None:
    assert _peaks([(16384, 0)], 2000, 1) == [128, 0]
    assert _peaks([], 2000, 1) == []


@given(
    st.lists(
        st.tuples(st.integers(-32768, 32767), st.integers(-32768, 32767)), min_size=1, max_size=60
    ),
    st.integers(1, 30),
    st.integers(1, 70),
)
def test_blocks_of_any_size_give_the_same_wave(
    frames: list[tuple[int, int]], moments: int, block: int
) -> None:
    count = min(moments, len(frames))
    edges = [part * len(frames) // count for part in range(count + 1)]
    expected = [
        -(-max(abs(frame[side]) for frame in frames[start:end]) * 255 // 32768)
        for start, end in pairwise(edges)
        for side in (0, 1)
    ]
    assert _peaks(frames, moments, block) == expected


@pytest.mark.parametrize("extra", [1, 500])
def test_audio_beyond_what_was_announced_changes_nothing(extra: int) -> None:
    loudness = Loudness(2)
    loudness.add(np.zeros((2, 2), dtype="<i2"))
    loudness.add(np.full((extra, 2), 9999, dtype="<i2"))
    assert loudness.as_bytes() == bytes(4)
