"""How long the counts of "why not?" take: `python -m tests.benchmarks.held_back [--quick]`.

The counts of a campaign's card over a project of a million leads, on SQLite and PostgreSQL:
1 % prohibited, 5 % in a MyBox, and of the others some tried, waiting, finished, with a
callback, abandoned, deleted and in a call. In the same run and on the same table a bare
`SELECT count(*) … GROUP BY lane_id`. Medians; the last line is one JSON object with

- `seconds_sqlite`, `seconds_postgresql`: the counts
- `ratio_sqlite`, `ratio_postgresql`: the counts to the bare query
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.held_back import held_back
from dialer.rules.eligibility import Refusal
from dialer.storage.engine import Database
from tests.benchmarks._big_project import BigProject, build, postgresql_database, sqlite_database
from tests.postgres_server import postgres_server

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ROUNDS = 5


async def measure(database: Database, number: int) -> dict[str, float]:
    """Medians of the counts and of the bare query, in turn."""
    project = await build(database, number, NOW)
    print("  made", flush=True)
    async with database.write() as connection:
        await _live_through_a_month(connection, project)
    await _tidy_up(database)

    async def count() -> None:
        async with database.read() as connection:
            counted = await held_back(connection, project.request, NOW)
        assert counted.leads == number - number // 200  # the deleted ones
        assert set(counted.by_reason) >= _SEEN

    async def bare() -> None:
        async with database.read() as connection:
            of_lane = text("SELECT lane_id, count(*) FROM leads GROUP BY lane_id")
            assert sum(row[1] for row in await connection.execute(of_lane)) == number

    counting: list[float] = []
    barely: list[float] = []
    for _ in range(ROUNDS):
        counting.append(await _seconds(count))
        barely.append(await _seconds(bare))
    counts, bare_counts = statistics.median(counting), statistics.median(barely)
    figures = {
        "seconds": round(counts, 3),
        "bare_seconds": round(bare_counts, 3),
        "ratio": round(counts / bare_counts, 2),
    }
    print(f"  {figures}", flush=True)
    return figures


_SEEN = {
    Refusal.PROHIBITED,
    Refusal.BOXED,
    Refusal.CALLBACK_NOT_DUE,
    Refusal.CALLBACK_OF_ANOTHER,
    Refusal.FINISHED,
    Refusal.ATTEMPTS_USED,
    Refusal.WAITING,
    Refusal.ABANDONED_REST,
    Refusal.IN_CALL,
}


async def _seconds(work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def _live_through_a_month(connection: AsyncConnection, project: BigProject) -> None:
    at = {name: _time(connection, moment) for name, moment in _MOMENTS.items()}
    changes = (
        "attempts = 1, last_attempt_at = :before WHERE id % 4 = 0",
        "next_attempt_at = :later WHERE id % 8 = 0",
        "attempts = 3 WHERE id % 50 = 4",
        "finished_at = :before WHERE id % 10 = 2",
        "deleted_at = :before WHERE id % 200 = 3",
        "callback_at = :later WHERE id % 200 = 7",  # a few have one already
        "callback_at = :before WHERE id % 400 = 9",
    )
    for change in changes:
        await _run(connection, f"UPDATE leads SET {change}", at)
    holder = project.holders[0].id
    await _run(
        connection,
        "INSERT INTO callbacks (lead_id, project_id, user_id, due_at, created_at) "
        f"SELECT id, project_id, CASE WHEN id % 400 = 9 THEN {holder} END, callback_at, :before "
        "FROM leads WHERE callback_at IS NOT NULL AND id NOT IN (SELECT lead_id FROM callbacks)",
        at,
    )
    # A fifth of the leads was called before; thirty of their calls are still open.
    for every, remainder, outcome, ended in (
        (5, 1, "'no_answer'", ":before"),
        (500, 6, "'abandoned'", ":before"),
    ):
        await _calls(connection, project, f"id % {every} = {remainder}", outcome, ended, at)
    await _calls(connection, project, "id % 10 = 3 AND id < 300", "NULL", "NULL", at)


async def _calls(
    connection: AsyncConnection,
    project: BigProject,
    whose: str,
    outcome: str,
    ended: str,
    at: dict[str, object],
) -> None:
    made = (
        "lower(hex(randomblob(16)))" if connection.dialect.name == "sqlite" else "gen_random_uuid()"
    )
    await _run(
        connection,
        f"CREATE TEMPORARY TABLE made AS SELECT {made} AS call, id AS lead "
        f"FROM leads WHERE {whose}",
        {},
    )
    await _run(
        connection,
        "INSERT INTO actions (id, kind, at, lead_id, project_id) "
        f"SELECT call, 'call', :before, lead, {project.project_id} FROM made",
        at,
    )
    await _run(
        connection,
        "INSERT INTO calls (id, campaign_id, contact_point_id, e164, trunk, attempt, claimed_at, "
        f"ended_at, outcome) SELECT call, {project.request.campaign_id}, point.id, point.e164, "
        f"'carrier', 1, :before, {ended}, {outcome} FROM made "
        "JOIN contact_points point ON point.lead_id = lead",
        at,
    )
    await _run(connection, "DROP TABLE made", {})


async def _run(connection: AsyncConnection, statement: str, at: dict[str, object]) -> None:
    used = {name: value for name, value in at.items() if f":{name}" in statement}
    await connection.execute(text(statement).bindparams(**used))


_MOMENTS = {"before": NOW - timedelta(hours=3), "later": NOW + timedelta(hours=3)}


def _time(connection: AsyncConnection, moment: datetime) -> object:
    if connection.dialect.name == "sqlite":
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
    return moment


async def _tidy_up(database: Database) -> None:
    """What a database at work does by itself."""
    if database.is_sqlite:
        async with database.write() as connection:
            await connection.execute(text("ANALYZE"))
        return
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("VACUUM ANALYZE"))


async def run(number: int) -> dict[str, object]:
    """Both databases with the same leads."""
    print(f"SQLite, {number:,} leads", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        async with sqlite_database(Path(folder)) as database:
            sqlite = await measure(database, number)
    print(f"PostgreSQL, {number:,} leads", flush=True)
    with postgres_server("shared_buffers=512MB") as server:
        async with postgresql_database(server, "leads") as database:
            postgresql = await measure(database, number)
    return {
        "seconds_sqlite": sqlite["seconds"],
        "seconds_postgresql": postgresql["seconds"],
        "ratio_sqlite": sqlite["ratio"],
        "ratio_postgresql": postgresql["ratio"],
        "leads": number,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the leads")
    leads = 100_000 if parser.parse_args().quick else 1_000_000
    print(json.dumps(asyncio.run(run(leads))))
