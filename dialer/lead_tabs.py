"""The tabs マイボックス and 禁止: the leads of the table within boxes, or with a prohibition.

They begin at what was put away or prohibited, newest first, and not at the leads: those are
few among many.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, FromClause, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_facts import box_stands
from dialer.mybox_holders import knows_holder
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
class InBoxes:
    """Leads in these boxes; a user sees his own and those of his workgroups."""

    whose: Whose


@dataclass(frozen=True, slots=True)
class Prohibited:
    """Leads with a number that is prohibited for these; a user sees what binds him."""

    for_whom: ForWhom = "any"


Within = InBoxes | Prohibited


@dataclass(frozen=True, slots=True)
class ProhibitedNumber:
    """A number of a lead, as people write it, and what stands against it."""

    number: str
    prohibition: StandingProhibition


async def prohibitions_of(
    connection: AsyncConnection, lead_ids: Collection[int], within: Prohibited, viewer: User
) -> dict[int, tuple[ProhibitedNumber, ...]]:
    """What makes leads of a page stand among the prohibited ones, the latest first."""
    rows = await connection.execute(
        select(
            contact_points.c.lead_id,
            prohibitions,
            workgroups.c.name.label("workgroup"),
            users.c.name.label("by_name"),
        )
        .join(contact_points, contact_points.c.e164 == prohibitions.c.e164)
        .outerjoin(workgroups, workgroups.c.id == prohibitions.c.workgroup_id)
        .outerjoin(users, users.c.id == prohibitions.c.prohibited_by)
        .where(
            contact_points.c.lead_id.in_(lead_ids), *_binding(within, viewer), _first_of_its_kind()
        )
        .order_by(prohibitions.c.id.desc())
    )
    found: dict[int, tuple[ProhibitedNumber, ...]] = {}
    for row in rows:
        standing = StandingProhibition(
            e164=row.e164,
            workgroup_id=row.workgroup_id,
            workgroup=row.workgroup or "",
            reason=row.reason,
            prohibited_at=row.prohibited_at,
            prohibited_by=row.by_name or "",
        )
        one = ProhibitedNumber(national_format(row.e164), standing)
        found[row.lead_id] = (*found.get(row.lead_id, ()), one)
    return found


@dataclass(frozen=True, slots=True)
class Entries:
    """Where to read the leads of a tab: rows by `value`, one for each lead, with `leads`."""

    source: FromClause
    lead_id: ColumnElement[int]
    value: ColumnElement[int]
    conditions: Sequence[ColumnElement[bool]]

    def lead_ids(self) -> Select[Any]:
        return select(self.lead_id).select_from(self.source).where(*self.conditions)


def entries_of(
    connection: AsyncConnection, within: Within, project_id: int, viewer: User, now: datetime
) -> Entries:
    """The entries of a project's leads, as far as `viewer` may know them."""
    project = _found_by_id(connection, leads.c.project_id)
    here = (project == project_id, leads.c.deleted_at.is_(None))
    if isinstance(within, InBoxes):
        source: FromClause = mybox_entries.join(leads, leads.c.id == mybox_entries.c.lead_id)
        held = _held(within, viewer, now)
        return Entries(source, mybox_entries.c.lead_id, mybox_entries.c.id, (*held, *here))
    source = prohibitions.join(contact_points, contact_points.c.e164 == prohibitions.c.e164).join(
        leads, leads.c.id == contact_points.c.lead_id
    )
    binds = _binding(within, viewer)
    conditions = (*binds, _first_of_its_kind(), _latest_of_its_lead(within, viewer), *here)
    return Entries(source, contact_points.c.lead_id, prohibitions.c.id, conditions)


def is_within(within: Within, viewer: User, now: datetime) -> ColumnElement[bool]:
    """Whether a row of `leads` is."""
    if isinstance(within, InBoxes):
        held = _held(within, viewer, now)
        return exists().where(mybox_entries.c.lead_id == leads.c.id, *held).correlate(leads)
    return (
        exists()
        .where(
            contact_points.c.lead_id == leads.c.id,
            prohibitions.c.e164 == contact_points.c.e164,
            *_binding(within, viewer),
        )
        .correlate(leads)
    )


def entry_of(within: Within, viewer: User, now: datetime) -> ColumnElement[int | None]:
    """The `value` of a row of `leads` among the tab's entries."""
    if isinstance(within, InBoxes):
        query = select(func.max(mybox_entries.c.id)).where(
            mybox_entries.c.lead_id == leads.c.id, *_held(within, viewer, now)
        )
    else:
        query = (
            select(func.max(prohibitions.c.id))
            .join(contact_points, contact_points.c.e164 == prohibitions.c.e164)
            .where(contact_points.c.lead_id == leads.c.id, *_binding(within, viewer))
        )
    return query.correlate(leads).scalar_subquery()


def _held(within: InBoxes, viewer: User, now: datetime) -> Sequence[ColumnElement[bool]]:
    return (box_stands(now), *_in_boxes_of(within.whose), knows_holder(viewer))


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


def _binding(
    within: Prohibited, viewer: User, table: FromClause = prohibitions
) -> Sequence[ColumnElement[bool]]:
    binds = binding(binding_for(viewer), table)
    if within.for_whom == "any":
        return (binds,)
    if within.for_whom == "company":
        return (binds, table.c.workgroup_id.is_(None))
    return (binds, table.c.workgroup_id == within.for_whom)


def _first_of_its_kind() -> ColumnElement[bool]:
    """A lead that has a number twice appears for it once."""
    earlier = contact_points.alias("earlier")
    return ~exists().where(
        earlier.c.lead_id == contact_points.c.lead_id,
        earlier.c.e164 == contact_points.c.e164,
        earlier.c.id < contact_points.c.id,
    )


def _latest_of_its_lead(within: Prohibited, viewer: User) -> ColumnElement[bool]:
    """A lead with several prohibitions stands where the latest of them does."""
    later, same = prohibitions.alias("later"), contact_points.alias("same")
    return ~exists().where(
        same.c.lead_id == contact_points.c.lead_id,
        later.c.e164 == same.c.e164,
        later.c.id > prohibitions.c.id,
        *_binding(within, viewer, later),
    )


def _found_by_id(connection: AsyncConnection, column: Column[int]) -> ColumnElement[int]:
    """The column; for SQLite not as a way into its table, of which others read far fewer rows.

    PostgreSQL knows how many rows there are and chooses well by itself.
    """
    return column + 0 if connection.dialect.name == "sqlite" else column
