"""What a person writes into a lead's fields, and how it is kept."""

import pytest

from dialer.rules.custom_field import Misfit
from dialer.rules.lead_fields import BASIC_FIELDS, read_basic, read_priority, text_of
from dialer.storage.tables import leads


@pytest.mark.parametrize(
    ("field", "text", "kept"),
    [
        ("name", " 山田　商店 ", "山田 商店"),
        ("name", "ｶﾌﾞｼｷｶﾞｲｼｬ ﾊﾟﾙ㈱髙﨑", "カブシキガイシャ パル㈱髙﨑"),
        ("name", "", Misfit.REQUIRED),
        ("name_kana", "ｽｽﾞｷ　ｼﾞﾛｳ１", "スズキ ジロウ1"),
        ("contact_person", "ﾔﾏﾀﾞ　様", "ヤマダ 様"),
        ("building", "｢ﾋﾞﾙ｣ ３Ｆ", "「ビル」 ３Ｆ"),
        ("name_kana", "  ", ""),
        ("building", " － ", ""),
        ("name", "--", Misfit.REQUIRED),
        ("postal_code", "〒１６０ー０００４", "160-0004"),
        ("postal_code", "1600004", "160-0004"),
        ("postal_code", "SW1A 1AA", "SW1A 1AA"),
        ("postal_code", "160ー０００４", "160-0004"),
        ("postal_code", "1234", Misfit.NOT_A_POSTAL_CODE),
        ("postal_code", "600004", Misfit.NOT_A_POSTAL_CODE),
        ("postal_code", "160-0004x", Misfit.NOT_A_POSTAL_CODE),
        ("postal_code", "x" * 21, Misfit.NOT_A_POSTAL_CODE),
        ("postal_code", "", ""),
        ("email", "ｉｎｆｏ@example.jp", "info@example.jp"),
        ("email", "info@", Misfit.NOT_AN_EMAIL),
        ("website", "www.example.jp", "https://www.example.jp"),
        ("notes", "一行目\r\n二行目", "一行目\n二行目"),
        ("prefecture", "あ" * 41, Misfit.NOT_A_PREFECTURE),
        ("prefecture", "大阪", "大阪府"),
        ("prefecture", " 東京　", "東京都"),
        ("prefecture", "東京 都", "東京都"),
        ("prefecture", "北海道", "北海道"),
        ("prefecture", "大阪市", Misfit.NOT_A_PREFECTURE),
        ("prefecture", "", ""),
    ],
)
def test_a_basic_field(field: str, text: str, kept: str | Misfit) -> None:
    assert read_basic(BASIC_FIELDS[field], text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("５", 5),
        ("-99", -99),
        ("", 0),
        ("100", Misfit.TOO_LONG),
        ("1.5", Misfit.NOT_A_NUMBER),
        ("高", Misfit.NOT_A_NUMBER),
    ],
)
def test_a_priority(text: str, kept: int | Misfit) -> None:
    assert read_priority(text) == kept


def test_a_field_takes_what_its_column_takes() -> None:
    for field in BASIC_FIELDS.values():
        length = getattr(leads.c[field.name].type, "length", None)
        assert length is None or length == field.longest, field.name


def test_several_choices_stand_on_one_line() -> None:
    assert text_of(["光", "電気"]) == "光、電気"
    assert text_of(None) == ""
