"""A made-up Japanese lead list for the demo: the same for the same seed.

Companies and people do not exist. The numbers are valid Japanese ones, because
nothing else would pass the import; only the simulated carrier is ever dialled.
"""

import csv
import io
import random
from dataclasses import dataclass

HEADER = (
    "会社名",
    "会社名カナ",
    "担当者名",
    "電話番号",
    "携帯番号",
    "メールアドレス",
    "郵便番号",
    "都道府県",
    "市区町村",
    "業種",
    "従業員数",
    "備考",
)

_COMPANIES = (
    ("北斗精機", "ホクトセイキ", "製造"),
    ("みどり園", "ミドリエン", "小売"),
    ("髙島物産", "タカシマブッサン", "卸売"),
    ("はまだ工務店", "ハマダコウムテン", "建設"),
    ("山﨑クリニック", "ヤマザキクリニック", "医療"),
    ("東都システム", "トウトシステム", "情報"),
    ("日の出急便", "ヒノデキュウビン", "運輸"),
    ("丸の内会計", "マルノウチカイケイ", "士業"),
    ("さくら印刷", "サクラインサツ", "印刷"),
    ("青葉不動産", "アオバフドウサン", "不動産"),
    ("瀬戸内フーズ", "セトウチフーズ", "食品"),
    ("若松電工", "ワカマツデンコウ", "電気工事"),
    ("ひかり保育園", "ヒカリホイクエン", "教育"),
    ("富士見金属", "フジミキンゾク", "製造"),
    ("大和ツーリスト", "ヤマトツーリスト", "旅行"),
    ("千歳園芸", "チトセエンゲイ", "農業"),
    ("つばめ商会", "ツバメショウカイ", "卸売"),
    ("神田製薬", "カンダセイヤク", "医薬"),
    ("湘南自動車", "ショウナンジドウシャ", "自動車"),
    ("高砂設計", "タカサゴセッケイ", "設計"),
)
_FORMS = (
    ("株式会社", "カブシキガイシャ"),
    ("有限会社", "ユウゲンガイシャ"),
    ("㈱", "カブシキガイシャ"),
)
_FAMILY_NAMES = (
    "佐藤", "鈴木", "髙橋", "田中", "伊藤", "渡邉", "山本", "中村", "小林", "加藤",
    "吉田", "山田", "斎藤", "松本", "井上", "木村", "清水", "神﨑", "濵田", "内藤",
)  # fmt: skip
_GIVEN_NAMES = (
    "翔太", "大輔", "健一", "直樹", "美咲", "陽子", "恵", "真由美", "さくら", "拓也",
    "誠", "由美子", "浩二", "彩", "雄一",
)  # fmt: skip
_NOTES = ("", "", "", "午後のみ", "資料送付済み", "昨年の展示会で名刺交換", "決裁は本社")


@dataclass(frozen=True, slots=True)
class Area:
    code: str  # trunk and area code, as 03
    prefecture: str
    city: str
    postal_code: str


_AREAS = (
    Area("03", "東京都", "千代田区", "1000001"),
    Area("03", "東京都", "新宿区", "160-0022"),
    Area("06", "大阪府", "大阪市北区", "530-0001"),
    Area("052", "愛知県", "名古屋市中村区", "4500002"),
    Area("092", "福岡県", "福岡市博多区", "812-0011"),
    Area("011", "北海道", "札幌市中央区", "060-0001"),
)


def demo_list(leads: int, seed: int) -> bytes:
    """A CSV file in CP932, as Japanese spreadsheets write it, with a header row."""
    rng = random.Random(seed)
    endings = _endings(leads, rng)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    for number, ending in enumerate(endings, start=1):
        writer.writerow(_row(number, ending, rng))
    return text.getvalue().encode("cp932")


def _endings(leads: int, rng: random.Random) -> list[int]:
    """Last two digits, which decide what the simulated carrier does: every hundred leads have
    each ending once."""
    endings: list[int] = []
    while len(endings) < leads:
        endings += rng.sample(range(100), 100)
    return endings[:leads]


def _row(number: int, ending: int, rng: random.Random) -> tuple[str, ...]:
    company, kana, trade = _COMPANIES[rng.randrange(len(_COMPANIES))]
    form, form_kana = _FORMS[rng.randrange(len(_FORMS))]
    area = _AREAS[rng.randrange(len(_AREAS))]
    first = rng.random() < 0.7
    name, name_kana = (form + company, form_kana + kana) if first else (company, kana)
    if form == "有限会社" and not first:
        name, name_kana = company + form, kana + form_kana
    return (
        name,
        name_kana,
        f"{rng.choice(_FAMILY_NAMES)} {rng.choice(_GIVEN_NAMES)}",
        _phone(area, number, ending),
        "",
        f"info{number}@example.jp" if rng.random() < 0.6 else "",
        area.postal_code,
        area.prefecture,
        area.city,
        trade,
        str(rng.choice((5, 12, 30, 80, 250, 1200))),
        rng.choice(_NOTES),
    )


def _phone(area: Area, number: int, ending: int) -> str:
    """Unique by `number`, ending in `ending`; ten digits in all, first digit as exchanges have."""
    exchange = {"03": "52", "06": "63", "052": "56", "092": "45", "011": "21"}[area.code]
    rest = 10 - len(area.code) - len(exchange) - 2
    middle = f"{number:0{rest}d}"
    digits = f"{exchange}{middle}{ending:02d}"
    return f"{area.code}-{digits[:-4]}-{digits[-4:]}"
