"""One lead in full: everything that is known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.custom_fields import fields_of_project
from dialer.history import HistoryRow, timeline
from dialer.lead_rows import LeadRow, contact_points_of, lead_rows
from dialer.mybox_holders import Holder, holder_of
from dialer.prohibitions import StandingProhibition, binding_for, standing
from dialer.rules.custom_field import CustomField, Value
from dialer.rules.lead_fields import BASIC_FIELDS
from dialer.rules.phone_number import national_format
from dialer.storage.tables import leads, projects, stages
from dialer.users import User


@dataclass(frozen=True, slots=True)
class ContactPointView:
    id: int
    kind: str  # mobile phone fax email line other
    label: str
    raw: str
    e164: str | None
    number: str
    number_kind: str
    note: str
    zero_restored: bool
    prohibitions: tuple[StandingProhibition, ...]


@dataclass(frozen=True, slots=True)
class StageView:
    id: int
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class LeadDetail:
    """Everything that is known of a lead.

    `basic` are the fields of `BASIC_FIELDS`, `custom` the project's own with what the lead has
    there; `stages` those that it may come to; `merged_into` the lead that it was a duplicate of.
    """

    row: LeadRow
    project_id: int
    project: str
    postal_code: str
    building: str
    email: str
    website: str
    notes: str
    extra: dict[str, str]
    created_at: datetime
    finished_at: datetime | None
    contact_points: tuple[ContactPointView, ...]
    box: Holder | None
    timeline: tuple[HistoryRow, ...]
    basic: Mapping[str, str]
    custom: tuple[tuple[CustomField, Value | None], ...]
    stage: StageView | None
    stages: tuple[StageView, ...]
    priority: int
    callback_at: datetime | None  # when its open callback is due
    deleted_at: datetime | None
    merged_into: tuple[int, str] | None  # id and name


async def lead_detail(
    connection: AsyncConnection, *, lead_id: int, viewer: User, now: datetime
) -> LeadDetail | None:
    """None when there is no such lead, or the viewer may not see its project."""
    lead = (
        await connection.execute(
            select(leads, projects.c.name.label("project"), projects.c.result_set_id)
            .join(projects, projects.c.id == leads.c.project_id)
            .where(leads.c.id == lead_id)
        )
    ).first()
    if lead is None or not viewer.sees_project(lead.project_id):
        return None
    points = await contact_points_of(connection, [lead_id])
    known_stages = await _stages(connection, lead.result_set_id)
    fields = await fields_of_project(connection, lead.project_id)
    (row,) = await lead_rows(connection, [lead], viewer, now)
    prohibitions = await standing(
        connection,
        e164s=[point.e164 for point in points.get(lead_id, ()) if point.e164],
        workgroup_ids=binding_for(viewer),
    )
    return LeadDetail(
        row=row,
        project_id=lead.project_id,
        project=lead.project,
        postal_code=lead.postal_code,
        building=lead.building,
        email=lead.email,
        website=lead.website,
        notes=lead.notes,
        extra=lead.extra,
        created_at=lead.created_at,
        finished_at=lead.finished_at,
        contact_points=tuple(
            _contact_point(point, prohibitions) for point in points.get(lead_id, ())
        ),
        box=await holder_of(connection, lead_id=lead_id, now=now, viewer=viewer),
        timeline=await timeline(connection, lead_id=lead_id),
        basic={name: getattr(lead, name) for name in BASIC_FIELDS},
        custom=tuple((field, lead.custom.get(field.key)) for field in fields),
        stage=next((stage for stage in known_stages if stage.id == lead.stage_id), None),
        stages=known_stages,
        priority=lead.priority,
        callback_at=lead.callback_at,
        deleted_at=lead.deleted_at,
        merged_into=await _merged_into(connection, lead.merged_into_id),
    )


async def _stages(connection: AsyncConnection, result_set_id: int | None) -> tuple[StageView, ...]:
    rows = await connection.execute(
        select(stages.c.id, stages.c.name, stages.c.colour)
        .where(stages.c.result_set_id == result_set_id)
        .order_by(stages.c.position, stages.c.id)
    )
    return tuple(StageView(row.id, row.name, row.colour) for row in rows)


async def _merged_into(connection: AsyncConnection, lead_id: int | None) -> tuple[int, str] | None:
    if lead_id is None:
        return None
    row = (
        await connection.execute(select(leads.c.id, leads.c.name).where(leads.c.id == lead_id))
    ).first()
    return None if row is None else (row.id, row.name)


def _contact_point(
    point: Row[Any], prohibitions: Sequence[StandingProhibition]
) -> ContactPointView:
    return ContactPointView(
        id=point.id,
        kind=point.kind,
        label=point.label,
        raw=point.raw,
        e164=point.e164,
        number=national_format(point.e164) if point.e164 else point.raw,
        number_kind=point.number_kind,
        note=point.note,
        zero_restored=point.zero_restored,
        prohibitions=tuple(known for known in prohibitions if known.e164 == point.e164),
    )
