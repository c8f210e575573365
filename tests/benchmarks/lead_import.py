"""How fast a list becomes leads: `python -m tests.benchmarks.lead_import [--quick]`.

Rows a second from bytes to commit, and how long the write transaction holds up
everybody else, on SQLite and PostgreSQL. The last line is one JSON object.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from dialer import projects
from dialer.lead_files import read_lead_file
from dialer.lead_import import ImportStep, import_leads
from dialer.storage.engine import open_database
from dialer.storage.migrate import upgrade
from tests.postgres_server import postgres_server
from tests.small_world import NOON

HEADER = (
    "会社名,会社名カナ,担当者名,電話番号,携帯番号,メール,郵便番号,都道府県,市区町村,業種,備考\n"
)
# As in the sample lists: less than half of the numbers are written plainly.
STYLES = ("03-{}-{}", "03({}){}", "０３－{}－{}", "+81 3-{}-{}", "03-{}-{} 内線12", "3{}{}")


def make_list(rows: int) -> bytes:
    """A list in UTF-8 with a different number in each row."""
    lines = [
        f"会社{n},ｶｲｼｬ,担当 {n},{STYLES[n % 6].format(5000 + n // 10000, f'{n % 10000:04}')},"
        f"{f'090-5000-{n % 10000:04}' if n % 3 == 0 else ''},a{n}@example.jp,100-0001,東京都,"
        f"千代田区,建設,折返し希望\n"
        for n in range(rows)
    ]
    return (HEADER + "".join(lines)).encode()


async def measure(url: str, data: bytes) -> dict[str, float]:
    """One import into an empty database: rows a second in all, and seconds of writing."""
    await upgrade(url)
    database = open_database(url)
    async with database.write() as connection:
        await projects.create_project(connection, name="p", now=NOON)
    writing_since = 0.0

    def watch(step: ImportStep, done: int, total: int) -> None:
        nonlocal writing_since
        if step is ImportStep.WRITING and done == 0:
            writing_since = time.perf_counter()

    started = time.perf_counter()
    file = read_lead_file(data, file_name="list.csv")
    report = await import_leads(database, project="p", file=file, now=NOON, on_progress=watch)
    ended = time.perf_counter()
    await database.close()
    return {
        "rows_per_second": round(report.taken / (ended - started)),
        "write_seconds": round(ended - writing_since, 2),
    }


async def run(rows: int) -> dict[str, object]:
    """Both databases with the same list."""
    data = make_list(rows)
    with tempfile.TemporaryDirectory() as folder:
        sqlite = await measure(f"sqlite:///{Path(folder) / 'kakeru.db'}", data)
    with postgres_server() as server:
        await server.run("CREATE DATABASE leads")
        postgresql = await measure(server.url("leads"), data)
    return {"rows": rows, "sqlite": sqlite, "postgresql": postgresql}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(5_000 if "--quick" in sys.argv else 50_000))))
