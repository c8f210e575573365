"""Numbers as recognisers write them, 三千円 or 十一月二日, as people read them: 3,000円, 11月2日.

Only what is surely a number is changed: one that a counter follows, or three digits and more in a
row as in telephone numbers. 一緒, 十分 and 千葉 stay as they are.
"""

import re
from collections.abc import Sequence
from typing import Final

from dialer.rules.transcript import Word

_DIGITS: Final = {sign: value for value, sign in enumerate("〇一二三四五六七八九")} | {"零": 0}
_SMALL: Final = {"十": 10, "百": 100, "千": 1000}
_LARGE: Final = {"万": 10**4, "億": 10**8}

_NUMERAL = "[〇零一二三四五六七八九十百千万億]"
# Counters that make a numeral before them a number; the longer ones first.
_COUNTERS: Final = (
    "パーセント", "ヶ月", "か月", "カ月", "ヵ月", "箇月", "時間", "時半", "年間", "日間", "週間",
    "ページ", "キロ", "メートル", "月", "日", "年", "時", "分", "秒", "円", "名", "人", "件", "社",
    "個", "台", "回", "歳", "才", "階", "号", "番", "丁目", "番地", "本", "枚", "割", "度", "倍",
)  # fmt: skip
# Words that begin like a number and a counter, and are neither.
_NO_NUMBERS: Final = (
    "一番", "十分", "一時的", "一人前", "一本化", "一年中", "一日中", "一度", "二度と", "一回り",
    "一名様", "十人十色", "百円均一", "万年", "千年", "一号線", "三日月", "一円", "四月馬鹿",
)  # fmt: skip

_NOT: Final = "|".join(sorted(_NO_NUMBERS, key=len, reverse=True))
_COUNTED: Final = re.compile(
    rf"(?P<not>{_NOT})|(?P<number>{_NUMERAL}+)(?P<counter>{'|'.join(_COUNTERS)})"
    r"|(?P<digits>[〇零一二三四五六七八九]{3,})"
)


def readable(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words of one utterance, with those that make up a number joined to one.

    The joined word lasts from the beginning of the first to the end of the last; its
    confidence is the least of theirs.
    """
    text = "".join(word.text for word in words)
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word.text))
    found: list[Word] = []
    next_word = 0
    for match in _COUNTED.finditer(text):
        figure = _figure_of(match)
        first = _word_at(starts, match.start())
        if figure is None or first < next_word:
            continue
        last = _word_at(starts, match.end() - 1)
        found.extend(words[next_word:first])
        before = text[starts[first] : match.start()]
        after = text[match.end() : starts[last + 1]]
        found.append(_joined(words[first : last + 1], before + figure + after))
        next_word = last + 1
    return (*found, *words[next_word:])


def value_of(numeral: str) -> int | None:
    """三千五百 → 3500, 二〇二六 → 2026; None for what is no number, as 十千."""
    if all(sign in _DIGITS for sign in numeral):
        return int("".join(str(_DIGITS[sign]) for sign in numeral)) if numeral else None
    whole = part = digit = 0
    smallest_large, smallest_small, has_digit = 10**12, 10**4, False
    for sign in numeral:
        if sign in _DIGITS:
            if has_digit:
                return None
            digit, has_digit = _DIGITS[sign], True
        elif sign in _SMALL:
            if _SMALL[sign] >= smallest_small:
                return None
            smallest_small = _SMALL[sign]
            part += (digit if has_digit else 1) * _SMALL[sign]
            digit, has_digit = 0, False
        else:
            if _LARGE[sign] >= smallest_large or not (part or has_digit):
                return None
            smallest_large, smallest_small = _LARGE[sign], 10**4
            whole += (part + digit) * _LARGE[sign]
            part, digit, has_digit = 0, 0, False
    return whole + part + digit


def _figure_of(match: re.Match[str]) -> str | None:
    if match["not"]:
        return None
    if match["digits"]:
        return "".join(str(_DIGITS[sign]) for sign in match["digits"])
    value = value_of(match["number"])
    if value is None:
        return None
    # Years are read without a comma.
    plain = match["counter"] in ("年", "番", "号", "番地", "丁目")
    return f"{value if plain else format(value, ',')}{match['counter']}"


def _word_at(starts: Sequence[int], place: int) -> int:
    return next(word for word in range(len(starts) - 1) if starts[word + 1] > place)


def _joined(words: Sequence[Word], text: str) -> Word:
    sure = min(word.confidence for word in words)
    return Word(text, words[0].start_ms, words[-1].end_ms, sure)
