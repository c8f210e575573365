"""Text cut into pairs of characters, by which a full-text index finds any part of it.

Japanese has no spaces to cut at, and the words looked for are short: 解約 has two characters,
where indexes of three (trigrams) find nothing. Of a text only letters and digits count, so that
neither a comma nor the space that a recogniser put between words hides what is looked for.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

from dialer.rules.search_text import LONGEST_TERM, MOST_TERMS, fold

# What an index keeps of one action; a conversation of three hours has about 60,000.
LONGEST_TEXT = 200_000


def searchable(parts: Iterable[str]) -> str:
    """What can be found of `parts`, a line each: nothing is found across two of them."""
    plain = (_letters(part) for part in parts)
    return "\n".join(part for part in plain if part)[:LONGEST_TEXT]


def grams_of(text: str) -> list[str]:
    """The pairs of characters of a searchable text, each once, in order.

    The last character of a line stands alone too: so a single character is found by looking
    for what begins with it.
    """
    found: dict[str, None] = {}
    for line in text.split("\n"):
        found.update(dict.fromkeys(first + second for first, second in pairwise(line)))
        found[line[-1:]] = None
    found.pop("", None)
    return list(found)


def needles_of(typed: str) -> tuple[str, ...]:
    """The words that a person looks for, all of which must be found.

    At most `MOST_TERMS` of `LONGEST_TERM` characters; none where there is no letter or digit.
    """
    words = (_letters(word)[:LONGEST_TERM] for word in typed.replace("\0", " ").split())
    return tuple(dict.fromkeys(word for word in words if word))[:MOST_TERMS]


def grams_to_find(needles: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The pairs that a text with all `needles` has, and the characters that some pair begins with.

    A text that has them may still lack a needle: look into it.
    """
    pairs = dict.fromkeys(
        first + second for needle in needles for first, second in pairwise(needle)
    )
    return tuple(pairs), tuple(needle for needle in needles if len(needle) == 1)


def _letters(text: str) -> str:
    return "".join(sign for sign in fold(text) if unicodedata.category(sign)[0] in "LNM")
