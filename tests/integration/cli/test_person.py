"""`kakeru person …`: handed over as a file, erased when asked twice."""

import asyncio
import io
import json
import stat
import zipfile
from pathlib import Path
from uuid import UUID

import pytest

from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.engine import open_database
from dialer.storage.tables import recordings
from recordings.store import LocalRecordingStore
from tests.integration.cli.test_commands import rows
from tests.integration.cli.test_gate_commands import Kakeru, kakeru
from tests.small_world import NOON, add_call, add_lead, build_small_world

__all__ = ["kakeru"]


@pytest.fixture
def spoken(kakeru: Kakeru) -> Path:
    """A conversation with 03-5254-2287; the folder of its recording."""
    store = LocalRecordingStore(Path("config/var/recordings"), settle_seconds=0.01)

    async def build() -> None:
        database = open_database("sqlite:///config/var/kakeru.db")
        async with database.write() as connection:
            world = await build_small_world(connection)
            lead_id = await add_lead(
                connection, world.project_id, "+81352542287", name="<山田>花子"
            )
            call_id = await add_call(
                connection,
                world,
                lead_id,
                outcome=CallOutcome.CONNECTED,
                user=world.suzuki,
                memo="来週また",
                recorded=True,
            )
            store.raw_path(call_id, NOON).write_bytes(b"\1\0\2\0" * 8000)
            facts = await store.finish(call_id, NOON)
            assert facts is not None
            await connection.execute(recordings.update().values(path=facts.path))
        await database.close()

    asyncio.run(build())
    return store.root


def test_all_that_is_kept_is_handed_over(kakeru: Kakeru, spoken: Path) -> None:
    code, out, _ = kakeru("person", "export", "０３-5254-2287", "--to", "花子.zip")

    assert code == 0
    assert "1 recordings" in out
    assert stat.S_IMODE(Path("花子.zip").stat().st_mode) == 0o600
    with zipfile.ZipFile("花子.zip") as archive:
        told = json.loads(archive.read("person.json"))
        page = archive.read("person.html").decode()
        (audio,) = [name for name in archive.namelist() if name.startswith("audio/")]
        assert archive.read(audio)[:4] == b"RIFF"
    assert told["leads"][0]["name"] == "<山田>花子"
    assert told["actions"][0]["memo"] == "来週また"
    assert "&lt;山田&gt;花子" in page
    log = "SELECT action, subject, detail, address FROM audit_log WHERE action IN (%s) ORDER BY id"
    ((call_id,),) = rows("SELECT call_id FROM recordings")
    assert rows(log % "'person.export', 'recording.download'") == [
        ("recording.download", f"call:{UUID(str(call_id))}", '{"because": "person"}', "cli"),
        ("person.export", "number:+81352542287", '{"records": 5, "recordings": 1}', "cli"),
    ]


def test_a_file_that_is_there_stays(kakeru: Kakeru, spoken: Path) -> None:
    Path("mine.zip").write_text("mine")

    code, _, err = kakeru("person", "export", "03-5254-2287", "--to", "mine.zip")

    assert code == 1
    assert "choose another" in err
    assert Path("mine.zip").read_text() == "mine"
    assert sorted(path.name for path in Path().iterdir()) == ["config", "mine.zip"]


def test_nobody_and_no_number(kakeru: Kakeru, spoken: Path) -> None:
    assert kakeru("person", "export", "03-1234-5678", "--to", "a.zip")[0] == 1
    assert kakeru("person", "export", "花子", "--to", "a.zip")[0] == 2
    assert not Path("a.zip").exists()
    assert rows("SELECT id FROM audit_log WHERE action = 'person.export'") == []


def test_it_is_erased_when_asked_for(
    kakeru: Kakeru, spoken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase = ("person", "erase", "03-5254-2287", "--reason", "本人の求め")

    dry = kakeru(*erase, "--dry-run")
    assert dry[:2] == (0, "would erase: 1 leads, 1 actions, 1 recordings, 0 uploaded lists\n")
    assert rows("SELECT memo FROM actions") == [("来週また",)]
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert kakeru(*erase)[0] == 130
    assert rows("SELECT memo FROM actions") == [("来週また",)]

    assert kakeru(*erase, "--yes")[0] == 0
    assert rows("SELECT memo FROM actions") == [("",)]
    assert rows("SELECT e164, reason FROM prohibitions") == [("+81352542287", "本人の求め")]
    assert [path for path in spoken.rglob("*") if path.is_file()] == []
