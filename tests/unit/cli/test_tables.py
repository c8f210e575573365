import io
from collections.abc import Sequence

import pytest
from rich.cells import cell_len
from rich.console import Console

from ari_app.commands.tables import FittingTable, print_table

_HEADER = ("number", "for", "reason", "prohibited", "by", "lifted", "by", "why")
_ROW = (
    "03-1234-5678",
    "営業第一グループ",
    "asked [twice] never to be called again at this number",
    "2026-11-24 11:31",
    "sato-hanako-of-osaka",
    "2026-11-25 09:05",
    "admin",
    "a-very-long-word-without-any-space-that-somebody-typed-for-a-reason",
)


def on_a_terminal(width: int, row: Sequence[str]) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, markup=False, highlight=False)
    console.print(FittingTable(_HEADER, [row]), crop=False)
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_narrow_terminal_cuts_no_number_and_no_date(width: int) -> None:
    told = on_a_terminal(width, _ROW)

    for whole in ("03-1234-5678", "2026-11-24", "11:31", "2026-11-25", "09:05"):
        assert whole in told
    assert "…" not in told


def test_what_does_not_fit_goes_on_in_the_next_line() -> None:
    told = on_a_terminal(80, _ROW)

    for character in set("".join(_ROW)) - {" "}:
        assert told.count(character) >= "".join(_ROW).count(character)


def test_eight_columns_fit_the_usual_terminal() -> None:
    assert all(cell_len(line) <= 80 for line in on_a_terminal(80, _ROW).splitlines())


def test_in_a_pipe_a_row_is_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    print_table(_HEADER, [_ROW])

    (line,) = [one for one in capsys.readouterr().out.splitlines() if "03-1234-5678" in one]
    assert all(cell in line for cell in _ROW)


def test_a_column_may_be_empty_and_without_a_heading() -> None:
    stream = io.StringIO()
    shown = FittingTable(("login", ""), [("sato", "")])
    Console(file=stream, width=10).print(shown)
    assert "sato" in stream.getvalue()
