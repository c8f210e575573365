"""Tokens of sherpa-onnx, joined to words."""

import math

from dialer.rules.transcript import Word
from recordings.transcribers.sherpa import words_of


def _words(*tokens: str, every: float = 0.2, since: float = 0.0) -> tuple[Word, ...]:
    """Tokens one after the other, each begun `every` seconds after the last."""
    starts = [every * place for place in range(len(tokens))]
    return words_of(list(tokens), starts, [math.log(0.5)] * len(tokens), since=since)


def test_a_token_with_a_space_begins_a_word() -> None:
    words = _words(" mo", "shi", " ru", "su")
    assert [word.text for word in words] == ["moshi", "rusu"]


def test_japanese_is_written_without_spaces() -> None:
    assert [word.text for word in _words(" も", "しもし", "佐", "藤")] == [
        "も",
        "しもし",
        "佐",
        "藤",
    ]


def test_figures_stay_together() -> None:
    words = _words(" 2", "0", "0", "円")
    assert [word.text for word in words] == ["200", "円"]


def test_bytes_become_the_character_that_they_make_up() -> None:
    tokens = [f"<0x{byte:02X}>" for byte in "髙".encode()]
    words = _words(*tokens, "橋")
    assert [word.text for word in words] == ["髙", "橋"]


def test_half_a_character_is_left_out() -> None:
    first, second, _ = (f"<0x{byte:02X}>" for byte in "髙".encode())
    assert [word.text for word in _words(first, second, "橋")] == ["橋"]


def test_times_are_those_of_the_call() -> None:
    (word,) = _words(" ru", "su", since=10.0)
    assert (word.start_ms, word.end_ms) == (10_000, 10_320)


def test_a_word_ends_where_the_next_begins() -> None:
    first, _ = _words("は", "い", every=0.08)
    assert (first.start_ms, first.end_ms) == (0, 80)


def test_how_sure_it_was_is_the_mean_of_its_tokens() -> None:
    (word,) = words_of([" ru", "su"], [0.0, 0.2], [math.log(0.5), math.log(1.0)], since=0.0)
    assert round(word.confidence, 3) == 0.75


def test_nothing_said_is_no_word() -> None:
    assert words_of([], [], [], since=3.0) == ()
    assert _words(" ") == ()
