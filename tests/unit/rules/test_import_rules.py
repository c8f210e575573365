"""What becomes of rows, and how a row changes a lead."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.import_choices import (
    ImportChoices,
    InFile,
    InProject,
    Known,
    choices_from,
)
from dialer.rules.import_fate import Fate, Met, fate_of, fates_of, met_from
from dialer.rules.import_update import record_of, updated
from dialer.rules.lead_numbers import ContactDraft
from dialer.rules.lead_row import LeadDraft
from dialer.rules.list_shape import ReadingChoices

METS = st.builds(Met, *[st.booleans()] * 5)
CHOICES = st.builds(
    ImportChoices,
    reading=st.builds(
        ReadingChoices,
        encoding=st.sampled_from(["", "cp932"]),
        header_rows=st.sampled_from([None, (1, 2)]),
        first_row=st.sampled_from([None, 5]),
    ),
    targets=st.dictionaries(st.integers(0, 20), st.sampled_from(["name", "custom:3", "new:text"])),
    in_file=st.sampled_from(InFile),
    in_project=st.sampled_from(InProject),
    elsewhere=st.sampled_from(Known),
    prohibited=st.sampled_from(Known),
    boxed=st.sampled_from(Known),
    key=st.sampled_from(["", "custom:7"]),
)


@given(CHOICES)
def test_choices_are_kept_as_they_are(choices: ImportChoices) -> None:
    assert choices_from(choices.as_json()) == choices


@given(METS)
def test_what_a_row_met_is_kept_in_a_code(met: Met) -> None:
    assert met_from(met.code) == met


@given(st.lists(METS), CHOICES)
def test_counting_by_code_loses_no_row(mets: list[Met], choices: ImportChoices) -> None:
    counts: dict[str, int] = {}
    for met in mets:
        counts[met.code] = counts.get(met.code, 0) + 1
    fates = fates_of(counts, choices)
    assert fates.total() == len(mets)
    for fate in Fate:
        assert fates[fate] == sum(fate_of(met, choices) is fate for met in mets)


@pytest.mark.parametrize(
    ("met", "choices", "fate"),
    [
        (Met(), ImportChoices(), Fate.CREATE),
        (Met(in_file=True), ImportChoices(in_file=InFile.MERGE), Fate.FILL),
        (Met(in_project=True), ImportChoices(), Fate.SKIP),
        (
            Met(in_file=True, in_project=True),
            ImportChoices(in_file=InFile.CREATE, in_project=InProject.OVERWRITE),
            Fate.CREATE,
        ),
        (Met(elsewhere=True), ImportChoices(elsewhere=Known.SKIP), Fate.SKIP),
        (
            Met(in_project=True, prohibited=True),
            ImportChoices(in_project=InProject.CREATE, prohibited=Known.SKIP),
            Fate.SKIP,
        ),
        (Met(boxed=True), ImportChoices(boxed=Known.SKIP), Fate.SKIP),
    ],
)
def test_the_choice_that_applies_first_decides(
    met: Met, choices: ImportChoices, fate: Fate
) -> None:
    assert fate_of(met, choices) is fate


def draft(name: str, *numbers: str, **fields: str) -> LeadDraft:
    contacts = tuple(
        ContactDraft("phone", "電話番号", place, number, number)
        for place, number in enumerate(numbers)
    )
    return replace(LeadDraft(1, name, contacts, callable_numbers=numbers), **fields)  # type: ignore[arg-type]


def test_an_address_is_filled_as_a_whole_or_not_at_all() -> None:
    lead = record_of(draft("日の出", "+8131", city="港区"))
    row = draft("日の出", "+8131", prefecture="大阪府", city="北区", building="3F")
    assert updated(lead, row, Fate.FILL) == lead
    assert updated(lead, row, Fate.OVERWRITE).texts["city"] == "北区"
    empty = record_of(draft("日の出", "+8131"))
    assert updated(empty, row, Fate.FILL).texts["building"] == "3F"


def test_a_number_is_added_once_and_never_taken_away() -> None:
    lead = record_of(draft("日の出", "+8131", "+8132"))
    row = draft("日の出商会", "+8133", "+8132", "+8133")
    contacts = updated(lead, row, Fate.OVERWRITE).contacts
    assert [(one.e164, one.position) for one in contacts] == [
        ("+8131", 0),
        ("+8132", 1),
        ("+8133", 2),
    ]


def test_an_added_contact_says_whose_it_is() -> None:
    lead = record_of(draft("日の出", "+8131"))
    row = draft("日の出", "+8132", contact_person="佐藤")
    assert [one.note for one in updated(lead, row, Fate.CONTACT).contacts] == ["", "佐藤"]
    assert updated(lead, row, Fate.CONTACT).texts == lead.texts
