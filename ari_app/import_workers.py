"""The process that works on imports, as this installation's settings want it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ari_app.import_worker import WorkerSettings
from ari_app.settings import Settings
from ari_app.worker_processes import WorkerProcesses
from dialer.lead_imports import leases
from dialer.storage.engine import Database


def import_workers(
    settings: Settings, database: Database, on_news: Callable[[int], None]
) -> WorkerProcesses:
    """`on_news` is told the id of each import that a worker has come to the end of."""

    def told(holder: str) -> Mapping[str, Any]:
        return asdict(
            WorkerSettings(
                database_url=settings.database_url,
                folder=str(settings.imports_folder),
                holder=holder,
                log_file=str(settings.log_folder / "imports.log"),
                limits=asdict(settings.imports.limits),
                keep_files_days=settings.imports.keep_files_days,
            )
        )

    async def anything_waits() -> bool:
        async with database.read() as connection:
            return await leases.anything_waits(connection)

    async def free(holder: str) -> None:
        await leases.end_all_of(database, holder)

    return WorkerProcesses(
        "ari_app.import_worker",
        told=told,
        anything_waits=anything_waits,
        free=free,
        on_news=lambda news: on_news(int(news["import"])),
    )
