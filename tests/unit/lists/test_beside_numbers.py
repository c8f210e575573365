"""Columns beside a number: what they say about it, as exports of leads write it."""

import pytest

from dialer.rules.column_names import recognise
from dialer.rules.lead_field import LeadField
from dialer.rules.list_table import is_header
from tests.unit.lists.test_lead_rows import lead


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("電話番号のラベル", LeadField.NUMBER_LABEL),
        ("電話番号2の種別", LeadField.NUMBER_KIND),
        ("FAX番号の備考", LeadField.NUMBER_NOTE),
        ("携帯番号12の備考", LeadField.NUMBER_NOTE),
        ("Phone2 note", LeadField.NUMBER_NOTE),
        ("LINE ID label", LeadField.NUMBER_LABEL),
        ("Contact e-mail2 note", LeadField.NUMBER_NOTE),
        ("Mobile kind", LeadField.NUMBER_KIND),
        ("連絡先の順番", LeadField.CONTACT_ORDER),
        ("Contact order", LeadField.CONTACT_ORDER),
        ("連絡先メールアドレス2", LeadField.CONTACT_EMAIL),
        ("備考", LeadField.NOTES),
        ("連絡先備考", None),
    ],
)
def test_columns_about_a_number_are_known_by_their_names(
    name: str, field: LeadField | None
) -> None:
    assert recognise(name) is field


def test_a_number_is_called_and_labelled_as_the_columns_beside_it_say() -> None:
    draft = lead(
        "甲,03-5254-2287,本社,,内線12,06-6131-0001,,その他,12,090-1234-5678,私用",
        "会社名,電話番号,電話番号のラベル,電話番号の種別,電話番号の備考,"
        "電話番号2,電話番号2のラベル,電話番号2の種別,電話番号2の備考,携帯番号,携帯番号の備考",
    )
    assert [(one.kind, one.raw, one.label, one.note) for one in draft.contacts] == [
        ("phone", "03-5254-2287", "本社", "内線12"),
        ("other", "06-6131-0001", "", "12"),
        ("mobile", "090-1234-5678", "携帯番号", "私用"),
    ]


def test_what_stands_beside_a_missing_number_belongs_to_no_other() -> None:
    draft = lead(
        "甲,03-5254-2287,,本社,受付",
        "会社名,電話番号,電話番号2,電話番号2のラベル,電話番号2の備考",
    )
    assert [(one.label, one.note) for one in draft.contacts] == [("電話番号", "")]


def test_the_kind_of_a_number_is_read_in_both_languages_and_nothing_else_is_one() -> None:
    header = "会社名,電話番号,電話番号の種別"
    for said, kind in (("fax", "fax"), ("携帯電話", "mobile"), ("ＦＡＸ", "fax"), ("?", "phone")):
        assert (
            lead(f"甲,03-5254-2287,{said},03-5254-0001", f"{header},電話番号2").contacts[0].kind
            == kind
        )


def test_contact_points_stand_in_the_order_that_a_column_says() -> None:
    draft = lead(
        "甲,03-5254-2287,090-1234-5678,03-5254-2288,携帯番号、電話番号",
        "会社名,電話番号,携帯番号,FAX番号,連絡先の順番",
    )
    assert [(one.kind, one.position) for one in draft.contacts] == [
        ("mobile", 0),
        ("phone", 1),
        ("fax", 2),
    ]


def test_an_address_of_a_person_is_a_contact_point_where_the_lead_has_its_own() -> None:
    draft = lead(
        "甲,03-5254-2287,info@a.jp,ｙ@a.jp,なし",
        "会社名,電話番号,メールアドレス,連絡先メールアドレス,連絡先メールアドレス2",
    )
    assert draft.email == "info@a.jp"
    assert [(one.kind, one.raw) for one in draft.contacts] == [
        ("phone", "03-5254-2287"),
        ("email", "y@a.jp"),
    ]
    assert draft.extra == {"連絡先メールアドレス2": "なし"}


def test_a_single_address_is_that_of_the_lead_whoever_it_is_said_to_be_of() -> None:
    draft = lead("甲,03-5254-2287,y@a.jp", "会社名,電話番号,連絡先メールアドレス")
    assert draft.email == "y@a.jp"
    assert [one.kind for one in draft.contacts] == ["phone"]


def test_a_lead_whose_numbers_are_labelled_like_columns_is_no_second_header() -> None:
    header = "会社名,電話番号,電話番号のラベル,FAX番号,FAX番号のラベル,備考"
    draft = lead("甲,03-5254-2287,代表電話,03-5254-2288,本社FAX,メモ", header)
    assert [one.label for one in draft.contacts] == ["代表電話", "本社FAX"]
    row = ["甲", "03-5254-2287", "代表電話", "03-5254-2288", "本社FAX", "備考", "乙", "丙", "丁"]
    assert not is_header(row)
