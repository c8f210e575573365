"""Reading back what is kept of leads, and working it out anew from the truth."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.custom_fields import fields_by_id
from dialer.custom_values import index_rows
from dialer.lanes import lane_in
from dialer.lead_facts import facts_of
from dialer.rules.lane import lane_of
from dialer.rules.search_text import lead_key
from dialer.storage.tables import (
    contact_points,
    custom_values,
    gate_lanes,
    lead_changes,
    leads,
)


async def the_lead(connection: AsyncConnection, lead_id: int) -> Row[Any]:
    return (await connection.execute(select(leads).where(leads.c.id == lead_id))).one()


async def contacts(connection: AsyncConnection, lead_id: int) -> list[Row[Any]]:
    rows = await connection.execute(
        select(contact_points)
        .where(contact_points.c.lead_id == lead_id)
        .order_by(contact_points.c.position, contact_points.c.id)
    )
    return list(rows)


async def changes(connection: AsyncConnection, lead_id: int) -> list[tuple[str, str, str]]:
    rows = await connection.execute(
        select(lead_changes).where(lead_changes.c.lead_id == lead_id).order_by(lead_changes.c.id)
    )
    return [(row.field, row.old, row.new) for row in rows]


async def check_kept(connection: AsyncConnection, project_id: int, now: datetime) -> None:
    """search_key, custom_values and lanes are what a look at the truth says."""
    some = (await connection.execute(select(leads).where(leads.c.project_id == project_id))).all()
    fields = await fields_by_id(connection, project_id)
    expected = set()
    for lead in some:
        assert lead.search_key == lead_key(
            name=lead.name,
            name_kana=lead.name_kana,
            contact_person=lead.contact_person,
            email=lead.email,
        )
        expected |= {
            (row["field_id"], row["sort_key"], row["lead_id"])
            for row in index_rows(project_id, fields, lead.id, lead.custom)
        }
    kept = await connection.execute(
        select(custom_values).where(custom_values.c.project_id == project_id)
    )
    assert {(row.field_id, row.sort_key, row.lead_id) for row in kept} == expected
    lanes = {row.id: row for row in await connection.execute(select(gate_lanes))}
    for lead_id, known in (await facts_of(connection, [one.id for one in some], now)).items():
        row = lanes[next(one.lane_id for one in some if one.id == lead_id)]
        assert row.project_id == project_id
        assert lane_in(row) == lane_of(known.facts), lead_id
