"""A new installation is set up and run from the command line alone."""

import io
import re
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ari_app import cli

MAIN = """\
business_name: サンプル株式会社
data_folder: var
trunks: {main: {host: sip.example.jp}}
"""
CAMPAIGN = """\
project: Spring
workgroups: [Tokyo]
trunk: main
caller_ids: ["03-1234-5678"]
"""

Kakeru = Callable[..., tuple[int, str, str]]


@pytest.fixture
def kakeru(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Kakeru:
    """Types a command in the folder of a new installation."""
    monkeypatch.chdir(tmp_path)
    Path("config/campaigns").mkdir(parents=True)
    Path("config/kakeru.yaml").write_text(MAIN, encoding="utf-8")
    Path("config/campaigns/spring.yaml").write_text(CAMPAIGN, encoding="utf-8")

    def typed(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return typed


@pytest.fixture
def set_up(kakeru: Kakeru) -> Kakeru:
    """The same, with a database, a workgroup and a project."""
    for line in ("db upgrade", "workgroup add Tokyo", "project add Spring"):
        assert kakeru(*line.split())[0] == 0
    return kakeru


def rows(query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect("config/var/kakeru.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_the_database_is_made_once(kakeru: Kakeru) -> None:
    code, out, _ = kakeru("db", "upgrade")
    assert code == 0
    assert "it was empty" in out
    assert "up to date" in kakeru("db", "upgrade")[1]


def test_without_a_database_the_command_that_makes_it_is_named(kakeru: Kakeru) -> None:
    Path("config/var").mkdir()
    code, _, err = kakeru("workgroup", "add", "Tokyo")
    assert code == 1
    assert "run `kakeru db upgrade` first" in err


def test_the_index_of_words_is_mended(set_up: Kakeru) -> None:
    code, out, _ = set_up("db", "reindex")
    assert (code, out.strip()) == (0, "The index of words is in step with 0 actions.")


@pytest.mark.parametrize(
    "command",
    [("campaign", "list"), ("mybox", "list"), ("lead", "import", "--project", "P", "x.csv")],
)
def test_without_a_data_folder_the_command_that_makes_it_is_named(
    kakeru: Kakeru, command: tuple[str, ...]
) -> None:
    code, _, err = kakeru(*command)
    assert code == 1
    assert "no folder" in err
    assert "`kakeru db upgrade` makes it" in err


def test_a_user_gets_a_password_a_phone_and_his_places(set_up: Kakeru) -> None:
    code, out, _ = set_up(
        *("user", "add", "sato", "--name", "佐藤", "--workgroup", "Tokyo", "--project", "Spring"),
        *("--phone", "agent-sato", "--generate"),
    )
    assert code == 0
    assert "User sato added." in out
    assert "Phone: account agent-sato, password " in out
    assert "server 127.0.0.1:5060" in out
    password = out.splitlines()[-1].removeprefix("Password: ")
    assert len(password) == 16
    assert rows("SELECT name, phone_account FROM users") == [("佐藤", "agent-sato")]
    assert rows("SELECT count(*) FROM project_users") == [(1,)]
    assert rows("SELECT count(*) FROM user_workgroups") == [(1,)]
    assert password not in str(rows("SELECT * FROM users") + rows("SELECT * FROM audit_log"))


def test_a_password_may_come_from_standard_input(
    set_up: Kakeru, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse\n"))
    code, out, _ = set_up("user", "add", "boss", "--admin", "--no-calls")
    assert (code, out) == (0, "User boss added.\n")
    assert rows("SELECT may_administer, may_call FROM users") == [(1, 0)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--workgroup", "Osaka"], "no workgroup 'Osaka' (workgroups: Tokyo)"),
        (["--project", "Autumn"], "no project 'Autumn' (projects: Spring)"),
    ],
)
def test_a_user_is_not_added_to_places_that_do_not_exist(
    set_up: Kakeru, arguments: list[str], sentence: str
) -> None:
    code, _, err = set_up("user", "add", "sato", "--generate", *arguments)
    assert code == 1
    assert err.startswith(f"kakeru: {sentence}")
    assert rows("SELECT * FROM users") == []


def test_what_is_there_already_is_told(set_up: Kakeru) -> None:
    set_up("user", "add", "sato", "--generate")
    for arguments in (["user", "add", "sato", "--generate"], ["workgroup", "add", "Tokyo"]):
        code, _, err = set_up(*arguments)
        assert code == 1
        assert "sato" in err or "Tokyo" in err


def test_a_short_password_is_refused(set_up: Kakeru, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    assert set_up("user", "add", "sato")[0] == 1


def test_a_project_comes_with_results_and_its_people(set_up: Kakeru) -> None:
    set_up("user", "add", "sato", "--generate")
    code, _, _ = set_up(
        *("project", "add", "Autumn", "--user", "sato", "--language", "en"),
        *("--time-zone", "Asia/Seoul"),
    )
    assert code == 0
    assert rows("SELECT time_zone FROM projects WHERE name = 'Autumn'") == [("Asia/Seoul",)]
    assert rows("SELECT count(*) FROM project_users") == [(1,)]
    assert rows("SELECT count(*) FROM projects WHERE result_set_id IS NULL") == [(0,)]
    assert set_up("project", "add", "Winter", "--user", "nobody")[2] == (
        "kakeru: no user 'nobody'; `kakeru user add` adds one\n"
    )
    assert set_up("project", "add", "Winter", "--time-zone", "Moon")[0] == 1


def test_a_campaign_is_started_paused_and_stopped(set_up: Kakeru) -> None:
    assert "spring" in set_up("campaign", "list")[1]
    assert set_up("campaign", "start", "spring")[1] == "Campaign spring: running.\n"
    assert rows("SELECT name, state FROM campaigns") == [("spring", "running")]
    assert set_up("campaign", "start", "spring")[1] == "Campaign spring: already running.\n"
    assert "running" in set_up("campaign", "list")[1]
    assert set_up("campaign", "pause", "spring")[1] == "Campaign spring: paused.\n"
    assert set_up("campaign", "stop", "spring")[1] == "Campaign spring: stopped.\n"
    assert rows("SELECT state FROM campaigns") == [("stopped",)]


def test_an_unknown_campaign_is_not_started(set_up: Kakeru) -> None:
    assert set_up("campaign", "start", "sprign") == (
        1,
        "",
        "kakeru: no campaign 'sprign'; did you mean 'spring'?\n",
    )


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (("Spring", "Autumn"), "no project 'Autumn' (projects: Spring)"),
        (("Tokyo", "Osaka"), "campaign spring: no workgroup 'Osaka'"),
    ],
)
def test_a_campaign_of_what_does_not_exist_is_not_started(
    set_up: Kakeru, wrong: tuple[str, str], sentence: str
) -> None:
    Path("config/campaigns/spring.yaml").write_text(CAMPAIGN.replace(*wrong))
    code, _, err = set_up("campaign", "start", "spring")
    assert code == 1
    assert sentence in err
    assert rows("SELECT * FROM campaigns") == []


def test_a_list_is_imported(set_up: Kakeru) -> None:
    Path("list.csv").write_text(
        "会社名,電話番号\n株式会社みどり,03-1234-5678\n,\n", encoding="cp932"
    )
    code, _, _ = set_up("lead", "import", "--project", "Spring", "list.csv")
    assert code == 0
    assert rows("SELECT name FROM leads") == [("株式会社みどり",)]


@pytest.mark.parametrize("file", ["missing.csv", "config"])
def test_a_list_that_cannot_be_read_is_named(set_up: Kakeru, file: str) -> None:
    code, out, err = set_up("lead", "import", "--project", "Spring", file)
    assert code == 1
    assert file in out + err


def test_the_doctor_looks_at_settings_database_and_ports(set_up: Kakeru) -> None:
    _, out, _ = set_up("doctor")
    assert "config/kakeru.yaml, campaigns: 1" in out
    assert "its tables are up to date" in out
    assert "8080" in out
    assert "5060" in out


def test_the_doctor_tells_what_is_wrong_with_the_settings(kakeru: Kakeru) -> None:
    Path("config/kakeru.yaml").write_text("colour: red\n")
    code, out, _ = kakeru("doctor")
    assert code == 1
    assert "colour: unknown key" in out


# --- users and workgroups -------------------------------------------------------------------


def test_an_invited_user_is_shown_a_link(set_up: Kakeru) -> None:
    code, out, _ = set_up("user", "add", "sato", "--invite", "--workgroup", "Tokyo")
    assert code == 0
    token = re.search(r"http://127\.0\.0\.1:8080/welcome/([\w-]{43})$", out.strip())
    assert token
    assert rows("SELECT password_hash FROM users") == [("",)]
    assert token[1] not in str(rows("SELECT * FROM user_links") + rows("SELECT * FROM audit_log"))
    assert set_up("user", "add", "suzuki", "--invite", "--generate")[0] == 2


def test_a_user_is_edited_listed_and_let_go(set_up: Kakeru) -> None:
    set_up("user", "add", "boss", "--admin", "--generate")
    set_up("user", "add", "sato", "--generate", "--workgroup", "Tokyo", "--project", "Spring")
    set_up("workgroup", "add", "Osaka")
    code, out, _ = set_up(
        *("user", "edit", "sato", "--name", "佐藤", "--admin", "--workgroup", "Osaka"),
        *("--phone", "phone-sato", "--phone-mode", "per_call"),
    )
    assert code == 0
    assert "Phone: account phone-sato, password " in out
    listed = set_up("user", "list")[1]
    assert re.search(r"sato +佐藤 +admin, user +Osaka +Spring +phone-sato +active", listed)
    assert "sato" not in set_up("user", "list", "--workgroup", "Tokyo")[1]
    again = set_up("user", "edit", "sato", "--new-phone-password")[1]
    assert "Phone: account phone-sato, password " in again
    assert out.splitlines()[-1] not in again
    code, out, _ = set_up("user", "edit", "sato", "--phone", "browser")
    assert (code, "password" in out) == (0, False)
    assert set_up("user", "edit", "sato", "--name", "佐藤 花子")[0] == 0  # the phone stays
    assert re.search(r"佐藤 花子 .*Spring +browser +active", set_up("user", "list")[1])
    assert set_up("user", "edit", "sato", "--phone", "")[0] == 0
    assert rows("SELECT phone_account FROM users WHERE login = 'sato'") == [(None,)]

    assert set_up("user", "deactivate", "sato")[0] == 0
    assert "sato" not in set_up("user", "list")[1]
    assert "deactivated" in set_up("user", "list", "--all")[1]
    assert set_up("user", "activate", "sato")[0] == 0
    assert "sato" in set_up("user", "list")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["edit", "boss", "--no-admin"], "he is the last admin who can log in"),
        (["deactivate", "boss"], "he is the last admin who can log in"),
        (["edit", "boss", "--no-admin", "--no-calls"], "must be an admin, or call, or both"),
        (["edit", "boss", "--login", "a b"], "a login needs"),
        (["edit", "boss", "--phone", "trunk-main"], "does not begin with trunk-"),
        (["edit", "nobody", "--name", "x"], "no user 'nobody'"),
        (["deactivate", "nobody"], "no user 'nobody'"),
    ],
)
def test_what_cannot_be_changed_is_told(
    set_up: Kakeru, arguments: list[str], sentence: str
) -> None:
    set_up("user", "add", "boss", "--admin", "--generate")
    code, _, err = set_up("user", *arguments)
    assert code == 1
    assert sentence in err


def test_what_is_in_a_leaving_users_box_goes_somewhere(set_up: Kakeru) -> None:
    for login in ("sato", "suzuki"):
        set_up("user", "add", login, "--generate", "--project", "Spring")
    connection = sqlite3.connect("config/var/kakeru.db")
    with connection:
        connection.execute(
            "INSERT INTO gate_lanes (id, project_id, time_zone, prohibited_for,"
            " number_box_user_ids, undialable) VALUES (1, 1, 'Asia/Tokyo', '', '', '')"
        )
        connection.execute(
            "INSERT INTO leads (id, project_id, name, lane_id, created_at)"
            " VALUES (1, 1, '山田商店', 1, '2026-11-24')"
        )
        connection.execute(
            "INSERT INTO mybox_entries (lead_id, user_id, since) VALUES (1, 1, '2026-11-24')"
        )
    connection.close()
    code, _, err = set_up("user", "deactivate", "sato")
    assert code == 1
    assert "add --give-to LOGIN or --release" in err
    assert set_up("user", "deactivate", "sato", "--give-to", "suzuki", "--release")[0] == 2
    assert set_up("user", "deactivate", "sato", "--give-to", "sato")[0] == 1
    assert set_up("user", "deactivate", "sato", "--give-to", "suzuki")[0] == 0
    assert "suzuki" in set_up("mybox", "list")[1]


def test_a_link_resets_the_password_and_the_second_factor(set_up: Kakeru) -> None:
    set_up("user", "add", "sato", "--generate")
    connection = sqlite3.connect("config/var/kakeru.db")
    with connection:
        connection.execute(
            "UPDATE users SET totp_secret = 'A', totp_confirmed_at = '2026-11-24 00:00:00'"
        )
    connection.close()
    assert "/welcome/" in set_up("user", "reset-link", "sato")[1]
    assert rows("SELECT totp_secret FROM users") == [("A",)]
    assert "/welcome/" in set_up("user", "reset-link", "sato", "--remove-second-factor")[1]
    assert rows("SELECT totp_secret FROM users") == [(None,)]
    assert rows("SELECT count(*) FROM user_links") == [(1,)]  # the newest alone


def test_a_workgroup_is_filled_renamed_and_deleted(set_up: Kakeru) -> None:
    set_up("user", "add", "sato", "--generate")
    assert "sato" in set_up("workgroup", "members", "Tokyo", "--add", "sato")[1]
    assert re.search(r"Tokyo +1 +0 +spring", set_up("workgroup", "list")[1])
    managed = set_up("workgroup", "members", "Tokyo", "--manager", "sato")[1]
    assert re.search(r"sato +sato +yes", managed)
    assert "Tokyo (manager)" in set_up("user", "list")[1]
    assert "yes" not in set_up("workgroup", "members", "Tokyo", "--no-manager", "sato")[1]
    code, out, _ = set_up("workgroup", "rename", "Tokyo", "Tokyo 1")
    assert code == 0
    assert "Change the name in the campaigns too: spring." in out
    code, _, err = set_up("workgroup", "delete", "Tokyo 1")
    assert code == 1
    assert "1 users belong to it" in err
    assert "sato" not in set_up("workgroup", "members", "Tokyo 1", "--remove", "sato")[1]
    assert set_up("workgroup", "delete", "Tokyo 1")[0] == 0
    code, _, err = set_up("workgroup", "members", "Tokyo 1")
    assert code == 1
    assert "no workgroup 'Tokyo 1'" in err
