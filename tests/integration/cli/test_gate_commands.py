"""`kakeru prohibition …` and `kakeru mybox …` in a new installation."""

import asyncio
import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ari_app import cli
from dialer import mybox
from dialer.storage.engine import open_database
from tests.integration.cli.test_commands import rows
from tests.small_world import SmallWorld, add_lead, build_small_world

Kakeru = Callable[..., tuple[int, str, str]]
LIST = "電話番号,理由\n03-5254-0001,断られた\nなし,\n03-5254-0001,\n03-5254-0002,\n"


@pytest.fixture
def kakeru(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Kakeru:
    """Types a command in the folder of a new installation with a database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    Path("config").mkdir()
    Path("config/kakeru.yaml").write_text(
        "business_name: サンプル\ndata_folder: var\n"
        "trunks: {main: {host: sip.example.jp}}\nmybox: {limit_per_user: 2}\n",
        encoding="utf-8",
    )

    def typed(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    assert typed("db", "upgrade")[0] == 0
    return typed


@pytest.fixture
def world(kakeru: Kakeru) -> SmallWorld:
    async def build() -> SmallWorld:
        database = open_database("sqlite:///config/var/kakeru.db")
        async with database.write() as connection:
            world = await build_small_world(connection)
            ids = [
                await add_lead(connection, world.project_id, f"+8135254000{n}", name=f"会社{n}")
                for n in range(1, 4)
            ]
            await mybox.put_many(
                connection, lead_ids=ids, user_id=world.suzuki.id, now=datetime.now(UTC)
            )
        await database.close()
        return world

    return asyncio.run(build())


def test_numbers_are_prohibited_listed_and_lifted(kakeru: Kakeru, world: SmallWorld) -> None:
    added = kakeru(
        "prohibition", "add", "０３-5254-0001", "--workgroup", "東京", "--reason", "断り"
    )
    assert added[:2] == (0, "03-5254-0001: prohibited for 東京.\n")
    again = kakeru("prohibition", "add", "0352540001", "--workgroup", "東京")
    assert "prohibited already" in again[1]
    listed = kakeru("prohibition", "list")[1]
    assert "03-5254-0001" in listed
    assert "断り" in listed
    assert kakeru("prohibition", "list", "--company")[1] == "No such prohibition.\n"
    lift = ("prohibition", "lift", "03-5254-0001", "--reason", "誤り")
    code, _, err = kakeru(*lift, "--company")
    assert code == 1
    assert "prohibited for the whole company" in err
    assert kakeru(*lift, "--workgroup", "東京")[0] == 0
    assert "誤り" in kakeru("prohibition", "list", "--state", "lifted", "--number", "03-5254")[1]
    log = rows("SELECT action, address FROM audit_log WHERE action LIKE 'prohibition.%'")
    assert log == [("prohibition.add", "cli"), ("prohibition.lift", "cli")]


def test_what_is_called_wrongly_or_cannot_be_is_said(kakeru: Kakeru, world: SmallWorld) -> None:
    for arguments, code, words in (
        (("add", "03-5254-0001"), 2, "say for whom"),
        (("add", "03-5254-0001", "--company", "--workgroup", "東京"), 2, "say for whom"),
        (("add", "なし", "--company"), 1, "なし: it says that there is no number"),
        (("add", "03-5254-0001", "--workgroup", "京都"), 1, "workgroups: 大阪, 東京"),
        (("lift", "03-5254-0001", "--company", "--reason", " "), 1, "needs a reason"),
        (("import", "nowhere.csv", "--company"), 1, "nowhere.csv"),
        (("list", "--company", "--workgroup", "東京"), 2, "not both"),
    ):
        found, _, err = kakeru("prohibition", *arguments)
        assert (found, words in err) == (code, True), (arguments, err)


def test_a_list_is_checked_brought_and_lifted(kakeru: Kakeru, world: SmallWorld) -> None:
    Path("list.csv").write_bytes(LIST.encode("cp932"))
    bring = ("prohibition", "import", "list.csv", "--company", "--reason", "名簿")
    code, out, _ = kakeru(*bring, "--check-only")
    assert code == 0
    assert "would be prohibited: 2" in out
    assert rows("SELECT count(*) FROM prohibitions") == [(0,)]
    code, out, _ = kakeru(*bring, "--report", "report.csv")
    assert code == 0
    assert "row 3: 電話番号 “なし”: it says that there is no number" in out
    assert "prohibited: 2" in out
    with Path("report.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [line[3] for line in csv.reader(stream)] == [
            "outcome",
            "prohibited",
            "not a telephone number",
            "stands in the file already",
            "prohibited",
        ]
    assert rows("SELECT reason FROM prohibitions ORDER BY e164") == [("断られた",), ("名簿",)]
    code, out, _ = kakeru(*bring)
    assert (code, "prohibited already: 2" in out) == (0, True)
    code, out, _ = kakeru(
        "prohibition", "lift-file", "list.csv", "--company", "--reason", "期限切れ"
    )
    assert (code, "lifted: 2" in out) == (0, True)
    assert rows("SELECT count(*) FROM prohibitions WHERE lifted_at IS NULL") == [(0,)]


def test_a_list_without_a_number_ends_with_1(kakeru: Kakeru, world: SmallWorld) -> None:
    Path("list.csv").write_text("電話番号\nなし\n", encoding="utf-8")
    assert kakeru("prohibition", "import", "list.csv", "--company")[0] == 1
    Path("list.csv").write_text("電話番号\nさくら\n", encoding="utf-8")
    code, out, _ = kakeru("prohibition", "import", "list.csv", "--company")
    assert (code, "“さくら”: not a telephone number" in out) == (1, True)
    Path("list.csv").write_text("電話番号,理由\n", encoding="utf-8")
    code, _, err = kakeru("prohibition", "import", "list.csv", "--company")
    assert (code, "list.csv: holds no numbers" in err) == (1, True)
    Path("list.csv").write_text("会社,住所\nA,東京\n", encoding="utf-8")
    code, _, err = kakeru("prohibition", "import", "list.csv", "--company")
    assert (code, "row 1 names no column of numbers" in err) == (1, True)


def test_boxes_are_listed_and_moved(kakeru: Kakeru, world: SmallWorld) -> None:
    assert "suzuki" in kakeru("mybox", "list")[1]
    assert "会社3" in kakeru("mybox", "list", "--user", "suzuki")[1]
    move = ("mybox", "move", "--from", "suzuki")
    assert kakeru(*move)[0] == 2
    assert kakeru(*move, "--to", "nobody")[0] == 1
    code, _, err = kakeru(*move, "--to", "suzuki")
    assert code == 1
    assert "both suzuki" in err
    code, out, _ = kakeru(*move, "--to", "tanaka")
    assert code == 1  # his box takes two
    assert "2 leads of 鈴木 are in the MyBox of 田中 now." in out
    assert "会社3: lead 3 has no room in the MyBox of 田中" in out
    assert kakeru(*move, "--release")[:2] == (0, "1 leads of 鈴木 are in nobody's MyBox now.\n")
    assert kakeru("mybox", "list", "--user", "suzuki")[1] == "No lead is in a MyBox.\n"
    assert rows("SELECT DISTINCT address FROM audit_log WHERE action = 'mybox.hand_over'") == [
        ("cli",)
    ]
