"""One row of a list: a lead with all that it says, or the reason why not."""

import csv
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.postal_codes import PostalCodes
from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.lead_columns import columns_by_name
from dialer.rules.lead_problem import RowNote, RowProblem, RowReason, RowWarning
from dialer.rules.lead_row import LeadDraft, ReadRow, RowReader
from tests.list_makers import SAMPLES, Columns, ReadList

HEADER = "会社名,電話番号"


def read(cells: Sequence[str], header: str, **options: Any) -> ReadRow:
    """The row numbered 2 of a list with this header."""
    names = [(name,) for name in header.split(",")]
    columns = Columns(columns_by_name(names, fields=options.get("fields", ())).columns)
    return RowReader(columns, **options).read(2, cells)


def row(text: str, header: str = HEADER) -> ReadRow:
    (cells,) = csv.reader([text])
    return read(cells, header)


def lead(text: str, header: str = HEADER) -> LeadDraft:
    draft = row(text, header)
    assert isinstance(draft, LeadDraft), draft
    return draft


def refusal(text: str, header: str = HEADER) -> RowProblem:
    refused = row(text, header)
    assert isinstance(refused, RowProblem), refused
    return refused


def test_the_rows_of_the_sample_are_what_is_expected() -> None:
    expected = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))["rows"]
    for name in ("leads_cp932.csv", "leads_utf8_bom.csv"):
        file = ReadList(SAMPLES / name)
        both: list[LeadDraft | RowProblem] = [*file.leads, *file.problems]
        drafts = sorted(both, key=lambda each: each.row)
        assert len(drafts) == len(expected)
        for draft, wanted in zip(drafts, expected, strict=True):
            assert draft.row == wanted["row"]
            if isinstance(draft, RowProblem):
                assert draft.reason == wanted["problem"]
                continue
            assert wanted["problem"] is None
            numbers = {contact.label: contact.e164 for contact in draft.contacts}
            assert numbers.get("電話番号") == wanted["phone"]
            assert numbers.get("携帯番号") == wanted["mobile"]


def test_a_lead_has_everything_that_its_row_says() -> None:
    draft = lead(
        "ｱｵｲ,あおい商店,吉田,03-5254-2287 内線12,090-1234-5678,03-5254-2288,ａ＠example.jp,"
        "1000001,東京都,千代田区,丸の内1-1,青ビル,https://example.jp,折返し,建設,x",
        "フリガナ,会社名,担当者名,電話番号,携帯番号,FAX,メール,郵便番号,都道府県,市区町村,番地,"
        "建物名,URL,備考,業種,",
    )
    assert draft.name == "あおい商店"
    assert draft.name_kana == "アオイ"
    assert draft.contact_person == "吉田"
    assert draft.email == "a@example.jp"
    assert draft.postal_code == "100-0001"
    assert (draft.prefecture, draft.city, draft.building) == (
        "東京都",
        "千代田区丸の内1-1",
        "青ビル",
    )
    assert draft.website == "https://example.jp"
    assert draft.notes == "折返し"
    assert dict(draft.extra) == {"業種": "建設", "[P]": "x"}
    assert [(each.kind, each.label, each.position, each.e164) for each in draft.contacts] == [
        ("phone", "電話番号", 0, "+81352542287"),
        ("mobile", "携帯番号", 1, "+819012345678"),
        ("fax", "FAX", 2, "+81352542288"),
    ]
    assert (draft.contacts[0].raw, draft.contacts[0].note) == ("03-5254-2287 内線12", "内線12")
    assert draft.callable_numbers == ("+81352542287", "+819012345678")


def test_one_address_column_is_taken_apart() -> None:
    draft = lead("日の出,1,03-5254-2287,福岡県福岡市博多区1-2", "会社名,No,電話,住所")
    assert (draft.prefecture, draft.city) == ("福岡県", "福岡市博多区1-2")
    draft = lead("日の出,京都府,京都市,京都府京都市左京区1,03-5254-2287", "社名,県,市,住所,電話")
    assert (draft.prefecture, draft.city) == ("京都府", "京都市左京区1")


def test_a_lost_zero_is_restored_and_reported() -> None:
    draft = lead("日の出,352542287")
    assert draft.contacts[0].zero_restored
    assert [warning.note for warning in draft.warnings] == [RowNote.ZERO_RESTORED]
    assert "352542287" in draft.warnings[0].text("en")


def test_an_unusable_number_beside_a_usable_one_is_kept_and_reported() -> None:
    draft = lead("日の出,03-1234,090-1234-5678", "会社名,電話番号,携帯")
    assert [(each.raw, each.e164) for each in draft.contacts] == [
        ("03-1234", None),
        ("090-1234-5678", "+819012345678"),
    ]
    assert draft.warnings[0].note is RowNote.NUMBER_UNUSABLE
    assert lead("日の出,なし,090-1234-5678", "会社名,電話番号,携帯").warnings == ()


def test_several_numbers_in_a_cell_are_several_contact_points() -> None:
    draft = lead("日の出,03-5254-2287/090-1234-5678")
    assert draft.callable_numbers == ("+81352542287", "+819012345678")
    assert [each.kind for each in draft.contacts] == ["phone", "mobile"]


def test_the_same_number_twice_is_one_contact_point() -> None:
    draft = lead("日の出,03-5254-2287,03(5254)2287（代）", "会社名,電話番号,電話番号2")
    assert draft.callable_numbers == ("+81352542287",)
    assert dict(draft.extra) == {"電話番号2": "03(5254)2287（代）"}


def test_a_premium_number_is_kept_with_a_warning() -> None:
    draft = lead("日の出,0990-512-345")
    assert draft.contacts[0].number_kind == "premium"
    assert [warning.note for warning in draft.warnings] == [RowNote.NEVER_DIALLED]


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        ("日の出,なし", RowReason.NO_USABLE_PHONE, "no usable phone: 電話番号 “なし”"),
        ("日の出,", RowReason.NO_USABLE_PHONE, "the cell is empty"),
        ("日の出,110", RowReason.NO_USABLE_PHONE, "service code"),
        (",03-5254-2287", RowReason.NO_NAME, "no name"),
        ("日の出,03-5254-2287,後で", RowReason.TOO_MANY_CELLS, "[C] “後で”"),
        ("x" * 401 + ",03-5254-2287", RowReason.TOO_LONG, "name “401 > 400”"),
    ],
)
def test_a_refused_row_says_why(text: str, reason: RowReason, words: str) -> None:
    refused = refusal(text)
    assert refused.row == 2
    assert refused.reason is reason
    assert words in refused.text("en")
    assert refused.text("ja") != refused.text("en")
    assert "".join(refused.cells) == "".join(text.split(","))


def test_a_fax_alone_is_no_way_to_call() -> None:
    refused = refusal("日の出,,03-5254-2287", "会社名,電話番号,FAX")
    assert refused.reason is RowReason.NO_USABLE_PHONE


@pytest.mark.parametrize("text", ["※担当者名は敬称略,", ",（注）古い番号", "会社名,電話番号"])
def test_notes_and_repeated_headers_are_no_leads_and_no_problems(text: str) -> None:
    warning = row(text)
    assert isinstance(warning, RowWarning)
    assert warning.note is RowNote.NOT_A_LEAD


def test_control_characters_do_not_reach_the_database() -> None:
    assert lead("日の\x00出\x07,03-5254-2287").name == "日の出"


def test_in_a_list_of_companies_the_person_is_the_one_to_ask_for() -> None:
    draft = lead("日の出,吉田 恵,03-5254-2287", "会社名,氏名,TEL")
    assert (draft.name, draft.contact_person) == ("日の出", "吉田 恵")
    assert lead("吉田 恵,03-5254-2287", "氏名,TEL").name == "吉田 恵"
    draft = lead("日の出,吉田,恵,03-5254-2287", "会社名,姓,名,TEL")
    assert (draft.name, draft.contact_person) == ("日の出", "吉田 恵")
    assert lead("吉田,恵,03-5254-2287", "姓,名,TEL").name == "吉田 恵"


CELLS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)


@given(st.lists(CELLS, min_size=1, max_size=5))
def test_whatever_a_cell_says_is_kept(values: list[str]) -> None:
    names = [f"項目{index}" for index in range(len(values))]
    draft = read(["日の出", "03-5254-2287", *values], ",".join(["会社名", "電話番号", *names]))
    assert isinstance(draft, LeadDraft)
    kept = {name: text.strip() for name, text in zip(names, values, strict=True) if text.strip()}
    assert dict(draft.extra) == kept


FIELDS = (
    CustomField(1, "商談日", FieldKind.DATE),
    CustomField(2, "DM希望", FieldKind.CHECK_BOX, required=True),
    CustomField(3, "関心", FieldKind.MULTIPLE_CHOICE, choices=("価格", "納期")),
    CustomField(4, "規模", FieldKind.NUMBER, default="1"),
)
CUSTOM_HEADER = "会社名,電話番号,商談日,DM希望,関心,規模"


def test_custom_fields_are_read_as_people_write_them() -> None:
    cells = ["日の出", "03-5254-2287", "令和8年4月1日", "○", "納期、価格", "１，２００"]
    draft = read(cells, CUSTOM_HEADER, fields=FIELDS)
    assert isinstance(draft, LeadDraft)
    assert draft.custom == {"1": "2026-04-01", "2": "1", "3": ["価格", "納期"], "4": "1200"}
    assert draft.extra == {}
    draft = read(["日の出", "03-5254-2287", "", "いいえ", "", ""], CUSTOM_HEADER, fields=FIELDS)
    assert isinstance(draft, LeadDraft)
    assert draft.custom == {"2": "0", "4": "1"}


def test_a_value_that_does_not_fit_is_named_with_its_column_and_reason() -> None:
    cells = ["日の出", "03-5254-2287", "来週", "", "色", "約50"]
    refused = read(cells, CUSTOM_HEADER, fields=FIELDS)
    assert isinstance(refused, RowProblem)
    assert refused.reason is RowReason.BAD_VALUE
    words = refused.text("en")
    for part in (
        "商談日 “来週” (this is not a date)",
        "DM希望 (it is required)",
        "関心 “色” (this is none of the choices)",
        "規模 “約50” (this is not a number)",
    ):
        assert part in words
    assert "日付ではありません" in refused.text("ja")


def test_a_cell_that_was_guarded_against_a_spreadsheet_is_read_as_shown() -> None:
    draft = read(['="日の出"', '="0352542287"', '="0600000"'], "会社名,電話番号,郵便番号")
    assert isinstance(draft, LeadDraft)
    assert (draft.name, draft.postal_code) == ("日の出", "060-0000")
    assert (draft.contacts[0].raw, draft.contacts[0].e164) == ("0352542287", "+81352542287")


class Places:
    """Two postal codes, one of which leads to two towns."""

    def place_of(self, postal_code: str) -> tuple[str, str] | None:
        return {"812-0011": ("福岡県", "福岡市博多区"), "871-0226": ("福岡県", "")}.get(postal_code)


@pytest.mark.parametrize(
    ("postal_code", "prefecture", "city", "expected"),
    [
        ("8120011", "", "", ("福岡県", "福岡市博多区")),
        ("〒812-0011", "福岡県", "", ("福岡県", "福岡市博多区")),
        ("812-0011", "", "福岡市博多区住吉1-2", ("福岡県", "福岡市博多区住吉1-2")),
        ("871-0226", "", "", ("福岡県", "")),
        ("812-0011", "大分県", "", ("大分県", "")),
        ("999-9999", "", "", ("", "")),
        ("", "", "", ("", "")),
    ],
)
def test_a_postal_code_fills_in_what_is_empty(
    postal_code: str, prefecture: str, city: str, expected: tuple[str, str]
) -> None:
    cells = ["日の出", "03-5254-2287", postal_code, prefecture, city]
    draft = read(cells, "会社名,電話番号,郵便番号,都道府県,市区町村", places=Places())
    assert isinstance(draft, LeadDraft)
    assert (draft.prefecture, draft.city) == expected


def test_the_postal_codes_that_are_kept_lead_where_they_should() -> None:
    codes = PostalCodes()
    assert codes.place_of("100-0001") == ("東京都", "千代田区")
    assert codes.place_of("812-0011") == ("福岡県", "福岡市博多区")
    assert codes.place_of("498-0000") == ("", "")  # on both sides of a border of prefectures
    assert codes.place_of("999-9999") is None
    assert codes.place_of("12") is None
    codes.close()


def test_a_zero_that_a_postal_code_lost_is_restored_and_reported() -> None:
    draft = lead("日の出,03-5254-2287,600000", "会社名,電話番号,郵便番号")
    assert draft.postal_code == "060-0000"
    assert [warning.note for warning in draft.warnings] == [RowNote.ZERO_RESTORED]


@pytest.mark.parametrize(
    ("text", "email", "kept", "notes"),
    [
        ("ａ＠example.jp", "a@example.jp", {}, []),
        ("なし", "", {}, []),
        (
            "a@example.jp; b@example.jp",
            "a@example.jp",
            {"メール": "a@example.jp; b@example.jp"},
            [],
        ),
        ("吉田まで", "", {"メール": "吉田まで"}, [RowNote.EMAIL_UNUSABLE]),
    ],
)
def test_an_e_mail_address_is_one_or_is_kept_as_it_was(
    text: str, email: str, kept: dict[str, str], notes: list[RowNote]
) -> None:
    draft = lead(f"日の出,03-5254-2287,{text}", "会社名,電話番号,メール")
    assert (draft.email, dict(draft.extra)) == (email, kept)
    assert [warning.note for warning in draft.warnings] == notes


@pytest.mark.parametrize(
    ("text", "phones", "faxes"),
    [
        ("TEL:03-5254-2287 FAX:03-5254-2288", ["+81352542287"], ["+81352542288"]),
        ("03-5254-2287（FAX兼用）", ["+81352542287"], []),
        ("電話 03-5254-2287／ファックス 03-5254-2288", ["+81352542287"], ["+81352542288"]),
        (
            "０１２０－１２３－４５６／０３－５２５４－２２８７",
            ["+81120123456", "+81352542287"],
            [],
        ),
        ("03-5254-2287㈹内線123", ["+81352542287"], []),
    ],
)
def test_one_cell_tells_its_fax_from_its_phone(
    text: str, phones: list[str], faxes: list[str]
) -> None:
    draft = lead(f"日の出,{text}")
    assert list(draft.callable_numbers) == phones
    assert [each.e164 for each in draft.contacts if each.kind == "fax"] == faxes


@given(st.lists(st.text(max_size=20), max_size=8))
def test_no_row_breaks_the_reader(cells: list[str]) -> None:
    read(cells, "会社名,電話番号,メール,郵便番号,市区町村,商談日", fields=FIELDS)
