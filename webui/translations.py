"""The UI's words in Japanese and English.

A message's id is its English text. The catalogues are read from their ``.po``
files at the start; nothing has to be compiled beforehand.
"""

import io
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

Language = Literal["ja", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

LOCALE_FOLDER = Path(__file__).parent / "locale"


def marked(message: str) -> str:
    """Marks a text for the catalogues where it is named, not where it is shown."""
    return message


class Words:
    """Texts in one language; called with a message and the values of its ``%(names)s``."""

    def __init__(self, language: Language, catalogue: Translations) -> None:
        self.language = language
        self._catalogue = catalogue

    def __call__(self, message: str, **values: object) -> str:
        text = str(self._catalogue.gettext(message))
        return text % values if values else text

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        """`one` or `many`, as the language counts; ``%(n)s`` is the number."""
        return str(self._catalogue.ngettext(one, many, n)) % {"n": n, **values}


@cache
def words(language: Language) -> Words:
    """The texts of a language, read once."""
    path = LOCALE_FOLDER / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, domain="messages")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Words(language, Translations(compiled))


def known_language(value: object) -> Language | None:
    return next((language for language in LANGUAGES if language == value), None)


def choose_language(chosen: object, accept_language: str, default: str) -> Language:
    """The user's choice, else what the browser prefers, else the installation's default."""
    if language := known_language(chosen):
        return language
    for wanted in _by_preference(accept_language):
        if language := known_language(wanted.partition("-")[0].lower()):
            return language
    return known_language(default) or "ja"


def _by_preference(accept_language: str) -> list[str]:
    weighted: dict[str, float] = {}
    for item in accept_language.split(","):
        tag, _, parameter = item.strip().partition(";")
        weighted.setdefault(tag.strip(), _weight(parameter))
    return sorted(filter(None, weighted), key=lambda tag: -weighted[tag])


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
