"""プロジェクト as an admin's list shows them, and what their settings are chosen from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.campaign_state import CampaignRow, campaign_rows
from dialer.project_changes import boxes_in
from dialer.projects import Project, all_projects_of
from dialer.storage.search import contains
from dialer.storage.tables import (
    leads,
    project_users,
    projects,
    result_sets,
    user_workgroups,
    users,
    workgroups,
)
from dialer.users import User


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project with how many active users it has, and its campaigns."""

    project: Project
    users: int
    campaigns: tuple[CampaignRow, ...]


@dataclass(frozen=True, slots=True)
class LeadCounts:
    """A project's leads without deleted ones; `finished` are not called any more."""

    leads: int
    tried: int
    finished: int


async def project_lines(connection: AsyncConnection, viewer: User) -> list[ProjectLine]:
    """What `viewer` may see, open ones first, each part by name. Three queries."""
    found = await all_projects_of(connection, viewer)
    members = await _members(connection, [project.id for project in found])
    campaigns: dict[int, list[CampaignRow]] = {}
    for row in await campaign_rows(connection, viewer=viewer):
        campaigns.setdefault(row.project_id, []).append(row)
    return [
        ProjectLine(one, members.get(one.id, 0), tuple(campaigns.get(one.id, ()))) for one in found
    ]


async def lead_counts(connection: AsyncConnection, project_id: int) -> LeadCounts:
    """Reads every lead of the project once: half a second for a million."""
    row = (
        await connection.execute(
            select(
                func.count().label("leads"),
                func.count().filter(leads.c.attempts > 0).label("tried"),
                func.count(leads.c.finished_at).label("finished"),
            ).where(leads.c.project_id == project_id, leads.c.deleted_at.is_(None))
        )
    ).one()
    return LeadCounts(row.leads, row.tried, row.finished)


async def result_set_names(connection: AsyncConnection) -> Sequence[tuple[int, str]]:
    """Every result set by name."""
    rows = await connection.execute(select(result_sets).order_by(result_sets.c.name))
    return [(row.id, row.name) for row in rows]


async def samples(
    connection: AsyncConnection, project_id: int, *, limit: int = 20
) -> Sequence[tuple[int, str]]:
    """Some leads to try a script with: id and name."""
    rows = await connection.execute(
        select(leads.c.id, leads.c.name)
        .where(leads.c.project_id == project_id, leads.c.deleted_at.is_(None))
        .order_by(leads.c.id)
        .limit(limit)
    )
    return [(row.id, row.name) for row in rows]


async def _members(connection: AsyncConnection, project_ids: Collection[int]) -> Mapping[int, int]:
    rows = await connection.execute(
        select(projects.c.id, func.count().label("number"))
        .join(project_users, project_users.c.project_id == projects.c.id)
        .join(users, users.c.id == project_users.c.user_id)
        .where(projects.c.id.in_(project_ids), users.c.active)
        .group_by(projects.c.id)
    )
    return {row.id: row.number for row in rows}


@dataclass(frozen=True, slots=True)
class Member:
    """A user of a project; `held` are the project's leads in his MyBox."""

    id: int
    name: str
    login: str
    active: bool
    may_call: bool
    has_phone: bool
    workgroups: tuple[str, ...]
    held: int


async def members(connection: AsyncConnection, project_id: int, now: datetime) -> list[Member]:
    """Who works in the project, by name."""
    assigned = select(project_users.c.user_id).where(project_users.c.project_id == project_id)
    some = await _people(connection, users.c.id.in_(assigned))
    held = await boxes_in(connection, project_id, [row.id for row in some], now)
    return await _as_members(connection, some, held)


async def candidates(
    connection: AsyncConnection,
    project_id: int,
    *,
    text: str = "",
    workgroup_id: int | None = None,
    limit: int = 200,
) -> list[Member]:
    """Active users who are not in the project, by name: those of a workgroup, or whose name or
    login has `text` in it."""
    assigned = select(project_users.c.user_id).where(project_users.c.project_id == project_id)
    wanted = [users.c.id.not_in(assigned), users.c.active]
    if text:
        wanted.append(contains(text, users.c.name, users.c.login))
    if workgroup_id is not None:
        group = select(user_workgroups.c.user_id).where(
            user_workgroups.c.workgroup_id == workgroup_id
        )
        wanted.append(users.c.id.in_(group))
    some = await _people(connection, *wanted, limit=limit)
    return await _as_members(connection, some, {})


async def _people(
    connection: AsyncConnection, *wanted: ColumnElement[bool], limit: int | None = None
) -> Sequence[Row[Any]]:
    found = select(users).where(*wanted).order_by(users.c.name, users.c.id).limit(limit)
    return (await connection.execute(found)).all()


async def _as_members(
    connection: AsyncConnection, some: Sequence[Row[Any]], held: Mapping[int, int]
) -> list[Member]:
    groups: dict[int, list[str]] = {}
    for row in await connection.execute(
        select(user_workgroups.c.user_id, workgroups.c.name)
        .join(workgroups, workgroups.c.id == user_workgroups.c.workgroup_id)
        .where(user_workgroups.c.user_id.in_([one.id for one in some]))
        .order_by(workgroups.c.name)
    ):
        groups.setdefault(row.user_id, []).append(row.name)
    return [
        Member(
            id=row.id,
            name=row.name,
            login=row.login,
            active=row.active,
            may_call=row.may_call,
            has_phone=bool(row.phone_account),
            workgroups=tuple(groups.get(row.id, ())),
            held=held.get(row.id, 0),
        )
        for row in some
    ]
