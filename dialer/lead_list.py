"""リード: the leads of a project as a list, and one lead in full."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.history import HistoryRow, timeline
from dialer.lead_facts import TELEPHONES
from dialer.mybox_holders import Holder, holder_of, holders_of
from dialer.paging import PAGE_SIZE, Page, bounded, decode_key, page_of
from dialer.prohibitions import StandingProhibition, binding_for, standing
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.phone_number import national_format
from dialer.rules.search_text import number_beginning
from dialer.storage.search import begins_with, contains
from dialer.storage.tables import action_results, actions, calls, contact_points, leads, projects
from dialer.users import User


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead in the list; its first number that can be called stands for all.

    `prohibited` is meant for the viewer: company-wide, or for one of his workgroups
    (any workgroup, when he acts as admin). `boxed_by` is empty also for a box of
    somebody whom he may not know; `boxed_by_id` tells whether it is in one.
    """

    id: int
    name: str
    name_kana: str
    contact_person: str
    e164: str | None
    number: str  # as people write it; what was imported, when it cannot be called
    prefecture: str
    city: str
    attempts: int
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    last_outcome: CallOutcome | None
    last_result: str
    finished: bool
    boxed_by: str
    boxed_by_id: int | None
    prohibited: bool


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


async def list_leads(
    connection: AsyncConnection,
    *,
    project_id: int,
    viewer: User,
    now: datetime,
    text: str = "",
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[LeadRow]:
    """The leads of a project in the order of import; none when the viewer may not see it.

    `text` is a phone number in any writing, or the beginning of one, or else words of
    the lead's names (kana in either script and width). Raises BadPageKey.
    """
    if not viewer.sees_project(project_id):
        return Page((), None)
    query = (
        select(leads)
        .where(leads.c.project_id == project_id, leads.c.deleted_at.is_(None))
        .where(*matching(text))
        .order_by(leads.c.id)
        .limit(bounded(limit) + 1)
    )
    if after:
        query = query.where(leads.c.id > decode_key(after, int)[0])
    found = (await connection.execute(query)).all()
    page = page_of(found, limit=bounded(limit), key=lambda row: (row.id,))
    return Page(await lead_rows(connection, page.rows, viewer, now), page.next_key)


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
    points = await _contact_points(connection, [lead_id])
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


async def names_of(connection: AsyncConnection, lead_ids: Collection[int]) -> dict[int, str]:
    """The names of some leads by their ids, whoever may see them."""
    rows = await connection.execute(
        select(leads.c.id, leads.c.name).where(leads.c.id.in_(lead_ids))
    )
    return {row.id: row.name for row in rows}


# --- which leads ------------------------------------------------------------------------


def matching(text: str) -> list[ColumnElement[bool]]:
    """Leads with this number, or the beginning of it, or else with these words in a name."""
    if not text.strip():
        return []
    if beginning := number_beginning(text):
        with_number = select(contact_points.c.lead_id).where(
            begins_with(contact_points.c.e164, beginning)
        )
        return [leads.c.id.in_(with_number)]
    return [contains(text, leads.c.name, leads.c.name_kana, leads.c.contact_person)]


# --- rows -------------------------------------------------------------------------------

_Points = dict[int, list[Row[Any]]]


async def _contact_points(connection: AsyncConnection, lead_ids: Collection[int]) -> _Points:
    points: _Points = {}
    for point in await connection.execute(
        select(contact_points)
        .where(contact_points.c.lead_id.in_(lead_ids))
        .order_by(contact_points.c.lead_id, contact_points.c.position, contact_points.c.id)
    ):
        points.setdefault(point.lead_id, []).append(point)
    return points


async def lead_rows(
    connection: AsyncConnection, found: Sequence[Row[Any]], viewer: User, now: datetime
) -> tuple[LeadRow, ...]:
    """Rows of `leads` as the viewer sees them in a list."""
    ids = [lead.id for lead in found]
    points = await _contact_points(connection, ids)
    holders = await holders_of(connection, lead_ids=ids, now=now, viewer=viewer)
    outcomes, results = await _last_words(connection, ids)
    numbers = {point.e164 for some in points.values() for point in some if point.e164}
    prohibited = {
        prohibition.e164
        for prohibition in await standing(
            connection, e164s=numbers, workgroup_ids=binding_for(viewer)
        )
    }
    rows = []
    for lead in found:
        own = points.get(lead.id, [])
        e164, number = _main_number(own)
        holder = holders.get(lead.id)
        rows.append(
            LeadRow(
                id=lead.id,
                name=lead.name,
                name_kana=lead.name_kana,
                contact_person=lead.contact_person,
                e164=e164,
                number=number,
                prefecture=lead.prefecture,
                city=lead.city,
                attempts=lead.attempts,
                last_attempt_at=lead.last_attempt_at,
                next_attempt_at=lead.next_attempt_at,
                last_outcome=outcomes.get(lead.id),
                last_result=results.get(lead.id, ""),
                finished=lead.finished_at is not None,
                boxed_by=holder.name if holder else "",
                boxed_by_id=holder.user_id if holder else None,
                prohibited=any(point.e164 in prohibited for point in own),
            )
        )
    return tuple(rows)


async def _last_words(
    connection: AsyncConnection, lead_ids: Collection[int]
) -> tuple[dict[int, CallOutcome], dict[int, str]]:
    """Of each lead the outcome of its last call and the result picked last."""
    outcomes: dict[int, CallOutcome] = {}
    results: dict[int, str] = {}
    for lead_id, outcome, result in await connection.execute(
        select(actions.c.lead_id, calls.c.outcome, action_results.c.name)
        .outerjoin(calls, calls.c.id == actions.c.id)
        .outerjoin(action_results, action_results.c.id == actions.c.result_id)
        .where(actions.c.lead_id.in_(lead_ids))
        .order_by(actions.c.lead_id, actions.c.at)
    ):
        if outcome is not None:
            outcomes[lead_id] = CallOutcome(outcome)
        if result is not None:
            results[lead_id] = result
    return outcomes, results


def _main_number(points: Sequence[Row[Any]]) -> tuple[str | None, str]:
    telephones = [point for point in points if point.kind in TELEPHONES]
    for point in telephones:
        if point.e164:
            return point.e164, national_format(point.e164)
    return None, telephones[0].raw if telephones else ""


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
