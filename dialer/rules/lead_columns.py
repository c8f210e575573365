"""Which column of a list is what: headers found and mapped by what they say.

Lists come from many hands: the header may stand below a title, and the same thing is
called 会社名, 社名, 顧客名 or company. Columns nobody knows are kept by their name.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialer.rules.lead_field import CALLED_FIELDS, NAME_FIELDS, REPEATABLE_FIELDS, LeadField
from dialer.rules.list_shape import ListColumn


@dataclass(frozen=True, slots=True)
class Header:
    """A header row with its number (from 1, as a spreadsheet shows it)."""

    row: int
    columns: tuple[ListColumn, ...]

    def known_columns(self) -> int:
        """How many columns are more than extra."""
        return sum(1 for column in self.columns if column.field is not LeadField.EXTRA)

    def has_name(self) -> bool:
        return any(column.field in NAME_FIELDS for column in self.columns)

    def has_phone(self) -> bool:
        return any(column.field in CALLED_FIELDS for column in self.columns)


def find_header(
    rows: Sequence[Sequence[str]], overrides: Mapping[str, LeadField] | None = None
) -> Header | None:
    """The row of `rows` that names the most columns, the first of equals; None without any.

    `overrides` maps a column's name, as the file writes it, to its field.
    """
    known = {_exact(name): field for name, field in (overrides or {}).items()}
    best: tuple[int, int] | None = None
    for index, cells in enumerate(rows):
        fields = {known.get(_exact(cell)) or recognise(cell) for cell in cells} - {None}
        if fields and (best is None or len(fields) > best[0]):
            best = (len(fields), index)
    if best is None:
        return None
    index = best[1]
    return Header(row=index + 1, columns=_columns(rows[index], known))


def unknown_overrides(header: Header, overrides: Mapping[str, LeadField]) -> tuple[str, ...]:
    """The names in `overrides` that no column of `header` has."""
    present = {_exact(column.name) for column in header.columns}
    return tuple(name for name in overrides if _exact(name) not in present)


def recognise(name: str) -> LeadField | None:
    """What a column called `name` holds, or None when nobody knows."""
    # 電話番号(携帯) and 氏名(カナ) need what is in brackets; 電話番号(必須) does not.
    return _recognise_key(_key(name)) or _recognise_key(_key(_BRACKETS.sub("", name)))


def _recognise_key(key: str) -> LeadField | None:
    unnumbered = key.rstrip("0123456789")
    if not unnumbered:
        return None
    if field := _SYNONYMS.get(key) or _SYNONYMS.get(unnumbered):
        return field
    if (reading := _READING.search(unnumbered)) is not None:
        base = unnumbered[: reading.start()]
        of_the_name = not base or _SYNONYMS.get(base) is LeadField.NAME
        return LeadField.NAME_KANA if of_the_name else None
    for pattern, field in _PATTERNS:
        if pattern.search(unnumbered):
            return field
    return None


def column_letter(index: int) -> str:
    """The letters over a spreadsheet's column: 0 → ``A``, 26 → ``AA``."""
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _columns(cells: Sequence[str], overrides: Mapping[str, LeadField]) -> tuple[ListColumn, ...]:
    columns: list[ListColumn] = []
    chosen: set[int] = set()
    names: set[str] = set()
    for index, cell in enumerate(cells):
        name = _unique(" ".join(cell.split()) or f"[{column_letter(index)}]", names)
        field = recognise(cell) or LeadField.EXTRA
        if override := overrides.get(_exact(name)):
            field = override
            chosen.add(index)
        columns.append(ListColumn(index, name, field.value))
    return tuple(_settle(columns, chosen))


def _unique(name: str, names: set[str]) -> str:
    candidate, number = name, 2
    while candidate in names:
        candidate, number = f"{name} ({number})", number + 1
    names.add(candidate)
    return candidate


def _settle(columns: list[ListColumn], chosen: set[int]) -> list[ListColumn]:
    """One column for each field that holds one text; the others keep their name.

    In a list of companies, 氏名 is the person to ask for; in a list of people, it is
    the lead itself.
    """
    company = any(
        column.field is LeadField.NAME and (column.index in chosen or not _is_person(column.name))
        for column in columns
    )
    taken: set[LeadField] = {
        column.field
        for column in columns
        if column.index in chosen and column.field not in REPEATABLE_FIELDS
    }
    settled: list[ListColumn] = []
    for column in columns:
        field = column.field
        if column.index not in chosen:
            if company and field is LeadField.NAME and _is_person(column.name):
                field = LeadField.CONTACT_PERSON
            if field in taken:
                field = LeadField.EXTRA
        if field not in REPEATABLE_FIELDS:
            taken.add(field)
        settled.append(ListColumn(column.index, column.name, field.value))
    return settled


def _is_person(name: str) -> bool:
    return _key(_BRACKETS.sub("", name)).rstrip("0123456789") in _PERSON_NAMES


_BRACKETS = re.compile(r"\([^()]*\)|（[^（）]*）|\[[^\[\]]*\]|【[^【】]*】|<[^<>]*>")
_IGNORED = re.compile(r"[\s()\[\]【】<>_\-‐−・.:/*※●◎○■□★☆#\"'`]+")


def _exact(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _key(name: str) -> str:
    return _IGNORED.sub("", unicodedata.normalize("NFKC", name).casefold())


def _synonyms(words_by_field: Mapping[LeadField, str]) -> dict[str, LeadField]:
    return {_key(word): field for field, words in words_by_field.items() for word in words.split()}


_PERSON_NAMES = frozenset({"氏名", "名前", "お名前", "姓名", "ご氏名", "fullname", "personname"})
_SYNONYMS = _synonyms(
    {
        LeadField.NAME: """
            会社名 社名 会社 企業名 法人名 団体名 店舗名 店名 屋号 商号 名称 顧客名 お客様名
            得意先名 取引先名 リード名 貴社名 御社名 施設名 事業所名 氏名 名前 お名前 姓名 ご氏名
            name fullname personname company companyname leadname customer customername
            account accountname organization organisation business businessname""",
        LeadField.FAMILY_NAME: "姓 名字 苗字 lastname familyname surname",
        LeadField.GIVEN_NAME: "名 firstname givenname",
        LeadField.NAME_KANA: "読み仮名 reading",
        LeadField.CONTACT_PERSON: """
            担当者 担当者名 担当者氏名 ご担当者 ご担当者名 ご担当者様 担当 先方担当者 窓口担当者
            先方担当者名 代表者 代表者名 代表者氏名 代表取締役
            contact contactname contactperson person attention representative""",
        LeadField.POSTAL_CODE: "郵便番号 〒 郵便 zip zipcode postalcode postcode postal",
        LeadField.PREFECTURE: "都道府県 都道府県名 県 県名 prefecture state province",
        LeadField.CITY: """
            市区町村 市区町村名 市町村 市区郡 市区 市 区 町域 番地 町名 町名番地 市区町村番地
            丁目番地 city town street streetaddress""",
        LeadField.ADDRESS: """
            住所 ご住所 所在地 会社住所 本社住所 本社所在地 都道府県市区町村 address addressline""",
        LeadField.BUILDING: """
            建物 建物名 建物名等 ビル ビル名 ビル名等 マンション名 部屋番号 building""",
        LeadField.EMAIL: """
            メール メールアドレス eメール eメールアドレス 電子メール メアド
            email mail emailaddress mailaddress""",
        LeadField.WEBSITE: """
            url hp hpurl ホームページ ホームページurl 会社url 会社hp ウェブサイト webサイト サイト
            web website homepage site""",
        LeadField.NOTES: """
            備考 備考欄 メモ 特記事項 コメント 摘要 note notes memo comment comments remarks""",
        LeadField.PHONE: """
            電話番号 電話 お電話番号 固定電話 固定電話番号 代表電話 代表番号 直通 直通番号
            フリーダイヤル 連絡先 連絡先電話 連絡先番号 架電先 架電先番号 tel番号
            tel telno telephone telephonenumber phone phonenumber phoneno landline""",
        LeadField.MOBILE: """
            携帯 携帯番号 携帯電話 携帯電話番号 携帯tel ケータイ モバイル スマホ
            mobile mobilephone mobilenumber mobileno cell cellphone cellnumber""",
        LeadField.FAX: """
            ファックス ファックス番号 ファクス ファクシミリ fax fax番号 faxnumber faxno""",
        LeadField.LINE: "line lineid ライン",
    }
)
# 会社名カナ, 氏名(フリガナ) …: the reading of whatever name it follows.
_READING = re.compile(
    "(フリガナ|ふりがな|カナ|かな|よみがな|ヨミガナ|よみ|ヨミ|読み|furigana|kana)$"
)
# For 担当者携帯番号, 本社電話番号, 自宅TEL …: what such a name ends with says what it is.
_PATTERNS = (
    (re.compile(r"(携帯|携帯番号|携帯電話|携帯電話番号|モバイル)$"), LeadField.MOBILE),
    (re.compile(r"(fax|fax番号|ファックス)$"), LeadField.FAX),
    (re.compile(r"(電話番号|電話|tel|phone|phonenumber)$"), LeadField.PHONE),
    (re.compile(r"(メールアドレス|email)$"), LeadField.EMAIL),
)
