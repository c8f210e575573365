"""Projects from the command line alone."""

from pathlib import Path

from tests.integration.cli.test_commands import Kakeru, kakeru, rows, set_up

__all__ = ["kakeru", "set_up"]


def test_a_project_is_listed_with_what_it_has(set_up: Kakeru) -> None:
    code, out, _ = set_up("project", "list")
    assert code == 0
    assert "Spring" in out
    assert set_up("project", "close", "Spring")[:2] == (0, "Project Spring closed.\n")
    assert set_up("project", "close", "Spring")[1] == "Project Spring was closed already.\n"
    assert "No projects" in set_up("project", "list")[1]
    assert "closed" in set_up("project", "list", "--closed")[1]
    assert set_up("project", "reopen", "Spring")[1] == "Project Spring opened again.\n"
    assert set_up("project", "reopen", "Spring")[1] == "Project Spring was open already.\n"


def test_what_is_asked_is_changed_and_the_rest_stays(set_up: Kakeru) -> None:
    script = Path("script.txt")
    script.write_text("# Hello\n{{ name }}", encoding="utf-8")
    assert set_up("user", "add", "sato", "--workgroup", "Tokyo", "--generate")[0] == 0
    code, out, err = set_up(
        "project", "edit", "Spring", "--name", "Summer", "--time-zone", "Asia/Seoul",
        "--result-optional", "--script", "script.txt", "--user", "sato",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert out == "Project Spring changed.\n"
    asked = "SELECT name, time_zone, result_required, script, result_set_id FROM projects"
    assert rows(asked) == [("Summer", "Asia/Seoul", 0, "# Hello\n{{ name }}", 1)]
    assert len(rows("SELECT * FROM project_users")) == 1
    assert set_up("project", "edit", "Summer", "--without", "sato")[0] == 0
    assert rows("SELECT * FROM project_users") == []


def test_a_mistake_changes_nothing(set_up: Kakeru) -> None:
    Path("script.txt").write_text("one\n{{ nobody }}", encoding="utf-8")
    for line, told in (
        ("--name X --script script.txt", "script.txt"),
        ("--name X --results Nothing", "Nothing"),
        ("--name X --fields Nothing", "Nothing"),
        ("--name X --user nobody", "nobody"),
        ("--name X --time-zone Asia/Edo", "Asia/Edo"),
    ):
        code, _, err = set_up("project", "edit", "Spring", *line.split())
        assert code == 1
        assert told in err
    assert set_up("project", "edit", "Spring")[0] == 2
    assert set_up("project", "edit", "Autumn", "--name", "X")[0] == 1
    assert rows("SELECT name FROM projects") == [("Spring",)]


def test_a_copy_is_another_project(set_up: Kakeru) -> None:
    assert set_up("project", "copy", "Spring", "Summer")[0] == 0
    assert set_up("project", "copy", "Spring", "Summer")[0] == 1
    assert rows("SELECT name FROM projects ORDER BY id") == [("Spring",), ("Summer",)]
