"""The controller of the benchmark of kills, in a process of its own, with its worker processes.

    python -m tests.benchmarks._recording_controller BLUEPRINT.json PIDS

It keeps every agent ready by itself, and writes the ids of its workers into the file PIDS. It says
`up` when it works, and ends when its standard input is closed. The toy model lies beside the
blueprint.
"""

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ari_app.clock import SystemClock
from ari_app.recording_workers import keep_when_ready, recording_workers
from ari_app.settings.models import Settings
from ari_app.transcription_workers import transcribe_when_ready, transcription_workers
from ari_app.worker_processes import WorkerProcesses
from dialer.floor_views import FloorError
from dialer.storage.engine import Database, open_database
from dialer.storage.tables import users
from tests.acceptance.blueprint import Blueprint, Running, running

MODEL = "toy-model"


async def main(file: Path, pids: Path) -> None:
    blueprint = Blueprint.model_validate_json(file.read_text(encoding="utf-8"))
    settings = _settings(blueprint, file.parent)
    database = open_database(blueprint.database_url)
    clock = SystemClock()
    keeping = recording_workers(settings, database, lambda _: None)
    transcribing = transcription_workers(settings, database, lambda _: None)
    assert transcribing is not None  # there is a model
    when_recorded = [
        *keep_when_ready(settings, clock, keeping),
        *transcribe_when_ready(settings, clock, transcribing),
    ]
    async with running(blueprint, when_recorded=when_recorded) as run:
        await keeping.start()
        await transcribing.start()
        tasks = [
            asyncio.create_task(_keep_ready(run, database)),
            asyncio.create_task(_write_pids([keeping, transcribing], pids)),
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
        await keeping.stop()
        await transcribing.stop()
    await database.close()


def _settings(blueprint: Blueprint, folder: Path) -> Settings:
    """Recordings are kept at once, as FLAC, and all are transcribed, with the toy model."""
    return Settings.model_validate(
        {
            "business_name": "Benchmark",
            "data_folder": folder,
            "database": {"url": blueprint.database_url},
            "recordings": {"folder": blueprint.recordings, "keep_after_minutes": 0},
            "transcripts": {"model": MODEL},
            "campaigns": blueprint.campaigns,
        }
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


async def _write_pids(pools: Sequence[WorkerProcesses], pids: Path) -> None:
    part = pids.with_suffix(".part")
    while True:
        part.write_text(" ".join(str(pid) for pool in pools for pid in pool.process_ids))
        part.replace(pids)
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
