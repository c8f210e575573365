"""Words, speakers and times of a conversation, by the real libvosk and the tests' model."""

import numpy as np
import pytest

from dialer.rules.transcript import Side
from recordings.transcribers import engines
from recordings.transcribers.conversation import Stereo, words_of_conversation
from recordings.transcribers.port import Transcriber
from tests import toy_vosk_model as toy


@pytest.fixture(scope="module")
def transcriber(tmp_path_factory: pytest.TempPathFactory) -> Transcriber:
    return engines.load("vosk", toy.make(tmp_path_factory.mktemp("model")))


def _stereo(agent: bytes, customer: bytes) -> list[Stereo]:
    sides = [np.frombuffer(side, dtype="<i2") for side in (agent, customer)]
    both = np.stack(sides, axis=1)
    return [both[start : start + 16_000] for start in range(0, len(both), 16_000)]


def test_who_said_what_and_when(transcriber: Transcriber) -> None:
    agent = toy.say((None, 0.5), ("moshimoshi", 0.5), (None, 4.0))
    customer = toy.say((None, 2.0), ("rusuban", 0.6), (None, 2.4))
    done: list[int] = []

    said = words_of_conversation(transcriber, _stereo(agent, customer), progress=done.append)

    assert [(one.side, one.text) for one in said] == [
        ("agent", "moshimoshi"),
        ("customer", "rusuban"),
    ]
    for one, (start, end) in zip(said, ((500, 1000), (2000, 2600)), strict=True):
        assert one.start_ms == pytest.approx(start, abs=100)
        assert one.end_ms == pytest.approx(end, abs=100)
    assert done[-1] == 40_000


def test_both_may_speak_at_once(transcriber: Transcriber) -> None:
    agent = toy.say((None, 0.5), ("moshimoshi", 0.5), (None, 1.0))
    customer = toy.say((None, 0.6), ("moshimoshi", 0.5), (None, 0.9))

    said = words_of_conversation(transcriber, _stereo(agent, customer))

    sides: list[Side] = [one.side for one in said]
    assert sides == ["agent", "customer"]


def test_silence_is_no_conversation(transcriber: Transcriber) -> None:
    silence = toy.say((None, 2.0))
    assert words_of_conversation(transcriber, _stereo(silence, silence)) == ()
    assert words_of_conversation(transcriber, []) == ()
