"""`kakeru recordings …` in an installation with one conversation."""

import os
import sqlite3
from pathlib import Path

from tests.integration.cli.test_commands import rows
from tests.integration.cli.test_gate_commands import Kakeru, kakeru
from tests.integration.cli.test_person import spoken

__all__ = ["kakeru", "spoken"]


def test_what_is_over_is_erased(kakeru: Kakeru, spoken: Path) -> None:
    settings = Path("config/kakeru.yaml")

    assert kakeru("recordings", "retention")[:2] == (
        0,
        "erased: the audio of 0 conversations, the words of 0\n",
    )
    settings.write_text(settings.read_text() + "retention: {recordings_days: 30}\n")
    with sqlite3.connect("config/var/kakeru.db") as database:
        database.execute("UPDATE recordings SET started_at = '2020-01-06 03:00:00.000000'")
    database.close()
    code, out, _ = kakeru("recordings", "retention", "--dry-run")
    assert (code, out) == (0, "would erase: the audio of 1 conversations, the words of 0\n")
    assert rows("SELECT state FROM recordings") == [("ready",)]

    assert kakeru("recordings", "retention")[0] == 0
    assert rows("SELECT state, erased_because FROM recordings") == [("erased", "retention")]
    assert [path for path in spoken.rglob("*") if path.is_file()] == []


def test_a_sweep_says_what_it_finds_and_repairs_what_is_safe(kakeru: Kakeru, spoken: Path) -> None:
    folder = spoken if spoken.is_dir() else spoken.parent
    half_made = folder / "keeping" / "x.part"
    half_made.parent.mkdir(parents=True)
    half_made.write_bytes(b"x")
    os.utime(half_made, (0, 0))

    code, out, _ = kakeru("recordings", "sweep")
    assert code == 1
    assert "local:keeping/x.part: half written" in out
    assert half_made.exists()
    assert kakeru("recordings", "sweep", "--repair")[1].count("; removed") == 1
    assert not half_made.exists()


def test_what_is_there_follows_the_settings(kakeru: Kakeru, spoken: Path) -> None:
    code, out, _ = kakeru("recordings", "keep")
    assert (code, out) == (0, "1 recordings are brought into the form that the settings say\n")
    assert rows("SELECT kind, state FROM recording_jobs") == [("keep", "waiting")]
