"""Numbers that were spoken, as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.spoken_numbers import readable, value_of
from dialer.rules.transcript import Word, join_words


def _words(*texts: str) -> list[Word]:
    return [Word(text, 100 * place, 100 * place + 90, 0.9) for place, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("spoken", "read"),
    [
        ("十一 月 二十 四 日", "11月24日"),
        ("三千 円 です", "3,000円です"),
        ("三 万 五千 円", "35,000円"),
        ("二 千 二 十 六 年", "2026年"),
        ("二〇二六 年 の", "2026年の"),
        ("午後 三 時 半 に", "午後3時半に"),
        ("十 名 様", "10名様"),
        ("八 パーセント", "8パーセント"),
        ("〇 三 五 二 五 四 二 二 八 七 です", "0352542287です"),
        ("千代田 区 一 丁目", "千代田区1丁目"),
        ("一億 二 千 万 円", "120,000,000円"),
        ("三 回 お 電話", "3回お電話"),
    ],
)
def test_numbers_are_figures(spoken: str, read: str) -> None:
    assert join_words([word.text for word in readable(_words(*spoken.split()))]) == read


@pytest.mark.parametrize(
    "spoken",
    [
        "一緒 に",
        "十分 です",
        "一番 いい",
        "千葉 県",
        "三菱",
        "もう 二度と",
        "八百屋",
        "万 一",
        "四国",
        "十千円",
    ],
)
def test_words_stay_words(spoken: str) -> None:
    texts = spoken.split()
    assert [word.text for word in readable(_words(*texts))] == texts


def test_a_joined_word_lasts_as_long_as_its_parts() -> None:
    words = [Word("では", 0, 200, 1.0), Word("三千", 300, 600, 0.9), Word("円", 650, 800, 0.4)]
    assert readable(words) == (Word("では", 0, 200, 1.0), Word("3,000円", 300, 800, 0.4))


def test_nothing_is_nothing() -> None:
    assert readable([]) == ()


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("十", 10),
        ("二十四", 24),
        ("千", 1000),
        ("二〇二六", 2026),
        ("一万", 10_000),
        ("百千", None),
        ("万", None),
    ],
)
def test_values(numeral: str, value: int | None) -> None:
    assert value_of(numeral) == value


@given(st.integers(1, 10**10))
def test_every_number_is_read_as_it_was_said(number: int) -> None:
    assert value_of(_said(number)) == number


@given(st.lists(st.text("一二十百千万円月日年様あ〇", min_size=1, max_size=4), max_size=8))
def test_times_are_kept_in_order(texts: list[str]) -> None:
    words = _words(*texts)
    found = readable(words)
    assert [word.start_ms for word in found] == sorted({word.start_ms for word in found})
    assert {word.start_ms for word in found} <= {word.start_ms for word in words}
    assert [*(word.end_ms for word in found[-1:])] == [*(word.end_ms for word in words[-1:])]


def _said(number: int) -> str:
    """The numeral of a number below 10^12."""
    digits, text = "〇一二三四五六七八九", ""
    for value, sign in ((10**8, "億"), (10**4, "万"), (1, "")):
        part = number // value % 10_000
        if part:
            text += _below_ten_thousand(part, digits, one=bool(sign)) + sign
    return text


def _below_ten_thousand(number: int, digits: str, *, one: bool) -> str:
    text = ""
    for value, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // value % 10
        if digit:
            text += (
                digits[digit] if digit > 1 or not sign or (one and value == 1000) else ""
            ) + sign
    return text
