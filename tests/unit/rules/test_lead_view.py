"""The address of the lead table says all that it shows, and nothing that it cannot show."""

from datetime import date
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.lead_filter import (
    EVERYTHING,
    Days,
    FieldFilter,
    Filled,
    LeadFilter,
    LeadState,
    parts_of,
)
from dialer.rules.lead_view import (
    COLUMNS,
    USUAL_VIEW,
    LeadView,
    Sort,
    order_of,
    read_view,
    write_view,
)

CHOICES = ("製造", "IT", "飲食")
FIELDS = {
    1: CustomField(1, "業種", FieldKind.SINGLE_CHOICE, choices=CHOICES),
    2: CustomField(2, "席数", FieldKind.NUMBER),
    3: CustomField(3, "面談", FieldKind.DATE_TIME),
    4: CustomField(4, "支店", FieldKind.TEXT),
    5: CustomField(5, "既契約", FieldKind.CHECK_BOX),
    6: CustomField(6, "興味", FieldKind.MULTIPLE_CHOICE, choices=CHOICES),
}

words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=20)
ids = st.integers(1, 10**12)
some_ids = st.lists(ids, max_size=3, unique=True).map(tuple)
days = st.builds(Days, st.none() | st.dates(), st.none() | st.dates())
filled = st.none() | st.sampled_from(Filled)
numbers = st.integers(-(10**9), 10**9).map(str) | st.just("")
dates = st.dates().map(date.isoformat) | st.just("")


def one_of(*choices: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(choices)).map(
        lambda chosen: tuple(one for one in choices if one in chosen)
    )


field_filters = st.tuples(
    st.builds(FieldFilter, st.just(1), any_of=one_of(*CHOICES), filled=filled),
    st.builds(FieldFilter, st.just(2), least=numbers, most=numbers, filled=filled),
    st.builds(FieldFilter, st.just(3), least=dates, most=dates, filled=filled),
    st.builds(FieldFilter, st.just(4), begins=words, contains=words, filled=filled),
    st.builds(FieldFilter, st.just(5), any_of=one_of("1", "0"), filled=filled),
).map(lambda some: tuple(one for one in some if one))

filters = st.builds(
    LeadFilter,
    text=words,
    prefectures=st.lists(words.filter(bool), max_size=3, unique=True).map(tuple),
    city=words,
    stages=st.lists(st.integers(0, 99), max_size=3, unique=True).map(tuple),
    states=st.sets(st.sampled_from(LeadState)).map(
        lambda some: tuple(one for one in LeadState if one in some)
    ),
    results=some_ids,
    acted_by=st.none() | ids,
    acted=days,
    tried=days,
    created=days,
    import_id=st.none() | ids,
    attempts_least=st.none() | st.integers(0, 99),
    attempts_most=st.none() | st.integers(0, 99),
    holder=st.none() | ids,
    fields=field_filters,
)
sorts = st.none() | st.builds(
    Sort, st.sampled_from(["imported", "name", "tried", "f1", "f4"]), st.booleans()
)
columns = st.lists(st.sampled_from([*COLUMNS, "f1", "f6"]), min_size=1, unique=True).map(tuple)
views = st.builds(LeadView, filters, sorts, columns)


@given(views)
def test_an_address_says_the_whole_view(view: LeadView) -> None:
    address = urlencode(write_view(view))
    assert read_view(parse_qsl(address), FIELDS) == view


@given(filters)
def test_the_parts_of_a_filter_make_it_up(wanted: LeadFilter) -> None:
    parts = list(parts_of(wanted))
    assert bool(parts) == bool(wanted)
    rest = wanted
    for _name, alone, _without in parts:
        assert alone
        (same,) = (without for _n, one, without in parts_of(rest) if one == alone)
        rest = same
    assert rest == EVERYTHING


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=8))
def test_no_address_is_too_odd(pairs: list[tuple[str, str]]) -> None:
    view = read_view(pairs, FIELDS)
    assert read_view(write_view(view), FIELDS) == view


@pytest.mark.parametrize(
    "address",
    [
        "f99.min=3",  # a field that is gone
        "f2.min=many",
        "f1.any=農業",
        "sort=f99",
        "sort=f6",  # a lead may have several of its values
        "sort=; DROP TABLE",
        "columns=f99,nothing",
        "tried.from=2026-02-30",
        "holder=-1",
        "by=１２",
        "result=99999999999999999999",
        "state=happy",
        "q=",
    ],
)
def test_what_means_nothing_is_left_out(address: str) -> None:
    assert read_view(parse_qsl(address, keep_blank_values=True), FIELDS) == USUAL_VIEW


@pytest.mark.parametrize(
    ("address", "order"),
    [
        ("", Sort("imported")),
        ("q=すずき", Sort("name")),
        ("q=03-1234", Sort("imported")),
        ("f2.min=3", Sort("f2")),
        ("f4.begins=渋谷", Sort("f4")),
        ("f1.any=IT", Sort("imported")),
        ("f1.any=IT&f2.min=3", Sort("imported")),
        ("f2.is=empty", Sort("imported")),
        ("f6.is=filled", Sort("imported")),
        ("tried.from=2026-11-24", Sort("tried", descending=True)),
        ("q=すずき&sort=-tried", Sort("tried", descending=True)),
    ],
)
def test_without_a_chosen_order_what_is_looked_for_lies_together(address: str, order: Sort) -> None:
    assert order_of(read_view(parse_qsl(address), FIELDS), FIELDS) == order


def test_numbers_are_read_as_people_type_them() -> None:
    view = read_view([("f2.min", "１，２００"), ("f3.max", "令和8年4月1日")], FIELDS)
    assert view.filter.fields == (FieldFilter(2, least="1200"), FieldFilter(3, most="2026-04-01"))
