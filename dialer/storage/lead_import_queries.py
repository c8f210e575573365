"""Reading and writing many leads at once, with ids that are known before they are written."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Table, func, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.rules.custom_field import CustomField, Value, sort_keys
from dialer.storage.batches import batches
from dialer.storage.tables import (
    contact_points,
    custom_values,
    leads,
    mybox_entries,
    prohibitions,
)


@dataclass(frozen=True, slots=True)
class LeadThere:
    """A lead that a row may be about."""

    lead_id: int
    project_id: int
    import_id: int | None


# --- what is there ----------------------------------------------------------------------


async def leads_by_number(
    connection: AsyncConnection, numbers: Collection[str]
) -> dict[str, list[LeadThere]]:
    """The leads that can be called by each of these E.164 numbers, deleted ones aside."""
    found: dict[str, list[LeadThere]] = {}
    for some in batches(sorted(numbers)):
        if connection.dialect.name == "sqlite":
            rows = await connection.execute(
                select(contact_points.c.e164, leads.c.id, leads.c.project_id, leads.c.import_id)
                .join(leads, leads.c.id == contact_points.c.lead_id)
                .where(
                    contact_points.c.e164.in_(some),
                    contact_points.c.kind != "fax",
                    leads.c.deleted_at.is_(None),
                )
                .order_by(leads.c.id)
            )
        else:
            rows = await connection.execute(_BY_NUMBER, {"numbers": some})
        for number, lead_id, project_id, import_id in rows:
            found.setdefault(number, []).append(LeadThere(lead_id, project_id, import_id))
    return found


# While a table grows by a million rows, what PostgreSQL knows of it is old, and it would read
# all of it for a thousand numbers: so it is told to look each of them up.
_BY_NUMBER = text(
    "SELECT given.e164, lead.id, lead.project_id, lead.import_id "
    "FROM unnest(CAST(:numbers AS varchar[])) AS given(e164) "
    "CROSS JOIN LATERAL (SELECT point.lead_id FROM contact_points AS point "
    "WHERE point.e164 = given.e164 COLLATE \"C\" AND point.kind <> 'fax' OFFSET 0) AS point "
    "CROSS JOIN LATERAL (SELECT one.id, one.project_id, one.import_id FROM leads AS one "
    "WHERE one.id = point.lead_id AND one.deleted_at IS NULL OFFSET 0) AS lead "
    "ORDER BY lead.id"
)


async def leads_by_value(
    connection: AsyncConnection, project_id: int, field: CustomField, values: Collection[str]
) -> dict[str, list[LeadThere]]:
    """The project's leads that have one of these values in `field`, deleted ones aside."""
    keys = {key for value in values for key in sort_keys(field.kind, value)}
    found: dict[str, list[LeadThere]] = {}
    for some in batches(sorted(keys)):
        rows = await connection.execute(
            select(leads.c.custom, leads.c.id, leads.c.import_id)
            .join(custom_values, custom_values.c.lead_id == leads.c.id)
            .where(
                custom_values.c.project_id == project_id,
                custom_values.c.field_id == field.id,
                custom_values.c.sort_key.in_(some),
                leads.c.deleted_at.is_(None),
            )
            .order_by(leads.c.id)
        )
        for custom, lead_id, import_id in rows:
            value = custom.get(field.key)
            if value in values:  # the index knows only its beginning, folded
                found.setdefault(value, []).append(LeadThere(lead_id, project_id, import_id))
    return found


async def prohibited_among(connection: AsyncConnection, numbers: Collection[str]) -> set[str]:
    """Those that are prohibited for somebody."""
    found: set[str] = set()
    for some in batches(sorted(numbers)):
        rows = await connection.execute(
            select(prohibitions.c.e164).where(
                prohibitions.c.e164.in_(some), prohibitions.c.lifted_at.is_(None)
            )
        )
        found.update(rows.scalars())
    return found


async def boxed_among(connection: AsyncConnection, numbers: Collection[str]) -> set[str]:
    """Those of leads that are in somebody's MyBox."""
    found: set[str] = set()
    for some in batches(sorted(numbers)):
        rows = await connection.execute(
            select(contact_points.c.e164)
            .join(mybox_entries, mybox_entries.c.lead_id == contact_points.c.lead_id)
            .where(contact_points.c.e164.in_(some), mybox_entries.c.released_at.is_(None))
        )
        found.update(rows.scalars())
    return found


# --- what is written --------------------------------------------------------------------


async def reserve_ids(connection: AsyncConnection, table: Table, count: int) -> Sequence[int]:
    """`count` ids of `table`, ascending, that no other transaction will use and none has used.

    On SQLite this holds because a write transaction is the only writer, and because the
    table remembers the highest id that it ever had; on PostgreSQL the ids are drawn from
    the sequence that the column draws from.
    """
    if connection.dialect.name == "sqlite":
        last = (await connection.execute(select(func.max(table.c.id)))).scalar_one() or 0
        if table.dialect_options["sqlite"]["autoincrement"]:
            given = await connection.scalar(
                text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
            )
            last = max(last, given or 0)
        return range(last + 1, last + count + 1)
    drawn = await connection.execute(
        text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"),
        {"name": table.name, "count": count},
    )
    return sorted(drawn.scalars())


async def insert_many(
    connection: AsyncConnection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Rows of values in the order of `columns`, by the fastest way that the database has.

    JSON columns take text (`as_json`); times must be aware.
    """
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.copy_records_to_table(table.name, records=rows, columns=list(columns))
        return
    times = [index for index, row in enumerate(rows[0]) if isinstance(row, datetime)]
    marks = ", ".join("?" * len(columns))
    await connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})",
        [_with_times_as_text(row, times) for row in rows] if times else list(map(tuple, rows)),
    )


def as_json(value: Mapping[str, str] | Mapping[str, Value] | Iterable[Any]) -> str:
    """A value for a JSON column of `insert_many`."""
    return json.dumps(value, ensure_ascii=False)


_TEXT_OF_TIME = DateTime().dialect_impl(sqlite.dialect()).bind_processor(sqlite.dialect())


def _with_times_as_text(row: Sequence[Any], times: Sequence[int]) -> tuple[Any, ...]:
    """SQLite keeps a time as text: exactly as the column type would write it."""
    values = list(row)
    for index in times:
        if values[index] is not None:
            values[index] = _text_of(values[index])
    return tuple(values)


def _text_of(moment: datetime) -> str:
    assert _TEXT_OF_TIME is not None  # the type always has one
    return str(_TEXT_OF_TIME(moment.astimezone(UTC)))
