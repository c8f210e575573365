"""What a custom field takes, and that its values sort as people expect."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.custom_field import (
    CustomField,
    FieldKind,
    Misfit,
    keys_of,
    read_date,
    read_value,
    sort_keys,
)


def field(kind: FieldKind, *choices: str, required: bool = False) -> CustomField:
    return CustomField(1, "項目", kind, required=required, choices=choices)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (FieldKind.TEXT, " 株式会社　髙﨑①  ", "株式会社 髙﨑①"),
        (FieldKind.LONG_TEXT, "一行目\r\n二行目\n", "一行目\n二行目"),
        (FieldKind.NUMBER, "１，２００", "1200"),
        (FieldKind.NUMBER, "-0.50", "-0.5"),
        (FieldKind.NUMBER, "-0", "0"),
        (FieldKind.DATE, "令和8年4月1日", "2026-04-01"),
        (FieldKind.DATE, "2026/4/1", "2026-04-01"),
        (FieldKind.DATE_TIME, "2026-04-01 9:30", "2026-04-01T09:30"),
        (FieldKind.DATE_TIME, "令和8年4月1日 ９時５分", "2026-04-01T09:05"),
        (FieldKind.DATE_TIME, "2026-04-01", "2026-04-01T00:00"),
        (FieldKind.SINGLE_CHOICE, "ＩＴ", "IT"),
        (FieldKind.MULTIPLE_CHOICE, "製造、it", ["IT", "製造"]),
        (FieldKind.CHECK_BOX, "はい", "1"),
        (FieldKind.CHECK_BOX, "○", "1"),
        (FieldKind.CHECK_BOX, "いいえ", "0"),
        (FieldKind.URL, "www.example.jp/a", "https://www.example.jp/a"),
        (FieldKind.PHONE, "０３（５２５４）２２８７", "+81352542287"),
        (FieldKind.EMAIL, "ｉｎｆｏ@example.jp", "info@example.jp"),
        (FieldKind.TEXT, " 　", None),
    ],
)
def test_a_value_is_read_as_people_write_it(
    kind: FieldKind, text: str, value: str | list[str] | None
) -> None:
    assert read_value(field(kind, "IT", "製造"), text) == value


@pytest.mark.parametrize(
    ("kind", "text", "misfit"),
    [
        (FieldKind.NUMBER, "十", Misfit.NOT_A_NUMBER),
        (FieldKind.NUMBER, "NaN", Misfit.NOT_A_NUMBER),
        (FieldKind.NUMBER, "1e99", Misfit.TOO_LONG),
        (FieldKind.DATE, "2026-02-30", Misfit.NOT_A_DATE),
        (FieldKind.DATE_TIME, "2026-02-28 24:00", Misfit.NOT_A_TIME),
        (FieldKind.SINGLE_CHOICE, "小売", Misfit.NOT_A_CHOICE),
        (FieldKind.MULTIPLE_CHOICE, "IT、小売", Misfit.NOT_A_CHOICE),
        (FieldKind.CHECK_BOX, "たぶん", Misfit.NOT_YES_OR_NO),
        (FieldKind.URL, "javascript:alert(1)", Misfit.NOT_A_URL),
        (FieldKind.PHONE, "なし", Misfit.NOT_A_PHONE),
        (FieldKind.EMAIL, "a@b", Misfit.NOT_AN_EMAIL),
        (FieldKind.TEXT, "あ" * 501, Misfit.TOO_LONG),
    ],
)
def test_what_does_not_fit_is_told(kind: FieldKind, text: str, misfit: Misfit) -> None:
    assert read_value(field(kind, "IT", "製造"), text) is misfit


def test_a_required_field_wants_a_value() -> None:
    assert read_value(field(FieldKind.TEXT, required=True), "") is Misfit.REQUIRED


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年5月1日", "2019-05-01"),
        ("H31.4.30", "2019-04-30"),
        ("昭和64年1月7日", "1989-01-07"),
        ("20260401", "2026-04-01"),
        ("２０２６年４月１日", "2026-04-01"),
    ],
)
def test_days_of_both_calendars(text: str, day: str) -> None:
    found = read_date(text)
    assert found is not None
    assert found.isoformat() == day


numbers = st.decimals(-(10**14), 10**14, places=3, allow_nan=False, allow_infinity=False)


@given(numbers, numbers)
def test_numbers_sort_as_numbers(first: Decimal, second: Decimal) -> None:
    keys = []
    for number in (first, second):
        value = read_value(field(FieldKind.NUMBER), str(number))
        assert isinstance(value, str)
        assert not isinstance(value, Misfit)
        keys.append(sort_keys(FieldKind.NUMBER, value)[0])
    assert (first < second) == (keys[0] < keys[1])
    assert (first == second) == (keys[0] == keys[1])


def test_each_choice_has_a_key() -> None:
    fields = {1: field(FieldKind.MULTIPLE_CHOICE, "IT", "製造")}
    assert keys_of(fields, {"1": ["IT", "製造"], "9": "gone"}) == [(1, "it"), (1, "製造")]


@given(st.sampled_from(list(FieldKind)), st.text(max_size=30))
def test_any_text_is_read_and_reads_the_same_again(kind: FieldKind, text: str) -> None:
    asked = field(kind, "IT", "製造")
    value = read_value(asked, text)
    if value is None or isinstance(value, Misfit):
        return
    written = "、".join(value) if isinstance(value, list) else value
    assert read_value(asked, written) == value
    assert all(len(key) <= 100 for key in sort_keys(kind, value))


def test_a_value_that_is_none_of_its_type_still_has_a_key() -> None:
    assert sort_keys(FieldKind.NUMBER, "三十") == ("三十",)


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        ("製造、IT・通信", ["IT・通信", "製造"]),
        ("IT・通信", ["IT・通信"]),
        ("甲 乙、製造", ["製造", "甲 乙"]),
        ("製造\n甲　乙", ["製造", "甲 乙"]),
        ("製造；ＩＴ・通信；", ["IT・通信", "製造"]),
        ("IT", Misfit.NOT_A_CHOICE),
        ("製造業", Misfit.NOT_A_CHOICE),
        ("、", Misfit.NOT_A_CHOICE),
    ],
)
def test_what_parts_choices_may_stand_within_one(typed: str, chosen: list[str] | Misfit) -> None:
    some = field(FieldKind.MULTIPLE_CHOICE, "IT・通信", "製造", "甲 乙")
    assert read_value(some, typed) == chosen
