"""One lead in full: everything that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.history import HistoryRow, timeline
from dialer.lead_rows import LeadRow, contact_points_of, lead_rows
from dialer.mybox_holders import Holder, holder_of
from dialer.prohibitions import StandingProhibition, binding_for, standing
from dialer.rules.phone_number import national_format
from dialer.storage.tables import leads, projects
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
class LeadDetail:
    """Everything that is known of a lead."""

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


async def lead_detail(
    connection: AsyncConnection, *, lead_id: int, viewer: User, now: datetime
) -> LeadDetail | None:
    """None when there is no such lead, or the viewer may not see its project."""
    lead = (
        await connection.execute(
            select(leads, projects.c.name.label("project"))
            .join(projects, projects.c.id == leads.c.project_id)
            .where(leads.c.id == lead_id)
        )
    ).first()
    if lead is None or not viewer.sees_project(lead.project_id):
        return None
    points = await contact_points_of(connection, [lead_id])
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
    )


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
