"""`kakeru lead import`, `imports` and `undo` on the terminal."""

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ari_app.commands import lead_imports
from ari_app.commands.failures import CommandFailed, WrongUsage
from ari_app.commands.lead_imports import Asked
from dialer import projects
from dialer.projects import UnknownProject
from dialer.rules.import_choices import InFile, InProject
from dialer.storage.engine import open_database
from tests.small_world import NOON

NO_AREA_CODES = """\
公民館一覧（電話の市外局番は0265）,,
市町村名,名称,電話
飯田市,鼎公民館,22-4511
飯田市,上郷公民館,22-3014
飯田市,松尾公民館,22-1295
"""
SAMPLES = Path(__file__).parent.parent / "samples"
PROJECT = "光回線"


class Terminal:
    """What the commands print, and their exit codes."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.text = ""

    def run(self, file: Path | str, language: str = "en", **options: Any) -> int:
        asked = Asked(
            file=file if isinstance(file, Path) else SAMPLES / file,
            project=options.pop("project", PROJECT),
            **options,
        )
        return self._run(lambda c: lead_imports.import_list(self.config, asked, language, c))

    def undo(self, import_id: int, language: str = "en") -> int:
        return self._run(lambda c: lead_imports.undo(self.config, import_id, language, c))

    def resume(self, import_id: int, language: str = "en") -> int:
        return self._run(lambda c: lead_imports.resume(self.config, import_id, language, c))

    def _run(self, command: Any) -> int:
        stream = io.StringIO()
        try:
            code: int = command(Console(file=stream, width=200, force_terminal=False))
        finally:
            self.text = stream.getvalue()
        return code


@pytest.fixture
def terminal(database_url: str, tmp_path: Path) -> Terminal:
    async def prepare() -> None:
        database = open_database(database_url)
        async with database.write() as connection:
            await projects.create_project(connection, name=PROJECT, now=NOON)
        await database.close()

    asyncio.run(prepare())
    config = tmp_path / "kakeru.yaml"
    config.write_text(
        f"business_name: テスト\ndata_folder: {tmp_path}\ndatabase:\n  url: {database_url}\n",
        encoding="utf-8",
    )
    return Terminal(config)


def test_the_command_says_what_it_took_and_what_not(terminal: Terminal, tmp_path: Path) -> None:
    problems = tmp_path / "refused.csv"
    assert terminal.run("leads_cp932.csv", problems=problems) == 0

    assert "CSV (cp932, comma), header in row 1" in terminal.text
    assert "電話番号 → phone" in terminal.text
    assert "row 155: no usable phone: 電話番号 “03-1234” (too few digits)" in terminal.text
    assert "the same lead as in an earlier row: 3 rows (202, 203, 204)" in terminal.text
    assert "199 of 203 rows are now leads of “光回線”" in terminal.text
    assert problems.read_bytes().startswith("\ufeff会社名,".encode())
    assert len(problems.read_text(encoding="utf-8").splitlines()) == 5
    assert "kakeru lead undo 1" in terminal.text


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
    assert terminal.run(file, mapping=("Firma=name", "Nr=phone")) == 0
    assert "1 of 1 rows" in terminal.text


def test_a_column_becomes_a_custom_field_and_the_next_list_fills_it(
    terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("会社名,電話番号,区分\n日の出,03-5254-2287,新規\n", encoding="utf-8")
    assert terminal.run(file, mapping=("区分=new:single_choice",)) == 0
    file.write_text("会社名,電話番号,種別\n北斗,03-5254-2288,新規\n", encoding="utf-8")
    assert terminal.run(file, mapping=("種別=区分",)) == 0
    assert "種別 → custom:" in terminal.text
    assert terminal.run(file, mapping=("種別=区分",), key="区分", in_project=InProject.FILL) == 0


def test_only_a_check_changes_nothing(terminal: Terminal) -> None:
    assert terminal.run("leads_cp932.csv", check_only=True) == 0
    assert "nothing was changed: 199 would be new, 0 updated, 0 skipped" in terminal.text
    assert terminal.run("leads_cp932.csv") == 0
    assert "199 of 203 rows" in terminal.text


def test_what_happens_to_duplicates_is_chosen(terminal: Terminal) -> None:
    assert terminal.run("leads_cp932.csv", in_file=InFile.SKIP) == 0
    assert "Rows that were skipped: 3" in terminal.text
    assert terminal.run("leads_cp932.csv") == 1
    assert "No row could be taken" in terminal.text
    assert terminal.run("leads_cp932.csv", in_project=InProject.CREATE) == 0
    assert "199 of 203 rows" in terminal.text


def test_only_some_rows_are_taken(terminal: Terminal) -> None:
    assert terminal.run("leads_cp932.csv", rows="2-6") == 0
    assert "5 of 5 rows" in terminal.text
    with pytest.raises(WrongUsage, match="write A-B"):
        terminal.run("leads_cp932.csv", rows="two")


def test_the_report_for_programs_is_one_line_of_json(terminal: Terminal) -> None:
    assert terminal.run("leads_cp932.csv", json=True) == 0
    report = json.loads(terminal.text)
    assert (report["state"], report["created"], report["refused"]) == ("done", 199, 4)
    assert report["reasons"] == {"no usable phone": 4}


def test_an_import_is_listed_and_taken_back(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    assert terminal.run("leads_cp932.csv") == 0
    assert terminal.undo(1) == 0
    assert "Import 1 is undone (199 leads)" in terminal.text
    lead_imports.list_all(terminal.config, PROJECT, json=True, language="en")
    listed = json.loads(capsys.readouterr().out)
    assert [(one["id"], one["state"]) for one in listed] == [(1, "undone")]
    lead_imports.list_all(terminal.config, None, json=False, language="ja")
    assert "取り消し済み" in capsys.readouterr().out
    with pytest.raises(CommandFailed, match="undone"):
        terminal.undo(1)
    with pytest.raises(CommandFailed, match="nothing to go on with"):
        terminal.resume(1)


@pytest.mark.parametrize(
    ("options", "failure", "words"),
    [
        ({"project": "保険"}, UnknownProject, "no project '保険' .projects: 光回線"),
        ({"mapping": ("会社名",)}, CommandFailed, "write COLUMN=FIELD"),
        ({"mapping": ("会社名=nonsense",)}, CommandFailed, "write COLUMN=FIELD"),
        ({"mapping": ("屋号=name",)}, CommandFailed, "names the column “屋号”, which is not there"),
        ({"problems": Path("/no/such/folder/refused.csv")}, CommandFailed, "cannot be written"),
        ({"encoding": "utf-8"}, CommandFailed, "cannot be read as utf-8"),
        ({"key": "会員番号"}, WrongUsage, "no custom field"),
    ],
)
def test_a_wrong_option_imports_nothing(
    terminal: Terminal, options: dict[str, Any], failure: type[Exception], words: str
) -> None:
    with pytest.raises(failure, match=words):
        terminal.run("leads_cp932.csv", **options)
    assert terminal.run("leads_cp932.csv") == 0
    assert "199 of 203 rows" in terminal.text


def test_a_file_that_cannot_be_used_is_explained(terminal: Terminal, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="cannot be read"):
        terminal.run(tmp_path / "none.csv")
    empty = tmp_path / "empty.csv"
    empty.touch()
    with pytest.raises(CommandFailed, match="is empty"):
        terminal.run(empty)
    empty.write_text("会社名,電話番号\n", encoding="utf-8")
    assert terminal.run(empty) == 1
    assert "No row could be taken" in terminal.text


@pytest.mark.parametrize(
    ("language", "said"), [("en", "have no area code"), ("ja", "市外局番のない")]
)
def test_what_there_is_to_say_about_the_list_is_said(
    terminal: Terminal, tmp_path: Path, language: str, said: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(NO_AREA_CODES, encoding="cp932")
    assert terminal.run(file, language, check_only=True) == 1
    assert said in terminal.text
    assert "--area-code 0265 (電話)" in terminal.text
    assert terminal.run(file, language, check_only=True, area_code="0265") == 0


def test_an_area_code_begins_with_a_zero(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(NO_AREA_CODES, encoding="cp932")
    with pytest.raises(WrongUsage, match="--area-code 265: write it as 0265"):
        terminal.run(file, area_code="265")
