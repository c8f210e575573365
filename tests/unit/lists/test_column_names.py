"""What columns are called, what that means, and which of several is meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.column_names import meaning_of_parts, recognise
from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.lead_columns import column_letter, columns_by_name
from dialer.rules.lead_field import REPEATABLE_FIELDS, LeadField
from dialer.rules.list_table import TableFinder


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("会社名", LeadField.NAME),
        (" 会 社 名 ", LeadField.NAME),
        ("お名前（必須）", LeadField.NAME),
        ("Company Name", LeadField.NAME),
        ("施設・事業所名", LeadField.NAME),
        ("商号又は名称", LeadField.NAME),
        ("営業所の名称", LeadField.NAME),
        ("開設者氏名", LeadField.NAME),
        ("氏名（カナ）", LeadField.NAME_KANA),
        ("名称_カナ", LeadField.NAME_KANA),
        ("ﾌﾘｶﾞﾅ", LeadField.NAME_KANA),
        ("担当者名カナ", None),
        ("名称_英語", None),
        ("市区町村名カナ", None),
        ("市区町村名（カナ）", None),
        ("名称（英語）", None),
        ("ふりがな（必須）", LeadField.NAME_KANA),
        ("ＴＥＬ", LeadField.PHONE),
        ("℡", LeadField.PHONE),
        ("電話番号２", LeadField.PHONE),
        ("電話番号（半角・ハイフンなし）", LeadField.PHONE),
        ("連絡先①", LeadField.PHONE),
        ("電\n話\n番\n号", LeadField.PHONE),
        ("電話番号（携帯）", LeadField.MOBILE),
        ("担当者携帯番号", LeadField.MOBILE),
        ("ＦＡＸ番号", LeadField.FAX),
        ("連絡先ファクシミリ番号", LeadField.FAX),
        ("電話/FAX", LeadField.PHONE_AND_FAX),
        ("電話番号（FAX）", LeadField.FAX),
        ("(1) 事業所名", LeadField.NAME),
        ("２．電話番号", LeadField.PHONE),
        ("電話番号※ハイフンあり", LeadField.PHONE),
        ("連絡先内線番号", LeadField.PHONE_NOTE),
        ("E-mail", LeadField.EMAIL),
        ("連絡先メールアドレス", LeadField.CONTACT_EMAIL),
        ("〒", LeadField.POSTAL_CODE),
        ("施設郵便番号", LeadField.POSTAL_CODE),
        ("所在地_連結表記", LeadField.ADDRESS),
        ("所在地_市区町村", LeadField.CITY),
        ("方書（ビル名等）", LeadField.BUILDING),
        ("ホームページアドレス", LeadField.WEBSITE),
        ("メモ", LeadField.NOTES),
        ("電話希望時間", None),
        ("最終架電日", None),
        ("画像_URL", None),
        ("業種", None),
        ("商品名", None),
        ("", None),
        ("2026", None),
    ],
)
def test_columns_are_known_by_what_people_call_them(name: str, field: LeadField | None) -> None:
    assert recognise(name) is field


@pytest.mark.parametrize(
    ("parts", "field", "of_owner"),
    [
        (("所在地", "郵便番号"), LeadField.POSTAL_CODE, False),
        (("連絡先", "FAX"), LeadField.FAX, False),
        (("電話番号", "FAX"), LeadField.FAX, False),
        (("電話番号", "代表"), LeadField.PHONE, False),
        (("設置者", "住所"), LeadField.ADDRESS, True),
        (("設置者", "名称"), LeadField.NAME, True),
        (("施設", "名称"), LeadField.NAME, False),
        (("名称", "フリガナ"), LeadField.NAME_KANA, False),
    ],
)
def test_a_header_of_several_rows_means_what_they_say_together(
    parts: tuple[str, ...], field: LeadField, of_owner: bool
) -> None:
    meaning = meaning_of_parts(parts)
    assert meaning is not None
    assert (meaning.field, meaning.of_owner) == (field, of_owner)


@pytest.mark.parametrize("name", ["従業員数", "自宅"])
def test_what_stands_under_a_way_to_reach_somebody_may_be_anything(name: str) -> None:
    assert meaning_of_parts(("連絡先", name)) is None


@pytest.mark.parametrize(
    ("names", "targets"),
    [
        ("法人名 事業所名 法人名カナ", ["extra", "name", "extra"]),
        ("法人名 事業所名カナ 事業所名", ["extra", "name_kana", "name"]),
        ("会社名 氏名 氏名カナ", ["name", "contact_person", "extra"]),
        ("氏名 氏名カナ", ["name", "name_kana"]),
        ("代表者名 担当者名 会社名", ["extra", "contact_person", "name"]),
        ("設置者名 設置者住所 電話番号", ["name", "address", "phone"]),
        ("園名 設置者名 所在地 設置者住所", ["name", "extra", "address", "extra"]),
        ("会社名 住所1 住所2 送付先住所", ["name", "address", "address", "extra"]),
        ("姓 名 電話", ["family_name", "given_name", "phone"]),
    ],
)
def test_of_several_columns_the_one_that_is_meant_is_taken(names: str, targets: list[str]) -> None:
    columns = columns_by_name([(name,) for name in names.split()]).columns
    assert [column.target for column in columns] == targets


def test_a_column_that_is_called_like_a_custom_field_holds_it() -> None:
    fields = [
        CustomField(7, "ＤＭ希望", FieldKind.CHECK_BOX),
        CustomField(8, "備考", FieldKind.TEXT),
    ]
    named = columns_by_name([("会社名",), ("DM希望",), ("備考",)], fields=fields)
    assert [column.target for column in named.columns] == ["name", "custom:7", "custom:8"]


def test_what_was_chosen_for_a_field_that_is_gone_does_not_count() -> None:
    remembered = {"業種": "custom:7", "電話": "new:nonsense", "会社名": "nonsense"}
    named = columns_by_name([("会社名",), ("業種",), ("電話",)], remembered=remembered)
    assert [column.target for column in named.columns] == ["name", "extra", "phone"]


def test_column_letters_are_those_of_a_spreadsheet() -> None:
    assert [column_letter(index) for index in (0, 25, 26, 701, 702)] == [
        "A", "Z", "AA", "ZZ", "AAA",
    ]  # fmt: skip


WORDS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["会社名", "電話番号", "住所", "氏名", "カナ", "設置者", "03-5254-2287", "※"]),
)


@given(st.lists(st.lists(WORDS, max_size=6), max_size=8))
def test_no_rows_break_the_search_for_tables(rows: list[list[str]]) -> None:
    finder = TableFinder()
    for number, cells in enumerate(rows, start=1):
        finder.add(number, cells)
    for table in finder.tables():
        first, last = table.header_rows
        assert 0 <= first <= last <= max(len(rows), 0)
        named = columns_by_name(table.names).columns
        assert len({column.name for column in named}) == len(named)
        once = [each.target for each in named if each.target not in REPEATABLE_FIELDS]
        assert len(once) == len(set(once))
