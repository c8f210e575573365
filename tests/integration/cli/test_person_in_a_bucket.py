"""Commands about conversations that lie in a bucket: handed over, erased, and no connection left.

What is left open warns when it is collected, and warnings are errors.
"""

import asyncio
import gc
import hashlib
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recordings.s3_place import Bucket, S3Place
from tests.integration.cli.test_commands import rows
from tests.integration.cli.test_gate_commands import Kakeru, kakeru
from tests.integration.cli.test_person import spoken
from tests.s3_server import BUCKET, S3Server, s3_server

__all__ = ["kakeru", "spoken"]

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def in_bucket(kakeru: Kakeru, spoken: Path, server: S3Server) -> Kakeru:
    """The recording lies in a bucket, and the settings say so."""
    settings = Path("config/kakeru.yaml")
    settings.write_text(
        settings.read_text()
        + f"recordings: {{s3: {{bucket: {BUCKET}, endpoint_url: '{server.url}', "
        + "access_key: a, secret_key: b}}\nretention: {recordings_days: 30}\n"
    )
    ((name,),) = rows("SELECT path FROM recordings")
    file = spoken / str(name)

    async def move() -> None:
        bucket = S3Place(Bucket(BUCKET, "", server.url, "ap-northeast-1", "a", "b"))
        await bucket.put(file, str(name), hashlib.sha256(file.read_bytes()).hexdigest())
        await bucket.close()

    asyncio.run(move())
    file.unlink()
    with sqlite3.connect("config/var/kakeru.db") as database:
        database.execute(
            "UPDATE recordings SET place = 's3', started_at = '2020-01-06 03:00:00.000000'"
        )
    database.close()
    return kakeru


def test_it_is_handed_over_and_then_erased(in_bucket: Kakeru) -> None:
    assert in_bucket("person", "export", "03-5254-2287", "--to", "a.zip")[0] == 0
    gc.collect()
    with zipfile.ZipFile("a.zip") as archive:
        assert any(name.startswith("audio/") for name in archive.namelist())
    erase = ("person", "erase", "03-5254-2287", "--reason", "本人の求め", "--yes")
    assert in_bucket(*erase)[0] == 0
    gc.collect()
    assert rows("SELECT state, erased_because FROM recordings") == [("erased", "person")]


def test_it_is_erased_when_its_time_is_over(in_bucket: Kakeru) -> None:
    assert in_bucket("recordings", "retention")[0] == 0
    gc.collect()
    assert rows("SELECT state, erased_because FROM recordings") == [("erased", "retention")]
