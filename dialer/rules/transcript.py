"""What was said in a conversation: words with their times, joined to what people read.

Times are milliseconds from the beginning of the recording.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

Side = Literal["agent", "customer"]

# A silence so long ends an utterance, even where the recogniser heard one.
_PAUSE_MS = 1200
# Japanese, Chinese and full-width signs stand without spaces between them.
_UNSPACED = re.compile(r"[　-ヿ㐀-鿿豈-﫿＀-￯]")


@dataclass(frozen=True, slots=True)
class Word:
    """`confidence`: 0 to 1, as the engine says."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one side said without a long pause; at least one word."""

    side: Side
    words: tuple[Word, ...]

    @property
    def start_ms(self) -> int:
        return self.words[0].start_ms

    @property
    def end_ms(self) -> int:
        return self.words[-1].end_ms

    @property
    def text(self) -> str:
        return join_words([word.text for word in self.words])


def join_words(words: Sequence[str]) -> str:
    """Words as people write them: Japanese without spaces, others with one between."""
    return "".join(gap + word for gap, word in zip(gaps_before(words), words, strict=True))


def gaps_before(words: Sequence[str]) -> tuple[str, ...]:
    """What stands before each of the words when they are joined: a space, or nothing."""
    between = ("" if _stand_together(*pair) else " " for pair in pairwise(words))
    return ("", *between) if words else ()


def utterances(side: Side, words: Iterable[Word]) -> tuple[Utterance, ...]:
    """The words of one side, in order, cut where nothing was said for a while."""
    groups: list[list[Word]] = []
    for word in words:
        if groups and word.start_ms - groups[-1][-1].end_ms < _PAUSE_MS:
            groups[-1].append(word)
        else:
            groups.append([word])
    return tuple(Utterance(side, tuple(group)) for group in groups)


def conversation(*sides: Iterable[Utterance]) -> tuple[Utterance, ...]:
    """The utterances of both sides in the order in which they were begun."""
    everything = [one for side in sides for one in side]
    return tuple(sorted(everything, key=lambda one: (one.start_ms, one.end_ms, one.side)))


def text_of(said: Iterable[Utterance]) -> str:
    """All that was said, an utterance a line: what a full-text search looks into."""
    return "\n".join(one.text for one in said)


def mean_confidence(said: Iterable[Utterance]) -> float | None:
    """Over all words, each counted once; None where nothing was said."""
    all_of_them = [word.confidence for one in said for word in one.words]
    return sum(all_of_them) / len(all_of_them) if all_of_them else None


def to_json(said: Iterable[Utterance]) -> list[dict[str, Any]]:
    """As the table ``transcripts`` keeps it: ``{"side": …, "words": [[text, from, to, sure]]}``."""
    return [
        {
            "side": one.side,
            "words": [
                [word.text, word.start_ms, word.end_ms, round(word.confidence, 3)]
                for word in one.words
            ],
        }
        for one in said
    ]


def from_json(kept: Iterable[Mapping[str, Any]]) -> tuple[Utterance, ...]:
    """The opposite of `to_json`."""
    return tuple(
        Utterance(
            one["side"],
            tuple(
                Word(str(text), int(start), int(end), float(sure))
                for text, start, end, sure in one["words"]
            ),
        )
        for one in kept
    )


def _stand_together(before: str, after: str) -> bool:
    """Japanese beside Japanese, or beside a figure."""
    signs = before[-1:], after[:1]
    unspaced = [bool(_UNSPACED.match(sign)) for sign in signs]
    figures = [sign.isdecimal() for sign in signs]
    return any(unspaced) and all(map(max, unspaced, figures))
