"""Whatever the bytes are: a list, or a LeadFileError. The same list in any form: the same leads."""

import contextlib
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.lead_file_errors import LeadFileError
from tests.list_makers import (
    ReadList,
    csv_bytes,
    excel_bytes,
    ods_bytes,
    write,
    xls_bytes,
    xlsx_bytes,
)

# Letters that every one of the encodings has, and what lists are full of.
LETTERS = st.text("あいアイ日本東京山田髙①㈱ 　,\"'\t;|株式会社ABCabc123-()（）@.", max_size=12)
NUMBERS = st.sampled_from(
    ["03-5254-2287", "０９２（４４１）６７７１", "090-2209-1653 内線12", "なし", "", "352542287"]
)
ROW = st.tuples(LETTERS, NUMBERS, LETTERS, st.sampled_from(["東京都千代田区1", "", "〃"]))
LISTS = st.lists(ROW, min_size=1, max_size=8)
HEADER = ("会社名", "電話番号", "備考", "住所")
TITLES = st.lists(st.sampled_from(["見込み客一覧", "令和6年4月1日現在", ""]), max_size=3)


@settings(max_examples=40, deadline=None)
@given(TITLES, LISTS)
def test_a_list_gives_the_same_leads_in_every_form(
    titles: list[str], rows: list[tuple[str, ...]]
) -> None:
    cells = [*([title] for title in titles), list(HEADER), *(list(row) for row in rows)]
    with tempfile.TemporaryDirectory() as folder:
        read = [
            ReadList(write(Path(folder), data))
            for data in (
                *(csv_bytes(cells, encoding) for encoding in ("utf-8", "utf-8-sig", "cp932")),
                csv_bytes(cells, "utf-16", "\t"),
                xlsx_bytes(cells),
                excel_bytes(cells),
                ods_bytes(cells),
                xls_bytes(cells),
            )
        ]
    first = read[0]
    assert first.targets == {
        "会社名": "name",
        "電話番号": "phone",
        "備考": "notes",
        "住所": "address",
    }
    for other in read[1:]:
        assert other.shape.columns == first.shape.columns
        assert other.leads == first.leads
        assert [(each.row, each.reason) for each in other.problems] == [
            (each.row, each.reason) for each in first.problems
        ]


PIECES = st.sampled_from(
    [
        b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe", b"\xef\xbb\xbf",
        "会社名,電話番号\r\n".encode("cp932"), "会社名\t電話番号\n".encode(), b'"', b"\n",
        b"\r", b",",
        "日の出,03-5254-2287\n".encode(), b"\x1b$B", b"\x00", "名称".encode("euc_jp"),
    ]
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=12).map(b"".join))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(LeadFileError):
        ReadList(write(Path(folder), data))


WORKBOOKS = [
    make([["会社名", "電話番号"], ["日の出", "03-5254-2287"]])
    for make in (xlsx_bytes, excel_bytes, ods_bytes, xls_bytes)
]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(WORKBOOKS), st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3))))
def test_no_damage_to_a_workbook_breaks_the_reader(
    data: bytes, damage: list[tuple[float, bytes]]
) -> None:
    damaged = bytearray(data)
    for where, what in damage:
        at = int(where * (len(damaged) - 1))
        damaged[at : at + len(what)] = what
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(LeadFileError):
        ReadList(write(Path(folder), bytes(damaged)))
