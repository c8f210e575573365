"""Typing into a search field: kana, widths and numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.phone_number import PhoneNumber, parse_phone_number
from dialer.rules.search_text import MOST_TERMS, number_beginning, terms_of


@pytest.mark.parametrize("written", ["がっこう", "ガッコウ", "ｶﾞｯｺｳ"])
def test_kana_are_looked_for_in_either_script_and_width(written: str) -> None:
    ((*spellings,),) = terms_of(written)
    assert {"がっこう", "ガッコウ", "ｶﾞｯｺｳ"} <= set(spellings)


def test_every_word_must_be_found() -> None:
    assert [spellings[0] for spellings in terms_of("鈴木　工業 ")] == ["鈴木", "工業"]


def test_kanji_are_looked_for_as_they_are() -> None:
    assert terms_of("髙橋") == (("髙橋",),)


@given(st.text())
def test_any_text_can_be_looked_for(text: str) -> None:
    terms = terms_of(text)
    assert len(terms) <= MOST_TERMS
    assert all(spelling and "\0" not in spelling for term in terms for spelling in term)


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ("03-52", "+81352"),
        ("０３（５２", "+81352"),
        ("090", "+8190"),
        ("3-5254", "+8135254"),
        ("+81 3", "+813"),
        ("+1 415", "+1415"),
        ("81352542287", "+81352542287"),
        ("81-90-1234-5678", "+819012345678"),
        ("815254228", "+81815254228"),
        ("٠٣٥", "+8135"),
        ("03", None),
        ("鈴木", None),
        ("", None),
        ("---", None),
        ("3丁目 12", None),
        ("A12345", None),
    ],
)
def test_the_beginning_of_a_number(text: str, beginning: str | None) -> None:
    assert number_beginning(text) == beginning


@given(st.from_regex(r"0[1-9]0?-?[1-9][0-9]{2,3}-?[0-9]{4}", fullmatch=True))
def test_a_whole_number_is_its_own_beginning(text: str) -> None:
    number = parse_phone_number(text)
    if isinstance(number, PhoneNumber):
        assert number_beginning(text) == number.e164
