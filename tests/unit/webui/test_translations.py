import pytest

from webui.translations import choose_language, words


@pytest.mark.parametrize(
    ("accept_language", "expected"),
    [
        ("ja,en;q=0.8", "ja"),
        ("en-GB,en;q=0.9,ja;q=0.8", "en"),
        ("fr;q=0.9,en;q=0.2,ja;q=0.5", "ja"),
        ("fr-FR,fr", "ja"),
        ("", "ja"),
        ("en;q=nonsense,ja", "ja"),
    ],
)
def test_the_browsers_language_decides(accept_language: str, expected: str) -> None:
    assert choose_language(None, accept_language, "ja") == expected


def test_the_users_choice_comes_before_the_browsers() -> None:
    assert choose_language("en", "ja", "ja") == "en"
    assert choose_language("xx", "ja", "en") == "ja"


def test_texts_come_translated_with_their_values() -> None:
    japanese = words("ja")
    assert japanese("Connected") == "通電"
    assert japanese("MyBox: %(name)s", name="佐藤 100%") == "マイボックス: 佐藤 100%"
    assert japanese("a text that nobody translated") == "a text that nobody translated"


def test_english_counts_one_and_many() -> None:
    english = words("en")
    assert english.count("%(n)s attempt", "%(n)s attempts", 1) == "1 attempt"
    assert english.count("%(n)s attempt", "%(n)s attempts", 3) == "3 attempts"
    assert words("ja").count("%(n)s attempt", "%(n)s attempts", 3) == "発信3回"
