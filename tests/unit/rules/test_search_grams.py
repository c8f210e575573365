"""Any part of a text is found by its pairs of characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.search_grams import grams_of, grams_to_find, needles_of, searchable

# Few characters, so that texts and words often meet.
_TEXTS = st.text("解約はいｶﾞガaA１1、 　\n", max_size=20)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("解約したいとのこと", "解約"),
        ("もう電話 し ない で", "電話しないで"),
        ("もう、電話しないで！", "もう電話"),
        ("ﾌﾚｯﾂ光", "フレッツ"),
        ("ふれっつ光", "ﾌﾚｯﾂ"),
        ("ＡＢＣ商事", "abc"),
        ("弁護士", "護"),
        ("弁護士", "士"),
        ("2026年11月24日", "11月24"),
    ],
)
def test_a_part_is_found(text: str, typed: str) -> None:
    assert _finds(searchable([text]), typed)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("解決した約束", "解約"),
        ("解\n約", "解約"),
        ("解約", "解約金"),
        ("解約", "、。"),
        ("解約", ""),
    ],
)
def test_what_does_not_stand_there_is_not_found(text: str, typed: str) -> None:
    assert not _finds(searchable(text.split("\n")), typed)


@given(_TEXTS, _TEXTS)
def test_whatever_has_the_words_has_their_pairs(text: str, typed: str) -> None:
    kept = searchable(text.split("\n"))
    needles = needles_of(typed)
    if needles and all(needle in kept for needle in needles):
        assert _has_pairs(kept, needles)


@given(_TEXTS, st.integers(0, 20), st.integers(1, 5))
def test_any_part_of_a_line_is_found(text: str, start: int, length: int) -> None:
    kept = searchable(text.split("\n"))
    for line in kept.split("\n"):
        part = line[start : start + length]
        assert not part or _finds(kept, part)


def _finds(kept: str, typed: str) -> bool:
    needles = needles_of(typed)
    found = bool(needles) and all(needle in kept for needle in needles)
    return found and _has_pairs(kept, needles)


def _has_pairs(kept: str, needles: tuple[str, ...]) -> bool:
    pairs, beginnings = grams_to_find(needles)
    grams = grams_of(kept)
    begins = all(any(gram.startswith(sign) for gram in grams) for sign in beginnings)
    return set(pairs) <= set(grams) and begins
