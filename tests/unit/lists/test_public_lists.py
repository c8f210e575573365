"""Lists as offices, chambers and companies publish them; nobody prepared them for anything."""

from pathlib import Path

import pytest

from dialer.rules.list_shape import ReadingChoices
from tests.list_makers import ReadList, csv_bytes, table, write, xlsx_bytes
from tests.public_lists import PLAIN


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_is_read_as_a_person_would_read_it(tmp_path: Path, name: str, kind: str) -> None:
    text, targets, calls = PLAIN[name]
    rows = table(text)
    data = csv_bytes(rows, "cp932" if "㎡" not in text else "utf-8-sig")
    if kind == "xlsx":
        data = xlsx_bytes(rows)
    read = ReadList(write(tmp_path, data, f"list.{kind}"))
    assert {key.translate(WIDTH): value for key, value in read.targets.items()} == {
        key.translate(WIDTH): value for key, value in targets.items()
    }
    assert read.calls == calls
    assert read.problems == []


WIDTH = str.maketrans("（）", "()")


def test_the_numbers_of_the_owner_come_after_those_of_the_shop(tmp_path: Path) -> None:
    text, _, _ = PLAIN["食品営業許可施設"]
    lead = ReadList(write(tmp_path, csv_bytes(table(text)))).leads[0]
    assert [contact.label for contact in lead.contacts] == ["営業所電話番号", "営業者電話番号"]
    assert lead.extra["営業者住所"] == "東京都中央区銀座1-1"
    assert (lead.prefecture, lead.city) == ("福岡県", "福岡市博多区住吉1-2")


def test_a_fax_is_never_called(tmp_path: Path) -> None:
    text, _, _ = PLAIN["電話とFAXが1列"]
    for lead in ReadList(write(tmp_path, csv_bytes(table(text)))).leads:
        assert [contact.kind for contact in lead.contacts].count("fax") == 1
        assert len(lead.callable_numbers) == 1


def test_an_extension_in_its_own_column_belongs_to_the_number(tmp_path: Path) -> None:
    text, _, _ = PLAIN["公共施設一覧 (推奨データセット)"]
    first, second = ReadList(write(tmp_path, csv_bytes(table(text)))).leads
    assert first.contacts[0].note == "内線2201"
    assert second.contacts[0].note == ""
    assert (first.prefecture, first.city) == ("長野県", "飯田市大久保町2534")


def test_headings_and_sums_in_the_table_are_notes(tmp_path: Path) -> None:
    text, _, _ = PLAIN["地区ごとの小見出しと小計"]
    read = ReadList(write(tmp_path, csv_bytes(table(text))))
    assert [note.row for note in read.notes] == [2, 5, 6, 8, 9]


def test_what_stands_above_and_below_is_told(tmp_path: Path) -> None:
    text, _, _ = PLAIN["指定給水装置工事事業者"]
    read = ReadList(write(tmp_path, csv_bytes(table(text))))
    assert read.shape.titles == ("水道局指定給水装置工事事業者一覧", "令和6年4月1日現在")
    assert read.shape.header_rows == (3, 3)
    assert (read.shape.first_row, read.shape.last_row, read.shape.row_count) == (4, 5, 2)
    assert read.remarks == {"rows below"}


def test_merged_cells_of_a_workbook_name_their_columns(tmp_path: Path) -> None:
    rows = table(
        """
        令和6年度 公民館一覧|||||
        番号|名称|所在地||電話番号||
        ||〒|住所|||
        1|中央公民館|460-0008|中区栄1-1|052|231|0111
        2|北部公民館|462-0844|北区清水2-2|052|911|0111
        """
    )
    merged = ["A1:G1", "A2:A3", "B2:B3", "C2:D2", "E2:G2"]
    read = ReadList(write(tmp_path, xlsx_bytes(rows, merged), "a.xlsx"))
    assert read.shape.header_rows == (2, 3)
    assert read.targets == {
        "番号": "ignore",
        "名称": "name",
        "所在地 〒": "postal_code",
        "所在地 住所": "address",
        "電話番号": "area_code",
        "電話番号 (2)": "exchange",
        "電話番号 (3)": "subscriber",
    }
    assert read.calls == {"中央公民館": "+81522310111", "北部公民館": "+81529110111"}
    assert "joined numbers" in read.remarks


def test_cells_merged_downwards_hold_for_every_row(tmp_path: Path) -> None:
    rows = table(
        """
        運営法人|施設名|電話番号
        社会福祉法人青空会|東園|092-651-0001
        |西園|092-881-0001
        |南園|092-541-0001
        株式会社みどり|北園|092-451-0001
        """
    )
    read = ReadList(write(tmp_path, xlsx_bytes(rows, ["A2:A4"]), "a.xlsx"))
    assert [lead.extra["運営法人"] for lead in read.leads] == [
        *["社会福祉法人青空会"] * 3,
        "株式会社みどり",
    ]


TWO_TABLES = """
1 公立||
施設名|電話番号|所在地
東園|092-651-0001|東区1

2 私立||
施設名|電話番号|所在地|設置者
西園|092-881-0001|西区1|青空会
南園|092-541-0001|南区1|みどり
北園|092-451-0001|博多区1|みどり
"""


def test_of_several_tables_the_longest_is_read_and_the_others_are_offered(tmp_path: Path) -> None:
    path = write(tmp_path, csv_bytes(table(TWO_TABLES)))
    read = ReadList(path)
    assert list(read.calls) == ["西園", "南園", "北園"]
    assert "several tables" in read.remarks
    assert [each.header_rows for each in read.shape.tables] == [(2, 2), (6, 6)]
    assert [each.row_count for each in read.shape.tables] == [1, 3]
    first = read.shape.tables[0]
    other = ReadList(path, ReadingChoices(header_rows=first.header_rows))
    assert list(other.calls) == ["東園"]
    assert other.problems == []


def test_the_sheet_with_names_and_numbers_is_read(tmp_path: Path) -> None:
    sheets = {
        "表紙": table("2026年度 会員名簿"),
        "凡例": table("記号|意味\n○|可"),
        "名簿": table("会社名|電話番号\n日の出|03-5254-2287"),
        "旧": table("会社名|電話番号\n北斗|03-5912-7012"),
    }
    path = write(tmp_path, xlsx_bytes(sheets), "a.xlsx")
    assert ReadList(path).calls == {"日の出": "+81352542287"}
    assert ReadList(path, ReadingChoices(sheet="旧")).calls == {"北斗": "+81359127012"}
    assert [sheet.name for sheet in ReadList(path).shape.sheets] == list(sheets)


def test_numbers_that_a_workbook_shows_with_zeros_are_read_with_them(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["会社名", "電話番号", "郵便番号"],
        ["日の出", 352542287, 1000001],
        ["北斗", 359127012, 600000],
    ]
    formats = {"B2:B3": "0000000000", "C2:C3": "000\\-0000"}
    read = ReadList(write(tmp_path, xlsx_bytes(rows, formats=formats), "a.xlsx"))
    assert read.calls == {"日の出": "+81352542287", "北斗": "+81359127012"}
    assert [lead.postal_code for lead in read.leads] == ["100-0001", "060-0000"]
    assert not any(lead.warnings for lead in read.leads)


def test_local_numbers_are_completed_only_when_somebody_says_so(tmp_path: Path) -> None:
    rows = table(
        """
        飯田市内の商店（市外局番0265）||
        店名|電話番号|住所
        そば処信州|24-0001|本町1
        花のみどり|24-0002|知久町2
        東京支店|03-5254-2287|東京都千代田区3
        """
    )
    path = write(tmp_path, csv_bytes(rows))
    read = ReadList(path)
    assert list(read.calls) == ["東京支店"]
    assert read.shape.suggested_area_code == "0265"
    assert "no area code" in read.remarks
    read = ReadList(path, ReadingChoices(area_code="0265"))
    assert read.calls == {
        "そば処信州": "+81265240001",
        "花のみどり": "+81265240002",
        "東京支店": "+81352542287",
    }
    assert [[note.note for note in lead.warnings] for lead in read.leads] == [
        ["area code added"],
        ["area code added"],
        [],
    ]


def test_a_second_column_for_one_text_is_kept_and_told(tmp_path: Path) -> None:
    rows = table("会社名|店舗名|電話番号\n日の出|本店|03-5254-2287")
    read = ReadList(write(tmp_path, csv_bytes(rows)))
    assert read.leads[0].name == "日の出"
    assert read.leads[0].extra == {"店舗名": "本店"}
    remarks = {remark.note.value: remark.about for remark in read.shape.remarks}
    assert remarks == {"column twice": "店舗名"}


def test_a_list_without_numbers_is_taken_by_e_mail_and_marked(tmp_path: Path) -> None:
    rows = table("会社名|メールアドレス\n日の出|a@example.jp\n北斗|なし")
    read = ReadList(write(tmp_path, csv_bytes(rows)))
    assert "e-mail only" in read.remarks
    assert [(lead.name, lead.email) for lead in read.leads] == [("日の出", "a@example.jp")]
    assert [note.note for note in read.leads[0].warnings] == ["e-mail only"]
    assert [problem.row for problem in read.problems] == [3]


def test_a_part_of_the_rows_can_be_asked_for(tmp_path: Path) -> None:
    rows = [["会社名", "電話番号"], *([f"会社{n}", f"03-5254-{n:04}"] for n in range(2, 12))]
    path = write(tmp_path, csv_bytes(rows))
    read = ReadList(path, ReadingChoices(first_row=4, last_row=6))
    assert list(read.calls) == ["会社4", "会社5", "会社6"]
    assert (read.shape.first_row, read.shape.last_row) == (4, 6)


def test_what_is_missing_is_told_until_somebody_chooses_it(tmp_path: Path) -> None:
    rows = table("屋号らしきもの|番号らしきもの|電話番号\n甲|x|03-5254-2287\n乙|y|03-5912-7012")
    path = write(tmp_path, csv_bytes(rows))
    assert ReadList(path).remarks == {"no name column"}
    chosen = ReadList(path, targets={0: "name"})
    assert (chosen.remarks, list(chosen.calls)) == (set(), ["甲", "乙"])
    assert ReadList(path, targets={0: "name", 2: "ignore"}).remarks == {"no phone column"}


def test_what_was_chosen_before_wins(tmp_path: Path) -> None:
    rows = table("会社名|電話番号|備考|緊急\n日の出|03-5254-2287|x|090-2209-1653")
    remembered = {"備考": "ignore", "緊急": "mobile", "なくなった列": "fax"}
    read = ReadList(write(tmp_path, csv_bytes(rows)), remembered=remembered)
    assert read.targets["緊急"] == "mobile"
    assert read.leads[0].notes == ""
    assert read.leads[0].callable_numbers == ("+81352542287", "+819022091653")
