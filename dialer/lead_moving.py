"""Leads go to another project: what goes along, what stays, and what is kept aside.

Fields, contact points, box and callback go along. What was done stays with the project that
did it, so that no report of the past changes; the lead's timeline shows it all the same.
Custom fields go by name and type; what has no place in the new project is kept under its
name beside the lead and told (decision 0014).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes
from dialer.custom_fields import fields_by_id
from dialer.custom_values import ValueChange, replace_values
from dialer.lead_changes import (
    Change,
    LeadChangeError,
    LeadIsDeleted,
    NoSuchLead,
    lock_leads,
    write_changes,
)
from dialer.lead_contacts import callable_numbers
from dialer.lead_facts import leads_with, numbers_of, open_call_to_the_lead
from dialer.mybox_holders import Holder, holders_of
from dialer.rules.custom_field import CustomField, Misfit, Value, Values, read_input
from dialer.rules.lead_fields import text_of
from dialer.rules.lead_zone import zone_to_keep
from dialer.rules.search_text import fold
from dialer.storage.batches import batches
from dialer.storage.number_locks import lock_for_change
from dialer.storage.tables import (
    callbacks,
    contact_points,
    leads,
    project_users,
    projects,
    stages,
)
from dialer.users import NotAllowed, User


class UnknownProject(LeadChangeError):
    """There is no such project, or it is closed."""


class AlreadyInProject(LeadChangeError):
    """The lead belongs to the project already."""


class HolderNotAssigned(LeadChangeError):
    """Who holds the lead is not assigned to the other project."""

    def __init__(self, lead_id: int, holder_name: str) -> None:
        super().__init__(f"lead {lead_id} is in the MyBox of {holder_name}, who is not assigned")
        self.holder_name = holder_name


class IsBeingCalled(LeadChangeError):
    """There is an open call to the lead."""


@dataclass(frozen=True, slots=True)
class MoveReport:
    """`kept_aside` are names of custom fields whose values have no place in the new project,
    with how many leads; `callbacks_opened` were somebody's who is not assigned there."""

    done: tuple[int, ...]
    refused: Mapping[int, LeadChangeError]
    kept_aside: Mapping[str, int] = field(default_factory=dict)
    callbacks_opened: int = 0


async def move_leads(
    connection: AsyncConnection,
    *,
    lead_ids: Collection[int],
    to_project_id: int,
    by: User,
    now: datetime,
    afresh: bool = False,
) -> MoveReport:
    """Moves leads, a few thousand at most; each goes or is refused for itself.

    `afresh` begins anew there: no attempts, not finished. Refused are NoSuchLead,
    LeadIsDeleted, AlreadyInProject, HolderNotAssigned and IsBeingCalled. Raises NotAllowed
    unless `by` acts as admin; UnknownProject.
    """
    if not by.acts_as_admin:
        raise NotAllowed("only an admin moves leads to another project")
    target = await _target(connection, to_project_id)
    numbers = await numbers_of(connection, lead_ids)
    await lock_for_change(connection, numbers)
    concerned = {*lead_ids, *await leads_with(connection, numbers)}
    await lock_leads(connection, list(concerned))
    holders = await holders_of(connection, lead_ids=lead_ids, now=now)
    found = await _leads(connection, lead_ids)
    refused: dict[int, LeadChangeError] = {}
    going: list[Row[Any]] = []
    for lead_id in dict.fromkeys(lead_ids):
        error = _refusal(lead_id, found.get(lead_id), target, holders.get(lead_id), by)
        if error is not None:
            refused[lead_id] = error
        else:
            going.append(found[lead_id])
    sources = {lead.project_id for lead in going}
    maps = {one: await _map(connection, one, target) for one in sorted(sources)}
    kept_aside: dict[str, int] = {}
    zones = await _zones(connection, [lead.id for lead in going], target.time_zone)
    rows, changes = [], {}
    moved: dict[int, list[ValueChange]] = {}
    for lead in going:
        values, aside = maps[lead.project_id].of(lead.custom)
        for name in aside:
            kept_aside[name] = kept_aside.get(name, 0) + 1
        rows.append(
            {
                "of_id": lead.id,
                "values": values,
                "aside": {**lead.extra, **aside},
                "stage": maps[lead.project_id].stages.get(lead.stage_id or 0),
                "zone": zones[lead.id],
            }
        )
        moved.setdefault(lead.project_id, []).append(ValueChange(lead.id, lead.custom, values))
        changes[lead.id] = _changes(lead, aside, values, maps[lead.project_id], target)
    for project_id, some in moved.items():
        away = [ValueChange(one.lead_id, one.old, {}) for one in some]
        here = [ValueChange(one.lead_id, {}, one.new) for one in some]
        old = maps[project_id].old
        await replace_values(connection, project_id=project_id, fields=old, changes=away)
        await replace_values(connection, project_id=target.id, fields=target.fields, changes=here)
    if rows:
        await connection.execute(_write(target.id, afresh=afresh), rows)
    opened = await _move_callbacks(connection, [lead.id for lead in going], target)
    await lanes.refresh(connection, concerned, now)
    await write_changes(connection, changes, by=by, now=now, action="lead.move")
    return MoveReport(tuple(lead.id for lead in going), refused, kept_aside, opened)


# --- what goes where --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Target:
    id: int
    name: str
    time_zone: str
    fields: Mapping[int, CustomField]
    stages: Mapping[int, str]
    user_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Map:
    """From one project into another. `to` gives the new field of an old one."""

    name: str
    old: Mapping[int, CustomField]
    to: Mapping[int, CustomField]
    stages: Mapping[int, int]
    stage_names: Mapping[int, str]

    def of(self, values: Values) -> tuple[dict[str, Value], dict[str, str]]:
        """The values in the new project, and what has no place there by its field's name."""
        placed: dict[str, Value] = {}
        aside: dict[str, str] = {}
        for key, value in values.items():
            field = self.old.get(int(key))
            if field is None:
                continue
            new = self.to.get(field.id)
            fits = _fitting(new, value) if new is not None else None
            if new is None or fits is None:
                aside[field.name] = text_of(value)
            else:
                placed[new.key] = fits
        return placed, aside


def _fitting(field: CustomField, value: Value) -> Value | None:
    """The value if the field takes it: its choices may be others."""
    read = read_input(field, value if isinstance(value, list) else [value])
    return None if isinstance(read, Misfit) else read


async def _map(connection: AsyncConnection, project_id: int, target: _Target) -> _Map:
    old = await fields_by_id(connection, project_id)
    by_name = {(fold(one.name), one.kind): one for one in target.fields.values()}
    names = await _stages(connection, project_id)
    ids = {fold(name): stage_id for stage_id, name in target.stages.items()}
    project = await connection.scalar(select(projects.c.name).where(projects.c.id == project_id))
    return _Map(
        name=str(project),
        old=old,
        to={
            one.id: new
            for one in old.values()
            if (new := by_name.get((fold(one.name), one.kind))) is not None
        },
        stages={stage_id: ids[fold(name)] for stage_id, name in names.items() if fold(name) in ids},
        stage_names=names,
    )


def _changes(
    lead: Row[Any],
    aside: Mapping[str, str],
    values: Mapping[str, Value],
    map_: _Map,
    target: _Target,
) -> list[Change]:
    told = [Change("project", map_.name, target.name)]
    old = map_.stage_names.get(lead.stage_id or 0, "")
    new = target.stages.get(map_.stages.get(lead.stage_id or 0, 0), "")
    if old != new:
        told.append(Change("stage", old, new))
    told += [Change(f"extra:{name}", "", text) for name, text in aside.items()]
    return told


def _refusal(
    lead_id: int, lead: Row[Any] | None, target: _Target, holder: Holder | None, by: User
) -> LeadChangeError | None:
    if lead is None or not by.sees_project(lead.project_id):
        return NoSuchLead(f"there is no lead {lead_id}")
    if lead.deleted_at is not None:
        return LeadIsDeleted(f"lead {lead_id} is deleted; restore it first")
    if lead.project_id == target.id:
        return AlreadyInProject(f"lead {lead_id} belongs to {target.name} already")
    if holder is not None and holder.user_id not in target.user_ids:
        return HolderNotAssigned(lead_id, holder.name)
    if lead.in_call:
        return IsBeingCalled(f"lead {lead_id} is being called")
    return None


# --- rows -------------------------------------------------------------------------------


async def _target(connection: AsyncConnection, project_id: int) -> _Target:
    row = (
        await connection.execute(
            select(projects).where(projects.c.id == project_id, projects.c.closed_at.is_(None))
        )
    ).one_or_none()
    if row is None:
        raise UnknownProject(f"there is no open project {project_id}")
    assigned = await connection.scalars(
        select(project_users.c.user_id).where(project_users.c.project_id == project_id)
    )
    return _Target(
        id=row.id,
        name=row.name,
        time_zone=row.time_zone,
        fields=await fields_by_id(connection, project_id),
        stages=await _stages(connection, project_id),
        user_ids=frozenset(assigned),
    )


async def _stages(connection: AsyncConnection, project_id: int) -> dict[int, str]:
    rows = await connection.execute(
        select(stages.c.id, stages.c.name)
        .join(projects, projects.c.result_set_id == stages.c.result_set_id)
        .where(projects.c.id == project_id)
        .order_by(stages.c.position, stages.c.id)
    )
    return {row.id: row.name for row in rows}


async def _leads(connection: AsyncConnection, lead_ids: Collection[int]) -> dict[int, Row[Any]]:
    found: dict[int, Row[Any]] = {}
    query: Select[Any] = select(leads, open_call_to_the_lead().label("in_call"))
    for some in batches(sorted(set(lead_ids))):
        rows = await connection.execute(query.where(leads.c.id.in_(some)))
        found.update((row.id, row) for row in rows)
    return found


async def _zones(
    connection: AsyncConnection, lead_ids: Sequence[int], project_zone: str
) -> dict[int, str]:
    """The zone to store with each lead, now that another project's is meant where none is."""
    points: dict[int, list[Any]] = {lead_id: [] for lead_id in lead_ids}
    for some in batches(sorted(lead_ids)):
        for point in await connection.execute(
            select(contact_points)
            .where(contact_points.c.lead_id.in_(some))
            .order_by(contact_points.c.position, contact_points.c.id)
        ):
            points[point.lead_id].append(point)
    return {
        lead_id: zone_to_keep(callable_numbers(some), project_zone)
        for lead_id, some in points.items()
    }


def _write(project_id: int, *, afresh: bool) -> Any:
    values: dict[str, Any] = {
        "project_id": project_id,
        "custom": bindparam("values", type_=leads.c.custom.type),
        "extra": bindparam("aside", type_=leads.c.extra.type),
        "stage_id": bindparam("stage", type_=leads.c.stage_id.type),
        "time_zone": bindparam("zone", type_=leads.c.time_zone.type),
    }
    if afresh:
        values |= {"attempts": 0, "finished_at": None, "next_attempt_at": None}
    return update(leads).where(leads.c.id == bindparam("of_id")).values(values)


async def _move_callbacks(
    connection: AsyncConnection, lead_ids: Sequence[int], target: _Target
) -> int:
    """Open callbacks go along; one whose caller is not assigned there may be anyone's."""
    opened = 0
    assigned = exists().where(
        project_users.c.project_id == target.id,
        project_users.c.user_id == callbacks.c.user_id,
    )
    for some in batches(sorted(lead_ids)):
        open_ones = (callbacks.c.lead_id.in_(some), callbacks.c.closed_at.is_(None))
        freed = await connection.execute(
            update(callbacks)
            .where(*open_ones, callbacks.c.user_id.is_not(None), ~assigned)
            .values(user_id=None)
        )
        opened += freed.rowcount
        await connection.execute(update(callbacks).where(*open_ones).values(project_id=target.id))
    return opened
