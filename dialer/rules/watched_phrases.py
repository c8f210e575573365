"""Phrases that somebody should know of while people still talk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from dialer.rules.search_text import fold
from dialer.rules.transcript import Word

WATCHED_BY_DEFAULT: Final = (
    "もう電話しないで",
    "もうかけてこないで",
    "電話しないでください",
    "電話をかけないで",
    "二度とかけて",
    "迷惑電話",
    "解約",
    "弁護士",
    "訴える",
    "消費者センター",
    "消費生活センター",
    "警察",
)

LONGEST_PHRASE: Final = 100  # characters


@dataclass(frozen=True, slots=True)
class HeardPhrase:
    """A phrase of the list, as the list writes it; `at_ms`: when its first word was begun."""

    phrase: str
    at_ms: int


def folded(text: str) -> str:
    """What is compared: width, case, kind of kana, spaces and signs make no difference."""
    return "".join(sign for sign in fold(text) if sign.isalnum())


def heard_phrases(words: Sequence[Word], phrases: Iterable[str]) -> tuple[HeardPhrase, ...]:
    """Those of `phrases` that occur in the words of one side, each once, in order of time.

    A recogniser cuts where it likes, so a phrase may begin and end within words and run across
    several. One in Latin letters is looked for from word to word: *sue* is not in *issue*.
    O(characters × phrases).
    """
    pieces = [folded(word.text) for word in words]
    ends = list(accumulate(map(len, pieces)))
    said = "".join(pieces)
    starts = {0, *ends}
    found = []
    for phrase in phrases:
        at = _find(said, folded(phrase), starts)
        if at is not None:
            word = next(one for one, end in zip(words, ends, strict=True) if at < end)
            found.append(HeardPhrase(phrase, word.start_ms))
    return tuple(sorted(found, key=lambda one: one.at_ms))


def _find(said: str, phrase: str, edges: set[int]) -> int | None:
    if not phrase:
        return None
    at = said.find(phrase)
    while at >= 0:
        if not phrase.isascii() or (at in edges and at + len(phrase) in edges):
            return at
        at = said.find(phrase, at + 1)
    return None
