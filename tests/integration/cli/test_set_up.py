"""A whole set-up is made from one file, and again changes nothing."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ari_app import cli
from tests.checkout import ROOT

MAIN = """\
business_name: サンプル株式会社
data_folder: var
trunks: {main: {host: sip.example.jp}}
"""
EXAMPLE = (ROOT / "config" / "set-up.example.yaml").read_text(encoding="utf-8")

Kakeru = Callable[..., tuple[int, str, str]]


@pytest.fixture
def new_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Kakeru:
    """Types a command in a folder with settings and nothing else; the set-up is ``set-up.yaml``."""
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    Path("config/kakeru.yaml").write_text(MAIN, encoding="utf-8")
    Path("set-up.yaml").write_text(EXAMPLE, encoding="utf-8")

    def typed(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return typed


@pytest.fixture
def kakeru(new_installation: Kakeru) -> Kakeru:
    """The same, where the database is made."""
    assert new_installation("db", "upgrade")[0] == 0
    return new_installation


def rows(query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect("config/var/kakeru.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def everything() -> list[list[tuple[object, ...]]]:
    tables = ("workgroups", "users", "projects", "custom_fields", "action_results", "stages")
    return [rows(f"SELECT * FROM {table} ORDER BY id") for table in (*tables, "audit_log")]


def test_the_example_is_applied_and_again_changes_nothing(kakeru: Kakeru) -> None:
    code, out, err = kakeru("setup", "apply", "set-up.yaml")
    assert (code, err) == (0, "")
    assert "user sato: added" in out
    assert "/welcome/" in out
    assert "SIP account nakamura, password" in out
    assert "user sato: phone browser" in out
    assert rows("SELECT name FROM custom_fields ORDER BY position") == [
        ("業種",),
        ("従業員数",),
        ("現契約の満了日",),
    ]
    assert rows("SELECT count(*) FROM project_users") == [(2,)]
    appointment = rows(
        "SELECT r.effect, r.hotkey, s.name FROM action_results r "
        "JOIN stages s ON s.id = r.stage_id WHERE r.name = '訪問アポ'"
    )
    assert appointment == [("appointment", "1", "訪問予定")]
    before = everything()
    assert kakeru("setup", "apply", "set-up.yaml")[1] == "Nothing to change.\n"
    assert everything() == before


def test_the_database_of_a_new_installation_is_made(new_installation: Kakeru) -> None:
    code, _, err = new_installation("setup", "apply", "set-up.yaml", "--check")
    assert code == 1
    assert "kakeru db upgrade" in err
    code, out, err = new_installation("setup", "apply", "set-up.yaml")
    assert (code, err) == (0, "")
    assert "user sato: added" in out


def test_check_tells_what_would_change_and_writes_nothing(kakeru: Kakeru) -> None:
    before = everything()
    code, out, _ = kakeru("setup", "apply", "set-up.yaml", "--check")
    assert code == 0
    assert "project '光回線 秋の新規開拓': added" in out
    assert "nothing was written" in out
    assert "/welcome/" not in out
    assert everything() == before


def test_what_differs_is_changed_and_what_is_not_named_stays(kakeru: Kakeru) -> None:
    kakeru("setup", "apply", "set-up.yaml")
    kakeru("workgroup", "add", "大阪営業部")
    changed = (
        EXAMPLE.replace("name: 佐藤 美咲", "name: 佐藤 美咲子")
        .replace("after: 3 days", "after: 2 hours")
        .replace("      required: true", "      required: false")
        .replace("{name: 訪問予定, colour: violet}", "{name: 訪問予定, colour: amber}")
        .replace("09:00-18:00, tue", "10:00-18:00, tue")
    )
    Path("set-up.yaml").write_text(changed, encoding="utf-8")
    _, out, _ = kakeru("setup", "apply", "set-up.yaml")
    assert out.splitlines() == [
        "custom field 法人情報/業種: changed",
        "stage 訪問アポ/訪問予定: changed",
        "result 訪問アポ/後日かけ直す: changed",
        "user sato: changed",
        "project '光回線 秋の新規開拓': calling hours changed",
    ]
    assert rows("SELECT count(*) FROM workgroups") == [(2,)]


def test_managers_are_those_of_the_file_and_what_it_does_not_say_stays(kakeru: Kakeru) -> None:
    plain = "workgroups: [東京営業部]\n    phone: browser"
    assert plain in EXAMPLE
    query = "SELECT u.login FROM user_workgroups g JOIN users u ON u.id = g.user_id WHERE manages"

    def applied(manages: str) -> list[str]:
        text = EXAMPLE.replace(plain, f"workgroups: [東京営業部]\n    {manages}phone: browser")
        Path("set-up.yaml").write_text(text, encoding="utf-8")
        code, out, _ = kakeru("setup", "apply", "set-up.yaml")
        assert code == 0
        return out.splitlines()

    assert "user sato: manages 東京営業部" in applied("manages: [東京営業部]\n    ")
    assert rows(query) == [("sato",)]
    assert applied("manages: [東京営業部]\n    ") == applied("") == ["Nothing to change."]
    assert rows(query) == [("sato",)]
    assert applied("manages: []\n    ") == ["user sato: manages nothing"]
    assert rows(query) == []


def test_a_password_of_the_environment_needs_no_link(
    kakeru: Kakeru, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAKERU_PASSWORD_SATO", "korekara kakeru")
    monkeypatch.setenv("KAKERU_PASSWORD_NAKAMURA", "korekara kakeru")
    code, out, err = kakeru("setup", "apply", "set-up.yaml")
    assert (code, err) == (0, "")
    assert "/welcome/" not in out
    assert rows("SELECT count(*) FROM users WHERE password_hash <> ''") == [(2,)]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("type: number", "type: numbers", "set-up.yaml:14: custom_fields.法人情報[1].type"),
        ("after: 3 days", "after: soon", "a time, as 30 minutes, 2 hours or 3 days"),
        ("stage: 訪問予定", "stage: 訪問", "the set has no stage '訪問'"),
        ("key: 2,", "key: 1,", "key 1 belongs to '訪問アポ'"),
        ("result_set: 標準", "result_set: 標順", "there is no set '標順'; known are 標準"),
        ("users: [nakamura, sato]", "users: [nakamura, satou]", "did you mean 'sato'?"),
        ("time_zone: Asia/Tokyo", "time_zone: Tokio", "there is no time zone 'Tokio'"),
        (
            "workgroups: [東京営業部]\n    phone",
            "workgroups: [東京]\n    phone",
            "no workgroup '東京'",
        ),
        (
            "workgroups: [東京営業部]\n    phone",
            "workgroups: [東京営業部]\n    manages: [大阪]\n    phone",
            "manages[0]: he does not belong to '大阪'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_nothing_is_done(
    kakeru: Kakeru, old: str, new: str, complaint: str
) -> None:
    assert old in EXAMPLE
    Path("set-up.yaml").write_text(EXAMPLE.replace(old, new, 1), encoding="utf-8")
    before = everything()
    code, out, err = kakeru("setup", "apply", "set-up.yaml")
    assert code == 1
    assert complaint in err
    assert "set-up.yaml:" in err
    assert everything() == before
    assert out == ""


def test_a_file_that_is_not_there_is_told(kakeru: Kakeru) -> None:
    code, _, err = kakeru("setup", "apply", "nowhere.yaml")
    assert code == 1
    assert "nowhere.yaml: there is no such file" in err
