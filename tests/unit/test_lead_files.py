"""Lists from many hands: every encoding, delimiter and header that turns up is read."""

import contextlib
import io
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.lead_files import LeadFile, load_lead_file, parse_mapping, read_lead_file
from dialer.rules.column_names import recognise
from dialer.rules.lead_columns import column_letter
from dialer.rules.lead_field import LeadField
from dialer.rules.lead_problem import RowProblem
from dialer.rules.lead_row import LeadDraft, read_row

SAMPLES = Path(__file__).parent.parent / "samples"
HEADER = "会社名,電話番号"


def read(text: str | bytes, **options: object) -> LeadFile:
    data = text.encode() if isinstance(text, str) else text
    return read_lead_file(data, file_name="list.csv", **options)  # type: ignore[arg-type]


def problem(text: str | bytes, **options: object) -> LeadFileError:
    with pytest.raises(LeadFileError) as caught:
        read(text, **options)
    assert caught.value.text("ja") != caught.value.text("en")
    return caught.value


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in rows:
            sheet.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


# --- encodings and delimiters -------------------------------------------------------------


def test_both_encodings_of_the_sample_are_recognised() -> None:
    assert load_lead_file(SAMPLES / "leads_utf8_bom.csv").encoding == "utf-8"
    assert load_lead_file(SAMPLES / "leads_cp932.csv").encoding == "cp932"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_characters_that_shift_jis_lacks_survive(encoding: str) -> None:
    file = read(f"{HEADER}\n①髙﨑㈱,03-5254-2287\n".encode(encoding))
    assert file.rows[1][0] == "①髙﨑㈱"


def test_another_encoding_is_read_when_it_is_named() -> None:
    text = f"{HEADER}\n東都システム,03-5254-2287\n".encode("euc_jp")
    assert read(text, encoding="euc_jp").rows[1][0] == "東都システム"
    assert "--encoding euc_jp" in problem(text).text("en")
    assert problem(text, encoding="klingon").problem is FileProblem.UNKNOWN_ENCODING


def test_an_encoding_that_nobody_knows_is_reported_with_its_place() -> None:
    error = problem(f"{HEADER}\n".encode("cp932") + b"\x80\xff\xfe,03-5254-2287\n")
    assert error.problem is FileProblem.ENCODING
    assert error.details["cp932_line"] == 2
    assert "line 2" in str(error)
    assert "--encoding" in str(error)


def test_one_cut_character_does_not_turn_utf8_into_garbled_cp932() -> None:
    name = "東都システム株式会社"
    data = f"name,phone\n{name},03-5254-2287\n".encode() + name.encode()[:-1] + b",03-5254-2288\n"
    error = problem(data)
    assert error.problem is FileProblem.DAMAGED_UTF8
    assert error.details["line"] == 3


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_delimiter_is_found_by_the_header(delimiter: str) -> None:
    text = "会社名,電話番号,備考\n日の出,03-5254-2287,a b\n".replace(",", delimiter)
    file = read(text)
    assert file.delimiter == delimiter
    assert [each.field for each in file.header.columns] == ["name", "phone", "notes"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_quoted_line_break_does_not_move_the_row_numbers(line_end: str) -> None:
    text = f'{HEADER}\n"日の出\n急便",03-5254-2287\n\n北斗,なし\n'.replace("\n", line_end)
    file = read(text)
    drafts = [read_row(number, cells, file.header) for number, cells in file.numbered_rows()]
    assert isinstance(drafts[0], LeadDraft)
    assert (drafts[0].row, drafts[0].name) == (2, "日の出 急便")
    assert drafts[1] is None
    assert isinstance(drafts[2], RowProblem)
    assert drafts[2].row == 4


def test_an_open_quote_is_an_error_with_its_row_and_swallows_nothing() -> None:
    error = problem(f'{HEADER}\n北斗,03-5254-2287\n"日の出,03-5254-2288\n')
    assert error.problem is FileProblem.QUOTES
    assert error.details["row"] == 3
    assert problem(f'{HEADER}\n"日の出"急便,1\n').problem is FileProblem.QUOTES
    long = f'{HEADER}\n"' + "x" * 200_000
    assert problem(long).problem is FileProblem.QUOTES


# --- the header ---------------------------------------------------------------------------


def test_a_header_below_title_rows_is_found() -> None:
    file = load_lead_file(SAMPLES / "leads_title_rows.csv")
    assert file.header.row == 3
    assert next(iter(file.numbered_rows()))[0] == 4


@pytest.mark.parametrize("data", [b"", b"\n\n \t\r\n", b"\xef\xbb\xbf", b"\x00\x00"])
def test_an_empty_file_is_an_error(data: bytes) -> None:
    assert problem(data).problem is FileProblem.EMPTY


def test_a_file_without_a_header_says_what_stands_there_instead() -> None:
    error = problem("日の出急便,03-5254-2287\n")
    assert error.problem is FileProblem.NO_HEADER
    assert "日の出急便 | 03-5254-2287" in str(error)
    assert "--map" in str(error)


def test_a_missing_column_is_reported_with_those_that_are_there() -> None:
    error = problem("業種,電話番号\n建設,03-5254-2287\n")
    assert error.problem is FileProblem.NO_NAME_COLUMN
    assert "業種, 電話番号" in str(error)
    error = problem("会社名,業種\n日の出,建設\n")
    assert error.problem is FileProblem.NO_PHONE_COLUMN
    assert "--map COLUMN=phone" in str(error)
    assert problem("会社名,FAX\n日の出,03-5254-2287\n").problem is FileProblem.NO_PHONE_COLUMN


def test_a_mapping_overrides_what_the_name_says() -> None:
    overrides = parse_mapping(["Firma=name", "Nr=phone", "備考=ignore"])
    file = read("Firma,Nr,備考\n日の出,03-5254-2287,x\n", overrides=overrides)
    draft = read_row(2, file.rows[1], file.header)
    assert isinstance(draft, LeadDraft)
    assert (draft.name, draft.notes, dict(draft.extra)) == ("日の出", "", {})
    missing = problem(f"{HEADER}\n", overrides=parse_mapping(["Fax2=fax"]))
    assert missing.problem is FileProblem.NO_SUCH_COLUMN
    assert "Fax2" in str(missing)


@pytest.mark.parametrize("entry", ["会社名", "=name", "会社名=nonsense", ""])
def test_a_mapping_that_means_nothing_lists_the_fields(entry: str) -> None:
    with pytest.raises(LeadFileError, match=r"COLUMN=FIELD.*contact_person") as caught:
        parse_mapping([entry])
    assert caught.value.problem is FileProblem.MAPPING


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("会社名", LeadField.NAME),
        (" 会 社 名 ", LeadField.NAME),
        ("お名前（必須）", LeadField.NAME),
        ("Company Name", LeadField.NAME),
        ("氏名（カナ）", LeadField.NAME_KANA),
        ("ﾌﾘｶﾞﾅ", LeadField.NAME_KANA),
        ("担当者名カナ", None),
        ("ＴＥＬ", LeadField.PHONE),
        ("電話番号２", LeadField.PHONE),
        ("電話番号（携帯）", LeadField.MOBILE),
        ("担当者携帯番号", LeadField.MOBILE),
        ("ＦＡＸ番号", LeadField.FAX),
        ("E-mail", LeadField.EMAIL),
        ("〒", LeadField.POSTAL_CODE),
        ("ホームページ", LeadField.WEBSITE),
        ("メモ", LeadField.NOTES),
        ("電話希望時間", None),
        ("最終架電日", None),
        ("", None),
        ("2026", None),
    ],
)
def test_columns_are_known_by_what_people_call_them(name: str, field: LeadField | None) -> None:
    assert recognise(name) is field


def test_column_letters_are_those_of_a_spreadsheet() -> None:
    assert [column_letter(index) for index in (0, 25, 26, 701, 702)] == [
        "A", "Z", "AA", "ZZ", "AAA",
    ]  # fmt: skip


# --- spreadsheets -------------------------------------------------------------------------


def test_the_spreadsheet_reads_like_the_csv() -> None:
    book = load_lead_file(SAMPLES / "leads.xlsx")
    text = load_lead_file(SAMPLES / "leads_cp932.csv")
    assert book.sheet == "見込み顧客"
    assert book.header == text.header
    for (number, cells), (same, written) in zip(
        book.numbered_rows(), text.numbered_rows(), strict=False
    ):
        assert number == same
        mine, theirs = read_row(number, cells, book.header), read_row(same, written, text.header)
        assert type(mine) is type(theirs)
        if isinstance(mine, LeadDraft) and isinstance(theirs, LeadDraft):
            assert mine.name == theirs.name
            assert mine.callable_numbers == theirs.callable_numbers


def test_number_and_date_cells_become_what_people_see() -> None:
    when = datetime(2026, 4, 1, tzinfo=UTC).replace(tzinfo=None)
    data = workbook(
        S=[["会社名", "電話番号", "商談日", "率", "可"], ["日の出", 352542287, when, 0.5, True]]
    )
    file = read(data)
    assert list(file.rows[1]) == ["日の出", "352542287", "2026-04-01", "0.5", "TRUE"]
    draft = read_row(2, file.rows[1], file.header)
    assert isinstance(draft, LeadDraft)
    assert draft.contacts[0].zero_restored


def test_the_sheet_with_the_list_is_found_or_named() -> None:
    listed: list[list[object]] = [
        [],
        [None, "会社名", "電話番号"],
        [None, "日の出", "03-5254-2287"],
    ]
    data = workbook(表紙=[["2026年度 一覧"]], 空=[], 一覧=listed)
    file = read(data)
    assert (file.sheet, file.header.row) == ("一覧", 2)
    assert next(iter(file.numbered_rows()))[0] == 3
    assert problem(data, sheet="表紙").problem is FileProblem.NO_HEADER
    error = problem(data, sheet="なし")
    assert error.problem is FileProblem.NO_SUCH_SHEET
    assert "表紙, 空, 一覧" in str(error)
    assert problem(workbook(空=[])).problem is FileProblem.EMPTY


@pytest.mark.parametrize("data", [b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0 broken"])
def test_a_broken_spreadsheet_is_an_error(data: bytes) -> None:
    assert problem(data).problem is FileProblem.SPREADSHEET


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LeadFileError, match="cannot be read") as caught:
        load_lead_file(tmp_path / "none.csv")
    assert caught.value.problem is FileProblem.UNREADABLE
    with pytest.raises(LeadFileError):
        load_lead_file(tmp_path)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with contextlib.suppress(LeadFileError):
        read_lead_file(data, file_name="x")
