"""Phrases are found however a recogniser cuts and writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.transcript import Word
from dialer.rules.watched_phrases import WATCHED_BY_DEFAULT, folded, heard_phrases


def said(*texts: str) -> list[Word]:
    return [Word(text, 1000 * at, 1000 * at + 900, 1.0) for at, text in enumerate(texts)]


def found(words: list[Word], *phrases: str) -> list[tuple[str, int]]:
    return [(one.phrase, one.at_ms) for one in heard_phrases(words, phrases)]


def test_a_phrase_runs_across_words() -> None:
    words = said("ええ", "もう", "電話", "し", "ない", "で", "ください")

    assert found(words, "もう電話しないで") == [("もう電話しないで", 1000)]


def test_a_phrase_may_begin_and_end_within_words() -> None:
    assert found(said("それは解", "約です"), "解約") == [("解約", 0)]


@pytest.mark.parametrize("written", ["ﾍﾞﾝｺﾞｼ", "べんごし", "ベンゴシ", "ベン ゴシ"])
def test_width_kana_and_spaces_make_no_difference(written: str) -> None:
    assert found(said("ベンゴシ"), written) == [(written, 0)]
    assert found(said(written), "べんごし") == [("べんごし", 0)]


def test_latin_letters_are_words_and_not_parts_of_them() -> None:
    assert found(said("the", "issue", "is", "sued"), "sue") == []
    assert found(said("I", "will", "Sue", "you"), "will sue") == [("will sue", 1000)]


def test_each_phrase_is_told_once_and_in_order() -> None:
    words = said("解約", "弁護士", "解約")

    assert found(words, "弁護士", "解約") == [("解約", 0), ("弁護士", 1000)]


def test_nothing_is_found_where_nothing_was_said_or_watched_for() -> None:
    assert found([], *WATCHED_BY_DEFAULT) == []
    assert found(said("解約"), "…", "") == []


@given(st.lists(st.text(max_size=6), max_size=6), st.text(min_size=1, max_size=4))
def test_what_is_told_stands_in_what_was_said(texts: list[str], phrase: str) -> None:
    whole = "".join(folded(text) for text in texts)
    for one in heard_phrases(said(*texts), [phrase]):
        assert folded(one.phrase) in whole
