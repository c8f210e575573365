"""What is asked of a lead in SQL: conditions on a row of `leads`, none of them ever NULL."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, select

from dialer import prohibitions
from dialer.lead_facts import box_stands
from dialer.storage import tables
from dialer.storage.tables import contact_points, leads


def is_boxed(now: datetime, *, by_user: int | None = None) -> ColumnElement[bool]:
    """In somebody's MyBox, or in that of `by_user`."""
    entries = tables.mybox_entries
    mine = () if by_user is None else (entries.c.user_id == by_user,)
    return leads.c.id.in_(select(entries.c.lead_id).where(box_stands(now), *mine))


def is_prohibited(workgroup_ids: Collection[int] | None) -> ColumnElement[bool]:
    """Any of its numbers is, for the company or these workgroups (None: for any)."""
    return leads.c.id.in_(
        select(contact_points.c.lead_id)
        .join(tables.prohibitions, tables.prohibitions.c.e164 == contact_points.c.e164)
        .where(prohibitions.binding(workgroup_ids))
    )
