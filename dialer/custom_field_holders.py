"""Which leads hold a value of a custom field: found by the index, project by project."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.custom_fields import ImportAtWork
from dialer.rules.import_choices import ImportState
from dialer.storage.tables import custom_values, lead_imports, leads, projects

# One lead's custom values, for many at once: {"lead": id, "values": {…}}.
SET_VALUES = update(leads).where(leads.c.id == bindparam("lead")).values(custom=bindparam("values"))


async def count_values(connection: AsyncConnection, field_id: int) -> int:
    """How many leads hold a value of the field, in all projects, deleted leads included."""
    total = 0
    for project_id in await project_ids(connection):
        total += (
            await connection.scalar(
                select(func.count(custom_values.c.lead_id.distinct())).where(
                    values_of(project_id, field_id)
                )
            )
            or 0
        )
    return total


async def refuse_during_imports(connection: AsyncConnection, set_id: int) -> None:
    """An import reads the fields once, and writes values by them for minutes.

    Raises ImportAtWork.
    """
    at_work = await connection.scalar(
        select(lead_imports.c.file_name)
        .join(projects, projects.c.id == lead_imports.c.project_id)
        .where(
            projects.c.custom_field_set_id == set_id,
            lead_imports.c.state.in_((ImportState.IMPORTING, ImportState.UNDOING)),
        )
        .limit(1)
    )
    if at_work is not None:
        raise ImportAtWork(f"{at_work} is being imported; wait until it is done")


async def project_ids(connection: AsyncConnection) -> Sequence[int]:
    """Of all projects: one that used the set before may still hold values.

    With the project the index of the values finds them; without it, it has to be read whole.
    """
    return (await connection.scalars(select(projects.c.id).order_by(projects.c.id))).all()


async def leads_with_value(
    connection: AsyncConnection,
    project_id: int,
    field_id: int,
    keys: Collection[str] | None = None,
) -> Sequence[int]:
    """Their ids, ascending; with `keys` only of those that have one of these sort keys."""
    wanted = select(custom_values.c.lead_id).where(values_of(project_id, field_id, keys))
    return sorted(await connection.scalars(wanted.distinct()))


async def locked_leads(
    connection: AsyncConnection, project_id: int, lead_ids: Sequence[int]
) -> Sequence[Row[int, Any]]:
    """Id and custom values of those that are (still) in the project, locked until the end."""
    rows = await connection.execute(
        select(leads.c.id, leads.c.custom)
        .where(leads.c.id.in_(lead_ids), leads.c.project_id == project_id)
        .order_by(leads.c.id)
        .with_for_update(key_share=True)
    )
    return rows.all()


def values_of(
    project_id: int, field_id: int, keys: Collection[str] | None = None
) -> ColumnElement[bool]:
    """The rows of the index that are of this field, or only those with one of these sort keys."""
    of_field = and_(custom_values.c.project_id == project_id, custom_values.c.field_id == field_id)
    return of_field if keys is None else and_(of_field, custom_values.c.sort_key.in_(keys))
