"""Leads as rows of a list: what is known of each, as far as the viewer may know it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_facts import TELEPHONES
from dialer.mybox_holders import holders_of
from dialer.prohibitions import binding_for, standing
from dialer.rules.custom_field import Values
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.phone_number import national_format
from dialer.storage.tables import (
    action_results,
    actions,
    calls,
    contact_points,
    leads,
    stages,
)
from dialer.users import User

_Points = dict[int, list[Row[Any]]]


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
    email: str
    postal_code: str
    building: str
    stage: str
    stage_colour: str
    callback_at: datetime | None
    created_at: datetime
    deleted_at: datetime | None
    merged_into_id: int | None
    custom: Values


async def lead_rows(
    connection: AsyncConnection, found: Sequence[Row[Any]], viewer: User, now: datetime
) -> tuple[LeadRow, ...]:
    """Rows of `leads` as the viewer sees them in a list."""
    ids = [lead.id for lead in found]
    points = await contact_points_of(connection, ids)
    holders = await holders_of(connection, lead_ids=ids, now=now, viewer=viewer)
    outcomes, results = await _last_words(connection, ids)
    known_stages = await _stages(connection, {lead.stage_id for lead in found})
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
        stage = known_stages.get(lead.stage_id)
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
                email=lead.email,
                postal_code=lead.postal_code,
                building=lead.building,
                stage=stage.name if stage else "",
                stage_colour=stage.colour if stage else "",
                callback_at=lead.callback_at,
                created_at=lead.created_at,
                deleted_at=lead.deleted_at,
                merged_into_id=lead.merged_into_id,
                custom=lead.custom,
            )
        )
    return tuple(rows)


async def _stages(
    connection: AsyncConnection, stage_ids: Collection[int | None]
) -> dict[int | None, Row[Any]]:
    ids = [one for one in stage_ids if one is not None]
    if not ids:
        return {}
    rows = await connection.execute(select(stages).where(stages.c.id.in_(ids)))
    return {row.id: row for row in rows}


async def names_of(connection: AsyncConnection, lead_ids: Collection[int]) -> dict[int, str]:
    """The names of some leads by their ids, whoever may see them."""
    rows = await connection.execute(
        select(leads.c.id, leads.c.name).where(leads.c.id.in_(lead_ids))
    )
    return {row.id: row.name for row in rows}


async def contact_points_of(connection: AsyncConnection, lead_ids: Collection[int]) -> _Points:
    """The contact points of some leads by lead, each lead's in its own order."""
    points: _Points = {}
    for point in await connection.execute(
        select(contact_points)
        .where(contact_points.c.lead_id.in_(lead_ids))
        .order_by(contact_points.c.lead_id, contact_points.c.position, contact_points.c.id)
    ):
        points.setdefault(point.lead_id, []).append(point)
    return points


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
