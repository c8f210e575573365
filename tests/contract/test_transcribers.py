"""What every engine does with audio; the real libraries hear models made by the tests."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dialer.rules.transcript import Word
from recordings.transcribers import engines
from recordings.transcribers.port import EngineMissing, ModelMissing, Transcriber
from tests import toy_sherpa_model
from tests import toy_vosk_model as toy

_MODELS: dict[str, Callable[[Path], Path]] = {
    "vosk": toy.make,
    "sherpa-onnx": toy_sherpa_model.make,
}
_NETWORKS = {"vosk": "am/final.mdl", "sherpa-onnx": "joiner.onnx"}
_BLOCK = 3200  # bytes: 0.2 s
_TOLERANCE_MS = 100


@pytest.fixture(scope="module", params=sorted(engines.ENGINES))
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def transcriber(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Transcriber:
    return engines.load(engine, _MODELS[engine](tmp_path_factory.mktemp("model") / "toy"))


def test_it_says_what_it_is(engine: str, transcriber: Transcriber) -> None:
    assert (transcriber.engine, transcriber.model) == (engine, "toy")


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
    audio = toy.say((None, 0.3), ("rusuban", 0.5), (None, 0.3))

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


def test_a_folder_without_a_model_is_named(engine: str, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=str(tmp_path)):
        engines.load(engine, tmp_path)


def test_a_broken_model_is_named(engine: str, tmp_path: Path) -> None:
    model = _MODELS[engine](tmp_path / "broken")
    (model / _NETWORKS[engine]).write_bytes(b"nothing")

    with pytest.raises(ModelMissing, match="broken"):
        engines.load(engine, model)


def test_the_model_of_another_engine_is_named(engine: str, tmp_path: Path) -> None:
    other = next(name for name in engines.ENGINES if name != engine)

    with pytest.raises(ModelMissing, match="another"):
        engines.load(engine, _MODELS[other](tmp_path / "another"))


def test_a_model_that_does_not_stream_is_refused(tmp_path: Path) -> None:
    model = toy_sherpa_model.make(tmp_path / "offline")
    encoder = model / "encoder.onnx"
    encoder.write_bytes(encoder.read_bytes().replace(b"decode_chunk_len", b"decode_all_of_it"))

    with pytest.raises(ModelMissing, match="streaming"):
        engines.load("sherpa-onnx", model)


def test_an_engine_that_is_not_installed_is_named(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, engines.ENGINES[engine], raising=False)
    monkeypatch.setitem(sys.modules, engine.replace("-", "_"), None)  # it cannot be imported

    with pytest.raises(EngineMissing, match=f"pip install {engine}"):
        engines.load(engine, tmp_path)


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
