"""`kakeru lead import` on the terminal."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ari_app.import_command import run_lead_import
from dialer import projects
from dialer.lead_files import load_lead_file
from dialer.storage.engine import open_database
from tests.small_world import NOON

SAMPLES = Path(__file__).parent.parent / "samples"
PROJECT = "光回線"


class Terminal:
    """What `kakeru lead import` prints, and its exit code."""

    def __init__(self, database_url: str) -> None:
        self.url = database_url
        self.text = ""

    def run(self, file: Path | str, **options: Any) -> int:
        stream = io.StringIO()
        code = run_lead_import(
            database_url=self.url,
            project=options.pop("project", PROJECT),
            file=file if isinstance(file, Path) else SAMPLES / file,
            console=Console(file=stream, width=200, force_terminal=False),
            **options,
        )
        self.text = stream.getvalue()
        return code


@pytest.fixture
def terminal(database_url: str) -> Terminal:
    async def prepare() -> None:
        database = open_database(database_url)
        async with database.write() as connection:
            await projects.create_project(connection, name=PROJECT, now=NOON)
        await database.close()

    asyncio.run(prepare())
    return Terminal(database_url)


def test_the_command_says_what_it_took_and_what_not(terminal: Terminal, tmp_path: Path) -> None:
    problems = tmp_path / "refused.csv"
    assert terminal.run("leads_cp932.csv", problems=problems) == 0

    assert "CSV (cp932, comma), header in row 1" in terminal.text
    assert "電話番号 → phone" in terminal.text
    assert "row 155: no usable phone: 電話番号 “03-1234” (too few digits)" in terminal.text
    assert "same number as an earlier row: 3 rows (202, 203, 204)" in terminal.text
    assert "199 of 203 rows are now leads of “光回線”" in terminal.text
    assert problems.read_bytes().startswith(b"\xef\xbb\xbfrow,reason,")
    assert len(load_lead_file(problems).rows) == 5


def test_the_command_speaks_japanese(terminal: Terminal) -> None:
    assert terminal.run("leads.xlsx", language="ja") == 0
    assert "7行目: 発信できる電話番号がありません" in terminal.text
    assert "100行のうち98件を「光回線」に取り込みました" in terminal.text


def test_only_the_first_refused_rows_are_listed(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        "会社名,電話番号\n日の出,03-5254-2287\n" + "北[b]斗,なし\n" * 25, encoding="utf-8"
    )
    assert terminal.run(file) == 0
    assert terminal.text.count("no usable phone") == 20
    assert "and 5 more" in terminal.text
    assert "--problems" in terminal.text


def test_a_mapping_decides_what_a_column_is(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("Firma;Nr\n日の出;03-5254-2287\n", encoding="utf-8")
    assert terminal.run(file) == 1
    assert "no header row was found" in terminal.text
    assert terminal.run(file, mapping=["Firma=name", "Nr=phone"]) == 0
    assert "1 of 1 rows" in terminal.text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"project": "保険"}, "no project '保険' (projects: 光回線)"),
        ({"mapping": ["会社名"]}, "write COLUMN=FIELD"),
        ({"mapping": ["屋号=name"]}, "names the column “屋号”, which is not there"),
        ({"problems": Path("/no/such/folder/refused.csv")}, "cannot be written"),
        ({"encoding": "utf-8"}, "cannot be read as utf-8"),
    ],
)
def test_a_wrong_option_imports_nothing(
    terminal: Terminal, options: dict[str, Any], words: str
) -> None:
    assert terminal.run("leads_cp932.csv", **options) == 1
    assert words in terminal.text
    assert "leads of" not in terminal.text


def test_a_file_that_cannot_be_used_is_explained(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.run(tmp_path / "none.csv") == 1
    assert "none.csv: cannot be read (No such file or directory)" in terminal.text
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert terminal.run(empty) == 1
    assert "is empty" in terminal.text
    empty.write_text("会社名,電話番号\n", encoding="utf-8")
    assert terminal.run(empty) == 1
    assert "No row could be taken" in terminal.text


def test_a_database_without_tables_is_explained(tmp_path: Path) -> None:
    bare = Terminal(f"sqlite:///{tmp_path / 'bare.db'}")
    assert bare.run("leads_cp932.csv") == 1
    assert "kakeru db upgrade" in bare.text
