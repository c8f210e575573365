"""Lists for tests, imported in one go as the command line does it."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from dialer.lead_imports.jobs import ImportJob
from dialer.lead_imports.whole import import_file
from dialer.lead_imports.workshop import Workshop
from dialer.rules.import_choices import ImportState
from dialer.storage.engine import Database
from tests.small_world import NOON


async def import_now(
    database: Database, path: Path, *, project: str, now: datetime = NOON, **options: Any
) -> ImportJob:
    """The whole of a file, which must succeed; `options` as `import_file` takes them."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Workshop(database, Path(folder), lambda: now)
        job = await import_file(shop, path, project=project, **options)
    assert job.state in (ImportState.DONE, ImportState.CHECKED), job
    return job


async def import_text(
    database: Database, text: str, *, project: str, now: datetime = NOON, **options: Any
) -> ImportJob:
    """The same of a CSV file with this text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        path.write_text(text, encoding="utf-8")
        return await import_now(database, path, project=project, now=now, **options)
