"""What people type into a search field, and what it may stand for in a list."""

import unicodedata

MOST_TERMS = 5
LONGEST_TERM = 60
LONGEST_KEY = 400  # characters: what an index of both databases can hold

_KATAKANA_AFTER_HIRAGANA = ord("ァ") - ord("ぁ")
_HIRAGANA = range(ord("ぁ"), ord("ゖ") + 1)
_TO_KATAKANA = {code: code + _KATAKANA_AFTER_HIRAGANA for code in _HIRAGANA}
_TO_HIRAGANA = {katakana: hiragana for hiragana, katakana in _TO_KATAKANA.items()}
_HALF_WIDTH_KANA = [chr(code) for code in range(0xFF65, 0xFF9E)]
_VOICED = [half + mark for half in _HALF_WIDTH_KANA for mark in "ﾞﾟ"]
# ガ is one character in full width and two, ｶﾞ, in half width.
_TO_HALF_WIDTH = {
    ord(full): half
    for half in (*_HALF_WIDTH_KANA, "ﾞ", "ﾟ", *_VOICED)
    if len(full := unicodedata.normalize("NFKC", half)) == 1
}
_TO_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_NUMBER_MARKS = set("-‐‑–—―−ーｰ ()[].+")
LAST_DIGITS = 4  # that an index knows
_WHOLE = 9  # digits of a number without its zero
_WITH_COUNTRY = 11  # digits of 81 and a number of Japan
# As NFKC leaves them: it makes (株) of ㈱.
_COMPANY_FORMS = (("株式会社", "(株)"), ("有限会社", "(有)"), ("合同会社", "(同)"))


def terms_of(text: str) -> tuple[tuple[str, ...], ...]:
    """The words of `text`, all of which must be found, each in all its spellings.

    At most `MOST_TERMS` words of `LONGEST_TERM` characters are looked at.
    """
    # PostgreSQL takes no NUL in a text, and no list has one.
    words = unicodedata.normalize("NFKC", text.replace("\0", " ")).split()[:MOST_TERMS]
    return tuple(_spellings(word[:LONGEST_TERM]) for word in words)


def _spellings(word: str) -> tuple[str, ...]:
    """Lists keep names as they came: in either kana and in either width."""
    katakana = word.translate(_TO_KATAKANA)
    found = (
        word,
        katakana,
        word.translate(_TO_HIRAGANA),
        katakana.translate(_TO_HALF_WIDTH),
        # Not every database knows that ａ and Ａ are one letter.
        word.lower().translate(_TO_FULL_WIDTH),
        word.upper().translate(_TO_FULL_WIDTH),
    )
    return tuple(dict.fromkeys(found))


def spellings_of_digits(text: str) -> tuple[str, ...]:
    """The text with all that is Latin in half width, and in full width where that differs."""
    plain = unicodedata.normalize("NFKC", text)
    return tuple(dict.fromkeys((plain, plain.translate(_TO_FULL_WIDTH))))


def number_beginning(text: str, *, shortest: int = 3) -> str | None:
    """The beginning of an E.164 number when `text` is (the beginning of) a phone number.

    Numbers without a country code are Japanese: ``03-52`` → ``+81352``. None for anything
    that is not digits and the marks between them, or fewer than `shortest` digits.
    """
    digits = digits_of(text)
    if len(digits.removeprefix("+")) < shortest:
        return None
    if digits.startswith("+"):
        return digits
    if digits.startswith("81") and len(digits) >= _WITH_COUNTRY:
        return "+" + digits
    return "+81" + digits.removeprefix("0")


def number_end(text: str) -> str:
    """The last digits of a number, as people remember it: ``4000``; empty for none, or too many."""
    digits = digits_of(text)
    return digits if LAST_DIGITS <= len(digits) < _WHOLE and digits.isdecimal() else ""


def digits_of(text: str) -> str:
    """The digits, after a plus where it begins with one, of a text that holds nothing else but
    marks between them; else nothing."""
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = "".join(character for character in plain if character.isdecimal())
    if not digits or not set(plain) - set(digits) <= _NUMBER_MARKS:
        return ""
    ascii_digits = "".join(str(unicodedata.decimal(digit)) for digit in digits)
    return "+" + ascii_digits if plain.startswith("+") else ascii_digits


def alike(word: str) -> tuple[str, ...]:
    """A folded word with each writing of a company's form, which people take for one."""
    found = [word]
    for long, short in _COMPANY_FORMS:
        if long in word:
            found.append(word.replace(long, short))
        elif short in word:
            found.append(word.replace(short, long))
    return tuple(found)


def without_forms(word: str) -> list[str]:
    """What stands between the companies' forms in a folded word."""
    for form in (one for forms in _COMPANY_FORMS for one in forms):
        word = word.replace(form, " ")
    return word.split()


def fold(text: str) -> str:
    """One spelling for all: width, case, kind of kana and space make no difference.

    ``ｶﾌﾞｼｷ ガイシャ`` and ``かぶしき　がいしゃ`` fold alike; so what is found by a part of it
    is found however it was written, and sorts by its sound.
    """
    plain = unicodedata.normalize("NFKC", text).lower().translate(_TO_HIRAGANA)
    return " ".join(plain.split())


def lead_key(*, name: str, name_kana: str, contact_person: str, email: str) -> str:
    """What a lead is sorted by, its kana before its name, and found by: each on a line.

    At most `LONGEST_KEY` characters, folded.
    """
    parts = (fold(name_kana), fold(name), fold(contact_person), fold(email))
    return "\n".join(part for part in parts if part)[:LONGEST_KEY]
