"""Where in a text stands what somebody looked for, however either is written."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dialer.rules.search_grams import searchable
from dialer.rules.transcript import Utterance

_AROUND = 24  # characters before the first that is found
_LONGEST = 90


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a text; `found`: it is what was looked for."""

    text: str
    found: bool


def marked(text: str, needles: Sequence[str]) -> tuple[Piece, ...]:
    """The whole text in pieces. `needles` as `dialer.rules.search_grams.needles_of` gives them."""
    return _pieces(text, _spans(text, needles))


def excerpt(text: str, needles: Sequence[str]) -> tuple[Piece, ...]:
    """What stands around the first that is found, in one line; nothing where none is."""
    line = next((one for one in text.splitlines() if _spans(one, needles)), "")
    spans = _spans(line, needles)
    if not spans:
        return ()
    start = max(0, spans[0][0] - _AROUND)
    end = min(len(line), max(start + _LONGEST, spans[0][1]))
    inside = [(first - start, min(last, end) - start) for first, last in spans if first < end]
    pieces = _pieces(line[start:end], inside)
    before = (Piece("…", False),) if start else ()
    after = (Piece("…", False),) if end < len(line) else ()
    return (*before, *pieces, *after)


def moment_of(said: Utterance, needles: Sequence[str]) -> int:
    """Milliseconds at which the word begins that holds the first that is found, or its start."""
    spans = _spans(said.text, needles)
    if not spans:
        return said.start_ms
    place = 0
    for word in said.words:
        place = said.text.index(word.text, place) + len(word.text)
        if place > spans[0][0]:
            return word.start_ms
    return said.start_ms


def holds(text: str, needle: str) -> bool:
    """Whether one line of the text has it."""
    return needle in searchable(text.splitlines())


def _spans(text: str, needles: Sequence[str]) -> list[tuple[int, int]]:
    """From where to where in the text, in order, joined where they touch."""
    letters, places = _letters_with_places(text)
    found = sorted(
        (places[at][0], places[at + len(needle) - 1][1])
        for needle in needles
        for at in _occurrences(letters, needle)
    )
    spans: list[tuple[int, int]] = []
    for first, last in found:
        if spans and first <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], last)
        else:
            spans.append((first, last))
    return spans


def _occurrences(text: str, part: str) -> Iterator[int]:
    at = text.find(part) if part else -1
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _letters_with_places(text: str) -> tuple[str, list[tuple[int, int]]]:
    """What can be found of a text, and for each of its characters where it comes from."""
    letters, places = "", []
    for first, last in _clusters(text):
        plain = searchable([text[first:last]])
        letters += plain
        places += [(first, last)] * len(plain)
    return letters, places


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Characters that become one when they are folded stand together: ｶ and ﾞ are が."""
    first = 0
    for at in range(1, len(text)):
        before, one = text[first:at], text[at]
        if one.isascii() or _fold(before + one) == _fold(before) + _fold(one):
            yield first, at
            first = at
    if text:
        yield first, len(text)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    pieces, at = [], 0
    for first, last in spans:
        pieces += [Piece(text[at:first], False), Piece(text[first:last], True)]
        at = last
    return tuple(piece for piece in (*pieces, Piece(text[at:], False)) if piece.text)
