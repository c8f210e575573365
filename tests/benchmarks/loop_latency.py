"""Does transcribing disturb calls? `python -m tests.benchmarks.loop_latency`

A campaign runs on a real Asterisk: simulated agents talk with the people of the simulated
carrier, and every conversation is recorded. Meanwhile a task in the controller's event loop, of
the kind that serve uses, sleeps 10 ms again and again and notes how much too late it wakes. Beside
it four processes transcribe a backlog that outlasts the measuring, with the real libvosk and the
tests' model; every other turn they are stopped, so that what else disturbs counts for both.

Measure on a machine that does nothing else: other busy programs delay the loop in any case, and
`others_cores` says how much they took. The last line is one JSON object:

- `loop_latency_p99_ms`: how late, with the four at work
- `loop_latency_max_ms`: the worst
- `alone_p99_ms`, `alone_max_ms`: the same while they are stopped
- `workers_cores`, `others_cores`: processors that the four, and programs that have nothing to do
  with this, kept busy in the turns of `loop_latency_p99_ms`
- `conversations`: people who were connected with an agent while it was measured
- `transcribed_hours`: audio that became words while it was measured
- `cores`: of this machine
"""

import argparse
import asyncio
import json
import os
import random
import signal
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

import numpy as np
import soundfile
import structlog
import uvloop
from sqlalchemy import func, insert, select

from ari_app.settings.models import Settings
from ari_app.transcription_workers import transcription_workers
from ari_app.worker_processes import WorkerProcesses
from dialer import transcribing
from dialer.recording_jobs import TRANSCRIBE
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.tables import (
    actions,
    calls,
    contact_points,
    leads,
    recording_jobs,
    recordings,
)
from tests import toy_vosk_model as toy
from tests.acceptance.installation import Installation, number
from tests.benchmarks.transcription import conversation

AGENTS, WORKERS = 12, 4
_TICKS = os.sysconf("SC_CLK_TCK")
_TICK_SECONDS = 0.01
_TURN_SECONDS = 5.0
_LONG_SECONDS = 120  # of each conversation in the backlog
_CALLS_A_SECOND = 8  # more than the agents can talk with
# Endings of numbers: people who hang up themselves, and those who cannot be reached.
_ENDINGS = [*range(27), *range(45, 100)]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="with them, and as many without")
    parser.add_argument("--quick", action="store_true", help="10 seconds")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    print(json.dumps(await measure(10 if given.quick else given.seconds)))


async def measure(seconds: float) -> dict[str, float]:
    turns = max(1, round(seconds / _TURN_SECONDS))
    campaign = {"mode": "power", "lines_per_agent": 2}
    async with Installation(agents=AGENTS, campaigns={"carrier": campaign}) as kakeru:
        workers = await _workers(kakeru)
        await _backlog(kakeru, WORKERS * (4 + round(seconds)))
        await kakeru.all_ready()
        chance = random.Random(1)
        people = [number(f"{chance.choice(_ENDINGS):02d}") for _ in range(_people(seconds))]
        await kakeru.add_leads("carrier", people)
        await kakeru.start("carrier")
        await _talked(kakeru, AGENTS)
        await workers.start()
        try:
            await _all_at_work(kakeru)
            talked, done = await _conversations(kakeru), await _transcribed(kakeru)
            alone: list[float] = []
            beside: list[float] = []
            used = Used()
            for _ in range(turns):
                with _stopped(workers):
                    alone += await _lateness(_TURN_SECONDS)
                before = Used.so_far(workers.process_ids)
                beside += await _lateness(_TURN_SECONDS)
                used += Used.so_far(workers.process_ids) - before
            talked, done = await _conversations(kakeru) - talked, await _transcribed(kakeru) - done
            if await _waiting(kakeru) < WORKERS:
                raise RuntimeError("the backlog ended before the measuring")
        finally:
            await workers.stop()
    return {
        "loop_latency_p99_ms": _p99(beside),
        "loop_latency_max_ms": round(max(beside), 1),
        "alone_p99_ms": _p99(alone),
        "alone_max_ms": round(max(alone), 1),
        "workers_cores": round(used.by_workers / (turns * _TURN_SECONDS), 2),
        "others_cores": round(used.by_others / (turns * _TURN_SECONDS), 2),
        "conversations": talked,
        "transcribed_hours": round(done * _LONG_SECONDS / 3600, 1),
        "cores": os.cpu_count() or 0,
    }


async def _lateness(seconds: float) -> list[float]:
    """Milliseconds, of each tick."""
    late = []
    until = time.perf_counter() + seconds
    while (now := time.perf_counter()) < until:
        await asyncio.sleep(_TICK_SECONDS)
        late.append(1000 * (time.perf_counter() - now - _TICK_SECONDS))
    return late


def _p99(late: Sequence[float]) -> float:
    return round(float(np.percentile(late, 99)), 2)


@contextmanager
def _stopped(workers: WorkerProcesses) -> Iterator[None]:
    for pid in workers.process_ids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in workers.process_ids:
            os.kill(pid, signal.SIGCONT)


# --- who uses the processors ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds of processors."""

    by_workers: float = 0.0
    by_others: float = 0.0  # neither workers nor this process nor any that it started

    @classmethod
    def so_far(cls, workers: Collection[int]) -> Self:
        parents, used = {}, {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                    # After the name in brackets: state, parent, …, user time, system time.
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                    parents[int(entry.name)] = int(fields[1])
                    used[int(entry.name)] = (int(fields[11]) + int(fields[12])) / _TICKS
        ours = {os.getpid()}
        while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
            ours |= more
        everything = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
        user, nice, system, _idle, _waiting, irq, softirq = map(int, everything[:7])
        busy = (user + nice + system + irq + softirq) / _TICKS
        return cls(
            by_workers=sum(used.get(pid, 0.0) for pid in workers),
            by_others=busy - sum(used[pid] for pid in ours if pid in used),
        )

    def __add__(self, more: Self) -> Self:
        return type(self)(self.by_workers + more.by_workers, self.by_others + more.by_others)

    def __sub__(self, less: Self) -> Self:
        return type(self)(self.by_workers - less.by_workers, self.by_others - less.by_others)


# --- what is transcribed --------------------------------------------------------------------------


async def _workers(kakeru: Installation) -> WorkerProcesses:
    toy.make(kakeru.folder / "model")
    settings = Settings.model_validate(
        {
            "business_name": "Benchmark",
            "data_folder": kakeru.folder,
            "database": {"url": kakeru.blueprint.database_url},
            "recordings": {"folder": kakeru.blueprint.recordings},
            "transcripts": {"model": "model", "workers": WORKERS},
        }
    )
    settings.log_folder.mkdir(parents=True, exist_ok=True)
    workers = transcription_workers(settings, kakeru.database, lambda _: None)
    assert workers is not None  # there is a model
    return workers


async def _backlog(kakeru: Installation, count: int) -> None:
    """Conversations of before that wait for their words; all are one file."""
    kakeru.blueprint.recordings.mkdir(parents=True, exist_ok=True)
    file = kakeru.blueprint.recordings / "long.wav"
    audio = await asyncio.to_thread(conversation, _LONG_SECONDS)
    soundfile.write(file, audio, toy.SAMPLE_RATE, subtype="PCM_16")
    numbers = [number() for _ in range(count)]
    await kakeru.add_leads("people", numbers)
    now = datetime.now(UTC)
    async with kakeru.database.write() as connection:
        query = (
            select(leads.c.id, leads.c.project_id, contact_points.c.e164)
            .join(contact_points, contact_points.c.lead_id == leads.c.id)
            .where(contact_points.c.e164.in_(numbers))
        )
        for lead in (await connection.execute(query)).all():
            call_id = uuid4()
            await connection.execute(
                insert(actions).values(
                    id=call_id, kind="call", at=now, lead_id=lead.id, project_id=lead.project_id
                )
            )
            await connection.execute(
                insert(calls).values(
                    id=call_id,
                    e164=lead.e164,
                    trunk="people",
                    attempt=1,
                    claimed_at=now,
                    ended_at=now,
                    outcome=CallOutcome.CONNECTED,
                )
            )
            await connection.execute(
                insert(recordings).values(
                    call_id=call_id, path=file.name, state="ready", started_at=now
                )
            )
            await transcribing.ask_for(connection, call_id, now)


async def _all_at_work(kakeru: Installation) -> None:
    """Each has loaded its model and holds a job."""
    job = recording_jobs.c
    async with asyncio.timeout(60):
        while True:
            async with kakeru.database.read() as connection:
                held = select(func.count()).where(
                    job.kind == TRANSCRIBE, job.state == "waiting", job.holder.is_not(None)
                )
                if (await connection.execute(held)).scalar_one() == WORKERS:
                    return
            await asyncio.sleep(0.2)


async def _transcribed(kakeru: Installation) -> int:
    return await _jobs(kakeru, "done")


async def _waiting(kakeru: Installation) -> int:
    return await _jobs(kakeru, "waiting")


async def _jobs(kakeru: Installation, state: str) -> int:
    job = recording_jobs.c
    async with kakeru.database.read() as connection:
        query = select(func.count()).where(job.kind == TRANSCRIBE, job.state == state)
        return (await connection.execute(query)).scalar_one()


# --- the campaign ---------------------------------------------------------------------------------


def _people(seconds: float) -> int:
    return round(_CALLS_A_SECOND * (2 * seconds + 60))


async def _talked(kakeru: Installation, count: int) -> None:
    async with asyncio.timeout(60):
        while await _conversations(kakeru) < count:
            await asyncio.sleep(0.2)


async def _conversations(kakeru: Installation) -> int:
    async with kakeru.database.read() as connection:
        joined = select(func.count()).where(
            calls.c.connected_at.is_not(None), calls.c.ended_at.is_not(None)
        )
        return (await connection.execute(joined)).scalar_one()


if __name__ == "__main__":
    uvloop.run(main())
