"""A worker that keeps one recording and is killed, as by a loss of power, after a step.

python -m tests.keep_until DATABASE_URL ROOT FORM S3_URL STEP
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from dialer.recording_keeping import keep_next
from dialer.storage.engine import open_database
from recordings.archive import KeepingPolicy, RecordingArchive
from recordings.keys import Keyring
from recordings.s3_place import Bucket, S3Place
from recordings.store import LocalRecordingStore
from tests.s3_server import BUCKET

STEPS = ("fetched", "encoded", "sealed", "stored", "catalogued", "tidied")
KEYS = Keyring({"new": bytes(range(32)), "old": bytes(32)})


def archive_of(root: Path, form: str, s3_url: str) -> RecordingArchive:
    """`form` is as flac, opus+key, flac+s3 or flac+key+s3."""
    kind, *wraps = form.split("+")
    return RecordingArchive(
        LocalRecordingStore(root, settle_seconds=0.01),
        KeepingPolicy(
            kind,  # type: ignore[arg-type]
            encrypted="key" in wraps,
            place="s3" if "s3" in wraps else "local",
        ),
        KEYS,
        S3Place(Bucket(BUCKET, f"{root.parent.name}/", s3_url, "ap-northeast-1", "a", "b"))
        if s3_url
        else None,
    )


async def _keep(url: str, root: Path, form: str, s3_url: str, last: str) -> None:
    def step(name: str) -> None:
        if name == last:
            os.kill(os.getpid(), signal.SIGKILL)

    database = open_database(url)
    await keep_next(database, archive_of(root, form, s3_url), "w", _now, step=step)
    await database.close()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    url, root, form, s3_url, last = sys.argv[1:]
    asyncio.run(_keep(url, Path(root), form, s3_url, last))
