"""The end of custom fields and their sets: the values that leads hold go with them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.custom_field_holders import (
    SET_VALUES,
    leads_with_value,
    locked_leads,
    project_ids,
    values_of,
)
from dialer.custom_fields import SetInUse, field_of_set, fields_of_set, lock_set, set_name
from dialer.storage.batches import batches
from dialer.storage.engine import Database
from dialer.storage.tables import custom_field_sets, custom_fields, custom_values, projects
from dialer.users import User

_LEADS_AT_ONCE = 2000  # of a transaction that removes values


async def delete_field(
    database: Database, set_id: int, field_id: int, *, now: datetime, by: User | None = None
) -> int:
    """Removes the field and all values of it; returns how many leads held one.

    Many values are removed in several transactions, the field with the last: until then it
    is there, and what is interrupted can be begun again. Raises UnknownSet, UnknownField.
    """
    async with database.read() as connection:
        field = await field_of_set(connection, set_id, field_id)
    removed = await _remove_values(database, field_id)
    async with database.write() as connection:
        await lock_set(connection, set_id)
        removed += await _remove_rest(connection, field_id)
        await connection.execute(delete(custom_fields).where(custom_fields.c.id == field_id))
        detail = {"name": field.name, "values": removed}
        await _record(
            connection, "custom_field.delete", f"custom_field:{field_id}", by, now, detail
        )
    return removed


async def delete_set(
    database: Database, set_id: int, *, now: datetime, by: User | None = None
) -> None:
    """Removes a set that no project uses, with the values that earlier projects left.

    Raises UnknownSet; SetInUse while a project, also a closed one, uses it.
    """
    async with database.read() as connection:
        await _unused(connection, set_id)
        fields = await fields_of_set(connection, set_id)
    for field in fields:
        await _remove_values(database, field.id)
    async with database.write() as connection:
        await lock_set(connection, set_id)
        name = await _unused(connection, set_id)
        for field in await fields_of_set(connection, set_id):
            await _remove_rest(connection, field.id)
        await connection.execute(delete(custom_fields).where(custom_fields.c.set_id == set_id))
        await connection.execute(delete(custom_field_sets).where(custom_field_sets.c.id == set_id))
        subject = f"custom_field_set:{set_id}"
        await _record(connection, "custom_field_set.delete", subject, by, now, {"name": name})


async def _remove_values(database: Database, field_id: int) -> int:
    async with database.read() as connection:
        holders = [
            (project_id, await leads_with_value(connection, project_id, field_id))
            for project_id in await project_ids(connection)
        ]
    removed = 0
    for project_id, lead_ids in holders:
        for start in range(0, len(lead_ids), _LEADS_AT_ONCE):
            async with database.write() as connection:
                some = lead_ids[start : start + _LEADS_AT_ONCE]
                removed += await _forget(connection, project_id, field_id, some)
    return removed


async def _remove_rest(connection: AsyncConnection, field_id: int) -> int:
    """What came while the others were removed."""
    removed = 0
    for project_id in await project_ids(connection):
        lead_ids = await leads_with_value(connection, project_id, field_id)
        removed += await _forget(connection, project_id, field_id, lead_ids)
    return removed


async def _forget(
    connection: AsyncConnection, project_id: int, field_id: int, lead_ids: Sequence[int]
) -> int:
    key, removed = str(field_id), 0
    for some in batches(lead_ids):
        rows = [
            row for row in await locked_leads(connection, project_id, some) if key in row.custom
        ]
        changes = [
            {"lead": row.id, "values": {k: v for k, v in row.custom.items() if k != key}}
            for row in rows
        ]
        if changes:
            await connection.execute(SET_VALUES, changes)
        await connection.execute(
            delete(custom_values).where(
                values_of(project_id, field_id), custom_values.c.lead_id.in_(some)
            )
        )
        removed += len(rows)
    return removed


async def _unused(connection: AsyncConnection, set_id: int) -> str:
    name = await set_name(connection, set_id)
    users = await connection.scalars(
        select(projects.c.name)
        .where(projects.c.custom_field_set_id == set_id)
        .order_by(projects.c.name)
    )
    if names := users.all():
        raise SetInUse(names)
    return name


async def _record(
    connection: AsyncConnection,
    action: str,
    subject: str,
    by: User | None,
    now: datetime,
    detail: Mapping[str, object],
) -> None:
    await audit.record(
        connection,
        user_id=by.id if by else None,
        action=action,
        subject=subject,
        detail=detail,
        now=now,
    )
