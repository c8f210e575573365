"""The import that `lead_import` measures, in a process of its own as `serve` does it.

Its arguments are the URL of the database, the folder of imports, the file and the project.
Prints one line of JSON for the check and one for the import.
"""

import asyncio
import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from dialer.lead_imports.jobs import ImportJob
from dialer.lead_imports.whole import check, look_at, write
from dialer.lead_imports.workshop import Workshop
from dialer.rules.import_choices import ImportState
from dialer.storage.engine import open_database


async def work(url: str, folder: str, file: str, project: str) -> None:
    database = open_database(url)
    shop = Workshop(database, Path(folder), lambda: datetime.now(UTC))
    import_id, _ = await look_at(shop, Path(file), project=project)
    started = time.perf_counter()
    tell(await check(shop, import_id), started)
    print("importing", flush=True)
    started = time.perf_counter()
    tell(await write(shop, import_id), started)
    await database.close()


def tell(job: ImportJob, started: float) -> None:
    assert job.state in (ImportState.CHECKED, ImportState.DONE), job
    figures = {
        "seconds": time.perf_counter() - started,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "leads": job.created,
    }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:5]))
