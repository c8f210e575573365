"""Workbooks of every kind, within limits, and the same leads from them as from a CSV file."""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.list_reading import inspect_list, inspecting, numbered_rows, shared_strings
from dialer.list_reading.number_formats import (
    arranged,
    day_or_time,
    digits_format,
    is_day_format,
    plain_number,
)
from dialer.rules.lead_problem import RowNote
from dialer.rules.list_shape import ListLimits, ReadingChoices
from tests.list_makers import (
    SAMPLES,
    ReadList,
    excel_bytes,
    ods_bytes,
    table,
    write,
    xls_bytes,
    xlsx_bytes,
)

ROWS = table("会社名|電話番号|備考\n日の出|03-5254-2287|x\n北斗 & 南星|03-5912-7012|a\u3000b")


def read_all(path: Path, choices: ReadingChoices, limits: ListLimits | None) -> int:
    """How many rows there are."""
    shape = inspect_list(path, path.name, choices, limits=limits)
    return len(list(numbered_rows(path, shape, limits)))


def problem(
    folder: Path, data: bytes, limits: ListLimits | None = None, **choices: str
) -> LeadFileError:
    """What is wrong with the workbook, said in both languages."""
    path = write(folder, data, "a.xlsx")
    with pytest.raises(LeadFileError) as caught:
        read_all(path, ReadingChoices(**choices), limits)  # type: ignore[arg-type]
    assert caught.value.text("ja") != caught.value.text("en")
    return caught.value


def rezipped(data: bytes, change: Mapping[str, bytes | None]) -> bytes:
    """The workbook with some of its parts replaced, or (None) left out."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            content = change.get(name, before.read(name))
            if content is not None:
                after.writestr(name, content)
    return stream.getvalue()


def test_the_sample_workbook_reads_like_the_csv() -> None:
    book, text = ReadList(SAMPLES / "leads.xlsx"), ReadList(SAMPLES / "leads_cp932.csv")
    assert book.shape.sheet == "見込み顧客"
    assert book.shape.columns == text.shape.columns
    assert len(book.leads) + len(book.problems) == 100
    same = {lead.row: lead for lead in text.leads}
    for lead in book.leads:
        assert lead.name == same[lead.row].name
        assert lead.callable_numbers == same[lead.row].callable_numbers


@pytest.mark.parametrize("kind", ["xlsx", "excel", "ods", "xls"])
def test_each_kind_of_workbook_is_read_alike(tmp_path: Path, kind: str) -> None:
    data = {
        "xlsx": xlsx_bytes(ROWS),
        "excel": excel_bytes(ROWS),
        "ods": ods_bytes(ROWS),
        "xls": xls_bytes(ROWS),
    }
    read = ReadList(write(tmp_path, data[kind]))
    assert read.shape.kind == "spreadsheet"
    assert read.calls == {"日の出": "+81352542287", "北斗 & 南星": "+81359127012"}
    assert [lead.row for lead in read.leads] == [2, 3]
    assert read.leads[1].notes == "a\u3000b"


def test_number_and_date_cells_become_what_people_see(tmp_path: Path) -> None:
    when = datetime(2026, 4, 1)  # noqa: DTZ001 - a cell has no zone
    rows: list[list[object]] = [
        ["会社名", "電話番号", "商談日", "率", "可"],
        ["日の出", 352542287, when, 0.5, True],
    ]
    lead = ReadList(write(tmp_path, xlsx_bytes(rows), "a.xlsx")).leads[0]
    assert lead.contacts[0].zero_restored
    assert [warning.note for warning in lead.warnings] == [RowNote.ZERO_RESTORED]
    assert lead.extra == {"商談日": "2026-04-01", "率": "0.5", "可": "TRUE"}


def test_furigana_over_a_cell_is_no_part_of_it(tmp_path: Path) -> None:
    strings = (
        "<si><t>会社名</t></si><si><t>電話番号</t></si>"
        '<si><r><t>日の</t></r><r><t>出_x000D_</t></r><rPh sb="0" eb="1"><t>ヒ</t></rPh></si>'
        "<si><t>03-5254-2287</t></si>"
    )
    data = excel_bytes([["会社名", "電話番号"], ["日の出", "03-5254-2287"]], strings)
    assert ReadList(write(tmp_path, data, "a.xlsx")).calls == {"日の出": "+81352542287"}


def test_many_texts_are_kept_on_disk_and_read_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, excel_bytes(ROWS), "a.xlsx")
    in_memory = ReadList(path)
    monkeypatch.setattr(shared_strings, "IN_MEMORY_BYTES", 0)
    monkeypatch.setattr(shared_strings, "CACHED", 2)
    assert ReadList(path).leads == in_memory.leads
    assert len(in_memory.leads) == 2


def test_a_long_sheet_is_not_read_to_its_end_to_be_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspecting, "BIG_SHEET_ROWS", 50)
    rows = [["会社名", "電話番号"], *([f"会社{n}", f"03-5254-{n:04}"] for n in range(300))]
    read = ReadList(write(tmp_path, excel_bytes(rows)))
    assert (read.shape.last_row, read.shape.row_count) == (None, 300)
    assert len(read.leads) == 300


def test_two_cells_far_apart_take_no_memory(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["B1"] = "会社名", "電話番号"
    sheet["A1048576"], sheet["B1048576"] = "日の出", "03-5254-2287"
    stream = io.BytesIO()
    book.save(stream)
    read = ReadList(write(tmp_path, stream.getvalue(), "a.xlsx"))
    assert [lead.row for lead in read.leads] == [1_048_576]
    sheet["XFD2"] = "x"
    stream = io.BytesIO()
    book.save(stream)
    error = problem(tmp_path, stream.getvalue())
    assert error.problem is FileProblem.TOO_MANY_COLUMNS
    assert error.details["row"] == 2


def test_an_old_workbook_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    read = ReadList(write(tmp_path, xls_bytes(ROWS, (65_535, 3))))
    assert (len(read.leads), read.remarks) == (2, {"rows below"})
    for rows in (ROWS, ROWS + [ROWS[1]] * 100):  # as a mini stream, and as an ordinary one
        assert len(ReadList(write(tmp_path, xls_bytes(rows))).leads) == len(rows) - 1
        error = problem(tmp_path, xls_bytes(rows, (65_535, 255)))
        assert error.problem is FileProblem.UNPACKS_TOO_LARGE


def test_a_sheet_that_is_not_there_is_an_error_that_names_those_that_are(tmp_path: Path) -> None:
    data = xlsx_bytes({"表紙": [["2026年度 一覧"]], "一覧": ROWS})
    error = problem(tmp_path, data, sheet="なし")
    assert error.problem is FileProblem.NO_SUCH_SHEET
    assert "表紙, 一覧" in str(error)
    assert problem(tmp_path, xlsx_bytes({"空": []})).problem is FileProblem.EMPTY


@pytest.mark.parametrize("head", [b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0 broken"])
def test_a_broken_workbook_is_an_error(tmp_path: Path, head: bytes) -> None:
    assert problem(tmp_path, head).problem is FileProblem.SPREADSHEET


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "_rels/.rels"]
)
def test_a_workbook_with_a_damaged_part_is_an_error(tmp_path: Path, part: str) -> None:
    data = excel_bytes(ROWS)
    assert problem(tmp_path, rezipped(data, {part: b"<a><b>"})).problem is FileProblem.SPREADSHEET


def test_entities_are_refused_before_they_grow(tmp_path: Path) -> None:
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        b"<sst><si><t>&b;</t></si></sst>"
    )
    error = problem(tmp_path, rezipped(excel_bytes(ROWS), {"xl/sharedStrings.xml": bomb}))
    assert error.problem is FileProblem.SPREADSHEET
    assert "DOCTYPE" in str(error)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    zeros = b"\x00" * (64 * 1024 * 1024)
    data = rezipped(excel_bytes(ROWS), {"xl/sharedStrings.xml": zeros})
    assert len(data) < 100_000
    error = problem(tmp_path, data)
    assert error.problem is FileProblem.UNPACKS_TOO_LARGE
    assert "64 MB" in str(error) or "65 MB" in str(error)


def test_a_part_that_is_larger_than_it_says_is_an_error(tmp_path: Path) -> None:
    data = excel_bytes(ROWS)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        part = package.getinfo("xl/sharedStrings.xml")
    lie = data.replace(
        part.CRC.to_bytes(4, "little")
        + part.compress_size.to_bytes(4, "little")
        + part.file_size.to_bytes(4, "little"),
        part.CRC.to_bytes(4, "little")
        + part.compress_size.to_bytes(4, "little")
        + (100).to_bytes(4, "little"),
    )
    assert lie != data
    assert problem(tmp_path, lie).problem is FileProblem.SPREADSHEET


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (ListLimits(file_bytes=20), FileProblem.TOO_LARGE),
        (ListLimits(rows=2), FileProblem.TOO_MANY_ROWS),
        (ListLimits(columns=2), FileProblem.TOO_MANY_COLUMNS),
        (ListLimits(cell_characters=5), FileProblem.CELL_TOO_LONG),
    ],
)
def test_limits_are_told(tmp_path: Path, limits: ListLimits, expected: FileProblem) -> None:
    assert problem(tmp_path, xlsx_bytes(ROWS), limits).problem is expected
    csv = "\r\n".join(",".join(row) for row in ROWS).encode()
    assert problem(tmp_path, csv, limits).problem is expected


def test_formats_of_numbers_show_what_people_see() -> None:
    japanese_phone = "[<=99999999]####\\-####;\\(00\\)\\ ####\\-####"
    assert digits_format(japanese_phone) == "(00) ####-####"
    assert arranged("352542287", "(00) ####-####") == "(03) 5254-2287"
    assert arranged("9022091653", "(00) ####-####") == "(90) 2209-1653"
    assert digits_format("[<=999]000;[<=9999]000\\-00;000\\-0000") == "000-0000"
    assert arranged("600000", "000-0000") == "060-0000"
    assert [digits_format(code) for code in ("General", "0", "0.00", "#,##0", "@")] == [""] * 5
    assert plain_number("3.12345678E8") == "312345678"
    assert plain_number("0.1") == "0.1"


def test_days_are_told_from_numbers() -> None:
    assert is_day_format(14, "")
    assert is_day_format(57, "")  # a Japanese era
    assert is_day_format(164, '[$-411]ggge"年"m"月"d"日"')
    assert not is_day_format(0, "")
    assert not is_day_format(164, '0"年"')
    assert day_or_time("46113") == "2026-04-01"
    assert day_or_time("46113.5") == "2026-04-01T12:00"
    assert day_or_time("0.75") == "18:00"
    assert day_or_time("1") == "1900-01-01"
    assert day_or_time("44651", since_1904=True) == "2026-04-01"
