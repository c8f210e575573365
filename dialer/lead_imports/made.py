"""What an import brings besides leads: custom fields from unknown columns, and what was chosen.

All of it is made in one transaction before the first row, which also writes down how the
list is read from then on; so whoever goes on after a crash reads it just so.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.custom_fields import FieldDraft, add_field, create_set
from dialer.lead_imports import leases
from dialer.lead_imports.jobs import ImportJob
from dialer.lead_imports.leases import Lease
from dialer.lead_imports.lists import NEW, OpenList, fields_to_make, reading_as_found, with_fields
from dialer.lead_imports.workshop import Workshop
from dialer.rules.custom_field import CustomField
from dialer.rules.lead_field import LeadField
from dialer.storage.tables import custom_field_sets, custom_values, projects
from dialer.storage.tables import custom_fields as field_table
from dialer.users import User, user_by_id


async def make(shop: Workshop, lease: Lease, job: ImportJob, given: OpenList) -> OpenList:
    """Makes the fields that columns are to become; the list as it is read from now on.

    Raises LeaseLost, TooManyChoices, CustomFieldError.
    """
    wanted = await shop.in_thread(fields_to_make, given)
    async with shop.database.write() as connection:
        by = None if job.created_by_id is None else await user_by_id(connection, job.created_by_id)
        set_id, set_made = await _set_of(connection, shop, job, by, needed=bool(wanted))
        made = {
            place: await _field(connection, shop, set_id, field, by)
            for place, field in wanted.items()
        }
        ready = with_fields(given, made)
        await _remember(connection, job, ready)
        targets = {column.index: column.target for column in ready.shape.columns}
        choices = replace(job.choices, reading=reading_as_found(ready.shape), targets=targets)
        await leases.keep(
            connection,
            lease,
            shop.now(),
            choices=choices.as_json(),
            summary={
                **job.summary,
                "begun": True,
                "made_fields": [field.id for field in made.values()],
                "made_set": set_id if set_made else None,
            },
        )
    return ready


async def unmake(connection: AsyncConnection, job: ImportJob) -> None:
    """Removes the fields that the import made, if nobody has used them since."""
    for field_id in job.summary.get("made_fields", ()):
        await connection.execute(
            delete(field_table).where(
                field_table.c.id == field_id,
                ~exists().where(
                    custom_values.c.field_id == field_id,
                    custom_values.c.project_id.in_(select(projects.c.id)),
                ),
            )
        )
    set_id = job.summary.get("made_set")
    if set_id is None or await _is_used(connection, set_id, job.project_id):
        return
    await connection.execute(
        update(projects)
        .where(projects.c.id == job.project_id, projects.c.custom_field_set_id == set_id)
        .values(custom_field_set_id=None)
    )
    await connection.execute(delete(custom_field_sets).where(custom_field_sets.c.id == set_id))


async def _is_used(connection: AsyncConnection, set_id: int, project_id: int) -> bool:
    fields = await connection.scalar(
        select(func.count()).select_from(field_table).where(field_table.c.set_id == set_id)
    )
    others = await connection.scalar(
        select(func.count())
        .select_from(projects)
        .where(projects.c.custom_field_set_id == set_id, projects.c.id != project_id)
    )
    return bool(fields or others)


async def _set_of(
    connection: AsyncConnection, shop: Workshop, job: ImportJob, by: User | None, *, needed: bool
) -> tuple[int, bool]:
    """The project's set of fields, made when one is needed and there is none; whether it was."""
    set_id = await connection.scalar(
        select(projects.c.custom_field_set_id).where(projects.c.id == job.project_id)
    )
    if set_id is not None or not needed:
        return set_id or 0, False
    taken = set((await connection.execute(select(custom_field_sets.c.name))).scalars())
    name = next(
        name
        for count in range(1, len(taken) + 2)
        if (name := job.project if count == 1 else f"{job.project} {count}") not in taken
    )
    set_id = await create_set(connection, name=name, now=shop.now(), by=by)
    await connection.execute(
        update(projects).where(projects.c.id == job.project_id).values(custom_field_set_id=set_id)
    )
    await audit.record(
        connection,
        user_id=by.id if by else None,
        action="project.edit",
        subject=f"project:{job.project_id}",
        now=shop.now(),
        detail={"custom_field_set_id": set_id},
    )
    return set_id, True


async def _field(
    connection: AsyncConnection, shop: Workshop, set_id: int, field: CustomField, by: User | None
) -> CustomField:
    draft = FieldDraft(field.name, field.kind, choices=field.choices)
    return await add_field(connection, set_id, draft, now=shop.now(), by=by)


async def _remember(connection: AsyncConnection, job: ImportJob, given: OpenList) -> None:
    """Offers the same again for the next list whose columns are called so."""
    kept: Mapping[str, Any] = (
        await connection.execute(
            select(projects.c.column_choices).where(projects.c.id == job.project_id)
        )
    ).scalar_one()
    said = {
        column.name: column.target
        for column in given.shape.columns
        if column.target != LeadField.EXTRA and not column.target.startswith(NEW)
    }
    await connection.execute(
        update(projects)
        .where(projects.c.id == job.project_id)
        .values(column_choices={**kept, **said})
    )
