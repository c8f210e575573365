"""Why an import cannot be undone: what people did since with the leads that it brought.

A lead that somebody called, wrote about, boxed, promised to call back or changed is no
longer the import's alone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.storage.tables import actions, callbacks, lead_changes, leads, mybox_entries


class Obstacle(StrEnum):
    """What somebody did since."""

    CALLED = "called"
    MEMO = "memo"
    BOXED = "boxed"
    CALLBACK = "callback"
    CHANGED = "changed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stands in the way, of how many leads, and which they are, the first ones."""

    obstacle: Obstacle
    leads: int
    first: tuple[tuple[int, str], ...]  # id and name


_SHOWN = 5


async def blockers(connection: AsyncConnection, import_id: int) -> list[Blocker]:
    """All that stands in the way of undoing the import; nothing: it may be undone."""
    found = []
    for obstacle, touched in _touched(import_id).items():
        row = (await connection.execute(select(func.count()).where(touched))).scalar_one()
        if not row:
            continue
        first = await connection.execute(
            select(leads.c.id, leads.c.name).where(touched).order_by(leads.c.id).limit(_SHOWN)
        )
        found.append(Blocker(obstacle, row, tuple((one.id, one.name) for one in first)))
    return found


async def touched_among(
    connection: AsyncConnection, import_id: int, lead_ids: Collection[int]
) -> set[int]:
    """Those of these leads that stand in the way."""
    rows = await connection.execute(
        select(leads.c.id).where(leads.c.id.in_(lead_ids), or_(*_touched(import_id).values()))
    )
    return set(rows.scalars())


# That a person put it into the list of deleted leads, or back, is no work on the lead.
_NO_CHANGE = ("deleted", "restored")


def _touched(import_id: int) -> dict[Obstacle, ColumnElement[bool]]:
    """By obstacle: whether a row of leads that the import brought or changed is in the way."""
    own = leads.c.import_id == import_id
    first_change = (
        select(func.min(lead_changes.c.at))
        .where(lead_changes.c.import_id == import_id, lead_changes.c.lead_id == leads.c.id)
        .correlate(leads)
        .scalar_subquery()
    )
    changed_by_it = leads.c.id.in_(
        select(lead_changes.c.lead_id).where(lead_changes.c.import_id == import_id)
    )
    others = and_(changed_by_it, leads.c.import_id.is_distinct_from(import_id))

    def since(table: Any, at: Any, *more: ColumnElement[bool]) -> ColumnElement[bool]:
        """Anything of a lead that it made; of others, what came after it."""
        of_lead = table.c.lead_id == leads.c.id
        return or_(
            and_(own, exists().where(of_lead, *more)),
            and_(others, exists().where(of_lead, at >= first_change, *more)),
        )

    return {
        Obstacle.CALLED: or_(
            since(actions, actions.c.at, actions.c.kind == "call"), and_(own, leads.c.attempts > 0)
        ),
        Obstacle.MEMO: since(actions, actions.c.at, actions.c.kind != "call"),
        Obstacle.BOXED: since(mybox_entries, mybox_entries.c.since),
        Obstacle.CALLBACK: since(callbacks, callbacks.c.created_at),
        Obstacle.CHANGED: or_(
            and_(own, _changed_by_another(import_id)), and_(others, _overwritten(import_id))
        ),
        Obstacle.MERGED: and_(or_(own, others), leads.c.merged_into_id.is_not(None)),
    }


def _changed_by_another(import_id: int) -> ColumnElement[bool]:
    return exists().where(
        lead_changes.c.lead_id == leads.c.id,
        lead_changes.c.import_id.is_distinct_from(import_id),
        lead_changes.c.field.not_in(_NO_CHANGE),
    )


def _overwritten(import_id: int) -> ColumnElement[bool]:
    """A field that the import changed was changed again, so there is nothing to go back to."""
    mine, later = lead_changes.alias("mine"), lead_changes.alias("later")
    return exists().where(
        mine.c.lead_id == leads.c.id,
        mine.c.import_id == import_id,
        later.c.lead_id == leads.c.id,
        later.c.field == mine.c.field,
        later.c.id > mine.c.id,
        later.c.import_id.is_distinct_from(import_id),
    )
