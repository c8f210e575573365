"""Both languages are complete: each text of the pages is in both catalogues, and translated."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.checkout import ROOT

WEBUI = ROOT / "webui"
METHODS = [("**/templates/**.html", "jinja2.ext.babel_extract"), ("**.py", "python")]
KEYWORDS = {"_": None, "marked": None, "count": (1, 2)}
LANGUAGES = ("ja", "en")


def catalogue(language: str) -> Catalog:
    path = WEBUI / "locale" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="messages")


def texts_of_pages() -> dict[str, str]:
    """Each text (of a plural: its singular) and where it stands."""
    found = extract_from_dir(str(WEBUI), method_map=METHODS, keywords=KEYWORDS)
    return {
        message if isinstance(message, str) else message[0]: f"webui/{Path(name)}:{line}"
        for name, line, message, _comments, _context in found
    }


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)", text))


def forms(value: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """A message as its forms: one, or one for each plural."""
    return (value or "",) if isinstance(value, str | None) else tuple(value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_of_the_pages_is_in_the_catalogue(language: str) -> None:
    known = {forms(message.id)[0] for message in catalogue(language) if message.id}
    missing = {text: where for text, where in texts_of_pages().items() if text not in known}
    assert not missing


def test_each_text_has_a_japanese_translation() -> None:
    untranslated = [
        message.id
        for message in catalogue("ja")
        if message.id and (message.fuzzy or not all(forms(message.string)))
    ]
    assert not untranslated


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_values_of_their_text(language: str) -> None:
    changed = [
        message.id
        for message in catalogue(language)
        if message.id
        for form in forms(message.string)
        if form and not placeholders(form) <= placeholders(" ".join(forms(message.id)))
    ]
    assert not changed


def test_both_catalogues_have_the_same_texts() -> None:
    japanese, english = (
        {forms(message.id) for message in catalogue(language) if message.id}
        for language in LANGUAGES
    )
    assert japanese == english
