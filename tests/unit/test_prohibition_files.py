"""Lists of numbers: which columns hold them, which rows are none, and what is wrong with a file."""

import pytest

from dialer.lead_file_errors import LeadFileError
from dialer.prohibition_files import (
    LARGEST_FILE_BYTES,
    ListProblem,
    ProhibitionFileError,
    read_number_list,
)
from dialer.rules.csv_cell import csv_cell
from dialer.rules.phone_number import UnusableReason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("header", ["電話番号,理由", "番号,禁止理由", "phone,reason", "TEL,Reason"])
def test_a_column_of_numbers_and_one_of_reasons(header: str, encoding: str) -> None:
    found = read_number_list(
        f"{header}\n03-5254-2287,断られた㈱\n".encode(encoding), file_name="list.csv"
    )
    (one,) = found.numbers
    assert (one.row, one.e164, one.reason) == (2, "+81352542287", "断られた㈱")


def test_a_single_column_needs_no_header() -> None:
    found = read_number_list("０３ー５２５４ー２２８７\n+81 90 1234 5678\n".encode(), file_name="a")
    assert [(one.row, one.e164) for one in found.numbers] == [
        (1, "+81352542287"),
        (2, "+819012345678"),
    ]


def test_a_single_column_may_have_a_title_nobody_knows() -> None:
    found = read_number_list("かけないで\n0352542287\n".encode(), file_name="a")
    assert [one.row for one in found.numbers] == [2]
    assert not found.unusable


def test_every_row_is_a_number_none_or_a_repetition() -> None:
    found = read_number_list(
        "会社,電話番号\nA,03-5254-2287\nB,なし\nC,\n,\nD,110\nE,0352542287\nF,03-52\n".encode(),
        file_name="a",
    )
    assert [one.row for one in found.numbers] == [2]
    assert [(bad.row, bad.column, bad.value, bad.why) for bad in found.unusable] == [
        (3, "電話番号", "なし", UnusableReason.NONE_GIVEN),
        (4, "電話番号", "", UnusableReason.EMPTY),
        (6, "電話番号", "110", UnusableReason.SERVICE_CODE),
        (8, "電話番号", "03-52", UnusableReason.TOO_SHORT),
    ]
    assert [(twice.row, twice.first_row) for twice in found.repeated] == [(7, 2)]


def test_all_numbers_of_a_row_are_meant() -> None:
    found = read_number_list(
        "電話番号,携帯,FAX\n03-5254-2287 / 03-5254-2288,090-1234-5678,03-5254-2289\n".encode(),
        file_name="a",
    )
    assert [one.e164 for one in found.numbers] == [
        "+81352542287",
        "+81352542288",
        "+819012345678",
        "+81352542289",
    ]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", ListProblem.EMPTY),
        (b"\xef\xbb\xbf\r\n", ListProblem.EMPTY),
        (b",\n,\n", ListProblem.EMPTY),
        ("電話番号,理由\n,\n".encode(), ListProblem.EMPTY),
        ("お客様\n".encode(), ListProblem.EMPTY),
        (b"0" * (LARGEST_FILE_BYTES + 1), ListProblem.TOO_LARGE),
        (b"a\n" * 200_001, ListProblem.TOO_MANY_ROWS),
        ("会社,住所\nA,東京\n".encode(), ListProblem.NO_NUMBER_COLUMN),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_both_languages(
    data: bytes, problem: ListProblem
) -> None:
    with pytest.raises(ProhibitionFileError, match=r"^list\.csv: ") as caught:
        read_number_list(data, file_name="list.csv")
    assert caught.value.problem is problem
    assert caught.value.text("ja") != caught.value.text("en")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(LeadFileError):
        read_number_list("電話番号\n０３".encode("euc_jp") + b"\xff", file_name="list.csv")


@pytest.mark.parametrize("text", ["=1+1", "+81352542287", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_calculates_nothing(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "03-5254-2287", "断られた", "a=b"])
def test_ordinary_cells_stay_as_they_are(text: str) -> None:
    assert csv_cell(text) == text
