"""The facts of leads that the gate judges by, read from the tables that hold the truth."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.messages import UserId
from dialer.rules.eligibility import UNCALLABLE_KINDS, Box, LeadFacts, OpenCallback
from dialer.storage.batches import batches
from dialer.storage.tables import (
    actions,
    callbacks,
    calls,
    contact_points,
    leads,
    mybox_entries,
    prohibitions,
    projects,
    user_workgroups,
)

# Kinds of contact point that a telephone can be behind.
TELEPHONES = ("mobile", "phone", "other")


@dataclass(frozen=True, slots=True)
class Telephone:
    """A contact point with a telephone number; `callable` unless its kind is never called."""

    id: int
    e164: str
    number_kind: str
    attempts: int

    @property
    def callable(self) -> bool:
        return self.number_kind not in UNCALLABLE_KINDS


@dataclass(frozen=True, slots=True)
class KnownLead:
    """`telephones` in the lead's own order; `numbers` are all it has, telephones or not."""

    facts: LeadFacts
    telephones: tuple[Telephone, ...]
    numbers: tuple[str, ...]

    def next_telephone(self) -> Telephone | None:
        """The one that was tried least, the first of the list among equals."""
        some = [telephone for telephone in self.telephones if telephone.callable]
        return min(some, key=lambda telephone: telephone.attempts, default=None)


async def facts_of(
    connection: AsyncConnection, lead_ids: Collection[int], now: datetime
) -> dict[int, KnownLead]:
    """What the gate must know of each of these leads; unknown ids are left out.

    Two queries for every thousand leads, each by indexes.
    """
    known: dict[int, KnownLead] = {}
    for some in batches(sorted(set(lead_ids))):
        rows = (await connection.execute(_facts(now).where(leads.c.id.in_(some)))).all()
        points = await _points(connection, some)
        for row in rows:
            known[row.id] = _known(row, points.get(row.id, ()))
    return known


async def numbers_of(connection: AsyncConnection, lead_ids: Collection[int]) -> list[str]:
    """Every phone number of these leads, E.164, fax included, each once."""
    found: dict[str, None] = {}
    for some in batches(sorted(set(lead_ids))):
        rows = await connection.execute(
            select(contact_points.c.e164)
            .where(contact_points.c.lead_id.in_(some), contact_points.c.e164.is_not(None))
            .order_by(contact_points.c.lead_id, contact_points.c.position, contact_points.c.id)
        )
        found.update(dict.fromkeys(rows.scalars()))
    return list(found)


async def leads_with(connection: AsyncConnection, e164s: Collection[str]) -> list[int]:
    """The leads that have one of these numbers, in any project."""
    found: set[int] = set()
    for some in batches(sorted(set(e164s))):
        rows = await connection.execute(
            select(contact_points.c.lead_id).where(contact_points.c.e164.in_(some)).distinct()
        )
        found.update(rows.scalars())
    return sorted(found)


# --- conditions on a row of leads, shared with the claim's walk ---------------------------


def has_open_call() -> ColumnElement[bool]:
    """An open call to the lead itself, or to any of its numbers through another lead."""
    open_calls = calls.c.ended_at.is_(None)
    to_the_lead = exists().where(
        open_calls, actions.c.id == calls.c.id, actions.c.lead_id == leads.c.id
    )
    to_a_number = exists().where(
        open_calls,
        contact_points.c.lead_id == leads.c.id,
        calls.c.e164 == contact_points.c.e164,
    )
    return or_(to_the_lead, to_a_number)


def abandoned_at() -> ScalarSelect[datetime]:
    """When the last abandoned call to one of its numbers ended."""
    return (
        select(func.max(calls.c.ended_at))
        .where(
            calls.c.outcome == literal_column("'abandoned'"),  # as the index has it
            calls.c.e164 == contact_points.c.e164,
            contact_points.c.lead_id == leads.c.id,
        )
        .correlate(leads)
        .scalar_subquery()
    )


def box_stands(now: datetime) -> ColumnElement[bool]:
    """Whether a row of mybox_entries keeps others away at `now`."""
    return and_(
        mybox_entries.c.released_at.is_(None),
        or_(mybox_entries.c.expires_at.is_(None), mybox_entries.c.expires_at > now),
    )


# --- reading ------------------------------------------------------------------------------


def _facts(now: datetime) -> Select[Any]:
    own_box = and_(mybox_entries.c.lead_id == leads.c.id, box_stands(now))
    open_callback = and_(callbacks.c.lead_id == leads.c.id, callbacks.c.closed_at.is_(None))
    return select(
        leads.c.id,
        leads.c.project_id,
        leads.c.deleted_at,
        projects.c.closed_at,
        leads.c.time_zone,
        leads.c.finished_at,
        leads.c.attempts,
        leads.c.next_attempt_at,
        mybox_entries.c.user_id.label("box_user_id"),
        callbacks.c.due_at,
        callbacks.c.user_id.label("callback_user_id"),
        _prohibited_for().label("prohibited_for"),
        _number_boxes(now).label("number_boxes"),
        abandoned_at().label("abandoned_at"),
        has_open_call().label("in_call"),
    ).select_from(
        leads.join(projects, projects.c.id == leads.c.project_id)
        .outerjoin(mybox_entries, own_box)
        .outerjoin(callbacks, open_callback)
    )


def _prohibited_for() -> ScalarSelect[str]:
    """``3 7``: the workgroups for which one of its numbers is prohibited; 0: the company."""
    workgroup = func.coalesce(prohibitions.c.workgroup_id, 0)
    return (
        select(func.aggregate_strings(cast(workgroup, String), " "))
        .where(
            contact_points.c.lead_id == leads.c.id,
            prohibitions.c.e164 == contact_points.c.e164,
            prohibitions.c.lifted_at.is_(None),
        )
        .correlate(leads)
        .scalar_subquery()
    )


def _number_boxes(now: datetime) -> ScalarSelect[str]:
    """``12:3 12:7``: who holds another lead of one of its numbers, with his workgroups."""
    own, other = contact_points.alias("own"), contact_points.alias("other")
    held = mybox_entries.alias("held")
    pair = (
        cast(held.c.user_id, String)
        + ":"
        + cast(func.coalesce(user_workgroups.c.workgroup_id, 0), String)
    )
    return (
        select(func.aggregate_strings(pair, " "))
        .select_from(
            own.join(other, and_(other.c.e164 == own.c.e164, other.c.lead_id != own.c.lead_id))
            .join(held, held.c.lead_id == other.c.lead_id)
            .outerjoin(user_workgroups, user_workgroups.c.user_id == held.c.user_id)
        )
        .where(
            own.c.lead_id == leads.c.id,
            held.c.released_at.is_(None),
            or_(held.c.expires_at.is_(None), held.c.expires_at > now),
        )
        .correlate(leads)
        .scalar_subquery()
    )


async def _points(
    connection: AsyncConnection, lead_ids: Sequence[int]
) -> Mapping[int, Sequence[Any]]:
    points: dict[int, list[Any]] = {}
    rows = (
        await connection.execute(
            select(
                contact_points.c.id,
                contact_points.c.lead_id,
                contact_points.c.kind,
                contact_points.c.e164,
                contact_points.c.number_kind,
                contact_points.c.attempts,
            )
            .where(contact_points.c.lead_id.in_(lead_ids), contact_points.c.e164.is_not(None))
            .order_by(contact_points.c.lead_id, contact_points.c.position, contact_points.c.id)
        )
    ).all()
    for point in rows:
        points.setdefault(point.lead_id, []).append(point)
    return points


def _known(row: Row[Any], points: Sequence[Any]) -> KnownLead:
    telephones = tuple(
        Telephone(point.id, point.e164, point.number_kind, point.attempts)
        for point in points
        if point.kind in TELEPHONES
    )
    callback = None
    if row.due_at is not None:
        holder = row.callback_user_id
        callback = OpenCallback(row.due_at, None if holder is None else UserId(holder))
    facts = LeadFacts(
        project_id=row.project_id,
        prohibited_for=frozenset(int(one) or None for one in _words(row.prohibited_for)),
        boxes=_boxes(row),
        deleted=row.deleted_at is not None,
        project_closed=row.closed_at is not None,
        time_zone=row.time_zone,
        callback=callback,
        finished=row.finished_at is not None,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        abandoned_at=row.abandoned_at,
        in_call=bool(row.in_call),
        telephone_kinds=tuple(telephone.number_kind for telephone in telephones),
    )
    return KnownLead(facts, telephones, tuple(dict.fromkeys(point.e164 for point in points)))


def _boxes(row: Row[Any]) -> tuple[Box, ...]:
    boxes = [] if row.box_user_id is None else [Box(UserId(row.box_user_id))]
    groups: dict[UserId, set[int]] = {}
    for word in _words(row.number_boxes):
        holder, _, workgroup = word.partition(":")
        groups.setdefault(UserId(int(holder)), set()).add(int(workgroup))
    boxes += [
        Box(holder, own=False, holder_workgroups=frozenset(some - {0}))
        for holder, some in sorted(groups.items())
    ]
    return tuple(boxes)


def _words(text: str | None) -> Sequence[str]:
    return text.split() if text else ()
