"""How the databases carry statements out, of those that the use cases send themselves."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, text

from dialer.storage.engine import Database


@dataclass(slots=True)
class Sent:
    """The statements that were sent, with their parameters."""

    statements: list[tuple[str, Any]]

    def clear(self) -> None:
        self.statements.clear()

    def one_with(self, part: str) -> tuple[str, Any]:
        found = [(sql, values) for sql, values in self.statements if part in " ".join(sql.split())]
        assert found, f"nothing with {part!r} was sent"
        return found[-1]


@contextmanager
def listening(database: Database) -> Iterator[Sent]:
    sent = Sent([])

    def note(
        _connection: Any, _cursor: Any, sql: str, values: Any, _context: Any, many: bool
    ) -> None:
        if not many:
            sent.statements.append((sql, values))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def plan_with(database: Database, sent: Sent, part: str) -> str:
    return await plan_of(database, *sent.one_with(part))


async def plan_of(database: Database, sql: str, values: Any) -> str:
    async with database.read() as connection:
        if database.is_sqlite:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
            return "\n".join(row.detail for row in rows)
        # Small tables are read whole with good reason; a list of years is not.
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = await connection.exec_driver_sql(f"EXPLAIN {sql}", values)
        return "\n".join(row[0] for row in rows)


def uses(plan: str, *indexes: str) -> bool:
    """Any of the indexes; pk_… is what SQLite calls the INTEGER PRIMARY KEY."""
    found = any(index in plan for index in indexes)
    assert found or ("pk_leads" in indexes and "INTEGER PRIMARY KEY" in plan), plan
    return True


def sorts(plan: str) -> int:
    return plan.count("TEMP B-TREE FOR") + plan.count("Sort  (")


_GROWING = "leads|contact_points|actions|calls|mybox_entries|prohibitions"


def reads_whole_tables(plan: str) -> bool:
    """Whether it reads all of a table that grows with the years, be it along an index."""
    if re.search(rf"Seq Scan on ({_GROWING})|SCAN ({_GROWING})", plan):
        return True
    steps = re.split(r"->|SubPlan", plan)
    whole = [
        step
        for step in steps
        if re.search(rf"Index (Only )?Scan .*on ({_GROWING})\b", step)
        and "Index Cond" not in step
        # These hold a few of the calls only: the open ones, and the abandoned ones.
        and not re.search(r"uq_calls_open_number|ix_calls_abandoned", step)
    ]
    return bool(whole)
