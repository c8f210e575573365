"""What a column of a list is called, and what that means.

The same thing is called 会社名, 社名, 顧客名 or company. A list of facilities names several
parties, too: the facility itself, and whoever owns or runs it. The facility is the lead.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dialer.rules.lead_field import LeadField


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a column's name says that it holds.

    Of several columns for one field the one with the lowest rank is meant: 事業所名 (0)
    before 法人名 (1), 申請者名 (2) and 氏名 (3). `of_owner`: it belongs to the one who
    owns or runs what the list is about. `base` is what a reading (フリガナ) is of.
    """

    field: LeadField
    rank: int = 0
    of_owner: bool = False
    base: str = ""


def recognise(name: str) -> LeadField | None:
    """What a column called `name` holds, or None when nobody knows."""
    meaning = meaning_of(name)
    return meaning.field if meaning else None


@lru_cache(maxsize=4096)
def meaning_of(name: str) -> Meaning | None:
    """What a column called `name` holds, and for whom; None when nobody knows."""
    if len(name) > _LONGEST_NAME:
        return None
    said = [bare_key(part[1:-1]) for part in _BRACKETS.findall(name)]
    if any(_FAX_ALONE.fullmatch(part) for part in said):
        return Meaning(LeadField.FAX)  # 電話番号(FAX) is no number to call
    if any(_IN_ANOTHER_SCRIPT.search(part) for part in said):
        return _meaning_of_key(plain_key(name))  # 市区町村名(カナ) is no 市区町村名
    # 電話番号(携帯) and 氏名(カナ) need what is in brackets; 電話番号(必須) does not.
    for key in (plain_key(name), bare_key(name), bare_key(_REMARK.split(name)[0])):
        if meaning := _meaning_of_key(key):
            return meaning
    return None


def meaning_of_parts(parts: Sequence[str]) -> Meaning | None:
    """What a column means whose header has several rows: 開設者 over 氏名.

    What all rows say together counts first, then what the lowest says, which for a column
    under 開設者 is the owner's.
    """
    if len(parts) == 1 or _FAX_ALONE.fullmatch(bare_key(parts[-1])):
        return meaning_of(parts[-1])
    if whole := meaning_of("".join(parts)):
        return whole
    owned = any(_OWNER.match(bare_key(part)) for part in parts[:-1])
    upper = [meaning.field for part in parts[:-1] if (meaning := meaning_of(part))]
    for part in reversed(parts):
        if part is not parts[-1] and is_ambiguous_phone(part):
            continue  # anything may stand under 連絡先: its cells will tell
        if meaning := meaning_of(part):
            if LeadField.PHONE in upper and meaning.field is LeadField.CONTACT_PERSON:
                continue  # 代表 under 電話番号 is a number
            if part is not parts[-1] and _is_party(part, meaning):
                continue  # 番号 under 事業所 is no name
            return Meaning(meaning.field, meaning.rank + 2 * owned, owned, meaning.base)
    return None


def _is_party(name: str, meaning: Meaning) -> bool:
    """事業所 is what has a name, 事業所名 is the name."""
    return meaning.field is LeadField.NAME and not _NAMES.search(bare_key(name))


def exact_key(name: str) -> str:
    """Names that differ only in width, case and space are one name."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def plain_key(name: str) -> str:
    """The name without the marks that people put into it."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", name).casefold())


def bare_key(name: str) -> str:
    """The same without what stands in brackets, and without a number at its end."""
    return plain_key(_BRACKETS.sub("", name)).rstrip("0123456789")


def is_person(name: str) -> bool:
    """氏名 and the like: in a list of companies the one to ask for."""
    return bare_key(name) in _PERSON_NAMES


def is_ambiguous_phone(name: str) -> bool:
    """連絡先 and the like: mostly a number, but it may be an address or a person."""
    return bare_key(name) in _AMBIGUOUS_PHONES


def is_row_number(name: str) -> bool:
    """No., 番号 and the like; empty is one as well."""
    return plain_key(name) in _ROW_NUMBERS


_LONGEST_NAME = 60
_NAMES = re.compile("(名|名称|名前|屋号|商号|name)$")
_BRACKETS = re.compile(r"\([^()]*\)|（[^（）]*）|\[[^\[\]]*\]|【[^【】]*】|<[^<>]*>|〔[^〔〕]*〕")
_IGNORED = re.compile(r"[\s()\[\]【】〔〕<>_\-‐−・·･.。:/*※●◎○■□★☆◆▼#\"'`,、|]+")


def _meaning_of_key(key: str) -> Meaning | None:
    unnumbered = key.strip("0123456789")  # 電話番号2, and 1.事業所名 of a form
    if not unnumbered:
        return None
    if meaning := _SYNONYMS.get(key) or _SYNONYMS.get(unnumbered):
        return meaning
    if (reading := _READING.search(unnumbered)) is not None:
        return _reading_of(unnumbered[: reading.start()])
    owner = _OWNER.match(unnumbered)
    if owner is not None and (rest := unnumbered[owner.end() :].removeprefix("の")):
        return _owned(rest)
    if _NAME.fullmatch(unnumbered):
        return Meaning(LeadField.NAME)
    if facility := _OF_FACILITY.match(unnumbered):
        person = _SYNONYMS.get(unnumbered[facility.end() :])
        if person is not None and person.field is LeadField.CONTACT_PERSON:
            return person  # 施設の管理者氏名
    for pattern, field in _PATTERNS:
        if pattern.search(unnumbered):
            return Meaning(field)
    return None


def _reading_of(base: str) -> Meaning | None:
    """フリガナ alone, or of a name: not that of the person to ask for, nor of a place."""
    if not base:
        return Meaning(LeadField.NAME_KANA)
    meaning = _meaning_of_key(base)
    if meaning is None or meaning.field is not LeadField.NAME:
        return None
    return Meaning(LeadField.NAME_KANA, meaning.rank, meaning.of_owner, base)


def _owned(rest: str) -> Meaning | None:
    """What 開設者…, 申請者… say: the same fields, but of somebody else."""
    if rest in _OWNER_NAMES:
        return Meaning(LeadField.NAME, rank=2, of_owner=True)
    meaning = _meaning_of_key(rest)
    if meaning is None or meaning.of_owner:
        return meaning
    return Meaning(meaning.field, meaning.rank + 2, of_owner=True, base=meaning.base)


def _synonyms(words_by_field: Mapping[LeadField, str], rank: int = 0) -> dict[str, Meaning]:
    return {
        plain_key(word): Meaning(field, rank)
        for field, words in words_by_field.items()
        for word in words.split()
    }


_PERSON_NAMES = frozenset({"氏名", "名前", "お名前", "姓名", "ご氏名", "fullname", "personname"})
_AMBIGUOUS_PHONES = frozenset(
    {"連絡先", "ご連絡先", "直通", "連絡方法", "問い合わせ先", "問合せ先"}
)
_ROW_NUMBERS = frozenset(
    ["", "no", "№", "nо", "番号", "連番", "項番", "通番", "通し番号", "整理番号", "行", "id", "seq"]
)
_OWNER_NAMES = frozenset({"", "名", "名称", "氏名", "名前", "氏名又は名称", "氏名または名称"})

# Somebody apart from what the list is about. 代表者 and 管理者 by themselves are whom to ask for.
_OWNER = re.compile(
    "(?:開設者|設置者|設置主体|設置運営主体|申請者|営業者|届出者|運営者|運営主体|運営法人|運営会社|経営主体"
    "|経営者|所有者|管理法人|許可業者|法人|親会社|本社法人|管理主体|情報の管理主体|代表者|指定管理者)"
)
_FACILITY = (
    "施設|事業所|営業所|店舗|店|医療機関|薬局|病院|診療所|医院|歯科医院|園|保育所|保育園|幼稚園|認定こども園"
    "|学校|会館|会社|企業|団体|組合|工場|旅館|ホテル|公園|図書館|避難所|拠点|事務所|教室|企業団体"
    "|指定工事店|工事店|工事事業者|業者|取引先|得意先|仕入先|顧客|お客様|納品先|見込み?客|リード|販売店|代理店|加盟店"
)
_NAME = re.compile(
    rf"(?:(?:{_FACILITY})(?:又は|または|及び|および|の)?)+(?:名|名称|名前|屋号|屋号名称|商号|商号名称)"
)
_OF_FACILITY = re.compile(rf"(?:{_FACILITY})の?")
# 会社名カナ, 氏名(フリガナ) …: the reading of whatever name it follows.
_READING = re.compile(
    "(フリガナ|ふりがな|カナ|かな|よみがな|ヨミガナ|よみ|ヨミ|読み|読みがな|読み仮名|furigana|kana)$"
)
_IN_ANOTHER_SCRIPT = re.compile(f"{_READING.pattern}|^(英語|英字|英文|ローマ字|english)")
# For 担当者携帯番号, 本社電話番号, 自宅TEL …: what such a name ends with says what it is.
_FAX = "fax|fax番号|faxno|ファックス|ファックス番号|ファクス|ファクス番号|ファクシミリ番号?"
_FAX_ALONE = re.compile(_FAX)
_REMARK = re.compile("[※\n]|  ")  # 電話番号※ハイフンあり
_CONTACT_EMAIL = "連絡先メールアドレス|contactemail"
# As exports of leads call columns: 電話番号2の備考.
_A_CONTACT = rf"^(電話番号|携帯番号|fax番号|phone|mobile|fax|lineid|{_CONTACT_EMAIL})[0-9]*"
_PATTERNS = tuple(
    (re.compile(pattern), field)
    for pattern, field in (
        (rf"{_A_CONTACT}(の種別|kind)$", LeadField.NUMBER_KIND),
        (rf"{_A_CONTACT}(のラベル|label)$", LeadField.NUMBER_LABEL),
        (rf"{_A_CONTACT}(の備考|note)$", LeadField.NUMBER_NOTE),
        (rf"^({_CONTACT_EMAIL})$", LeadField.CONTACT_EMAIL),
        ("(内線|内線番号)$", LeadField.PHONE_NOTE),
        (f"(電話|電話番号|tel)(及び|および)?({_FAX})$", LeadField.PHONE_AND_FAX),
        ("(携帯|携帯番号|携帯電話|携帯電話番号|モバイル)$", LeadField.MOBILE),
        (f"({_FAX})$", LeadField.FAX),
        ("(電話番号|電話|℡|tel|telno|phone|phonenumber)$", LeadField.PHONE),
        ("(メールアドレス|email|eメール|電子メール)$", LeadField.EMAIL),
        ("郵便番号$", LeadField.POSTAL_CODE),
        ("(所在地|住所)の?(都道府県|都道府県名)$", LeadField.PREFECTURE),
        (
            "(所在地|住所)の?(市区町村|市区町村名|市町村|町字|町名|番地|番地以下|町名番地等?|丁目番地等?|丁目以下)$",
            LeadField.CITY,
        ),
        ("(所在地|住所|住所地)(連結表記)?$", LeadField.ADDRESS),
        (
            "(方書|ビル名|(所在地|住所)の?(建物|建物名|建物名等|建物名部屋番号|建物名部屋番号等))$",
            LeadField.BUILDING,
        ),
        (
            "^(施設|事業所|会社|企業|公式|店舗|園|法人|自社|案内用)?の?"
            "(url|hp|ホームページ|ウェブサイト|webサイト|サイト)(url|アドレス)?$",
            LeadField.WEBSITE,
        ),
    )
)
_SYNONYMS = {
    **_synonyms({LeadField.NAME: "氏名 名前 お名前 姓名 ご氏名 fullname personname"}, rank=3),
    **_synonyms(
        {
            LeadField.NAME: """
                法人名 法人名称 法人の名称 事業者名 事業者名称 事業者 業者名 業者名称 運営法人名
                正式名称 顧客 顧客情報 得意先 取引先""",
            LeadField.CONTACT_PERSON: """
                代表者 代表者名 代表者氏名 代表者職氏名 代表者職・氏名 代表取締役 代表 代表社員
                管理者 管理者名 管理者氏名 責任者 責任者名 責任者氏名 施設長 施設長名 施設長氏名
                館長名 理事長 理事長名 会長 会長名 組合長 組合長名 園長 園長名 校長 校長名
                店長 店長名 院長 院長名 所長 所長名 館長 社長 社長名
                representative""",
        },
        rank=1,
    ),
    **_synonyms(
        {
            LeadField.NAME: """
                会社名 社名 会社 企業名 法人名称又は氏名 団体名 店舗名 店名 屋号 商号 名称 顧客名
                お客様名 商号又は名称 商号または名称 商号名称 名称又は商号 氏名又は名称
                氏名または名称 屋号商号
                館名 園名 校名 得意先名 取引先名 リード名 貴社名 御社名 施設名 事業所名
                事業所 施設 店舗
                name company companyname leadname customer customername
                account accountname organization organisation business businessname
                facility facilityname shopname storename""",
            LeadField.FAMILY_NAME: "姓 氏 名字 苗字 lastname familyname surname",
            LeadField.GIVEN_NAME: "名 firstname givenname",
            LeadField.NAME_KANA: "読み仮名 reading",
            LeadField.CONTACT_PERSON: """
                担当者 担当者名 担当者氏名 ご担当者 ご担当者名 ご担当者様 ご担当 担当 先方担当者
                窓口担当者 先方担当者名 連絡先担当者 連絡先担当者名 窓口
                contact contactname contactperson person attention""",
            LeadField.POSTAL_CODE: "郵便番号 〒 郵便 〒番号 zip zipcode postalcode postcode postal",
            LeadField.PREFECTURE: "都道府県 都道府県名 県 県名 prefecture state province",
            LeadField.CITY: """
                市区町村 市区町村名 市町村 市町村名 市区郡 市区 市 区 区名 町域 町域名 番地 町名
                町名番地 町字 市区町村番地 丁目番地 丁目番地等 番地以下 住所番地
                city town street streetaddress""",
            LeadField.ADDRESS: """
                住所 ご住所 所在地 会社住所 本社住所 本社所在地 都道府県市区町村 住所地 所在 場所
                address addressline""",
            LeadField.BUILDING: """
                建物 建物名 建物名等 ビル ビル名 ビル名等 マンション名 部屋番号 方書 方書ビル名等
                building""",
            LeadField.EMAIL: """
                メール メールアドレス eメール eメールアドレス 電子メール 電子メールアドレス メアド
                email mail emailaddress mailaddress""",
            LeadField.WEBSITE: """
                url hp hpurl hpアドレス 会社url 会社hp
                ホームページ ホームページurl ホームページアドレス
                ウェブサイト ウェブサイトurl ウェブページ webサイト webページ サイト サイトurl
                web website homepage site""",
            LeadField.NOTES: """
                備考 備考欄 メモ 特記事項 コメント 摘要 note notes memo comment comments remarks""",
            LeadField.PHONE: """
                電話番号 電話 お電話番号 お電話 固定電話 固定電話番号 代表電話 代表番号
                直通 直通番号 ℡ ☎ ☏ フリーダイヤル フリーコール
                連絡先 ご連絡先 連絡先電話 連絡先番号 架電先 架電先番号
                tel番号 tel telno telephone telephonenumber phone phonenumber phoneno landline
                問い合わせ先 問合せ先""",
            LeadField.MOBILE: """
                携帯 携帯番号 携帯電話 携帯電話番号 携帯tel ケータイ モバイル スマホ 📱
                mobile mobilephone mobilenumber mobileno cell cellphone cellnumber""",
            LeadField.FAX: """
                ファックス ファックス番号 ファクス ファクス番号 ファクシミリ ファクシミリ番号
                fax fax番号 faxnumber faxno""",
            LeadField.PHONE_AND_FAX: "電話fax telfax 電話番号fax番号 電話番号fax telfax番号",
            LeadField.AREA_CODE: "市外局番 市外 areacode",
            LeadField.EXCHANGE: "市内局番 局番 市内",
            LeadField.SUBSCRIBER: "加入者番号 加入番号 加入者",
            LeadField.PHONE_NOTE: "内線 内線番号 extension ext",
            LeadField.LINE: "line lineid ライン",
            LeadField.CONTACT_ORDER: "連絡先の順番 contactorder",
        }
    ),
}
