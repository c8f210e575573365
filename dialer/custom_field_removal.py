"""The end of custom fields and their sets: the values that leads hold go with them."""

from datetime import datetime

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.custom_field_holders import (
    SET_VALUES,
    locked_leads,
    project_ids,
    refuse_during_imports,
    values_of,
)
from dialer.custom_fields import SetInUse, field_of_set, fields_of_set, lock_set, set_name
from dialer.storage.engine import Database
from dialer.storage.tables import custom_field_sets, custom_fields, custom_values, projects
from dialer.users import User

_LEADS_AT_ONCE = 1000  # of a transaction that removes values
_Key = tuple[str, int]  # of a row of the index of one field: its sort key, and the lead


async def delete_field(
    database: Database, set_id: int, field_id: int, *, now: datetime, by: User | None = None
) -> int:
    """Removes the field and all values of it; returns how many leads held one.

    Many values are removed in several transactions, the field with the last: until then it
    is there, and what is interrupted can be begun again. Raises UnknownSet, UnknownField
    and ImportAtWork.
    """
    async with database.read() as connection:
        field = await field_of_set(connection, set_id, field_id)
        await refuse_during_imports(connection, set_id)
    removed = await _remove_values(database, field_id)
    async with database.write() as connection:
        await lock_set(connection, set_id)
        removed += await _remove_rest(connection, field_id)
        await connection.execute(delete(custom_fields).where(custom_fields.c.id == field_id))
        detail = {"name": field.name, "values": removed}
        await audit.record_by(
            connection, "custom_field.delete", f"custom_field:{field_id}", by, now, **detail
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
        await audit.record_by(connection, "custom_field_set.delete", subject, by, now, name=name)


async def _remove_values(database: Database, field_id: int) -> int:
    """In many transactions, each a stretch of the index; how many leads held a value."""
    removed = 0
    async with database.read() as connection:
        known = await project_ids(connection)
    for project_id in known:
        after: _Key | None = ("", 0)
        while after is not None:
            async with database.write() as connection:
                some, after = await _forget(connection, project_id, field_id, after)
            removed += some
    return removed


async def _remove_rest(connection: AsyncConnection, field_id: int) -> int:
    """What came while the others were removed."""
    removed = 0
    for project_id in await project_ids(connection):
        after: _Key | None = ("", 0)
        while after is not None:
            some, after = await _forget(connection, project_id, field_id, after)
            removed += some
    return removed


async def _forget(
    connection: AsyncConnection, project_id: int, field_id: int, after: _Key
) -> tuple[int, _Key | None]:
    """Removes some values; how many leads held them, and after which key it goes on."""
    key, place = str(field_id), tuple_(custom_values.c.sort_key, custom_values.c.lead_id)
    found = await connection.execute(
        select(custom_values.c.sort_key, custom_values.c.lead_id)
        .where(values_of(project_id, field_id), place > after)
        .order_by(custom_values.c.sort_key, custom_values.c.lead_id)
        .limit(_LEADS_AT_ONCE)
    )
    stretch: list[_Key] = [(row.sort_key, row.lead_id) for row in found]
    if not stretch:
        return 0, None
    lead_ids = sorted({lead_id for _, lead_id in stretch})
    rows = await locked_leads(connection, project_id, lead_ids)
    changes = [
        {"lead": row.id, "values": {k: v for k, v in row.custom.items() if k != key}}
        for row in rows
        if key in row.custom  # a second choice of the same lead finds the field gone
    ]
    if changes:
        await connection.execute(SET_VALUES, changes)
    await connection.execute(
        delete(custom_values).where(
            values_of(project_id, field_id), place > after, place <= stretch[-1]
        )
    )
    return len(changes), stretch[-1]


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
