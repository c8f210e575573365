"""How fast a list becomes leads: `python -m tests.benchmarks.lead_import [--quick]`.

A list of a million rows (quick: 50,000) is imported into SQLite and PostgreSQL by a process
of its own, while this one serves pages. For each database:

- ``ratio_to_bare_load``: the import's time ÷ that of reading the file and loading the very
  same rows into the very same tables in the barest way there is: the text is split into
  cells and each cell is understood (``read_row``), then `executemany` of sqlite3, or COPY.
- ``ratio_to_load_alone``: the same without the understanding, which no bare load does.
- ``peak_mb``: the most memory that the importing process ever had.
- ``page_p95_ratio``: the 95th percentile of a page's time during the import ÷ without it.

The last line is one JSON object.
"""

import argparse
import asyncio
import csv
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from sqlalchemy import Table, func, select

from dialer.lead_imports.lists import OpenList, read_rows
from dialer.list_reading import inspect_list
from dialer.rules.list_shape import ListLimits
from dialer.storage.engine import Database, open_database
from dialer.storage.migrate import upgrade
from dialer.storage.tables import contact_points, custom_values, leads
from recordings.store import LocalRecordingStore
from tests.fakes.sales_team import PASSWORD, PROJECT, build_sales_team
from tests.fakes.web_server import build_web_world, serving
from tests.postgres_server import postgres_server

HEADER = (
    "会社名,会社名カナ,担当者名,電話番号,携帯番号,メール,郵便番号,都道府県,市区町村,業種,備考\n"
)
# As in the sample lists: less than half of the numbers are written plainly.
STYLES = ("03-{}-{}", "03({}){}", "０３－{}－{}", "+81 3-{}-{}", "03-{}-{} 内線12", "3{}{}")
AT_ONCE = 20_000  # rows of a bare load
PAUSE = 0.02  # seconds between two pages


def write_list(path: Path, rows: int) -> None:
    """A list in UTF-8 with a different number in each row."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for n in range(rows):
            phone = STYLES[n % 6].format(f"{3000 + n // 10_000 % 7000}", f"{n % 10_000:04}")
            mobile = f"090-{n // 10_000 + 1000}-{n % 10_000:04}" if n % 3 == 0 else ""
            file.write(
                f"会社{n},ｶｲｼｬ,担当 {n},{phone},{mobile},a{n}@example.jp,100-0001,東京都,"
                "千代田区,建設,折返し希望\n"
            )


async def measure(url: str, bare_url: str, file: Path) -> dict[str, float]:
    """One import into a database with a sales team, and the same rows barely into another."""
    await upgrade(url)
    await upgrade(bare_url)
    database = open_database(url)
    with tempfile.TemporaryDirectory() as folder:
        store = LocalRecordingStore(Path(folder) / "recordings", settle_seconds=0.01)
        team = await build_sales_team(database, store, calls_made=20)
        before = await last_lead(database)
        world = build_web_world(database, store.root, team)
        jar = aiohttp.CookieJar(unsafe=True)  # which also keeps those of 127.0.0.1
        async with (
            serving(world.app) as address,
            aiohttp.ClientSession(cookie_jar=jar) as session,
        ):
            pages = Pages(session, address, team.project_id)
            await pages.log_in()
            idle = await pages.look(lambda seen: seen < 150)
            figures, busy = await import_beside(pages, url, folder, file)
    reading = await asyncio.to_thread(reading_seconds, file)
    splitting = await asyncio.to_thread(splitting_seconds, file)
    loading = await bare_load(database, bare_url, before)
    await database.close()
    return {
        "ratio_to_bare_load": round(figures["seconds"] / (reading + loading), 2),
        "ratio_to_load_alone": round(figures["seconds"] / (splitting + loading), 2),
        "peak_mb": round(figures["peak_mb"]),
        "page_p95_ratio": round(p95(busy) / p95(idle), 2),
        "rows_per_second": round(figures["leads"] / figures["seconds"]),
        "import_seconds": round(figures["seconds"], 1),
        "check_seconds": round(figures["check_seconds"], 1),
        "bare_reading_seconds": round(reading, 1),
        "bare_loading_seconds": round(loading, 1),
        "page_p95_idle_ms": round(p95(idle) * 1000, 1),
        "page_p95_busy_ms": round(p95(busy) * 1000, 1),
    }


# --- pages --------------------------------------------------------------------------------


class Pages:
    """Somebody who looks at the table of leads and at the list of imports, again and again."""

    def __init__(self, session: aiohttp.ClientSession, address: str, project_id: int) -> None:
        self._session, self._address = session, address
        self._paths = (f"/leads?project={project_id}", "/imports")

    async def log_in(self) -> None:
        async with self._session.get(f"{self._address}/login") as page:
            token = (await page.text()).partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"csrf_token": token, "login": "admin", "password": PASSWORD}
        async with self._session.post(f"{self._address}/login", data=form) as page:
            assert page.status == 200

    async def look(self, go_on: Any) -> list[float]:
        """Seconds of each page, while `go_on` of their number is true."""
        seconds: list[float] = []
        while go_on(len(seconds)):
            started = time.perf_counter()
            async with self._session.get(self._address + self._paths[len(seconds) % 2]) as page:
                assert page.status == 200, await page.text()
                await page.read()
            seconds.append(time.perf_counter() - started)
            await asyncio.sleep(PAUSE)
        return seconds


async def import_beside(
    pages: Pages, url: str, folder: str, file: Path
) -> tuple[dict[str, float], list[float]]:
    """The figures of the import, and the pages that were looked at meanwhile."""
    command = (sys.executable, "-m", "tests.benchmarks._lead_import_work")
    process = await asyncio.create_subprocess_exec(
        *command, url, folder, str(file), PROJECT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    checked = json.loads(await process.stdout.readline())
    await process.stdout.readline()  # it begins to write
    last = asyncio.create_task(process.stdout.readline())
    busy = await pages.look(lambda seen: not last.done())
    figures: dict[str, float] = json.loads(await last)
    await process.wait()
    return {**figures, "check_seconds": checked["seconds"]}, busy


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


# --- the bare load ------------------------------------------------------------------------


def reading_seconds(file: Path) -> float:
    """The list, cell by cell and each understood, kept nowhere."""
    started = time.perf_counter()
    shape = inspect_list(file, file.name)
    for _ in read_rows(OpenList(file, shape, (), ListLimits())):
        pass
    return time.perf_counter() - started


def splitting_seconds(file: Path) -> float:
    """The list split into cells by the standard library."""
    started = time.perf_counter()
    with file.open(encoding="utf-8", newline="") as stream:
        for _ in csv.reader(stream):
            pass
    return time.perf_counter() - started


async def last_lead(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.max(leads.c.id)))).scalar_one())


async def bare_load(database: Database, bare_url: str, before: int) -> float:
    """Seconds of loading the rows that the import made into empty tables like its own."""
    if database.is_sqlite:
        path = str(database.engine.url.database)
        return await asyncio.to_thread(bare_sqlite, path, bare_url.partition("///")[2], before)
    return await bare_postgresql(database, bare_url, before)


_BEFORE = ("result_sets", "custom_field_sets", "users", "projects", "lead_imports", "gate_lanes")
_LOADED: tuple[tuple[Table, str], ...] = (
    (leads, "id"),
    (contact_points, "lead_id"),
    (custom_values, "lead_id"),
)


def bare_sqlite(source: str, target: str, before: int) -> float:
    """`executemany` in one transaction; what the rows refer to is copied beforehand."""
    seconds = 0.0
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        new.execute("PRAGMA journal_mode=WAL")
        new.execute("PRAGMA synchronous=NORMAL")
        for name in _BEFORE:
            some = old.execute(f"SELECT * FROM {name}").fetchall()
            if some:
                new.executemany(f"INSERT INTO {name} VALUES ({marks(some[0])})", some)
        new.commit()
        new.execute("PRAGMA foreign_keys=ON")
        for table, column in _LOADED:
            for some in sqlite_rows(old, table.name, column, before):
                started = time.perf_counter()
                new.executemany(f"INSERT INTO {table.name} VALUES ({marks(some[0])})", some)
                seconds += time.perf_counter() - started
        started = time.perf_counter()
        new.commit()
        return seconds + time.perf_counter() - started


def marks(row: tuple[Any, ...]) -> str:
    return ", ".join("?" * len(row))


def sqlite_rows(
    old: sqlite3.Connection, name: str, column: str, before: int
) -> Iterator[list[tuple[Any, ...]]]:
    found = old.execute(f"SELECT * FROM {name} WHERE {column} > ?", (before,))
    while some := found.fetchmany(AT_ONCE):
        yield some


async def bare_postgresql(database: Database, bare_url: str, before: int) -> float:
    """COPY in one transaction; what the rows refer to is copied beforehand."""
    seconds = 0.0
    old = await asyncpg.connect(
        database.engine.url.set(drivername="postgresql").render_as_string(False)
    )
    new = await asyncpg.connect(bare_url)
    try:
        for name in _BEFORE:
            some = await old.fetch(f"SELECT * FROM {name}")
            if some:
                await new.copy_records_to_table(name, records=[tuple(row) for row in some])
        async with new.transaction(), old.transaction():
            for table, column in _LOADED:
                cursor = await old.cursor(f"SELECT * FROM {table.name} WHERE {column} > $1", before)
                while some := await cursor.fetch(AT_ONCE):
                    records = [tuple(row) for row in some]
                    started = time.perf_counter()
                    await new.copy_records_to_table(table.name, records=records)
                    seconds += time.perf_counter() - started
            started = time.perf_counter()
        return seconds + time.perf_counter() - started
    finally:
        await old.close()
        await new.close()


async def run(rows: int) -> dict[str, object]:
    """Both databases with the same list."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "list.csv"
        write_list(file, rows)
        sqlite = await measure(f"sqlite:///{folder}/kakeru.db", f"sqlite:///{folder}/bare.db", file)
        print(json.dumps({"sqlite": sqlite}), file=sys.stderr, flush=True)
        with postgres_server() as server:
            await server.run("CREATE DATABASE leads")
            await server.run("CREATE DATABASE bare")
            postgresql = await measure(server.url("leads"), server.url("bare"), file)
    each = (sqlite, postgresql)
    return {
        "rows": rows,
        "ratio_to_bare_load": max(one["ratio_to_bare_load"] for one in each),
        "peak_mb": max(one["peak_mb"] for one in each),
        "page_p95_ratio": max(one["page_p95_ratio"] for one in each),
        "sqlite": sqlite,
        "postgresql": postgresql,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="50,000 rows")
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    print(json.dumps(asyncio.run(run(50_000 if given.quick else given.rows))))
