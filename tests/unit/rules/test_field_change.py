"""What becomes of values when the type of their field changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.custom_field import (
    CustomField,
    FieldKind,
    Misfit,
    Value,
    read_value,
    sort_keys,
)
from dialer.rules.field_change import changed_value, keeps_values, written

CHOICES = ("はい", "IT", "製造、販売")
KINDS = st.sampled_from(list(FieldKind))


def field(kind: FieldKind, *choices: str) -> CustomField:
    return CustomField(1, "項目", kind, choices=choices)


@pytest.mark.parametrize(
    ("old", "value", "new", "becomes"),
    [
        (FieldKind.TEXT, "１，２００", FieldKind.NUMBER, "1200"),
        (FieldKind.TEXT, "1,200円", FieldKind.NUMBER, Misfit.NOT_A_NUMBER),
        (FieldKind.TEXT, "令和8年4月1日", FieldKind.DATE, "2026-04-01"),
        (FieldKind.TEXT, "ｉｔ", FieldKind.SINGLE_CHOICE, "IT"),
        (FieldKind.TEXT, "小売", FieldKind.SINGLE_CHOICE, Misfit.NOT_A_CHOICE),
        (FieldKind.TEXT, "はい", FieldKind.CHECK_BOX, "1"),
        (FieldKind.TEXT, "03-5254-2287", FieldKind.PHONE, "+81352542287"),
        (FieldKind.SINGLE_CHOICE, "製造、販売", FieldKind.MULTIPLE_CHOICE, ["製造、販売"]),
        (FieldKind.MULTIPLE_CHOICE, ["IT"], FieldKind.SINGLE_CHOICE, "IT"),
        (FieldKind.MULTIPLE_CHOICE, ["はい", "IT"], FieldKind.SINGLE_CHOICE, Misfit.NOT_A_CHOICE),
        (FieldKind.MULTIPLE_CHOICE, ["はい", "IT"], FieldKind.TEXT, "はい、IT"),
        (FieldKind.MULTIPLE_CHOICE, ["はい", "IT"], FieldKind.LONG_TEXT, "はい\nIT"),
        (FieldKind.CHECK_BOX, "1", FieldKind.TEXT, "○"),
        (FieldKind.CHECK_BOX, "0", FieldKind.TEXT, "×"),
        (FieldKind.CHECK_BOX, "1", FieldKind.NUMBER, "1"),
        (FieldKind.CHECK_BOX, "1", FieldKind.SINGLE_CHOICE, "はい"),
        (FieldKind.CHECK_BOX, "0", FieldKind.SINGLE_CHOICE, Misfit.NOT_A_CHOICE),
        (FieldKind.DATE, "2026-04-01", FieldKind.DATE_TIME, "2026-04-01T00:00"),
        (FieldKind.DATE_TIME, "2026-04-01T00:00", FieldKind.DATE, "2026-04-01"),
        (FieldKind.DATE_TIME, "2026-04-01T09:30", FieldKind.DATE, Misfit.NOT_A_DATE),
        (FieldKind.DATE_TIME, "2026-04-01T09:30", FieldKind.TEXT, "2026-04-01 09:30"),
    ],
)
def test_a_value_changes_only_where_nothing_is_lost(
    old: FieldKind, value: Value, new: FieldKind, becomes: Value | Misfit
) -> None:
    assert changed_value(value, field(old, *CHOICES), field(new, *CHOICES)) == becomes


def test_renamed_choices_take_their_values_with_them_even_when_they_swap_names() -> None:
    swapped = {"IT": "製造", "製造": "IT"}
    both = field(FieldKind.MULTIPLE_CHOICE, "IT", "製造")
    assert changed_value(["IT"], both, both, renamed=swapped) == ["製造"]
    single = field(FieldKind.SINGLE_CHOICE, "IT", "製造")
    assert changed_value("製造", single, single, renamed=swapped) == "IT"


def test_a_choice_that_is_gone_does_not_fit_any_more() -> None:
    old, new = field(FieldKind.SINGLE_CHOICE, "IT", "製造"), field(FieldKind.SINGLE_CHOICE, "IT")
    assert changed_value("製造", old, new) is Misfit.NOT_A_CHOICE
    assert changed_value("製造", old, new, renamed={"製造": "IT"}) == "IT"


@given(KINDS, KINDS, st.text(max_size=20) | st.sampled_from(["1", "0", "2026-04-01", "IT"]))
def test_what_a_value_becomes_is_a_value_of_the_new_type(
    old_kind: FieldKind, new_kind: FieldKind, text: str
) -> None:
    old, new = field(old_kind, *CHOICES), field(new_kind, *CHOICES)
    value = read_value(old, text)
    if value is None or isinstance(value, Misfit):
        return
    becomes = changed_value(value, old, new)
    if isinstance(becomes, Misfit):
        return
    assert read_value(new, written(becomes, new_kind, new_kind)) == becomes


@given(KINDS, st.text(max_size=20) | st.sampled_from(["1", "0", "2026-04-01", "03-5254-2287"]))
def test_a_value_that_becomes_a_text_can_become_what_it_was(kind: FieldKind, text: str) -> None:
    old, as_text = field(kind, *CHOICES), field(FieldKind.LONG_TEXT)
    value = read_value(old, text)
    if value is None or isinstance(value, Misfit):
        return
    kept = changed_value(value, old, as_text)
    assert not isinstance(kept, Misfit)
    assert changed_value(kept, as_text, old) == value


@given(KINDS, KINDS, st.text(max_size=20) | st.sampled_from(["2026-04-01", "03-5254-2287", "a.jp"]))
def test_where_values_are_said_to_stay_they_do(
    old_kind: FieldKind, new_kind: FieldKind, text: str
) -> None:
    old, new = field(old_kind, *CHOICES), field(new_kind, *CHOICES)
    value = read_value(old, text)
    if value is None or isinstance(value, Misfit) or not keeps_values(old_kind, new_kind):
        return
    assert changed_value(value, old, new) == value
    assert sort_keys(old_kind, value) == sort_keys(new_kind, value)
