"""The controller of the benchmark of kills, in a process of its own, with its keeping worker.

    python -m tests.benchmarks._recording_controller BLUEPRINT.json PIDS

It keeps every agent ready by itself, and writes the ids of its workers into the file PIDS. It says
`up` when it works, and ends when its standard input is closed.
"""

import asyncio
import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.recording_stores import StorePlan
from ari_app.worker_processes import WorkerProcesses
from dialer import recording_jobs
from dialer.floor_views import FloorError
from dialer.recording_jobs import KEEP
from dialer.storage.engine import Database, open_database
from dialer.storage.tables import users
from tests.acceptance.blueprint import Blueprint, Running, running


async def main(file: Path, pids: Path) -> None:
    blueprint = Blueprint.model_validate_json(file.read_text(encoding="utf-8"))
    database = open_database(blueprint.database_url)
    workers = _workers(blueprint, database, file.parent)

    async def queue(connection: AsyncConnection, call_id: UUID) -> None:
        await recording_jobs.enqueue(connection, KEEP, call_id, now=datetime.now(UTC))
        asyncio.get_running_loop().call_later(0.2, workers.wake)

    async with running(blueprint, when_recorded=[queue]) as run:
        await workers.start()
        tasks = [
            asyncio.create_task(_keep_ready(run, database)),
            asyncio.create_task(_write_pids(workers, pids)),
        ]
        print("up", flush=True)
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
        )
        await lines.read()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await workers.stop()
    await database.close()


def _workers(blueprint: Blueprint, database: Database, folder: Path) -> WorkerProcesses:
    plan = StorePlan(str(blueprint.recordings), {"format": "flac"}, "", None)

    async def anything_waits() -> bool:
        async with database.read() as connection:
            return await recording_jobs.anything_waits(connection, (KEEP,))

    async def free(holder: str) -> None:
        await recording_jobs.end_all_of(database, holder)

    return WorkerProcesses(
        "ari_app.recording_worker",
        told=lambda holder: {
            "database_url": blueprint.database_url,
            "holder": holder,
            "log_file": str(folder / "worker.log"),
            "store": plan.as_json(),
        },
        anything_waits=anything_waits,
        free=free,
        on_news=lambda _: None,
    )


async def _keep_ready(run: Running, database: Database) -> None:
    async with database.read() as connection:
        agents = list(await connection.scalars(select(users.c.id)))
    while True:
        states = {agent.user_id: agent.state for agent in run.controller.floor.agents()}
        for user_id in agents:
            if states.get(user_id, "offline") in ("offline", "away"):
                # His phone may not be back yet: the next look tries again.
                with contextlib.suppress(FloorError, SQLAlchemyError):
                    await run.controller.floor.go_ready(user_id)
        await asyncio.sleep(0.5)


async def _write_pids(workers: WorkerProcesses, pids: Path) -> None:
    while True:
        pids.write_text(" ".join(map(str, workers.process_ids)))
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
