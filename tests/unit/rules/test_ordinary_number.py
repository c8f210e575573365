"""The short way to a telephone number gives the answer of the long way, always."""

import re
from typing import Any

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialer.rules import phone_number
from dialer.rules.phone_number import (
    NumberKind,
    PhoneNumber,
    UnusableNumber,
    ordinary_number,
    parse_phone_numbers,
)

MARKS = "-‐‑–—−ー－ｰ─()（）[]. \u3000+＋/0123456789０１２３４５６７８９"


def the_long_way(text: str) -> tuple[PhoneNumber, ...] | UnusableNumber:
    """`parse_phone_numbers` without the short ways."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phone_number, "ordinary_number", lambda text: None)
        patch.setattr(phone_number, "_number_with_words", lambda text: None)
        return parse_phone_numbers(text)


@settings(max_examples=600)
@given(st.text(MARKS, min_size=8, max_size=20))
@example("03(5254)2287")
@example("０３－５２５４－２２８７")
@example("+81 (0)3-5254-2287")
@example("+81 +3-5254-2287")
@example("03-5254-2287(123)")
@example("03-5254-2287 03-5254-2288")
@example("0990-512-345")
@example("-03-5254-2287-")
def test_a_text_of_digits_and_marks(text: str) -> None:
    number = ordinary_number(text)
    if number is not None:
        assert the_long_way(text) == (number,)


@settings(max_examples=600)
@given(
    st.sampled_from(["03-5254-2287", "0352542287", "(092) 441-6771", "+81 90-2209-1653", "03-1"]),
    st.text("内線代表()（）0123456789-/ 、FAX担当", max_size=14),
)
@example("03-5254-2287", " 内線12")
@example("03-5254-2287", "（代）")
@example("03-5254-2287", "/03-5254-2288")
@example("03-5254-2287", " 内線12 03-5254-2288")
def test_a_number_with_words(number: str, words: str) -> None:
    assert parse_phone_numbers(number + words) == the_long_way(number + words)


@settings(max_examples=600)
@given(
    st.sampled_from(["0", "+81", "+81 (0)"]),
    st.one_of(
        st.from_regex(r"[1-9][0-9]{8,9}", fullmatch=True),
        st.from_regex(r"([6-9]0[1-9]|50[1-9])[0-9]{7}|(120|570|990)[0-9]{6}", fullmatch=True),
    ),
)
def test_the_library_agrees(before: str, national: str) -> None:
    number = ordinary_number(before + national)
    parsed = phonenumbers.parse(f"+81{national}")
    assert (number is not None) == phonenumbers.is_valid_number(parsed)
    if number is not None:
        assert number.e164 == phonenumbers.format_number(
            parsed, phonenumbers.PhoneNumberFormat.E164
        )
        kind = phone_number._KIND_BY_TYPE.get(phonenumbers.number_type(parsed), NumberKind.OTHER)
        assert number.kind == kind


def test_the_first_digits_and_the_length_decide() -> None:
    """What `ordinary_number` remembers of one number holds for all that begin like it."""
    deciding = phone_number._DECIDING_DIGITS
    parse: Any = re._parser.parse  # type: ignore[attr-defined]
    reach = max(_reach(parse(pattern), 0)[1] for pattern in _patterns())
    assert reach <= deciding


def _patterns() -> list[str]:
    """The plan's patterns of numbers that do not begin with another zero."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region("JP")
    assert plan is not None
    kinds = (
        plan.premium_rate, plan.voip, plan.personal_number, plan.pager, plan.uan,
        plan.fixed_line, plan.mobile,
    )  # fmt: skip
    found = [kind.national_number_pattern or "" for kind in kinds if kind is not None]
    toll_free = plan.toll_free
    assert toll_free is not None
    assert toll_free.national_number_pattern is not None
    # 120 and 800: the other alternatives begin with 00, which no E.164 number does.
    assert r"(?:120|800\d)\d\d" in toll_free.national_number_pattern
    return [*found, r"(?:120|800\d)\d\d\d{4}"]


def _reach(items: Any, at: int) -> tuple[int, int]:
    """The place after these items, and after the last of them that is not just any digit."""
    last = 0
    for operation, value in items:
        name = str(operation)
        if name == "SUBPATTERN":
            at, inner = _reach(value[-1], at)
            last = max(last, inner)
        elif name == "BRANCH":
            ends = [_reach(branch, at) for branch in value[1]]
            at = max(end for end, _ in ends)
            last = max(last, *(inner for _, inner in ends))
        elif name in {"MAX_REPEAT", "MIN_REPEAT"}:
            low, high, inner_items = value
            assert low == high  # else a length would not decide
            for _ in range(low):
                at, inner = _reach(inner_items, at)
                last = max(last, inner)
        else:
            at += 1
            if str(value) != "[(CATEGORY, CATEGORY_DIGIT)]":
                last = at
    return at, last
