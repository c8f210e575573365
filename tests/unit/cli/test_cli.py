"""Whatever is typed, the answer is a sentence and an exit code, never a traceback."""

import io
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from ari_app import cli
from ari_app.commands import check as check_command
from tests.checkout import ROOT


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAKERU_CACHE", str(tmp_path / "cache"))
    yield
    structlog.reset_defaults()


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(arguments)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["dmeo"], "kakeru: No such command 'dmeo'"),
        (["serve", "--confg", "x"], "kakeru: No such option: --confg"),
        (["demo", "--calls", "0"], "kakeru: Invalid value for '--calls': Input should be greater"),
        (["demo", "--calls", "many"], "kakeru: Invalid value for '--calls'"),
        (["demo", "--port", "70000"], "kakeru: Invalid value for '--port'"),
        (["lead", "import", "x.csv"], "kakeru: Missing option '--project'"),
        (["lead", "import", "--project", "P"], "kakeru: Missing argument 'FILE'"),
        (["campaign", "start"], "kakeru: Missing argument 'NAME'"),
        (["campaign", "start", "a", "b"], "kakeru: Got unexpected extra argument"),
        (["user", "add", "sato", "--phone-mode", "x"], "kakeru: Invalid value for '--phone-mode'"),
        (["user", "add", "sato", "--password", "x"], "kakeru: No such option: --password"),
    ],
)
def test_a_wrong_call_is_answered_in_one_sentence_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    code, out, err = told(capsys, *arguments)
    assert code == 2
    assert err.startswith(sentence)
    assert "--help)" in err
    assert len(err.splitlines()) == 1
    assert out == ""


@pytest.mark.parametrize("arguments", [[], ["campaign"], ["lead"], ["db"]])
def test_a_group_without_a_command_shows_its_help(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code, out, err = told(capsys, *arguments)
    assert code == 2
    assert "Usage: " in out + err


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("demo", "serve", "check", "doctor", "lead import", "user add", "db upgrade"):
        code, out, _ = told(capsys, *command.split(), "--help")
        assert code == 0
        assert "--help" in out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "--version")
    assert code == 0
    assert out.startswith("kakeru ")


def test_check_is_content_with_the_examples(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "config", "config")
    code, out, err = told(capsys, "check")
    assert (code, err) == (0, "")
    assert out == "config/kakeru.yaml is fine. Trunks: main. Campaigns: example.\n"


def test_check_lists_everything_that_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    Path("config/campaigns").mkdir(parents=True)
    Path("config/kakeru.yaml").write_text("business_name: x\nprot: 1\n")
    Path("config/campaigns/spring.yaml").write_text("project: [")
    code, out, err = told(capsys, "check")
    assert (code, out) == (1, "")
    first, second = err.splitlines()
    assert first.startswith("kakeru: config/campaigns/spring.yaml:1: YAML syntax: ")
    assert second.startswith("kakeru: config/kakeru.yaml:2: prot: unknown key")


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve"],
        ["check"],
        ["db", "upgrade"],
        ["campaign", "list"],
        ["campaign", "start", "spring"],
        ["workgroup", "add", "Tokyo"],
        ["lead", "import", "--project", "P", "x.csv"],
    ],
)
def test_without_settings_the_missing_file_is_named(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code, _, err = told(capsys, *arguments)
    assert code == 1
    assert err.startswith("kakeru: config/kakeru.yaml: there is no such file; ")
    assert "--config FILE" in err


def test_where_the_settings_lie_may_come_from_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAKERU_CONFIG", "elsewhere.yaml")
    assert "elsewhere.yaml: there is no such file" in told(capsys, "check")[2]


def test_an_error_that_nobody_expected_is_told_in_a_sentence_and_logged(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(config: Path) -> str:
        raise ZeroDivisionError(f"never mind {config}")

    monkeypatch.setattr(check_command, "check", broken)
    code, _, err = told(capsys, "check")
    log = tmp_path / "cache" / "log" / "kakeru.log"
    assert code == 1
    assert err == (
        "kakeru: something happened that should not (ZeroDivisionError); "
        f"{log} tells where, please report it\n"
    )
    assert "never mind" in log.read_text()


def test_ctrl_c_is_no_failure_to_explain(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(config: Path) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(check_command, "check", interrupted)
    assert told(capsys, "check")[:2] == (130, "")


def test_no_password_is_read_from_an_empty_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    code, _, err = told(capsys, "user", "add", "sato")
    assert code == 1
    assert err == "kakeru: no password on standard input; give one there, or use --generate\n"


def test_a_reader_that_goes_away_leaves_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "ari_app.cli", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN) and None,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
