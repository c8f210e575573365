"""What a strict content security policy asks of templates and static files."""

import re
from pathlib import Path

import pytest

from dialer.default_results import DEFAULT_RESULTS
from tests.checkout import ROOT
from webui.labels import OUTCOME_COLOURS

TEMPLATES = sorted((ROOT / "webui" / "templates").rglob("*.html"))
STATIC = ROOT / "webui" / "static"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    assert "javascript:" not in text


def test_each_icon_that_a_page_names_is_in_the_sprite() -> None:
    known = set(re.findall(r'<symbol id="([a-z-]+)"', (STATIC / "icons.svg").read_text()))
    named = {
        name
        for path in TEMPLATES
        for call in re.findall(r"icon\(([^)]*)\)", path.read_text(encoding="utf-8"))
        for name in re.findall(r'"([a-z-]+)"', call)
    }
    states = {"when-paused", "when-playing", "result-mark", "system", "light", "dark"}
    states |= {"offline", "logging_in", "ready", "reserved", "on_call", "after_call_work", "away"}
    states |= {"all", "mybox", "prohibited", "deleted", "call", "memo", "email", "sms", "visit"}
    states |= {"done", "failed", "undone"}
    assert named - states <= known


def test_each_colour_that_is_named_is_defined() -> None:
    defined = set(re.findall(r"\.c-([a-z]+) \{", (STATIC / "css" / "tokens.css").read_text()))
    named = set(OUTCOME_COLOURS.values())
    for _name, categories in DEFAULT_RESULTS.values():
        named |= {result.colour for _category, results in categories for result in results}
    assert named <= defined


def test_nothing_is_fetched_from_other_places() -> None:
    files = [*TEMPLATES, *STATIC.glob("css/*.css"), *STATIC.glob("js/*.js")]
    for path in files:
        addresses = re.findall(r"https?://[^\s\"')]+", path.read_text(encoding="utf-8"))
        assert not [one for one in addresses if "www.w3.org" not in one], path
