"""What a claim of twenty leads costs: `python -m tests.benchmarks.claiming [--quick] [--explain]`.

In projects of several sizes, 1 % of whose leads are prohibited and 5 % in a MyBox, on
SQLite and PostgreSQL. In the same run and on the same table the bare thing: an UPDATE that
takes the next twenty rows of the lane in calling order, with SKIP LOCKED. Medians in
milliseconds; the last line is one JSON object with

- `ratio_10m_to_10k`: a claim in the largest list to one in the smallest, on PostgreSQL
- `ratio_to_bare_pop`: a claim to a bare pop, in the largest list on PostgreSQL
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop
from sqlalchemy import text, update

from dialer.claiming import claim
from dialer.storage.engine import Database
from dialer.storage.tables import calls
from tests.benchmarks._big_project import build, postgresql_database, sqlite_database
from tests.postgres_server import postgres_server

BATCH = 20
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


async def measure(database: Database, number: int, rounds: int) -> dict[str, float]:
    """Medians of claim and bare pop, in turn, so that a noisy machine is noisy to both."""
    started = time.perf_counter()
    project = await build(database, number, NOW)
    print(f"  {number:,} leads made in {time.perf_counter() - started:.0f} s", flush=True)
    pop = _bare_pop(database, await _plain_lane(database))
    claims: list[float] = []
    pops: list[float] = []
    for round_ in range(rounds + 10):
        now = NOW + timedelta(seconds=round_)
        started = time.perf_counter()
        claimed = await claim(database, project.request, BATCH, now)
        claim_took = time.perf_counter() - started
        assert len(claimed.calls) == BATCH
        started = time.perf_counter()
        await pop()
        pop_took = time.perf_counter() - started
        await _end_calls(database, now)
        if round_ >= 10:  # what comes first warms the caches
            claims.append(claim_took * 1000)
            pops.append(pop_took * 1000)
    medians = {
        "claim_ms": round(statistics.median(claims), 2),
        "bare_pop_ms": round(statistics.median(pops), 2),
    }
    print(f"  {medians}", flush=True)
    return medians


def _bare_pop(database: Database, lane_id: int) -> Callable[[], Awaitable[None]]:
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
            assert len((await connection.execute(statement)).all()) == BATCH

    return pop


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
    sqlite_sizes: list[int], postgresql_sizes: list[int], rounds: int
) -> dict[str, object]:
    """Every size on its own database, one after the other."""
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
                figures["postgresql"][str(number)] = await measure(database, number, rounds)
    of = figures["postgresql"]
    small, large = of[str(postgresql_sizes[0])], of[str(postgresql_sizes[-1])]
    return {
        "ratio_10m_to_10k": round(large["claim_ms"] / small["claim_ms"], 2),
        "ratio_to_bare_pop": round(large["claim_ms"] / large["bare_pop_ms"], 2),
        "leads": [postgresql_sizes[0], postgresql_sizes[-1]],
        **figures,
    }


# Of the defaults only what a server with ten million leads would have more of.
_AS_AT_WORK = ("shared_buffers=1GB", "maintenance_work_mem=512MB", "max_wal_size=4GB")


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small lists, in half a minute")
    return parser.parse_args()


if __name__ == "__main__":
    if _parsed().quick:
        outcome = run([10_000], [10_000, 100_000], 40)
    else:
        outcome = run([10_000, 1_000_000], [10_000, 1_000_000, 10_000_000], 200)
    print(json.dumps(uvloop.run(outcome)))
