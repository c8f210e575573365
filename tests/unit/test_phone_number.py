"""Numbers as people write them: one number, one E.164, whatever the style."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.phone_number import (
    NumberKind,
    PhoneNumber,
    UnusableNumber,
    UnusableReason,
    national_format,
    parse_phone_number,
    parse_phone_numbers,
)


def e164(text: str) -> str:
    number = parse_phone_number(text)
    assert isinstance(number, PhoneNumber), number
    return number.e164


def reason(text: str) -> UnusableReason:
    number = parse_phone_number(text)
    assert isinstance(number, UnusableNumber), number
    return number.reason


@pytest.mark.parametrize(
    "text",
    [
        "03-5254-2287",
        "0352542287",
        "０３－５２５４－２２８７",
        "03−5254−2287",
        "03ー5254ー2287",
        "03‐5254‐2287",
        "03ｰ5254ｰ2287",
        "03.5254.2287",
        "03(5254)2287",
        "（03）5254-2287",
        "[03]5254-2287",
        "03 5254 2287",
        "03\u30005254\u30002287",
        "+81 3-5254-2287",
        "+81 (0)3-5254-2287",
        "＋８１３５２５４２２８７",
        "81-3-5254-2287",
        "010-81-3-5254-2287",
        "184-03-5254-2287",
        "TEL:03-5254-2287",
        "℡03-5254-2287",
        "①03-5254-2287",
        "\u202a03-5254-2287\u202c",
        '="0352542287"',
        "'0352542287",
        "03-5254-2287 内線123",
        "03-5254-2287（内線：123）",
        "03-5254-2287（代）",
        "03-5254-2287㈹",
        "03-5254-2287 (123)",
        "03-5254-2287 ext. 12",
        "352542287",
        "3-5254-2287",
        "352542287.0",
        "٠٣-٥٢٥٤-٢٢٨٧",
    ],
)
def test_every_way_of_writing_is_the_same_number(text: str) -> None:
    assert e164(text) == "+81352542287"


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("03-5254-2287 内線12", "内線12"),
        ("03-5254-2287（代）", "代"),
        ("03-5254-2287㈹", "代"),
        ("03-5254-2287(123)", "123"),
        ("営業部 03-5254-2287 (直通)", "営業部 直通"),
        ("03-5254-2287", ""),
    ],
)
def test_what_else_the_cell_says_becomes_a_note(text: str, note: str) -> None:
    number = parse_phone_number(text)
    assert isinstance(number, PhoneNumber)
    assert number.note == note


@pytest.mark.parametrize(
    ("text", "restored"),
    [
        ("352542287", True),
        ("352542287.0", True),
        ("9012345678", True),
        ("0352542287", False),
        ("+81352542287", False),
        ("81352542287", False),
    ],
)
def test_a_restored_zero_is_marked(text: str, restored: bool) -> None:
    number = parse_phone_number(text)
    assert isinstance(number, PhoneNumber)
    assert number.zero_restored is restored


def test_a_zero_is_not_restored_inside_a_sentence() -> None:
    assert reason("注文番号 352542287") is UnusableReason.NOT_ASSIGNED


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("090-1234-5678", NumberKind.MOBILE),
        ("060-1234-5678", NumberKind.MOBILE),
        ("04996-2-5570", NumberKind.FIXED),
        ("0120-123-456", NumberKind.TOLL_FREE),
        ("0800-123-4567", NumberKind.TOLL_FREE),
        ("0990-512-345", NumberKind.PREMIUM),
        ("0570-000-000", NumberKind.UAN),
        ("050-1234-5678", NumberKind.VOIP),
        ("020-1234-5678", NumberKind.OTHER),
    ],
)
def test_the_kind_of_line_is_known(text: str, kind: NumberKind) -> None:
    number = parse_phone_number(text)
    assert isinstance(number, PhoneNumber)
    assert number.kind is kind


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", UnusableReason.EMPTY),
        (" \u3000\u200b", UnusableReason.EMPTY),
        ("なし", UnusableReason.NONE_GIVEN),
        ("-", UnusableReason.NONE_GIVEN),
        ("ー", UnusableReason.NONE_GIVEN),
        ("非公開", UnusableReason.NONE_GIVEN),
        ("N/A", UnusableReason.NONE_GIVEN),
        ("折返し希望", UnusableReason.NOT_A_NUMBER),
        ("内線123", UnusableReason.NOT_A_NUMBER),
        ("110", UnusableReason.SERVICE_CODE),
        ("１１９番", UnusableReason.SERVICE_CODE),
        ("117", UnusableReason.SERVICE_CODE),
        ("#7119", UnusableReason.SERVICE_CODE),
        ("03-1234", UnusableReason.TOO_SHORT),
        ("5254-2287", UnusableReason.TOO_SHORT),
        ("090-1234-56789", UnusableReason.TOO_LONG),
        ("03-0000-1234", UnusableReason.NOT_ASSIGNED),
        ("3.12E+08", UnusableReason.DAMAGED),
    ],
)
def test_what_cannot_be_called_says_why(text: str, why: UnusableReason) -> None:
    assert reason(text) is why
    assert why.text("ja")
    assert why.text("en")
    assert why.text("ja") != why.text("en")


def test_a_cell_may_hold_several_numbers() -> None:
    numbers = parse_phone_numbers("03-5254-2287 / 090-1234-5678（担当 山田）")
    assert isinstance(numbers, tuple)
    assert [(number.e164, number.note) for number in numbers] == [
        ("+81352542287", ""),
        ("+819012345678", "担当 山田"),
    ]


def test_digits_too_many_never_become_somebody_elses_number() -> None:
    assert reason("03-5254-2287 999") is UnusableReason.TOO_LONG


def test_numbers_are_shown_as_people_write_them() -> None:
    assert national_format("+81352542287") == "03-5254-2287"
    assert national_format("+819012345678") == "090-1234-5678"
    assert national_format("+16502530000") == "+1 650-253-0000"
    assert national_format("unknown") == "unknown"


# --- any number, any style ----------------------------------------------------------------

FIXED_LINE = [
    ("3", 8), ("6", 8), ("52", 7), ("92", 7), ("11", 7), ("45", 7), ("4996", 5), ("166", 6),
]  # fmt: skip
OTHER_LINES = [("90", 8), ("80", 8), ("70", 8), ("50", 8), ("120", 6), ("570", 6), ("990", 6)]


@st.composite
def japanese_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """Area code and subscriber's number, without the leading zero, both in digits."""
    area, length = draw(st.sampled_from(FIXED_LINE + OTHER_LINES))
    first = draw(st.sampled_from("23456789"))
    rest = draw(st.text("0123456789", min_size=length - 1, max_size=length - 1))
    number = phonenumbers.parse(f"+81{area}{first}{rest}")
    if not phonenumbers.is_valid_number(number):
        return ("3", "52542287")
    return (area, first + rest)


FULL_WIDTH = str.maketrans("0123456789+-() ", "０１２３４５６７８９＋－（）\u3000")


@st.composite
def written(draw: st.DrawFn, area: str, subscriber: str) -> str:
    dash = draw(st.sampled_from(["-", "−", "ー", "‐", "–", "－", "ｰ", " ", "　", ".", ""]))
    middle = subscriber[:-4] + dash + subscriber[-4:]
    start = draw(st.sampled_from(["0", "+81", "+81 ", "+81-", "+81(0)", "010-81-"]))
    if start == "0" and draw(st.booleans()):
        text = draw(st.sampled_from([f"(0{area})", f"（0{area}）", f"[0{area}]"])) + middle
    else:
        text = start + area + dash + middle
    if draw(st.booleans()):
        text = text.translate(FULL_WIDTH)
    before = draw(st.sampled_from(["", " ", "TEL ", "電話:", "\u3000"]))
    after = draw(st.sampled_from(["", " ", " 内線12", "（代）", " ㈹", "(内線 305)", "\n"]))
    return before + text + after


@given(st.data())
def test_any_japanese_number_in_any_style_has_one_e164(data: st.DataObject) -> None:
    area, subscriber = data.draw(japanese_numbers())
    assert e164(data.draw(written(area, subscriber))) == f"+81{area}{subscriber}"


@given(japanese_numbers())
def test_a_dropped_zero_comes_back(parts: tuple[str, str]) -> None:
    area, subscriber = parts
    expected = PhoneNumber(e164("0" + area + subscriber), NumberKind.OTHER, zero_restored=True)
    for text in (area + subscriber, f"{area}-{subscriber}", f"{area}{subscriber}.0"):
        number = parse_phone_number(text)
        assert isinstance(number, PhoneNumber)
        assert (number.e164, number.zero_restored) == (expected.e164, True)


@given(st.text(st.sampled_from("0123456789+-() 内線代ー／e.#"), max_size=40))
def test_an_e164_means_itself(text: str) -> None:
    number = parse_phone_number(text)
    if isinstance(number, PhoneNumber):
        assert parse_phone_number(number.e164) == PhoneNumber(number.e164, number.kind)
        assert parse_phone_number(national_format(number.e164)) == PhoneNumber(
            number.e164, number.kind
        ) or not number.e164.startswith("+81")


@given(st.text(max_size=60))
def test_nothing_raises(text: str) -> None:
    parsed = parse_phone_number(text)
    if isinstance(parsed, PhoneNumber):
        assert parsed.e164.isascii()


@given(st.from_regex(r"\A(\+81|0|81)?[0-9]{7,11}\Z"))
def test_the_short_way_agrees_with_the_library(text: str) -> None:
    parsed = parse_phone_number(text)
    try:
        number = phonenumbers.parse(text, "JP")
    except phonenumbers.NumberParseException:
        assert isinstance(parsed, UnusableNumber)
        return
    if phonenumbers.is_valid_number(number):
        assert isinstance(parsed, PhoneNumber)
        form = phonenumbers.PhoneNumberFormat.E164
        assert parsed.e164 == phonenumbers.format_number(number, form)
    else:
        assert isinstance(parsed, UnusableNumber)
