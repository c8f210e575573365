"""Choosing a program: the machine's if good enough, the one named, or the one fetched."""

from pathlib import Path

import pytest

from ari_app.runtime import programs
from ari_app.runtime.errors import PartUnavailable, ProgramTooOld


def fake_program(folder: Path, name: str, says: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def only_these(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the search path, and an empty cache."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("KAKERU_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(
        programs, "_which", lambda name: str(folder / name) if (folder / name).exists() else None
    )
    return folder


def test_the_machines_program_is_used_with_its_version(only_these: Path) -> None:
    path = fake_program(only_these, "redis-server", "Redis server v=7.2.4 sha=0:0")
    found = programs.redis_server()
    assert found.argv_prefix == (str(path),)
    assert (found.version, found.origin) == ("7.2.4", "system")
    assert programs.present("redis") == found


def test_nothing_is_present_in_an_empty_cache(only_these: Path) -> None:
    assert programs.present("redis") is None
    assert programs.present("asterisk") is None


def test_an_old_asterisk_that_was_named_is_refused(
    only_these: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fake_program(only_these, "my-asterisk", "Asterisk 20.6.0")
    monkeypatch.setenv("KAKERU_ASTERISK", str(path))
    with pytest.raises(ProgramTooOld, match=r"my-asterisk.*20\.6\.0.*22\.5"):
        programs.asterisk()


def test_an_old_asterisk_of_the_machine_does_not_count(only_these: Path) -> None:
    fake_program(only_these, "asterisk", "Asterisk 22.4.1")
    assert programs.present("asterisk") is None


def test_an_asterisk_that_is_not_there_is_named(
    only_these: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAKERU_ASTERISK", "/nowhere/asterisk")
    with pytest.raises(PartUnavailable, match="/nowhere/asterisk"):
        programs.asterisk()


def test_missing_modules_are_named(tmp_path: Path) -> None:
    modules = tmp_path / "usr/lib/x86_64-linux-gnu/asterisk/modules"
    modules.mkdir(parents=True)
    for name in programs._NEEDED_MODULES[1:]:
        (modules / f"{name}.so").touch()
    program = programs.Program("asterisk", ("asterisk",), "22.6.0", "system", root=tmp_path)
    assert programs._lacking(program) == f"it lacks the modules {programs._NEEDED_MODULES[0]}"
    (modules / f"{programs._NEEDED_MODULES[0]}.so").touch()
    assert programs._lacking(program) == ""


@pytest.mark.parametrize(
    ("debian", "upstream"),
    [("1:22.10.1+dfsg+~cs6.17-1", "22.10.1"), ("15+248+deb12u2", "15"), ("1.51+dfsg-10", "1.51")],
)
def test_debian_versions_as_upstream_counts(debian: str, upstream: str) -> None:
    assert programs._upstream(debian) == upstream


def test_libraries_of_an_unpacked_root_are_found(tmp_path: Path) -> None:
    for folder in ("usr/lib/x86_64-linux-gnu/pulseaudio", "lib/x86_64-linux-gnu"):
        (tmp_path / folder).mkdir(parents=True)
    found = programs.library_path(tmp_path).split(":")
    assert found[0] == str(tmp_path / "usr/lib/x86_64-linux-gnu")
    assert str(tmp_path / "lib/x86_64-linux-gnu") in found
    assert found[-1] == str(tmp_path / "usr/lib/x86_64-linux-gnu/pulseaudio")


def test_the_environment_is_added_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING", "old")
    program = programs.Program("x", ("x",), "1", "system", env={"SOMETHING": "new"})
    assert program.environment(MORE="1")["SOMETHING"] == "new"
    assert program.environment(MORE="1")["MORE"] == "1"
