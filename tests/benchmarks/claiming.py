"""What a claim of twenty leads costs: `python -m tests.benchmarks.claiming [--quick] [--explain]`.

In projects of several sizes, 1 % of whose leads are prohibited and 5 % in a MyBox, on
SQLite and PostgreSQL. In the same run and on the same table the bare thing: an UPDATE that
takes the next twenty rows of the lane in calling order, with SKIP LOCKED; and the same with
the calls written that a claim writes. Medians in milliseconds; the last line is one JSON
object with

- `ratio_10m_to_10k`: a claim in the largest list to one in the smallest, on PostgreSQL
- `ratio_to_bare_pop`: a claim to a bare pop, in the largest list on PostgreSQL
- `ratio_to_pop_and_write`: a claim to a pop that writes the same calls, likewise
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvloop
from sqlalchemy import event, text, update

from dialer.claiming import ClaimRequest, claim
from dialer.storage.claim_queries import write_calls
from dialer.storage.engine import Database
from dialer.storage.tables import calls
from tests.benchmarks._big_project import (
    BigProject,
    build,
    postgresql_database,
    sqlite_database,
)
from tests.postgres_server import postgres_server

BATCH = 20
_WARMING = 10  # what comes first fills caches
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


async def measure(
    database: Database, number: int, rounds: int, *, explain: bool = False
) -> dict[str, float]:
    """Medians in milliseconds; all are done in turn, so that a noisy machine is noisy to all."""
    started = time.perf_counter()
    project = await build(database, number, NOW)
    print(f"  {number:,} leads made in {time.perf_counter() - started:.0f} s", flush=True)
    lane_id = await _plain_lane(database)
    now = NOW

    async def claim_batch() -> None:
        assert len((await claim(database, project.request, BATCH, now)).calls) == BATCH

    ways: dict[str, Callable[[], Awaitable[None]]] = {
        "claim_ms": claim_batch,
        "bare_pop_ms": _pop(database, lane_id),
        "pop_and_write_ms": _pop(database, lane_id, writing_for=project.request),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(rounds + _WARMING):
        now = NOW + timedelta(seconds=round_)
        for name, way in ways.items():
            started = time.perf_counter()
            await way()
            took[name].append((time.perf_counter() - started) * 1000)
        await _end_calls(database, now)
    medians = {name: round(statistics.median(some[_WARMING:]), 2) for name, some in took.items()}
    print(f"  {medians}", flush=True)
    if explain:
        await _explain(database, project)
    return medians


def _pop(
    database: Database, lane_id: int, *, writing_for: ClaimRequest | None = None
) -> Callable[[], Awaitable[None]]:
    """Takes the next rows and asks nothing; when `writing_for`, also writes the same calls."""
    locked = "" if database.is_sqlite else "FOR UPDATE SKIP LOCKED"
    statement = text(
        "UPDATE leads SET attempts = attempts + 1, last_attempt_at = created_at WHERE id IN "
        f"(SELECT id FROM leads WHERE lane_id = {lane_id} AND finished_at IS NULL "
        "AND deleted_at IS NULL AND callback_at IS NULL AND next_attempt_at IS NULL "
        "ORDER BY priority DESC, last_attempt_at NULLS FIRST, id "
        f"LIMIT {BATCH} {locked}) RETURNING id"
    )

    async def pop() -> None:
        async with database.write() as connection:
            taken = (await connection.execute(statement)).scalars().all()
            assert len(taken) == BATCH
            if writing_for:
                await write_calls(connection, [_call(writing_for, lead_id) for lead_id in taken])

    return pop


def _call(request: ClaimRequest, lead_id: int) -> dict[str, object]:
    return {
        "id": uuid4(),
        "kind": "call",
        "at": NOW,
        "lead_id": lead_id,
        "project_id": request.project_id,
        "campaign_id": request.campaign_id,
        "contact_point_id": lead_id,
        "e164": f"+81{3_000_000_000 + lead_id}",
        "trunk": request.trunk,
        "caller_id": request.caller_ids[0],
        "attempt": 1,
        "for_user_id": None,
        "claimed_at": NOW,
        "lease_until": NOW,
        "decision": {},
    }


async def _explain(database: Database, project: BigProject) -> None:
    """Prints the plan of every question that a claim asks."""
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    await claim(database, project.request, BATCH, NOW + timedelta(days=1))
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    async with database.write() as connection:
        for statement, parameters in asked:
            if statement.startswith("SELECT"):
                print(f"\n{' '.join(statement.split())[:200]} …")
                for (line,) in await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters):
                    print(f"  {line}", flush=True)


async def _plain_lane(database: Database) -> int:
    async with database.read() as connection:
        return int(
            await connection.scalar(
                text("SELECT id FROM gate_lanes WHERE prohibited_for = '' AND box_user_id IS NULL")
            )
        )


async def _end_calls(database: Database, now: datetime) -> None:
    async with database.write() as connection:
        await connection.execute(
            update(calls)
            .where(calls.c.ended_at.is_(None))
            .values(ended_at=now, dialled_at=now, outcome="no_answer")
        )


async def run(
    sqlite_sizes: list[int], postgresql_sizes: list[int], rounds: int, *, explain: bool
) -> dict[str, object]:
    """Every size on its own database, one after the other; the plan is that of the largest."""
    figures: dict[str, dict[str, dict[str, float]]] = {"sqlite": {}, "postgresql": {}}
    for number in sqlite_sizes:
        print(f"SQLite, {number:,} leads", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            async with sqlite_database(Path(folder)) as database:
                figures["sqlite"][str(number)] = await measure(database, number, rounds)
    with postgres_server(*_AS_AT_WORK, durable=True) as server:
        for number in postgresql_sizes:
            print(f"PostgreSQL, {number:,} leads", flush=True)
            async with postgresql_database(server, f"leads_{number}") as database:
                figures["postgresql"][str(number)] = await measure(
                    database, number, rounds, explain=explain and number == postgresql_sizes[-1]
                )
    of = figures["postgresql"]
    small, large = of[str(postgresql_sizes[0])], of[str(postgresql_sizes[-1])]
    return {
        "ratio_10m_to_10k": round(large["claim_ms"] / small["claim_ms"], 2),
        "ratio_to_bare_pop": round(large["claim_ms"] / large["bare_pop_ms"], 2),
        "ratio_to_pop_and_write": round(large["claim_ms"] / large["pop_and_write_ms"], 2),
        "leads": [postgresql_sizes[0], postgresql_sizes[-1]],
        **figures,
    }


# Of the defaults only what a server with ten million leads would have more of.
_AS_AT_WORK = ("shared_buffers=1GB", "maintenance_work_mem=512MB", "max_wal_size=4GB")


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small lists, in half a minute")
    parser.add_argument("--explain", action="store_true", help="print the plan of a claim")
    return parser.parse_args()


if __name__ == "__main__":
    given = _parsed()
    if given.quick:
        work = run([10_000], [10_000, 100_000], 40, explain=given.explain)
    else:
        work = run([10_000, 1_000_000], [10_000, 1_000_000, 10_000_000], 200, explain=given.explain)
    print(json.dumps(uvloop.run(work)))
