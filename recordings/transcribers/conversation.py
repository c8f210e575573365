"""From the audio of a conversation to what each side said."""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from dialer.rules.spoken_numbers import readable
from dialer.rules.transcript import Side, Utterance, Word, conversation, utterances
from recordings.transcribers.port import Transcriber

Stereo = npt.NDArray[np.int16]
"""Shape (frames, 2): agent and customer, at `recordings.stereo.SAMPLE_RATE`."""

_SIDES: tuple[Side, Side] = ("agent", "customer")


def words_of_conversation(
    transcriber: Transcriber,
    audio: Iterable[Stereo],
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[Utterance, ...]:
    """What was said, in the order in which it was begun. Memory does not grow with the audio.

    Each side has a recogniser of its own, so that who speaks is known and not guessed.
    `progress` is told the frames done. O(audio).
    """
    listening = [transcriber.listen() for _ in _SIDES]
    words: list[list[Word]] = [[] for _ in _SIDES]
    done = 0
    for block in audio:
        for side in range(len(_SIDES)):
            words[side] += listening[side].hear(_one_side(block, side)).words
        done += len(block)
        progress(done)
    for side, ending in enumerate(listening):
        words[side] += ending.end().words
    return conversation(
        *(utterances_of(side, said) for side, said in zip(_SIDES, words, strict=True))
    )


def utterances_of(side: Side, words: Iterable[Word]) -> tuple[Utterance, ...]:
    """With numbers as people read them."""
    return tuple(Utterance(side, readable(one.words)) for one in utterances(side, words))


def _one_side(block: Stereo, side: int) -> bytes:
    return np.ascontiguousarray(block[:, side], dtype="<i2").tobytes()
