"""CSV files in whatever encoding and delimiter, told apart strictly and read in pieces."""

from pathlib import Path

import pytest

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.list_reading import encodings, inspect_list, numbered_rows
from dialer.list_reading.encodings import find_encoding, first_bad_byte
from dialer.rules.list_shape import ListShape, ReadingChoices
from tests.list_makers import SAMPLES, ReadList, write

HEADER = "会社名,電話番号"


def shape(folder: Path, data: bytes, **choices: str) -> ListShape:
    return inspect_list(write(folder, data), "list.csv", ReadingChoices(**choices))  # type: ignore[arg-type]


def read_all(path: Path, choices: ReadingChoices) -> int:
    """How many rows there are."""
    return len(list(numbered_rows(path, inspect_list(path, "list.csv", choices))))


def problem(folder: Path, data: bytes, **choices: str) -> LeadFileError:
    """What is wrong with the list, said in both languages."""
    path = write(folder, data)
    with pytest.raises(LeadFileError) as caught:
        read_all(path, ReadingChoices(**choices))  # type: ignore[arg-type]
    assert caught.value.text("ja") != caught.value.text("en")
    return caught.value


def test_both_encodings_of_the_sample_are_recognised() -> None:
    assert find_encoding(SAMPLES / "leads_utf8_bom.csv", "x") == "utf-8"
    assert find_encoding(SAMPLES / "leads_cp932.csv", "x") == "cp932"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_characters_that_shift_jis_lacks_survive(tmp_path: Path, encoding: str) -> None:
    read = ReadList(write(tmp_path, f"{HEADER}\n①髙﨑㈱,03-5254-2287\n".encode(encoding)))
    assert [lead.name for lead in read.leads] == ["①髙﨑㈱"]


def test_another_encoding_is_read_when_it_is_named(tmp_path: Path) -> None:
    text = f"{HEADER}\n東都システム,03-5254-2287\n"
    path = write(tmp_path, text.encode("euc_jp"))
    read = ReadList(path, ReadingChoices(encoding="euc_jp"))
    assert list(read.calls) == ["東都システム"]
    error = problem(tmp_path, text.encode("euc_jp"), encoding="klingon")
    assert error.problem is FileProblem.UNKNOWN_ENCODING
    assert problem(tmp_path, b"x", encoding="base64").problem is FileProblem.UNKNOWN_ENCODING


def test_euc_jp_is_offered(tmp_path: Path) -> None:
    neither = "会社名,電話番号\n東都システム,03-5254-2287\n".encode("euc_jp")
    assert "--encoding euc_jp" in problem(tmp_path, neither).text("en")
    # In CP932 the bytes of these words are half-width kana, and nothing is wrong with them.
    kana = "店名,電話\n神戸,078-331-0001\n".encode("euc_jp")
    found = shape(tmp_path, kana)
    assert found.encoding == "cp932"
    assert "looks like EUC-JP" in {remark.note.value for remark in found.remarks}


def test_iso_2022_jp_is_no_ascii(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\n東都システム,03-5254-2287\n".encode("iso2022_jp"))
    read = ReadList(path)
    assert read.shape.encoding == "iso2022_jp"
    assert list(read.calls) == ["東都システム"]


def test_an_encoding_that_nobody_knows_is_reported_with_its_place(tmp_path: Path) -> None:
    data = f"{HEADER}\n".encode("cp932") + b"\x80\xff\xfe,03-5254-2287\n"
    error = problem(tmp_path, data)
    assert error.problem is FileProblem.ENCODING
    assert error.details["cp932_line"] == 2
    assert "line 2" in str(error)
    assert "--encoding" in str(error)


def test_one_cut_character_does_not_turn_utf8_into_garbled_cp932(tmp_path: Path) -> None:
    name = "東都システム株式会社"
    data = f"name,phone\n{name},03-5254-2287\n".encode() + name.encode()[:-1] + b",03-5254-2288\n"
    error = problem(tmp_path, data)
    assert error.problem is FileProblem.DAMAGED_UTF8
    assert error.details["line"] == 3


def test_bad_bytes_far_down_are_named_by_line_and_byte(tmp_path: Path) -> None:
    lines = "".join(f"会社{n},03-5254-{n % 10000:04}\n" for n in range(60_000))
    good = f"{HEADER}\n{lines}".encode("cp932")
    assert len(good) > encodings.PIECE
    path = write(tmp_path, good + b"\xfd\xfd,1\n")
    assert first_bad_byte(path, "cp932") == len(good)
    error = problem(tmp_path, good + b"\xfd\xfd,1\n", encoding="cp932")
    assert error.problem is FileProblem.BAD_BYTES
    assert (error.details["line"], error.details["byte"]) == (60_002, len(good))


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16", "euc_jp"])
@pytest.mark.parametrize("piece", [1, 2, 3, 7])
def test_a_character_may_lie_across_two_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, piece: int
) -> None:
    monkeypatch.setattr(encodings, "PIECE", piece)
    path = write(tmp_path, "会社名,①㈱髙﨑\n".replace("①㈱髙﨑", "東都").encode(encoding))
    assert first_bad_byte(path, encoding) is None
    cut = write(tmp_path, "会社".encode(encoding)[:-1], "cut.csv")
    assert first_bad_byte(cut, encoding) is not None


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found_by_the_header(tmp_path: Path, delimiter: str) -> None:
    text = "会社名,電話番号,備考\n日の出,03-5254-2287,a b\n".replace(",", delimiter)
    found = shape(tmp_path, text.encode())
    assert found.delimiter == delimiter
    assert [each.target for each in found.columns] == ["name", "phone", "notes"]
    told = shape(tmp_path, text.encode(), delimiter="~")
    assert len(told.columns) == 1


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_quoted_line_break_does_not_move_the_row_numbers(tmp_path: Path, line_end: str) -> None:
    text = f'{HEADER}\n"日の出\n急便",03-5254-2287\n\n北斗,なし\n'.replace("\n", line_end)
    read = ReadList(write(tmp_path, text.encode()))
    assert [(lead.row, lead.name) for lead in read.leads] == [(2, "日の出 急便")]
    assert [each.row for each in read.problems] == [4]


def test_an_open_quote_is_an_error_with_its_row_and_swallows_nothing(tmp_path: Path) -> None:
    error = problem(tmp_path, f'{HEADER}\n北斗,03-5254-2287\n"日の出,03-5254-2288\n'.encode())
    assert error.problem is FileProblem.QUOTES
    assert error.details["row"] == 3
    inside = f'{HEADER}\n"日の出"急便,1\n'.encode()
    assert problem(tmp_path, inside).problem is FileProblem.QUOTES
    long = f'{HEADER}\n"'.encode() + b"x\n" * 200_000
    assert problem(tmp_path, long).problem is FileProblem.QUOTES


def test_what_is_no_text_at_all_is_told_before_it_fills_the_memory(tmp_path: Path) -> None:
    data = b"a" * (2 * encodings.PIECE)
    assert problem(tmp_path, data).problem is FileProblem.NOT_TEXT


@pytest.mark.parametrize(
    "data", [b"<html><table>", b"\xef\xbb\xbf<?xml version='1.0'?>", b"%PDF-1.7", b"\x1f\x8b\x08"]
)
def test_another_kind_of_file_is_told_as_such(tmp_path: Path, data: bytes) -> None:
    assert problem(tmp_path, data + b"\n" * 50).problem is FileProblem.ANOTHER_KIND


@pytest.mark.parametrize("data", [b"", b"\n\n \t\r\n", b"\xef\xbb\xbf", b"\x00\x00"])
def test_an_empty_file_is_an_error(tmp_path: Path, data: bytes) -> None:
    assert problem(tmp_path, data).problem is FileProblem.EMPTY


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(LeadFileError, match="cannot be read") as caught:
            inspect_list(path, path.name)
        assert caught.value.problem is FileProblem.UNREADABLE
