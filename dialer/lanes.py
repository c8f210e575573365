"""Keeping every lead in its gate lane.

Whoever changes what stands about a number, a box or a zone refreshes the leads
concerned in the same transaction. A lane only decides where a claim looks: each
lead that it finds is judged by its facts before it is called.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_facts import facts_of, leads_with
from dialer.messages import UserId
from dialer.rules.eligibility import Refusal
from dialer.rules.lane import Lane, lane_of
from dialer.storage.batches import batches
from dialer.storage.dialects import insert_if_new
from dialer.storage.engine import Database
from dialer.storage.number_locks import lock_for_call, lock_for_change
from dialer.storage.tables import (
    contact_points,
    gate_lanes,
    leads,
    mybox_entries,
    prohibitions,
)

_COMPANY = "*"


async def refresh(connection: AsyncConnection, lead_ids: Collection[int], now: datetime) -> None:
    """Moves each of these leads into the lane that its facts say.

    Its numbers must be locked for a change (`storage.number_locks`).
    """
    for some in batches(sorted(set(lead_ids))):
        # In one order, and before the facts are read: two changes of one lead at once
        # must each see the other, whichever comes second.
        await connection.execute(
            select(leads.c.id)
            .where(leads.c.id.in_(some))
            .order_by(leads.c.id)
            .with_for_update(key_share=True)
        )
        by_lane: dict[tuple[int, Lane], list[int]] = {}
        for lead_id, lead in (await facts_of(connection, some, now)).items():
            key = (lead.facts.project_id, lane_of(lead.facts))
            by_lane.setdefault(key, []).append(lead_id)
        # In one order as well: two transactions that make the same new lanes wait for each other.
        for (project_id, lane), ids in sorted(by_lane.items(), key=repr):
            lane_id = await lane_id_of(connection, project_id, lane)
            await connection.execute(
                update(leads)
                .where(leads.c.id.in_(ids), leads.c.lane_id != lane_id)
                .values(lane_id=lane_id)
            )


async def refresh_numbers(
    connection: AsyncConnection, e164s: Collection[str], now: datetime
) -> None:
    """`refresh` of all leads, in every project, that have one of these numbers."""
    await refresh(connection, await leads_with(connection, e164s), now)


async def place_new(
    connection: AsyncConnection, e164s: Collection[str], lead_ids: Collection[int], now: datetime
) -> None:
    """`refresh` of those leads, just put into plain lanes, that something is known about.

    `e164s` are their numbers; `lead_ids` only those that are known to belong elsewhere.
    """
    concerned = set(lead_ids)
    for some in batches(sorted(set(e164s))):
        concerned.update(await leads_with(connection, await _known_numbers(connection, some)))
    await refresh(connection, concerned, now)


async def place_again(database: Database, e164s: Collection[str], now: datetime) -> None:
    """`place_new` once more, when the transaction that put the leads there has committed.

    What was said about their numbers while it ran did not see the leads, nor they it. Whoever
    says something holds the numbers' locks until it is committed, so having waited for those
    once is enough: from then on everybody sees the leads.
    """
    for some in batches(sorted(set(e164s))):
        async with database.write() as connection:
            await lock_for_call(connection, some)
            known = await _known_numbers(connection, some)
        if known:
            async with database.write() as connection:
                await lock_for_change(connection, known)
                await refresh_numbers(connection, known, now)


async def _known_numbers(connection: AsyncConnection, e164s: Sequence[str]) -> Sequence[str]:
    """Those of at most a thousand numbers that are prohibited for somebody or of a boxed lead."""
    prohibited = select(prohibitions.c.e164).where(
        prohibitions.c.e164.in_(e164s), prohibitions.c.lifted_at.is_(None)
    )
    boxed = (
        select(contact_points.c.e164)
        .join(mybox_entries, mybox_entries.c.lead_id == contact_points.c.lead_id)
        .where(contact_points.c.e164.in_(e164s), mybox_entries.c.released_at.is_(None))
    )
    return (await connection.execute(prohibited.union(boxed))).scalars().all()


async def lane_id_of(connection: AsyncConnection, project_id: int, lane: Lane) -> int:
    """The id of the project's lane, which is made when it is not there yet."""
    values = _values(project_id, lane)
    same = [
        func.coalesce(gate_lanes.c.box_user_id, 0) == (value or 0)
        if name == "box_user_id"
        else gate_lanes.c[name] == value
        for name, value in values.items()
    ]
    find = select(gate_lanes.c.id).where(*same)
    found = (await connection.execute(find)).scalar_one_or_none()
    if found is None:
        await connection.execute(insert_if_new(connection, gate_lanes).values(values))
        found = (await connection.execute(find)).scalar_one()
    return int(found)


def lane_in(row: Row[Any]) -> Lane:
    """The lane that a row of gate_lanes describes."""
    prohibited: frozenset[int | None] = frozenset(
        None if word == _COMPANY else int(word) for word in row.prohibited_for.split()
    )
    return Lane(
        time_zone=row.time_zone,
        prohibited_for=prohibited,
        box_user_id=None if row.box_user_id is None else UserId(row.box_user_id),
        number_box_user_ids=frozenset(
            UserId(int(word)) for word in row.number_box_user_ids.split()
        ),
        undialable=Refusal(row.undialable) if row.undialable else None,
    )


def _values(project_id: int, lane: Lane) -> Mapping[str, Any]:
    return {
        "project_id": project_id,
        "time_zone": lane.time_zone,
        "prohibited_for": _text(lane.prohibited_for),
        "box_user_id": lane.box_user_id,
        "number_box_user_ids": _text(lane.number_box_user_ids),
        "undialable": lane.undialable or "",
    }


def _text(ids: Collection[int | None]) -> str:
    if None in ids:
        return _COMPANY
    return " ".join(str(one) for one in sorted(one for one in ids if one is not None))
