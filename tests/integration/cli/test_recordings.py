"""`kakeru recordings …` in an installation with one conversation."""

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
