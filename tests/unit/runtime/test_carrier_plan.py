"""The carrier's table: complete, realistic, the same for the same seed, and as documented."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.runtime.carrier_plan import (
    LONGEST_WAIT_SECONDS,
    SPEECHES,
    TABLE,
    Kind,
    behaviour_of,
    plan,
)
from ari_app.runtime.carrier_sounds import CUSTOMERS
from tests.checkout import ROOT

BY_A_PERSON = {
    Kind.ANSWERS,
    Kind.ANSWERS_AND_WAITS,
    Kind.EARLY_MEDIA,
    Kind.HANGS_UP_AT_ONCE,
    Kind.SILENT,
}


def test_the_rows_cover_each_ending_once() -> None:
    endings = [n for row in TABLE for n in range(row.first, row.last + 1)]
    assert endings == list(range(100))


def test_every_kind_has_a_row() -> None:
    assert {row.kind for row in TABLE} == set(Kind)


def test_people_answer_as_on_a_usual_list() -> None:
    assert sum(row.share for row in TABLE if row.kind in BY_A_PERSON) == 45


def test_the_documentation_shows_the_table() -> None:
    page = (ROOT / "docs" / "carrier.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| (\d\d(?:–\d\d)?) \|.*$", page, re.MULTILINE)
    assert documented == [row.digits for row in TABLE]
    for row in TABLE:
        answer = row.sip_status or "none"
        line = f"| {row.digits} | {row.share} % | {row.says} | {answer} | {row.cause} |"
        assert line in page


@given(st.from_regex(r"\+?[0-9]{2,15}", fullmatch=True), st.integers(0, 2**32))
def test_any_number_has_one_behaviour_within_its_limits(number: str, seed: int) -> None:
    found = behaviour_of(number, seed=seed)
    assert found == behaviour_of(number[-2:], seed=seed)
    assert 1 <= found.ring_seconds <= 8
    assert 0 <= found.speech < SPEECHES
    assert 4 <= found.talk_seconds <= LONGEST_WAIT_SECONDS
    if found.kind is Kind.ANSWERS:
        assert found.talk_seconds <= 20


def test_national_and_international_forms_behave_alike() -> None:
    assert behaviour_of("0312345678") == behaviour_of("+81312345678") == behaviour_of("81312345678")


@pytest.mark.parametrize("number", ["", "7", "+", "agent-sato", "03-1234-5678", "031234567８"])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="no telephone number"):
        behaviour_of(number)


def test_the_seed_changes_times_but_not_kinds() -> None:
    one, other = plan(seed=1), plan(seed=2)
    assert one == plan(seed=1)
    assert one != other
    assert [b.kind for b in one.values()] == [b.kind for b in other.values()]


def test_there_is_a_voice_for_every_speech() -> None:
    assert len(CUSTOMERS) == SPEECHES
