"""What the filters of a project's lead table offer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.custom_fields import fields_by_id
from dialer.result_sets import ActionResult, results_of_project
from dialer.rules.custom_field import CustomField
from dialer.storage.tables import lead_imports, projects, stages
from dialer.users import User, list_users

_IMPORTS = 50


@dataclass(frozen=True, slots=True)
class StageChoice:
    id: int
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class ImportChoice:
    """A list that was imported."""

    id: int
    file_name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LeadChoices:
    """`users` are those of the project whom the viewer may know, `imports` the latest ones."""

    fields: Mapping[int, CustomField]
    stages: Sequence[StageChoice]
    results: Sequence[ActionResult]
    users: Sequence[User]
    imports: Sequence[ImportChoice]


async def lead_choices(
    connection: AsyncConnection, *, project_id: int, viewer: User
) -> LeadChoices:
    """All that one can ask for in this project."""
    of_project = select(projects.c.result_set_id).where(projects.c.id == project_id)
    known_stages = await connection.execute(
        select(stages)
        .where(stages.c.result_set_id == of_project.scalar_subquery())
        .order_by(stages.c.position, stages.c.id)
    )
    imports = await connection.execute(
        select(lead_imports.c.id, lead_imports.c.file_name, lead_imports.c.created_at)
        .where(lead_imports.c.project_id == project_id, lead_imports.c.created > 0)
        .order_by(lead_imports.c.id.desc())
        .limit(_IMPORTS)
    )
    return LeadChoices(
        fields=await fields_by_id(connection, project_id),
        stages=[StageChoice(row.id, row.name, row.colour) for row in known_stages],
        results=await results_of_project(connection, project_id),
        users=[
            one
            for one in await list_users(connection)
            if one.sees_project(project_id) and _knows(viewer, one)
        ],
        imports=[ImportChoice(row.id, row.file_name, row.created_at) for row in imports],
    )


def _knows(viewer: User, other: User) -> bool:
    """A user knows himself and the colleagues of his workgroups."""
    return (
        viewer.acts_as_admin
        or other.id == viewer.id
        or not viewer.workgroup_ids.isdisjoint(other.workgroup_ids)
    )
