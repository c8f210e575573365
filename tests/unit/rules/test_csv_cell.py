"""Cells of CSV files: never a formula, and always what they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.cp932 import MISSING, to_cp932
from dialer.rules.csv_cell import csv_cell, text_of_cell

odd = st.text(st.sampled_from("'=+-@\t\r a1あ"), max_size=6)


@given(odd | st.text())
def test_a_cell_says_what_it_was_and_is_no_formula(text: str) -> None:
    cell = csv_cell(text)
    assert text_of_cell(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("text", "shown", "missing"),
    [
        ("㈱髙﨑 ①番館 ～", "㈱髙﨑 ①番館 ～", ""),
        ("10〜20−5", "10～20－5", ""),  # the same signs under other numbers
        ("ガ", "ガ", ""),  # made of two characters
        ("😀と𠮷野家", f"{MISSING}と{MISSING}野家", "😀𠮷"),
        ("한국", MISSING * 2, "한국"),
    ],
)
def test_shift_jis_shows_what_it_has_not(text: str, shown: str, missing: str) -> None:
    written, lost = to_cp932(text)
    assert (written.decode("cp932"), lost) == (shown, missing)


@given(st.text())
def test_every_text_can_be_written_in_shift_jis(text: str) -> None:
    written, lost = to_cp932(text)
    assert written.decode("cp932").count(MISSING) >= len(lost)
