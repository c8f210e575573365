"""Fetching parts, with stand-ins for apt-get and dpkg-deb; the real ones run in every set-up."""

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ari_app.runtime import debian_packages
from ari_app.runtime.apt_sources import Source
from ari_app.runtime.debian_packages import PARTS, cache_folder, fetch, main, unpacked
from ari_app.runtime.errors import FetchFailed, FolderUnwritable, PartUnavailable
from ari_app.runtime.progress import Progress

# Writes a package into the archives folder that its -c file names, and reports progress.
APT = """\
#!/bin/bash
config=$3
echo "$@" >> {calls}
fd=$(echo "$5" | cut -d= -f2)
echo dlstatus:1:50.0:half >&$fd
case "$*" in *install*) ;; *) exit 0 ;; esac
if grep -q ' testing ' "$(dirname $config)/sources.list" && [ -e {broken} ]; then
  echo "E: Unable to fetch some archives"; exit 100
fi
cd "$(dirname $config)/cache/archives"
touch sip-tester_1%3a3.6-1_amd64.deb libc6_2.36_amd64.deb asterisk_1%3a22.9-1_amd64.deb
"""
DPKG_DEB = """\
#!/bin/sh
sleep {delay}
touch "$3/$(basename $2)"
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with stand-ins for apt-get and dpkg-deb, one source, and an empty cache."""
    tools = tmp_path / "bin"
    tools.mkdir()
    broken = tmp_path / "broken"
    for name, text in (
        ("apt-get", APT.format(calls=tmp_path / "calls", broken=broken)),
        ("dpkg-deb", DPKG_DEB.format(delay=0.05)),
    ):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("KAKERU_CACHE", str(tmp_path / "cache"))
    source = Source("http://mirror.example/debian", "bookworm", ("main",))
    monkeypatch.setattr(debian_packages, "machine_sources", lambda: [source])
    release = {"ID": "debian", "VERSION_CODENAME": "bookworm"}
    monkeypatch.setattr(debian_packages, "os_release", lambda: release)
    return tmp_path


def quiet() -> Progress:
    return Progress(io.StringIO())


def test_a_part_is_unpacked_once_and_without_the_c_library(machine: Path) -> None:
    assert unpacked("sipp") is None
    part = fetch("sipp", quiet())
    assert part.root == machine / "cache" / "parts" / "sipp"
    assert part.version == "1:3.6-1"
    assert (part.root / "sip-tester_1%3a3.6-1_amd64.deb").exists()
    assert not (part.root / "libc6_2.36_amd64.deb").exists()
    calls = (machine / "calls").read_text()
    assert unpacked("sipp") == part == fetch("sipp", quiet())
    assert (machine / "calls").read_text() == calls


def test_a_part_with_its_own_loader_brings_the_c_library(machine: Path) -> None:
    part = fetch("asterisk", quiet())
    assert part.suite == "testing"
    assert (part.root / "libc6_2.36_amd64.deb").exists()


def test_the_next_suite_is_tried_and_the_reason_shown(machine: Path) -> None:
    (machine / "broken").touch()
    shown = io.StringIO()
    assert fetch("asterisk", Progress(shown)).suite == "unstable"
    assert "Unable to fetch some archives" in shown.getvalue()


def test_a_failure_leaves_nothing_behind(machine: Path) -> None:
    (machine / "bin" / "dpkg-deb").write_text("#!/bin/sh\necho broken archive >&2; exit 2\n")
    with pytest.raises(FetchFailed, match="broken archive"):
        fetch("sipp", quiet())
    assert list((machine / "cache" / "parts").iterdir()) == []


def test_half_a_part_of_a_killed_process_is_cleared_away(machine: Path) -> None:
    (machine / "cache" / "parts" / ".sipp.999999").mkdir(parents=True)
    fetch("sipp", quiet())
    assert [f.name for f in (machine / "cache" / "parts").iterdir()] == ["sipp"]


def test_a_part_of_an_older_version_is_fetched_again(machine: Path) -> None:
    part = fetch("sipp", quiet())
    note = part.root / "part.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"packages": ["other"]}))
    assert unpacked("sipp") is None
    assert fetch("sipp", quiet()).version == "1:3.6-1"


def test_a_damaged_note_says_what_to_delete(machine: Path) -> None:
    part = fetch("sipp", quiet())
    (part.root / "part.json").write_text("{")
    with pytest.raises(PartUnavailable, match=r"parts/sipp.*Delete"):
        unpacked("sipp")


def test_two_do_not_fetch_together(machine: Path) -> None:
    (machine / "bin" / "dpkg-deb").write_text(DPKG_DEB.format(delay=0.4))
    with ThreadPoolExecutor(2) as pool:  # flock is held by an open file, not by a process
        parts = list(pool.map(lambda _: fetch("sipp", quiet()), range(2)))
    assert parts[0] == parts[1]
    assert (machine / "calls").read_text().count("install") == 1


def test_a_machine_without_apt_is_told(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(PartUnavailable, match=r"no apt-get.*Install sipp"):
        fetch("sipp", quiet())


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("W: GPG error: NO_PUBKEY 6ED0E7B82643E131", "debian-archive-keyring"),
        ("E: Write error - write (28: No space left on device)", "disk space"),
        ("E: Failed to fetch", "mirror"),
    ],
)
def test_what_apt_says_comes_with_a_remedy(machine: Path, said: str, remedy: str) -> None:
    (machine / "bin" / "apt-get").write_text(f"#!/bin/sh\necho '{said}'\nexit 100\n")
    with pytest.raises(FetchFailed, match=f"(?s){said[3:12]}.*{remedy}"):
        fetch("sipp", quiet())


def test_an_unwritable_cache_is_named(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "file").touch()
    monkeypatch.setenv("KAKERU_CACHE", str(machine / "file" / "cache"))
    with pytest.raises(FolderUnwritable, match="file/cache"):
        fetch("sipp", quiet())


def test_the_cache_is_where_the_user_keeps_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAKERU_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/tmp/caches")
    assert cache_folder() == Path("/var/tmp/caches/kakeru")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/srv/ops")
    assert cache_folder() == Path("/srv/ops/.cache/kakeru")


def test_the_command_line_tells_where_a_part_is(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["where", "sipp"]) == 1
    assert "not fetched" in capsys.readouterr().err
    assert main(["fetch", "sipp"]) == 0
    assert "sipp 1:3.6-1 is ready" in capsys.readouterr().err
    assert main(["where", "sipp"]) == 0
    assert capsys.readouterr().out.strip() == str(machine / "cache" / "parts" / "sipp")


def test_every_part_names_packages() -> None:
    assert all(part.packages and part.suites for part in PARTS.values())


def test_progress_moves_in_a_log_and_ends_each_step() -> None:
    shown = io.StringIO()
    progress = Progress(shown)
    with progress.step("download") as step:
        step.percent(50)
        step.tick()
    with pytest.raises(ValueError, match="x"), progress.step("unpack"):
        raise ValueError("x")
    lines = shown.getvalue().splitlines()
    assert "0 %" in lines[0]
    assert "done" in lines[1]
    assert "FAILED" in lines[-1]


def test_progress_on_a_terminal_redraws_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(shown, "isatty", lambda: True, raising=False)
    with Progress(shown).step("download") as step:
        time.sleep(0.11)
        step.percent(75)
    assert "\r\x1b[K" in shown.getvalue()
    assert "[###############.....]  75 %" in shown.getvalue()
    assert shown.getvalue().count("\n") == 1
