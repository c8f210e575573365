"""The tabs マイボックス and 禁止 of the leads: newest first, by workgroup.

They begin at what was put away or prohibited, not at the leads: those are few among many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Row, exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_facts import box_stands
from dialer.lead_rows import LeadRow, lead_rows
from dialer.lead_table import matching
from dialer.mybox_holders import Holder, knows_holder
from dialer.paging import PAGE_SIZE, Page, bounded, decode_key, page_of
from dialer.prohibition_list import ForWhom
from dialer.prohibitions import StandingProhibition, binding, binding_for
from dialer.rules.phone_number import national_format
from dialer.storage.tables import (
    contact_points,
    leads,
    mybox_entries,
    prohibitions,
    user_workgroups,
    users,
    workgroups,
)
from dialer.users import User


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose boxes: those of one user, of a workgroup's members, or of all that one may know."""

    kind: Literal["user", "workgroup", "all"]
    id: int = 0


@dataclass(frozen=True, slots=True)
class BoxedLead:
    """A lead in somebody's box. His name is known: others' boxes are not listed."""

    lead: LeadRow
    holder: Holder


@dataclass(frozen=True, slots=True)
class ProhibitedLead:
    """A lead with one of its numbers and what stands against that."""

    lead: LeadRow
    number: str  # as people write it
    prohibition: StandingProhibition


async def boxed_leads(
    connection: AsyncConnection,
    *,
    project_id: int,
    viewer: User,
    now: datetime,
    whose: Whose,
    text: str = "",
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[BoxedLead]:
    """The project's leads in these boxes: a user sees his own and those of his workgroups.

    Empty when the viewer may not see the project. `text` as `lead_table.list_leads` has it.
    Raises BadPageKey.
    """
    if not viewer.sees_project(project_id):
        return Page((), None)
    query = (
        select(
            leads,
            mybox_entries.c.id.label("entry_id"),
            mybox_entries.c.user_id,
            mybox_entries.c.since,
            mybox_entries.c.expires_at,
            users.c.name.label("holder_name"),
        )
        .select_from(
            mybox_entries.join(leads, leads.c.id == mybox_entries.c.lead_id).join(
                users, users.c.id == mybox_entries.c.user_id
            )
        )
        .where(
            box_stands(now),
            *_in_boxes_of(whose),
            knows_holder(viewer),
            _found_by_id(connection, leads.c.project_id) == project_id,
            leads.c.deleted_at.is_(None),
            *matching(text),
        )
        # Sorted: what stands is little, while in the order of ids all that ever stood is read.
        .order_by((mybox_entries.c.id + 0).desc())
        .limit(bounded(limit) + 1)
    )
    if after:
        query = query.where(mybox_entries.c.id < decode_key(after, int)[0])
    found = (await connection.execute(query)).all()
    page = page_of(found, limit=bounded(limit), key=lambda row: (row.entry_id,))
    rows = await lead_rows(connection, page.rows, viewer, now)
    return Page(
        tuple(
            BoxedLead(lead, Holder(row.user_id, row.holder_name, row.since, row.expires_at))
            for lead, row in zip(rows, page.rows, strict=True)
        ),
        page.next_key,
    )


async def prohibited_leads(
    connection: AsyncConnection,
    *,
    project_id: int,
    viewer: User,
    now: datetime,
    for_whom: ForWhom = "any",
    text: str = "",
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[ProhibitedLead]:
    """The project's leads with a prohibited number, the latest prohibition first.

    A lead with several appears once for each. A user is shown those of the company and of
    his workgroups. Raises BadPageKey.
    """
    if not viewer.sees_project(project_id):
        return Page((), None)
    query = (
        select(
            leads,
            prohibitions.c.id.label("prohibition_id"),
            prohibitions.c.e164,
            prohibitions.c.workgroup_id,
            prohibitions.c.reason,
            prohibitions.c.prohibited_at,
            workgroups.c.name.label("workgroup"),
            users.c.name.label("by_name"),
        )
        .select_from(
            prohibitions.join(contact_points, contact_points.c.e164 == prohibitions.c.e164)
            .join(leads, leads.c.id == contact_points.c.lead_id)
            .outerjoin(workgroups, workgroups.c.id == prohibitions.c.workgroup_id)
            .outerjoin(users, users.c.id == prohibitions.c.prohibited_by)
        )
        .where(
            binding(binding_for(viewer)),
            *_for(for_whom),
            _first_of_its_kind(),
            _found_by_id(connection, leads.c.project_id) == project_id,
            leads.c.deleted_at.is_(None),
            *matching(text),
        )
        .order_by(prohibitions.c.id.desc(), leads.c.id.desc())
        .limit(bounded(limit) + 1)
    )
    if after:
        query = query.where(
            tuple_(prohibitions.c.id, leads.c.id) < tuple_(*decode_key(after, int, int))
        )
    found = (await connection.execute(query)).all()
    page = page_of(found, limit=bounded(limit), key=lambda row: (row.prohibition_id, row.id))
    rows = await lead_rows(connection, page.rows, viewer, now)
    return Page(
        tuple(_prohibited(lead, row) for lead, row in zip(rows, page.rows, strict=True)),
        page.next_key,
    )


def _found_by_id(connection: AsyncConnection, column: Column[int]) -> ColumnElement[int]:
    """The column; for SQLite not as a way into its table, of which others read far fewer rows.

    PostgreSQL knows how many rows there are and chooses well by itself.
    """
    return column + 0 if connection.dialect.name == "sqlite" else column


def _in_boxes_of(whose: Whose) -> Sequence[ColumnElement[bool]]:
    match whose.kind:
        case "user":
            return (mybox_entries.c.user_id == whose.id,)
        case "workgroup":
            members = select(user_workgroups.c.user_id).where(
                user_workgroups.c.workgroup_id == whose.id
            )
            return (mybox_entries.c.user_id.in_(members),)
        case "all":
            return ()


def _for(for_whom: ForWhom) -> Sequence[ColumnElement[bool]]:
    if for_whom == "any":
        return ()
    if for_whom == "company":
        return (prohibitions.c.workgroup_id.is_(None),)
    return (prohibitions.c.workgroup_id == for_whom,)


def _first_of_its_kind() -> ColumnElement[bool]:
    """A lead that has a number twice appears for it once."""
    earlier = contact_points.alias("earlier")
    return ~exists().where(
        earlier.c.lead_id == contact_points.c.lead_id,
        earlier.c.e164 == contact_points.c.e164,
        earlier.c.id < contact_points.c.id,
    )


def _prohibited(lead: LeadRow, row: Row[Any]) -> ProhibitedLead:
    return ProhibitedLead(
        lead,
        national_format(row.e164),
        StandingProhibition(
            e164=row.e164,
            workgroup_id=row.workgroup_id,
            workgroup=row.workgroup or "",
            reason=row.reason,
            prohibited_at=row.prohibited_at,
            prohibited_by=row.by_name or "",
        ),
    )
