"""Campaigns are called in Japanese, and their files in letters that every system takes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.campaign_name import file_name_for


@pytest.mark.parametrize(
    ("title", "taken", "name"),
    [
        ("Autumn 2026", (), "autumn-2026"),
        ("autumn_2026", (), "autumn-2026"),
        ("秋の新規開拓", (), "campaign"),
        ("秋の新規開拓", ("campaign", "Campaign-2"), "campaign-3"),
        ("秋の新規開拓 2026", (), "campaign-2026"),
        ("光回線ＡＢＣ", ("autumn",), "abc"),
        ("Été", (), "ete"),
    ],
)
def test_a_title_becomes_a_free_name(title: str, taken: tuple[str, ...], name: str) -> None:
    assert file_name_for(title, taken) == name


@given(st.text(max_size=200), st.sets(st.sampled_from(["campaign", "campaign-2", "a"])))
def test_every_title_has_a_name_that_a_file_may_have(title: str, taken: set[str]) -> None:
    name = file_name_for(title, taken)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", name)
    assert name not in taken
