"""Silence is skipped, speech never."""

from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.silences import silences

SECOND = 10  # moments


def wave(*parts: tuple[float, int, int]) -> bytes:
    """Seconds, loudness of agent and customer."""
    return b"".join(bytes((a, c)) * int(seconds * SECOND) for seconds, a, c in parts)


def test_a_long_silence_of_both_is_found_with_a_margin() -> None:
    peaks = wave((2, 200, 0), (3, 0, 0), (2, 0, 150))
    assert silences(peaks, 7000) == ((2250, 4750),)


def test_a_breath_and_one_who_listens_are_no_silence() -> None:
    assert silences(wave((2, 200, 0), (1, 0, 0), (4, 0, 150)), 7000) == ()
    assert silences(wave((5, 200, 0), (5, 0, 90)), 10_000) == ()


def test_the_hum_of_a_line_is_silence_and_a_quiet_voice_is_not() -> None:
    loud, hum, quiet_voice = (3, 180, 180), (3, 4, 3), (3, 30, 0)
    assert silences(wave(loud, hum, quiet_voice), 9000) == ((3250, 5750),)


def test_before_the_first_and_after_the_last_word_no_margin_is_needed() -> None:
    peaks = wave((2, 0, 0), (2, 200, 0), (2, 0, 0))
    assert silences(peaks, 6000) == ((0, 1750), (4250, 6000))


def test_nothing_recorded_has_no_silence() -> None:
    assert silences(b"", 0) == ()


@given(st.binary(max_size=400), st.integers(0, 3_600_000))
def test_silences_lie_within_in_order_and_apart(peaks: bytes, duration_ms: int) -> None:
    edges = [edge for part in silences(peaks, duration_ms) for edge in part]
    assert edges == sorted(edges)
    assert all(0 <= edge <= duration_ms for edge in edges)
