"""Which passwords are refused: the short, the guessed, and those that are one's own name."""

import unicodedata
from collections.abc import Collection
from enum import StrEnum

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200  # a longer one only makes the check slow
_FEWEST_DIFFERENT = 4


class PasswordProblem(StrEnum):
    """What is wrong with a password."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_SIMPLE = "too_simple"
    OWN_NAME = "own_name"
    COMMON = "common"

    @property
    def sentence(self) -> str:
        """For logs and terminals; pages have their own words."""
        return _SENTENCES[self]


_SENTENCES = {
    PasswordProblem.TOO_SHORT: f"a password needs at least {SHORTEST_PASSWORD} characters",
    PasswordProblem.TOO_LONG: f"a password has at most {LONGEST_PASSWORD} characters",
    PasswordProblem.TOO_SIMPLE: "the password repeats a few characters only",
    PasswordProblem.OWN_NAME: "the password is the login or the name",
    PasswordProblem.COMMON: "the password is one of those that are tried first",
}


def password_problem(password: str, *, own: Collection[str]) -> PasswordProblem | None:
    """What is wrong with a new password of somebody whose login and name are `own`."""
    if len(password) < SHORTEST_PASSWORD:
        return PasswordProblem.TOO_SHORT
    if len(password) > LONGEST_PASSWORD:
        return PasswordProblem.TOO_LONG
    plain = _plain(password)
    if len(set(plain)) < _FEWEST_DIFFERENT:
        return PasswordProblem.TOO_SIMPLE
    bare = plain.strip("0123456789!.-_ ")
    if any(word and (plain == word or bare == word) for word in map(_plain, own)):
        return PasswordProblem.OWN_NAME
    if plain in _COMMON or (bare and bare in _COMMON_WORDS) or _is_a_row_of_keys(plain):
        return PasswordProblem.COMMON
    return None


def _plain(text: str) -> str:
    """Full width is half width, and capitals make no other password."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _is_a_row_of_keys(plain: str) -> bool:
    """Keys, letters or digits in their order, forwards or back: qwertyuiop, 0123456789."""
    return any(plain in row or plain in row[::-1] for row in _ROWS)


_ROWS = (
    "01234567890123456789",
    "12345678901234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "aiueokakikukekosashisuseso",
)
# With figures before or behind them they are no better.
_COMMON_WORDS = frozenset(
    {
        "admin",
        "administrator",
        "baseball",
        "changeme",
        "doraemon",
        "football",
        "iloveyou",
        "kakeru",
        "letmein",
        "monkey",
        "nihon",
        "p@ssw0rd",
        "p@ssword",
        "pass",
        "passw0rd",
        "password",
        "passwort",
        "pokemon",
        "princess",
        "qwerty",
        "qwertyuiop",
        "sakura",
        "secret",
        "sunshine",
        "superman",
        "tokyo",
        "user",
        "welcome",
    }
)
_COMMON = frozenset(
    {
        "adminadmin",
        "asdfasdfasdf",
        "asdfghjkl;",
        "abcd1234abcd",
        "a1b2c3d4e5",
        "correcthorsebatterystaple",
        "iloveyouforever",
        "letmeinplease",
        "passpasspass",
        "password1password",
        "passwordpassword",
        "q1w2e3r4t5",
        "q1w2e3r4t5y6",
        "qazwsxedcrfv",
        "qwerty123456",
        "qwertyqwerty",
        "thisisapassword",
        "trustno1trustno1",
        "123456abcdef",
        "abc123abc123",
        "1a2b3c4d5e",
        "123qweasdzxc",
        "1qaz@wsx3edc",
        "p@ssw0rdp@ssw0rd",
    }
)
