"""The facts of leads that the gate judges by, read from the tables that hold the truth."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
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
from dialer.storage.types import UTCDateTime

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

    One query for every thousand leads, by indexes.
    """
    known: dict[int, KnownLead] = {}
    for some in batches(sorted(set(lead_ids))):
        rows = await connection.execute(_FACTS, {"now": now, "ids": some})
        for lead_id, of_lead in groupby(rows, key=lambda row: int(row.id)):
            known[lead_id] = _known(list(of_lead))
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

NOW = bindparam("now", type_=UTCDateTime)
_ABANDONED = calls.c.outcome == literal_column("'abandoned'")  # as the index has it


def in_play() -> ColumnElement[bool]:
    """Neither finished nor deleted, and no callback is agreed."""
    return and_(
        leads.c.finished_at.is_(None), leads.c.deleted_at.is_(None), leads.c.callback_at.is_(None)
    )


def waits() -> ColumnElement[bool]:
    """In play, but its next attempt has a time, be it past or to come."""
    return and_(in_play(), leads.c.next_attempt_at.is_not(None))


def has_open_call() -> ColumnElement[bool]:
    """An open call to the lead itself, or to any of its numbers through another lead."""
    to_a_number = exists().where(
        calls.c.ended_at.is_(None),
        contact_points.c.lead_id == leads.c.id,
        calls.c.e164 == contact_points.c.e164,
    )
    return or_(open_call_to_the_lead(), to_a_number)


def open_call_to_the_lead() -> ColumnElement[bool]:
    """Be it to a number that the lead has no longer."""
    return exists().where(
        calls.c.ended_at.is_(None),
        actions.c.id == calls.c.id,
        actions.c.lead_id == leads.c.id,
    )


def was_abandoned_after(moment: BindParameter[datetime]) -> ColumnElement[bool]:
    """An abandoned call to one of its numbers ended after `moment`."""
    return exists().where(
        _ABANDONED,
        calls.c.e164 == contact_points.c.e164,
        calls.c.ended_at > moment,
        contact_points.c.lead_id == leads.c.id,
    )


def abandoned_at() -> ScalarSelect[datetime]:
    """When the last abandoned call to one of its numbers ended."""
    return (
        select(func.max(calls.c.ended_at))
        .where(
            _ABANDONED,
            calls.c.e164 == contact_points.c.e164,
            contact_points.c.lead_id == leads.c.id,
        )
        .correlate(leads)
        .scalar_subquery()
    )


def box_stands(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Whether a row of mybox_entries keeps others away at `now`."""
    return and_(
        mybox_entries.c.released_at.is_(None),
        or_(mybox_entries.c.expires_at.is_(None), mybox_entries.c.expires_at > now),
    )


# --- reading ------------------------------------------------------------------------------


def _known(rows: Sequence[Row[Any]]) -> KnownLead:
    """From the rows of one lead: one for each of its numbers, or a single one without."""
    lead = rows[0]
    numbered = [row for row in rows if row.e164 is not None]
    telephones = tuple(
        Telephone(row.point_id, row.e164, row.number_kind, row.point_attempts)
        for row in numbered
        if row.kind in TELEPHONES
    )
    facts = LeadFacts(
        project_id=lead.project_id,
        prohibited_for=frozenset(
            int(one) or None for row in numbered for one in _words(row.prohibited_for)
        ),
        boxes=_boxes(lead.box_user_id, numbered),
        deleted=lead.deleted_at is not None,
        project_closed=lead.closed_at is not None,
        time_zone=lead.time_zone,
        callback=_callback(lead),
        finished=lead.finished_at is not None,
        attempts=lead.attempts,
        next_attempt_at=lead.next_attempt_at,
        abandoned_at=max(
            (row.abandoned_at for row in numbered if row.abandoned_at is not None), default=None
        ),
        in_call=bool(lead.lead_in_call) or any(row.number_in_call for row in numbered),
        telephone_kinds=tuple(telephone.number_kind for telephone in telephones),
    )
    return KnownLead(facts, telephones, tuple(dict.fromkeys(row.e164 for row in numbered)))


def _callback(lead: Row[Any]) -> OpenCallback | None:
    if lead.due_at is None:
        return None
    user_id = lead.callback_user_id
    return OpenCallback(lead.due_at, None if user_id is None else UserId(user_id))


def _boxes(own: int | None, numbered: Sequence[Row[Any]]) -> tuple[Box, ...]:
    boxes = [] if own is None else [Box(UserId(own))]
    groups: dict[UserId, set[int]] = {}
    for row in numbered:
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


# --- the statement, made once: building it takes longer than running it -------------------------


def _facts() -> Select[Any]:
    own_box = and_(mybox_entries.c.lead_id == leads.c.id, box_stands(NOW))
    open_callback = and_(callbacks.c.lead_id == leads.c.id, callbacks.c.closed_at.is_(None))
    number = and_(contact_points.c.lead_id == leads.c.id, contact_points.c.e164.is_not(None))
    return (
        select(
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
            open_call_to_the_lead().label("lead_in_call"),
            contact_points.c.id.label("point_id"),
            contact_points.c.kind,
            contact_points.c.e164,
            contact_points.c.number_kind,
            contact_points.c.attempts.label("point_attempts"),
            _prohibited_for().label("prohibited_for"),
            _number_boxes().label("number_boxes"),
            _abandoned_at().label("abandoned_at"),
            _number_in_call().label("number_in_call"),
        )
        .select_from(
            leads.join(projects, projects.c.id == leads.c.project_id)
            .outerjoin(mybox_entries, own_box)
            .outerjoin(callbacks, open_callback)
            .outerjoin(contact_points, number)
        )
        .where(leads.c.id.in_(bindparam("ids", expanding=True)))
        .order_by(leads.c.id, contact_points.c.position, contact_points.c.id)
    )


def _prohibited_for() -> ScalarSelect[str]:
    """``3 7``: the workgroups for which the number is prohibited; 0: the company."""
    workgroup = func.coalesce(prohibitions.c.workgroup_id, 0)
    return (
        select(func.aggregate_strings(cast(workgroup, String), " "))
        .where(
            prohibitions.c.e164 == contact_points.c.e164,
            prohibitions.c.lifted_at.is_(None),
        )
        .scalar_subquery()
    )


def _number_boxes() -> ScalarSelect[str]:
    """``12:3 12:7``: who holds another lead of the number, with his workgroups."""
    other, held = contact_points.alias("other"), mybox_entries.alias("held")
    pair = (
        cast(held.c.user_id, String)
        + ":"
        + cast(func.coalesce(user_workgroups.c.workgroup_id, 0), String)
    )
    return (
        select(func.aggregate_strings(pair, " "))
        .select_from(
            other.join(held, held.c.lead_id == other.c.lead_id).outerjoin(
                user_workgroups, user_workgroups.c.user_id == held.c.user_id
            )
        )
        .where(
            other.c.e164 == contact_points.c.e164,
            other.c.lead_id != contact_points.c.lead_id,
            held.c.released_at.is_(None),
            or_(held.c.expires_at.is_(None), held.c.expires_at > NOW),
        )
        .correlate(contact_points)
        .scalar_subquery()
    )


def _abandoned_at() -> ScalarSelect[datetime]:
    return (
        select(func.max(calls.c.ended_at))
        .where(_ABANDONED, calls.c.e164 == contact_points.c.e164)
        .scalar_subquery()
    )


def _number_in_call() -> ColumnElement[bool]:
    return exists().where(calls.c.ended_at.is_(None), calls.c.e164 == contact_points.c.e164)


_FACTS = _facts()
