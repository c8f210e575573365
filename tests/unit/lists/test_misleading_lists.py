"""What lists of offices hold that looks like something else, or stands where nobody expects it."""

from pathlib import Path

import openpyxl
import pytest

from dialer.rules.custom_field import FieldKind
from dialer.rules.list_shape import ReadingChoices, ShapeNote
from tests.list_makers import ReadList, csv_bytes, table, write, xlsx_bytes


def _read(folder: Path, text: str) -> ReadList:
    return ReadList(write(folder, csv_bytes(table(text))))


def test_a_longitude_is_no_telephone_number(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        NO|name|ido|keido|basho
        1|北児童館|34.975062|138.382115|葵町一丁目1-1
        2|南児童館|35.615649|140.114883|葵町二丁目2-2
        3|東児童館|35.602699|140.127953|葵町三丁目3-3
        """,
    )
    assert "phone" not in read.targets.values()
    assert read.leads == []
    kinds = {column.name: column.suggested_kind for column in read.shape.columns}
    assert (kinds["ido"], kinds["keido"]) == (FieldKind.NUMBER, FieldKind.NUMBER)


def test_codes_are_no_postal_codes_and_no_telephone_numbers(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        千葉|1210017|0170101950|北中央病院|260-0856|千葉市中央区1-8-1|043-222-7171
        千葉|1210025|0170101951|南中央病院|260-0042|千葉市中央区4-1-2|043-251-5311
        千葉|1210033|0170101952|東中央病院|266-0007|千葉市緑区578|043-291-1221
        """,
    )
    assert read.targets == {
        "[D]": "name",
        "[E]": "postal_code",
        "[F]": "address",
        "[G]": "phone",
    }


def test_a_column_that_is_called_a_code_is_one(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        事業所番号|整理コード|事業所名
        0170101950|1210017|あおい訪問看護
        0170101951|1210025|みどり訪問看護
        """,
    )
    assert read.targets == {"事業所名": "name"}


def test_what_is_the_same_in_every_row_is_nobodys_website(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        園名|電話番号|受入状況|公式サイトアドレス
        わかば保育園|0742-22-7019|http://example.jp/all.pdf|http://example.jp/wakaba
        みどり保育園|0742-22-7018|http://example.jp/all.pdf|http://example.jp/midori
        あおば保育園|0742-22-7017|http://example.jp/all.pdf|
        """,
    )
    assert read.targets["公式サイトアドレス"] == "website"
    assert "受入状況" not in read.targets
    read = _read(
        tmp_path,
        """
        園名|電話番号|受入状況
        わかば保育園|0742-22-7019|http://example.jp/all.pdf
        みどり保育園|0742-22-7018|http://example.jp/all.pdf
        あおば保育園|0742-22-7017|http://example.jp/all.pdf
        """,
    )
    assert "受入状況" not in read.targets


def test_the_address_of_a_facility_in_the_words_of_a_form(tmp_path: Path) -> None:
    cells = {
        "法人等の名称": "株式会社あおい",
        "法人等の主たる事務所の所在地_市区町村": "中央区",
        "法人等の主たる事務所の所在地_町名・番地": "銀座7-16",
        "法人等の連絡先_電話番号": "03-5599-2511",
        "施設の名称": "あおい保育園",
        "施設の所在地 都道府県": "神奈川県",
        "施設の所在地 市区町村": "大和市",
        "施設の所在地 町名・番地": "深見台1-7",
        "施設の所在地 建物名・部屋番号等": "青ビル2階",
        "施設の連絡先 電話番号": "046-200-5935",
        "施設 管理者氏名": "桜 花子",
    }
    read = ReadList(write(tmp_path, csv_bytes([[*cells], [*cells.values()]])))
    lead = read.leads[0]
    assert (lead.name, lead.contact_person) == ("あおい保育園", "桜 花子")
    assert (lead.prefecture, lead.city) == ("神奈川県", "大和市深見台1-7")
    assert lead.building == "青ビル2階"
    assert lead.callable_numbers == ("+81462005935", "+81355992511")


def test_a_prefecture_without_its_ending_is_written_in_full(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        都道府県名|名称|住所|電話番号
        鳥取|中央病院|鳥取市江津730|0857-26-2271
        東京|北病院|東京都港区1-1|03-5599-2511
        北海道|南病院|札幌市1-1|011-231-2121
        大阪府|西病院|大阪市1-1|06-6633-1334
        """,
    )
    assert [(lead.prefecture, lead.city) for lead in read.leads] == [
        ("鳥取県", "鳥取市江津730"),
        ("東京都", "港区1-1"),
        ("北海道", "札幌市1-1"),
        ("大阪府", "大阪市1-1"),
    ]


@pytest.mark.parametrize("dash", ["-", "－", "―", "ー", "--", "－－", "---"])
def test_a_dash_says_that_there_is_nothing(tmp_path: Path, dash: str) -> None:
    read = _read(
        tmp_path,
        f"""
        名称|代表者|フリガナ|建物名|HP|備考|電話番号
        上田商店|{dash}|{dash}|{dash}|{dash}|{dash}|0268-22-1234
        {dash}|上田|||||0268-22-1235
        """,
    )
    (lead,) = read.leads
    assert (lead.contact_person, lead.name_kana, lead.building) == ("", "", "")
    assert (lead.website, lead.notes) == ("", "")
    assert [problem.reason.value for problem in read.problems] == ["no name"]


def test_a_mobile_beside_the_telephone_is_no_fax(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        名称|TEL/FAX
        井上水道|026-272-3333（携帯 090-1234-5678）
        上村管工|026-245-4444 / 026-245-4445
        """,
    )
    first, second = read.leads
    assert first.callable_numbers == ("+81262723333", "+819012345678")
    assert [contact.kind for contact in second.contacts] == ["phone", "fax"]


def test_the_last_part_of_a_number_is_just_called_number(tmp_path: Path) -> None:
    rows = table(
        """
        NO|事　業　所　名|所　在　地||電 話 番 号||
        ||郵便番号|町名|市外|局番|番号
        1|丸八商店|395-0034|追手町|265|22|4511
        2|喫茶ポプラ|395-0034|追手町|0265|23|0011
        NO|事　業　所　名|所　在　地||電 話 番 号||
        ||郵便番号|町名|市外|局番|番号
        3|橋本自動車|395-0001|座光寺|0265|52|3111
        """
    )
    merged = ["A1:A2", "B1:B2", "C1:D1", "E1:G1"]
    read = ReadList(write(tmp_path, xlsx_bytes(rows, merged), "a.xlsx"))
    assert read.calls == {
        "丸八商店": "+81265224511",
        "喫茶ポプラ": "+81265230011",
        "橋本自動車": "+81265523111",
    }
    assert (len(read.shape.tables), read.problems) == (1, [])


def test_two_tables_beside_each_other_are_not_mixed(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        名称|電話番号|所在地||名称|電話番号|所在地
        中央公民館|0265-22-1132|本町||東部公民館|0265-24-1132|東町
        西部公民館|0265-25-1132|西町||南部公民館|0265-26-1132|南町
        北部公民館|0265-27-1132|北町||||
        """,
    )
    assert [lead.callable_numbers for lead in read.leads] == [
        ("+81265221132",),
        ("+81265251132",),
        ("+81265271132",),
    ]
    assert [lead.city for lead in read.leads] == ["本町", "西町", "北町"]
    told = {remark.note: remark.about for remark in read.shape.remarks}
    assert told[ShapeNote.SIDE_BY_SIDE] == "名称 (2), 電話番号 (2), 所在地 (2)"


def test_several_numbers_of_one_party_are_no_tables_beside_each_other(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        名称|電話番号|電話番号|担当者|電話番号
        中央公民館|0265-22-1132|0265-24-1132|上田|090-1234-5678
        """,
    )
    assert len(read.leads[0].callable_numbers) == 3
    assert ShapeNote.SIDE_BY_SIDE not in {remark.note for remark in read.shape.remarks}


def test_a_list_of_the_state_has_five_hundred_and_more_columns(tmp_path: Path) -> None:
    head = ["施設の名称", "電話番号", *(f"連携施設{at:03}" for at in range(700))]
    rows = [head, ["あおい保育園", "046-200-5935", *[""] * 700]]
    assert ReadList(write(tmp_path, csv_bytes(rows))).calls == {"あおい保育園": "+81462005935"}


def test_a_group_of_columns_is_no_name(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        別紙１
        ||令和5年度 障害福祉サービス事業所一覧
        事業所||||申請者||
        番号|名称|所在地|連絡先|名称|代表者|電話
        |||TEL|||
        2010101010|あおい作業所|長野市青木島1|026-284-1111|社会福祉法人あおい会|青木 茂|026-284-9999
        2010101011|みどり作業所|長野市吉田2|026-284-2222|NPO法人みどり|緑川 正|
        """,
    )
    assert read.targets["事業所 名称"] == "name"
    assert read.calls == {"あおい作業所": "+81262841111", "みどり作業所": "+81262842222"}
    assert (read.shape.header_rows, read.problems) == ((3, 5), [])


def test_an_area_code_in_the_header_is_offered_for_numbers_in_any_writing(tmp_path: Path) -> None:
    text = """
        名称|電話番号（市外局番 026）|ＦＡＸ
        中央公民館|232-0011|232-0012
        北公民館|(232)0013|
        南公民館|0263-33-1234|
        東公民館|0263-33-1235|
        西公民館|0263-33-1236|
        """
    read = _read(tmp_path, text)
    assert "no area code" in read.remarks
    assert read.shape.suggested_area_code == "026"
    chosen = ReadList(write(tmp_path, csv_bytes(table(text))), ReadingChoices(area_code="026"))
    assert chosen.calls["北公民館"] == "+81262320013"
    assert chosen.problems == []


def test_sums_of_groups_and_a_title_above_a_list_without_header_are_notes(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        区分|事業所名|電話
        【東区】（2件）||
        訪問|東ケア|06-6967-0011
        通所|山田会計|
        東区計|2|
        総合計|2|
        """,
    )
    assert [problem.row for problem in read.problems] == [4]
    assert [note.row for note in read.notes] == [2, 5, 6]
    read = _read(
        tmp_path,
        """
        優良工事店名簿||
        ㈱田中工務店|長野市青木島1-1|026-284-1111
        ㈲鈴木建設|長野市青木島1-2|026-284-1112
        """,
    )
    assert ([note.row for note in read.notes], read.problems) == ([1], [])


def test_a_postal_code_before_the_address_in_one_cell(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        名称|郵便番号⏎所在地|電話
        酒造組合|〒380-0836⏎長野県長野市南県町1-2|026-232-0011
        味噌組合|３８０－０８３７　長野市幅下692|026-232-0021
        麺類組合|長野市1-2|026-232-0031
        団地組合|100-1234号棟|026-232-0041
        """,
    )
    assert [(lead.postal_code, lead.prefecture, lead.city) for lead in read.leads] == [
        ("380-0836", "長野県", "長野市南県町1-2"),
        ("380-0837", "", "長野市幅下692"),
        ("", "", "長野市1-2"),
        ("", "", "100-1234号棟"),
    ]


def test_a_name_of_something_that_nobody_knows_is_better_than_none(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        地区名|自治会名|会長名|公民館電話
        本町|本町一丁目|山田 太郎|0265-22-1234
        本町|本町二丁目|鈴木 次郎|0265-22-5678
        東町|東町一丁目|田中 三郎|0265-22-5679
        """,
    )
    assert (read.targets["自治会名"], "地区名" in read.targets) == ("name", False)
    assert read.leads[0].contact_person == "山田 太郎"


def test_a_town_stands_only_in_the_first_row_of_its_group(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        市町村名|病院名|住　所|電話番号
        長野市|北病院|県町1|026-232-0011
        |南病院|県町2|026-232-0012
        松本市|西病院|深志1|0263-33-1234
        |東病院|深志2|0263-33-1235
        ※|休日の診療は電話で
        """,
    )
    assert [lead.city for lead in read.leads] == [
        "長野市県町1",
        "長野市県町2",
        "松本市深志1",
        "松本市深志2",
    ]
    assert {remark.note: remark.about for remark in read.shape.remarks} == {
        ShapeNote.FILLED_DOWN: "市町村名"
    }
    assert (len(read.notes), read.problems) == (1, [])


def test_towns_that_are_just_missing_are_not_made_up(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        市町村名|病院名|住　所|電話番号
        長野市|北病院|県町1|026-232-0011
        |南病院|県町2|026-232-0012
        松本市|西病院|深志1|0263-33-1234
        長野市|東病院|県町3|026-232-0013
        |中病院|本町2|0263-33-1235
        """,
    )
    assert [lead.city for lead in read.leads][1::3] == ["県町2", "本町2"]


def test_hours_after_a_number_are_a_note(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        会社名|電話
        日の出|03-5254-2298 9:00-17:00
        月の出|03-5254-2299　９：００～１７：００
        """,
    )
    assert read.calls == {"日の出": "+81352542298", "月の出": "+81352542299"}
    assert read.leads[0].contacts[0].note == "9:00-17:00"


def test_hidden_rows_of_a_workbook_are_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in table(
        """
        絞り込み済み
        名称|電話番号
        北商店|03-5254-2287
        南商店|03-5254-2288
        東商店|03-5254-2289
        """
    ):
        sheet.append(row)
    sheet.row_dimensions[1].hidden = True  # above the table: no lead
    sheet.row_dimensions[4].hidden = True
    book.save(tmp_path / "a.xlsx")
    read = ReadList(tmp_path / "a.xlsx")
    assert {remark.note: remark.about for remark in read.shape.remarks} == {
        ShapeNote.HIDDEN_ROWS: "4"
    }
    assert len(read.leads) == 3


def test_a_page_heading_that_lacks_a_name_is_still_one(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        NO|地区|名称|電話番号|備考
        1|本町|北商店|03-5254-2287|
        2|本町|南商店|03-5254-2288|
        NO||名称|電話番号|
        3|東町|東商店|03-5254-2289|
        """,
    )
    assert (len(read.leads), len(read.shape.tables), read.problems) == (3, 1, [])


def test_the_zeros_that_a_part_of_a_number_lost_are_restored_and_told(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["名称", "市外局番", "市内局番", "番号"],
        ["北商店", 265, 23, 12],
        ["南商店", "0265", "22", "4511"],
    ]
    read = ReadList(write(tmp_path, xlsx_bytes(rows), "a.xlsx"))
    assert read.calls == {"北商店": "+81265230012", "南商店": "+81265224511"}
    first, second = read.leads
    assert [warning.note.value for warning in first.warnings] == ["zero restored"]
    assert first.contacts[0].zero_restored
    assert second.warnings == ()


def test_an_example_in_the_form_is_nobody_to_call(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        No|企業名|電話番号|URL
        |必須|必須|任意
        例|株式会社サンプル|03-1234-5678|http://www.example.com
        1|株式会社日の出|03-5254-2287|
        2|（例）株式会社見本|03-1234-5679|
        3|例幣商店|03-5254-2288|
        """,
    )
    assert read.shape.header_rows == (1, 2)
    assert [note.row for note in read.notes] == [3, 5]
    assert [lead.name for lead in read.leads] == ["株式会社日の出", "例幣商店"]
    assert read.problems == []


def test_a_name_in_two_columns_that_are_called_shi_and_mei(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        """
        氏|名|自宅電話|携帯
        山田|太郎|0265-22-1111|090-1111-2222
        鈴木|花子||080-1111-2222
        """,
    )
    assert [lead.name for lead in read.leads] == ["山田 太郎", "鈴木 花子"]
