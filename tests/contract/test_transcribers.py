"""What every engine does with audio; the real libvosk hears a model made by the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialer.rules.transcript import Word
from recordings.transcribers import engines
from recordings.transcribers.port import ModelMissing, Transcriber
from tests import toy_vosk_model as toy

_BLOCK = 3200  # bytes: 0.2 s
_TOLERANCE_MS = 100


@pytest.fixture(scope="module")
def transcriber(tmp_path_factory: pytest.TempPathFactory) -> Transcriber:
    return engines.load("vosk", toy.make(tmp_path_factory.mktemp("model")))


def test_words_come_with_their_times(transcriber: Transcriber) -> None:
    words = list(_heard(transcriber, toy.say((None, 0.4), ("moshimoshi", 0.5), (None, 1.2))))

    assert [word.text for word in words] == ["moshimoshi"]
    _assert_at(words[0], 400, 900)
    assert 0 < words[0].confidence <= 1


def test_words_after_one_another(transcriber: Transcriber) -> None:
    audio = toy.say((None, 0.3), ("moshimoshi", 0.4), (None, 0.3), ("rusuban", 0.4), (None, 0.5))

    words = list(_heard(transcriber, audio))

    assert [word.text for word in words] == ["moshimoshi", "rusuban"]
    _assert_at(words[1], 1000, 1400)


def test_times_go_on_after_a_long_silence(transcriber: Transcriber) -> None:
    audio = toy.say(("moshimoshi", 0.5), (None, 20.0), ("rusuban", 0.5), (None, 1.0))

    words = list(_heard(transcriber, audio))

    assert [word.text for word in words] == ["moshimoshi", "rusuban"]
    _assert_at(words[1], 20_500, 21_000)


def test_silence_has_no_words(transcriber: Transcriber) -> None:
    assert list(_heard(transcriber, toy.say((None, 2.0)))) == []


def test_no_audio_has_no_words(transcriber: Transcriber) -> None:
    assert transcriber.listen().end().words == ()


def test_a_guess_comes_before_the_word_stands(transcriber: Transcriber) -> None:
    listening = transcriber.listen()
    audio = toy.say((None, 0.3), ("rusuban", 0.5))

    guesses = [listening.hear(block).partial for block in _blocks(audio)]

    assert "rusuban" in guesses
    assert [word.text for word in listening.end().words] == ["rusuban"]


def test_conversations_are_heard_one_beside_the_other(transcriber: Transcriber) -> None:
    one, other = transcriber.listen(), transcriber.listen()
    words: tuple[list[Word], list[Word]] = ([], [])
    for first, second in zip(
        _blocks(toy.say((None, 0.4), ("moshimoshi", 0.5), (None, 0.5))),
        _blocks(toy.say((None, 0.4), ("rusuban", 0.5), (None, 0.5))),
        strict=True,
    ):
        words[0].extend(one.hear(first).words)
        words[1].extend(other.hear(second).words)
    words[0].extend(one.end().words)
    words[1].extend(other.end().words)

    assert [[word.text for word in side] for side in words] == [["moshimoshi"], ["rusuban"]]


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=str(tmp_path)):
        engines.load("vosk", tmp_path)


def test_a_broken_model_is_named(tmp_path: Path) -> None:
    model = toy.make(tmp_path / "broken")
    (model / "am/final.mdl").write_bytes(b"nothing")

    with pytest.raises(ModelMissing, match="broken"):
        engines.load("vosk", model)


def _heard(transcriber: Transcriber, audio: bytes) -> Iterator[Word]:
    listening = transcriber.listen()
    for block in _blocks(audio):
        yield from listening.hear(block).words
    yield from listening.end().words


def _blocks(audio: bytes) -> Iterator[bytes]:
    for start in range(0, len(audio), _BLOCK):
        yield audio[start : start + _BLOCK]


def _assert_at(word: Word, start_ms: int, end_ms: int) -> None:
    assert word.start_ms == pytest.approx(start_ms, abs=_TOLERANCE_MS)
    assert word.end_ms == pytest.approx(end_ms, abs=_TOLERANCE_MS)
