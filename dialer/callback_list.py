"""リマインダー: the callbacks that are still to be made, the one that is due first on top."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, exists, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_facts import TELEPHONES
from dialer.paging import PAGE_SIZE, Page, bounded, decode_key, page_of
from dialer.prohibitions import binding, binding_for
from dialer.rules.phone_number import national_format
from dialer.storage.tables import (
    callbacks,
    contact_points,
    leads,
    prohibitions,
    projects,
    users,
)
from dialer.users import User

Whose = Literal["all", "mine", "anyone"]


@dataclass(frozen=True, slots=True)
class OpenCallback:
    """`caller_id` None: anyone may call. `number` is the lead's first, as people write it."""

    id: int
    lead_id: int
    lead_name: str
    contact_person: str
    number: str
    project: str
    due_at: datetime
    caller_id: int | None
    caller: str
    note: str
    prohibited: bool


async def open_callbacks(
    connection: AsyncConnection,
    *,
    viewer: User,
    whose: Whose = "all",
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[OpenCallback]:
    """A user sees his own and those that anyone may make in his projects, an admin all.

    Leads that are deleted, or in closed projects, are left out. Raises BadPageKey.
    """
    query = (
        select(
            callbacks,
            leads.c.name.label("lead_name"),
            leads.c.contact_person,
            projects.c.name.label("project"),
            users.c.name.label("caller"),
            _first_number().label("number"),
            _prohibited(viewer).label("prohibited"),
        )
        .join(leads, leads.c.id == callbacks.c.lead_id)
        .join(projects, projects.c.id == callbacks.c.project_id)
        .outerjoin(users, users.c.id == callbacks.c.user_id)
        .where(
            callbacks.c.closed_at.is_(None),
            leads.c.deleted_at.is_(None),
            projects.c.closed_at.is_(None),
            *_for(viewer, whose),
        )
        .order_by(callbacks.c.due_at, callbacks.c.id)
        .limit(bounded(limit) + 1)
    )
    if after:
        start = tuple_(*decode_key(after, datetime, int))
        query = query.where(tuple_(callbacks.c.due_at, callbacks.c.id) > start)
    found = [
        OpenCallback(
            id=row.id,
            lead_id=row.lead_id,
            lead_name=row.lead_name,
            contact_person=row.contact_person,
            number=national_format(row.number) if row.number else "",
            project=row.project,
            due_at=row.due_at,
            caller_id=row.user_id,
            caller=row.caller or "",
            note=row.note,
            prohibited=bool(row.prohibited),
        )
        for row in await connection.execute(query)
    ]
    return page_of(found, limit=bounded(limit), key=lambda one: (one.due_at, one.id))


def _for(viewer: User, whose: Whose) -> list[ColumnElement[bool]]:
    mine, anyone = callbacks.c.user_id == viewer.id, callbacks.c.user_id.is_(None)
    conditions: list[ColumnElement[bool]] = []
    if not viewer.acts_as_admin:
        conditions.append(callbacks.c.project_id.in_(sorted(viewer.project_ids)))
    match whose:
        case "mine":
            conditions.append(mine)
        case "anyone":
            conditions.append(anyone)
        case "all":
            if not viewer.acts_as_admin:
                conditions.append(or_(mine, anyone))
    return conditions


def _first_number() -> ColumnElement[str]:
    return (
        select(contact_points.c.e164)
        .where(
            contact_points.c.lead_id == leads.c.id,
            contact_points.c.e164.is_not(None),
            contact_points.c.kind.in_(TELEPHONES),
        )
        .order_by(contact_points.c.position, contact_points.c.id)
        .limit(1)
        .scalar_subquery()
    )


def _prohibited(viewer: User) -> ColumnElement[bool]:
    return exists().where(
        contact_points.c.lead_id == leads.c.id,
        prohibitions.c.e164 == contact_points.c.e164,
        binding(binding_for(viewer)),
    )
