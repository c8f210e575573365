"""Words can be read on what they stand on, light and dark (WCAG 2.2, contrast 4.5)."""

import re

import pytest

from tests.checkout import ROOT

TOKENS = (ROOT / "webui" / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
THEMES = ("light", "dark")


def colours(text: str) -> dict[str, tuple[str, str]]:
    """Token: its light and its dark value."""
    found = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", text)
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("words", ["text", "text-soft", "text-faint", "brand-strong"])
@pytest.mark.parametrize("ground", ["page", "card", "side", "sunken", "hover"])
def test_words_stand_out_from_every_surface(words: str, ground: str, theme: str) -> None:
    known, index = colours(TOKENS), THEMES.index(theme)
    assert contrast(known[words][index], known[ground][index]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", re.findall(r"\.c-([a-z]+) \{", TOKENS))
def test_words_stand_out_from_their_tint(name: str, theme: str) -> None:
    line = next(line for line in TOKENS.splitlines() if line.startswith(f".c-{name} "))
    known, index = colours(line), THEMES.index(theme)
    assert contrast(known["tint-text"][index], known["tint-soft"][index]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_the_words_on_the_main_button_stand_out(theme: str) -> None:
    known, index = colours(TOKENS), THEMES.index(theme)
    assert contrast(known["on-brand"][index], known["brand-fill"][index]) >= 4.5
