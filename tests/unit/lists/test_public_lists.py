"""Lists as offices, chambers and companies publish them; nobody prepared them for anything."""

from pathlib import Path

import pytest

from dialer.rules.list_shape import ReadingChoices
from tests.list_makers import ReadList, csv_bytes, table, write, xlsx_bytes

# Each: a list with | between its cells, what its columns mean, and whom to call where.
PLAIN: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "公共施設一覧 (推奨データセット)": (
        """
        市区町村コード|NO|都道府県名|市区町村名|名称|名称_カナ|POIコード|住所|方書|緯度|経度|電話番号|内線番号|URL|備考
        202053|1|長野県|飯田市|飯田市役所|イイダシヤクショ|1211|長野県飯田市大久保町2534||35.51|137.82|(0265)22-4511|2201|https://example.jp/|
        202053|2|長野県|飯田市|中央図書館|チュウオウトショカン|1305|長野県飯田市追手町2-677-3|1階|35.51|137.83|(0265)22-0706|||月曜休館
        """,
        {
            "NO": "ignore",
            "都道府県名": "prefecture",
            "市区町村名": "city",
            "名称": "name",
            "名称_カナ": "name_kana",
            "住所": "address",
            "方書": "building",
            "電話番号": "phone",
            "内線番号": "phone_note",
            "URL": "website",
            "備考": "notes",
        },
        {"飯田市役所": "+81265224511", "中央図書館": "+81265220706"},
    ),
    "介護事業所 (オープンデータ)": (
        """
        都道府県コード又は市町村コード|No|都道府県名|市区町村名|事業所名|事業所名カナ|サービスの種類|住所|方書（ビル名等）|電話番号|FAX番号|法人番号|法人の名称|事業所番号
        131016|1|東京都|千代田区|丸の内訪問看護|マルノウチホウモンカンゴ|訪問看護|千代田区丸の内1-1-1|青ビル2階|03-5254-2287|03-5254-2288|1234567890123|医療法人あおい会|1360100011
        131016|2|東京都|千代田区|麹町ケアプラン|コウジマチケアプラン|居宅介護支援|千代田区麹町2-3||03-5912-7012||1234567890124|株式会社みどり|1360100012
        """,
        {
            "No": "ignore",
            "都道府県名": "prefecture",
            "市区町村名": "city",
            "事業所名": "name",
            "事業所名カナ": "name_kana",
            "住所": "address",
            "方書(ビル名等)": "building",
            "電話番号": "phone",
            "FAX番号": "fax",
        },
        {"丸の内訪問看護": "+81352542287", "麹町ケアプラン": "+81359127012"},
    ),
    "食品営業許可施設": (
        """
        番号|営業者氏名|営業者住所|営業者電話番号|営業所屋号|営業所所在地|営業所電話番号|業種|有効期限
        1|㈱日の出|東京都中央区銀座1-1|03-5599-2511|日の出食堂|福岡県福岡市博多区住吉1-2|092-441-6771|飲食|R12.3.31
        2|吉田 恵|福岡市中央区天神1-1||喫茶あおい|福岡市中央区天神2-2|092-713-6771|喫茶|R12.3.31
        """,
        {
            "番号": "ignore",
            "営業者電話番号": "phone",
            "営業所屋号": "name",
            "営業所所在地": "address",
            "営業所電話番号": "phone",
        },
        {"日の出食堂": "+81924416771", "喫茶あおい": "+81927136771"},
    ),
    "指定給水装置工事事業者": (
        """
        水道局指定給水装置工事事業者一覧||||||
        ||||||令和6年4月1日現在
        指定番号|商号又は名称|代表者|郵便番号|所在地|TEL|FAX
        第1号|㈱髙橋設備|髙橋 一|395-0044|飯田市本町1-2|0265-22-4512|0265-22-4513
        第2号|(有)山﨑水道|山﨑 二|395-0045|飯田市知久町3-4|0265-22-4514|なし
        ||||||
        ※業者の都合により変更となる場合があります。||||||
        """,
        {
            "商号又は名称": "name",
            "代表者": "contact_person",
            "郵便番号": "postal_code",
            "所在地": "address",
            "TEL": "phone",
            "FAX": "fax",
        },
        {"㈱髙橋設備": "+81265224512", "(有)山﨑水道": "+81265224514"},
    ),
    "医療機関一覧 (開設者と管理者)": (
        """
        医療機関名|医療機関所在地|医療機関電話番号|開設者氏名|管理者氏名|診療科目|病床数|指定年月日
        市立中央病院|北海道旭川市金星町1-1-65|0166-24-3181|旭川市長|斎藤 健一|内科、外科|481|S45.4.1
        あおい医院|北海道旭川市4条通9|0166-22-0706|医療法人社団あおい|田中 さくら|内科|0|H12.10.1
        """,
        {
            "医療機関名": "name",
            "医療機関所在地": "address",
            "医療機関電話番号": "phone",
            "管理者氏名": "contact_person",
        },
        {"市立中央病院": "+81166243181", "あおい医院": "+81166220706"},
    ),
    "保育所 (園名・連絡先)": (
        """
        令和６年度　認可保育所一覧||||||
        園名|区分|〒|住所|連絡先|定員（人）|開所時間
        ひまわり保育園|公立|812-0011|博多区博多駅前1-1|092-441-6771|90|7:00～18:00
        さくら認定こども園|私立|812-0012|博多区博多駅中央街2-2|092-441-6772|120|7:00～19:00
        合計|||||210|
        """,
        {"園名": "name", "〒": "postal_code", "住所": "address", "連絡先": "phone"},
        {"ひまわり保育園": "+81924416771", "さくら認定こども園": "+81924416772"},
    ),
    "見出しが2段 (親と子)": (
        """
        No.|名称|所在地||連絡先||
        ||郵便番号|住所|電話|FAX|メール
        1|中央公民館|460-0008|名古屋市中区栄1-1|052-231-0111|052-231-0112|chuo@example.jp
        2|北部公民館|462-0844|名古屋市北区清水2-2|052-911-0111||
        """,
        {
            "No.": "ignore",
            "名称": "name",
            "所在地 郵便番号": "postal_code",
            "所在地 住所": "address",
            "連絡先 電話": "phone",
            "連絡先 FAX": "fax",
            "連絡先 メール": "email",
        },
        {"中央公民館": "+81522310111", "北部公民館": "+81529110111"},
    ),
    "見出しが2段 (施設と設置者)": (
        """
        施設|||設置者||
        名称|所在地|電話番号|名称|所在地|電話番号
        あおぞら園|大阪市北区梅田1-1|06-6756-2392|社会福祉法人青空会|大阪市中央区本町2-2|06-6228-3439
        なかよし園|大阪市北区中津3-3|06-6757-1770|株式会社なかよし|大阪市西区江戸堀4-4|06-6230-7286
        """,
        {
            "施設 名称": "name",
            "施設 所在地": "address",
            "施設 電話番号": "phone",
            "設置者 電話番号": "phone",
        },
        {"あおぞら園": "+81667562392", "なかよし園": "+81667571770"},
    ),
    "見出しが3段": (
        """
        番号|事業所|||||
        |名称|所在地||電話番号||備考
        ||〒|番地|代表|直通|
        1|北工場|456-0001|熱田区1-1|052-681-0001|052-681-0002|
        2|南工場|457-0001|南区2-2|052-811-0001||夜間なし
        """,
        {
            "番号": "ignore",
            "事業所 名称": "name",
            "事業所 所在地 〒": "postal_code",
            "事業所 所在地 番地": "city",
            "事業所 電話番号 代表": "phone",
            "事業所 電話番号 直通": "phone",
            "事業所 備考": "notes",
        },
        {"北工場": "+81526810001", "南工場": "+81528110001"},
    ),
    "電話番号が3列": (
        """
        店舗名|電話番号|||住所
        本店|03|5254|2287|東京都千代田区1-1
        支店|0265|22|4511|長野県飯田市2-2
        """,
        {
            "店舗名": "name",
            "電話番号": "area_code",
            "[C]": "exchange",
            "[D]": "subscriber",
            "住所": "address",
        },
        {"本店": "+81352542287", "支店": "+81265224511"},
    ),
    "市外局番・市内局番・加入者番号": (
        """
        商号|市外局番|市内局番|加入者番号|代表者名
        山田商店|３|５２５４|２２８７|山田 太郎
        川田商店|092|441|6771|川田 花子
        """,
        {
            "商号": "name",
            "市外局番": "area_code",
            "市内局番": "exchange",
            "加入者番号": "subscriber",
            "代表者名": "contact_person",
        },
        {"山田商店": "+81352542287", "川田商店": "+81924416771"},
    ),
    "電話とFAXが1列": (
        """
        屋号|電話・FAX|所在地
        丸八|TEL 03-5254-2287⏎FAX 03-5254-2288|千代田区1
        角屋|03-5912-7012／03-5912-7013|千代田区2
        三河屋|FAX:03-5599-2512　TEL:03-5599-2511|千代田区3
        """,
        {"屋号": "name", "電話・FAX": "phone_and_fax", "所在地": "address"},
        {"丸八": "+81352542287", "角屋": "+81359127012", "三河屋": "+81355992511"},
    ),
    "縦書きの見出し": (
        """
        №|名⏎⏎称|電⏎話⏎番⏎号|所　在　地
        1|東公園|０９２（４４１）６７７１|福岡市博多区１－１
        2|西公園|０９２（７１３）６７７１|福岡市中央区２－２
        """,
        {"№": "ignore", "名 称": "name", "電 話 番 号": "phone", "所 在 地": "address"},
        {"東公園": "+81924416771", "西公園": "+81927136771"},
    ),
    "改ページごとの見出し": (
        """
        取引先名簿|||
        会社名|担当者|電話番号|メールアドレス
        東都システム|小林|03-5471-4075|a@example.jp
        会社名|担当者|電話番号|メールアドレス
        北斗運輸|伊藤|03-5635-3224|b@example.jp
        - 2 -|||
        会社名|担当者|電話番号|メールアドレス
        南星|加藤|03-5636-3983|c@example.jp
        以上|||
        """,
        {
            "会社名": "name",
            "担当者": "contact_person",
            "電話番号": "phone",
            "メールアドレス": "email",
        },
        {"東都システム": "+81354714075", "北斗運輸": "+81356353224", "南星": "+81356363983"},
    ),
    "同上・〃のある表": (
        """
        法人名|事業所名|住所|電話番号
        株式会社あおい|本社|名古屋市中区1-1|052-231-0111
        〃|北営業所|名古屋市北区2-2|052-911-0111
        同上|南営業所|名古屋市南区3-3|〃
        """,
        {"事業所名": "name", "住所": "address", "電話番号": "phone"},
        {"本社": "+81522310111", "北営業所": "+81529110111", "南営業所": "+81529110111"},
    ),
    "地区ごとの小見出しと小計": (
        """
        施設名|住所|電話|定員
        【東部地区】|||
        東保育園|東区1-1|092-651-0001|90
        東第二保育園|東区1-2|092-651-0002|60
        小計|||150
        【西部地区】|||
        西保育園|西区2-1|092-881-0001|70
        小計|||70
        合計|||220
        """,
        {"施設名": "name", "住所": "address", "電話": "phone"},
        {
            "東保育園": "+81926510001",
            "東第二保育園": "+81926510002",
            "西保育園": "+81928810001",
        },
    ),
    "空の列と空の行": (
        """
        ||||||
        ||会員名簿||||
        ||||||
        |会社名||電話番号||住所|
        ||||||
        |日の出||03-5254-2287||千代田区1-1|
        ||||||
        |北斗||03-5912-7012||中央区2-2|
        """,
        {"会社名": "name", "電話番号": "phone", "住所": "address"},
        {"日の出": "+81352542287", "北斗": "+81359127012"},
    ),
    "英語の見出し": (
        """
        Company|Contact Person|Phone|E-mail|Zip|State|City|Website
        Hinode Inc.|Y. Yoshida|+81 3-5254-2287|y@example.jp|100-0001|Tokyo|Chiyoda|example.jp
        Hokuto Ltd.|K. Ito|(03) 5912-7012|k@example.jp|104-0061|Tokyo|Chuo|example.com
        """,
        {
            "Company": "name",
            "Contact Person": "contact_person",
            "Phone": "phone",
            "E-mail": "email",
            "Zip": "postal_code",
            "State": "prefecture",
            "City": "city",
            "Website": "website",
        },
        {"Hinode Inc.": "+81352542287", "Hokuto Ltd.": "+81359127012"},
    ),
    "日本語と英語の見出し": (
        """
        名称|所在地|電話番号
        Name|Address|Tel
        観光案内所|京都市下京区1-1|075-343-0548
        交流館|京都市中京区2-2|075-211-0001
        """,
        {"名称 Name": "name", "所在地 Address": "address", "電話番号 Tel": "phone"},
        {"観光案内所": "+81753430548", "交流館": "+81752110001"},
    ),
    "単位の行": (
        """
        施設名|電話番号|面積|定員
        ||（㎡）|（人）
        体育館|075-343-0548|1,200|300
        武道館|075-211-0001|800|150
        """,
        {"施設名": "name", "電話番号": "phone"},
        {"体育館": "+81753430548", "武道館": "+81752110001"},
    ),
    "見出しのない名簿": (
        """
        株式会社日の出|吉田|03-5254-2287|100-0001|東京都千代田区1-1
        有限会社北斗|伊藤|03-5912-7012|104-0061|東京都中央区2-2
        医療法人あおい|田中|03-5599-2511|105-0001|東京都港区3-3
        """,
        {"[A]": "name", "[C]": "phone", "[D]": "postal_code", "[E]": "address"},
        {
            "株式会社日の出": "+81352542287",
            "有限会社北斗": "+81359127012",
            "医療法人あおい": "+81355992511",
        },
    ),
    "知らない見出し": (
        """
        Firma|Anschluss|Ort
        日の出商店|03-5254-2287|千代田区
        北斗製作所|03-5912-7012|中央区
        青葉病院|03-5599-2511|港区
        """,
        {"Firma": "name", "Anschluss": "phone"},
        {"日の出商店": "+81352542287", "北斗製作所": "+81359127012", "青葉病院": "+81355992511"},
    ),
    "連絡先①②と直通": (
        """
        お客様名|連絡先①|連絡先②|直通|ご担当者様
        丸の内会計|03-5254-2287（代）|090-2209-1653|03-5254-2290 内線12|鈴木
        日本橋商会|０３－５９１２－７０１２|なし|－|佐藤
        """,
        {
            "お客様名": "name",
            "連絡先①": "phone",
            "連絡先②": "phone",
            "直通": "phone",
            "ご担当者様": "contact_person",
        },
        {"丸の内会計": "+81352542287", "日本橋商会": "+81359127012"},
    ),
    "個人の名簿": (
        """
        会員番号|氏名|フリガナ|自宅電話番号|携帯電話|住所|生年月日
        0001|吉田 恵|ヨシダ メグミ|045-201-0001|090-9044-0001|神奈川県横浜市中区1|S50.1.1
        0002|伊藤 健|イトウ ケン||080-9044-0002|神奈川県横浜市西区2|H3.12.31
        """,
        {
            "氏名": "name",
            "フリガナ": "name_kana",
            "自宅電話番号": "phone",
            "携帯電話": "mobile",
            "住所": "address",
        },
        {"吉田 恵": "+81452010001", "伊藤 健": "+818090440002"},
    ),
    "住所が分かれた施設 (標準オープンデータ)": (
        """
        全国地方公共団体コード|ID|地方公共団体名|施設名称|施設名称_カナ|営業の種類|所在地_連結表記|施設所在地_都道府県|施設所在地_市区町村|施設所在地_町字|施設所在地_番地以下|施設方書|施設電話番号|法人名
        131032|1|港区|鮨はまだ|スシハマダ|飲食店営業|東京都港区新橋2-1-1|東京都|港区|新橋|2-1-1|はまだビル|03-5599-2511|株式会社はまだ
        131032|2|港区|青空青果|アオゾラセイカ|野菜果物販売業|東京都港区新橋3-3|東京都|港区|新橋|3-3||03-5599-2512|
        """,
        {
            "ID": "ignore",
            "施設名称": "name",
            "施設名称_カナ": "name_kana",
            "所在地_連結表記": "address",
            "施設所在地_都道府県": "prefecture",
            "施設所在地_市区町村": "city",
            "施設所在地_町字": "city",
            "施設所在地_番地以下": "city",
            "施設方書": "building",
            "施設電話番号": "phone",
        },
        {"鮨はまだ": "+81355992511", "青空青果": "+81355992512"},
    ),
    "担当課の上書きがある一覧": (
        """
        商店街加盟店一覧||担当課：商工観光課|電話：0265-22-4511|
        店名|業種|電話番号|営業時間|定休日
        そば処信州|飲食|0265-24-0001|11時～20時|水
        花のみどり|小売|0265-24-0002|9時～18時|日
        """,
        {"店名": "name", "電話番号": "phone"},
        {"そば処信州": "+81265240001", "花のみどり": "+81265240002"},
    ),
}


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


def test_what_was_chosen_before_wins(tmp_path: Path) -> None:
    rows = table("会社名|電話番号|備考|緊急\n日の出|03-5254-2287|x|090-2209-1653")
    remembered = {"備考": "ignore", "緊急": "mobile", "なくなった列": "fax"}
    read = ReadList(write(tmp_path, csv_bytes(rows)), remembered=remembered)
    assert read.targets["緊急"] == "mobile"
    assert read.leads[0].notes == ""
    assert read.leads[0].callable_numbers == ("+81352542287", "+819022091653")
