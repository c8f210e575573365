"""What the gate knows of one lead, in names and times that people can check.

The verdicts themselves come from `dialer.lead_facts`; what is read here only says who
and when.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, literal, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_facts import TELEPHONES, KnownLead, box_stands
from dialer.messages import UserId
from dialer.mybox_holders import knows_holder
from dialer.prohibitions import StandingProhibition, binding_for, standing
from dialer.rules.eligibility import ABANDONED_REST, UNCALLABLE_KINDS, Actor, hours_for
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.tables import (
    action_results,
    actions,
    callbacks,
    calls,
    campaigns,
    contact_points,
    leads,
    mybox_entries,
    users,
)
from dialer.users import User


@dataclass(frozen=True, slots=True)
class NumberFact:
    """A contact point with a number; `callable`: a telephone of a kind that is called at all."""

    e164: str
    kind: str  # mobile phone fax other
    number_kind: str
    attempts: int
    callable: bool


@dataclass(frozen=True, slots=True)
class ProhibitionFact:
    """A standing prohibition of one of the numbers; `binds` those who would call."""

    prohibition: StandingProhibition
    binds: bool


@dataclass(frozen=True, slots=True)
class BoxFact:
    """A MyBox with the lead (`lead_id` is its own id) or with another lead of its number.

    Who holds it is None and empty, and so is `lead`, where the viewer may not know it.
    """

    holder_id: int | None
    holder: str
    lead_id: int
    lead: str
    since: datetime
    expires_at: datetime | None
    binds: bool


@dataclass(frozen=True, slots=True)
class HoursFact:
    """The calling hours today in `time_zone`; both times None: closed all day."""

    time_zone: str
    day: date
    opens: time | None
    closes: time | None
    is_open: bool
    next_opening: datetime | None


@dataclass(frozen=True, slots=True)
class CallbackFact:
    """`user` is empty: anyone may call; `made_by` is empty: the program."""

    due_at: datetime
    user_id: int | None
    user: str
    made_by: str
    made_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class OpenCallFact:
    """A call that has not ended; `campaign` is empty where the viewer may not see it."""

    campaign: str
    e164: str
    since: datetime


@dataclass(frozen=True, slots=True)
class LastWord:
    """What came of the last call, and the result picked last; empty where there is none."""

    outcome: CallOutcome | None
    called_at: datetime | None
    result: str
    result_at: datetime | None


@dataclass(frozen=True, slots=True)
class WhyFacts:
    """Everything the gate's clauses look at. Times in UTC."""

    numbers: tuple[NumberFact, ...]
    prohibitions: tuple[ProhibitionFact, ...]
    boxes: tuple[BoxFact, ...]
    deleted_at: datetime | None
    project_closed_at: datetime | None
    assigned: bool
    hours: HoursFact
    callback: CallbackFact | None
    finished_at: datetime | None
    last: LastWord
    attempts: int
    max_attempts: int
    next_attempt_at: datetime | None
    abandoned_at: datetime | None
    abandoned_until: datetime | None
    open_call: OpenCallFact | None


async def why_facts(
    connection: AsyncConnection,
    row: Row[Any],
    known: KnownLead,
    actor: Actor,
    now: datetime,
    viewer: User | None,
) -> WhyFacts:
    """`row` is the lead's, with its project's closed_at; None for `viewer` sees everything."""
    facts = known.facts
    abandoned_at = facts.abandoned_at
    return WhyFacts(
        numbers=await _numbers(connection, row.id),
        prohibitions=await _prohibitions(connection, known, actor, viewer),
        boxes=await _boxes(connection, row, known, actor, now, viewer),
        deleted_at=row.deleted_at,
        project_closed_at=row.closed_at,
        assigned=actor.assigned,
        hours=_hours(facts.time_zone, actor, now),
        callback=await _callback(connection, row.id),
        finished_at=row.finished_at,
        last=await _last_word(connection, row.id),
        attempts=facts.attempts,
        max_attempts=actor.max_attempts,
        next_attempt_at=facts.next_attempt_at,
        abandoned_at=abandoned_at,
        abandoned_until=abandoned_at + ABANDONED_REST if abandoned_at else None,
        open_call=await _open_call(connection, row.id, known, viewer),
    )


def _hours(time_zone: str, actor: Actor, now: datetime) -> HoursFact:
    hours = hours_for(time_zone, actor)
    day = now.astimezone(ZoneInfo(hours.time_zone)).date()
    window = hours.window_on(day)
    return HoursFact(
        time_zone=hours.time_zone,
        day=day,
        opens=window[0] if window else None,
        closes=window[1] if window else None,
        is_open=hours.is_open(now),
        next_opening=hours.next_opening(now),
    )


async def _numbers(connection: AsyncConnection, lead_id: int) -> tuple[NumberFact, ...]:
    rows = await connection.execute(
        select(contact_points)
        .where(contact_points.c.lead_id == lead_id, contact_points.c.e164.is_not(None))
        .order_by(contact_points.c.position, contact_points.c.id)
    )
    return tuple(
        NumberFact(
            e164=row.e164,
            kind=row.kind,
            number_kind=row.number_kind,
            attempts=row.attempts,
            callable=row.kind in TELEPHONES and row.number_kind not in UNCALLABLE_KINDS,
        )
        for row in rows
    )


async def _prohibitions(
    connection: AsyncConnection, known: KnownLead, actor: Actor, viewer: User | None
) -> tuple[ProhibitionFact, ...]:
    found = await standing(
        connection,
        e164s=known.numbers,
        workgroup_ids=None if viewer is None else binding_for(viewer),
    )
    bound = actor.workgroup_ids | {None}
    return tuple(ProhibitionFact(one, one.workgroup_id in bound) for one in found)


async def _boxes(
    connection: AsyncConnection,
    row: Row[Any],
    known: KnownLead,
    actor: Actor,
    now: datetime,
    viewer: User | None,
) -> tuple[BoxFact, ...]:
    """The lead's own first. A number's box binds those whom the gate says it does."""
    binding = {
        (box.own, box.holder)
        for box in known.facts.boxes
        if box.holder != actor.user_id and (box.own or box.holder_workgroups & actor.workgroup_ids)
    }
    concerned = union(
        select(literal(row.id)),
        select(contact_points.c.lead_id).where(contact_points.c.e164.in_(known.numbers)),
    )
    rows = await connection.execute(
        select(
            mybox_entries,
            users.c.name,
            leads.c.name.label("lead"),
            leads.c.project_id,
            knows_holder(viewer).label("known"),
        )
        .join(users, users.c.id == mybox_entries.c.user_id)
        .join(leads, leads.c.id == mybox_entries.c.lead_id)
        .where(mybox_entries.c.lead_id.in_(concerned), box_stands(now))
        .order_by(leads.c.id != row.id, mybox_entries.c.id)
    )
    return tuple(
        BoxFact(
            holder_id=box.user_id if box.known else None,
            holder=box.name if box.known else "",
            lead_id=box.lead_id,
            lead=box.lead if viewer is None or viewer.sees_project(box.project_id) else "",
            since=box.since,
            expires_at=box.expires_at,
            binds=(box.lead_id == row.id, UserId(box.user_id)) in binding,
        )
        for box in rows
    )


async def _callback(connection: AsyncConnection, lead_id: int) -> CallbackFact | None:
    caller, maker = users.alias("caller"), users.alias("maker")
    row = (
        await connection.execute(
            select(callbacks, caller.c.name.label("user"), maker.c.name.label("made_by"))
            .outerjoin(caller, caller.c.id == callbacks.c.user_id)
            .outerjoin(maker, maker.c.id == callbacks.c.created_by)
            .where(callbacks.c.lead_id == lead_id, callbacks.c.closed_at.is_(None))
        )
    ).first()
    if row is None:
        return None
    return CallbackFact(
        due_at=row.due_at,
        user_id=row.user_id,
        user=row.user or "",
        made_by=row.made_by or "",
        made_at=row.created_at,
        note=row.note,
    )


async def _last_word(connection: AsyncConnection, lead_id: int) -> LastWord:
    newest_first = (actions.c.at.desc(), actions.c.id.desc())
    call = (
        await connection.execute(
            select(calls.c.outcome, actions.c.at)
            .join(actions, actions.c.id == calls.c.id)
            .where(actions.c.lead_id == lead_id, calls.c.outcome.is_not(None))
            .order_by(*newest_first)
            .limit(1)
        )
    ).first()
    result = (
        await connection.execute(
            select(action_results.c.name, actions.c.result_at)
            .join(actions, actions.c.result_id == action_results.c.id)
            .where(actions.c.lead_id == lead_id)
            .order_by(*newest_first)
            .limit(1)
        )
    ).first()
    return LastWord(
        outcome=CallOutcome(call.outcome) if call else None,
        called_at=call.at if call else None,
        result=result.name if result else "",
        result_at=result.result_at if result else None,
    )


async def _open_call(
    connection: AsyncConnection, lead_id: int, known: KnownLead, viewer: User | None
) -> OpenCallFact | None:
    open_calls = calls.c.ended_at.is_(None)
    concerned = union(
        select(calls.c.id).where(open_calls, calls.c.e164.in_(known.numbers)),
        select(calls.c.id)
        .join(actions, actions.c.id == calls.c.id)
        .where(open_calls, actions.c.lead_id == lead_id),
    )
    row = (
        await connection.execute(
            select(calls, campaigns.c.name.label("campaign"), actions.c.project_id)
            .join(actions, actions.c.id == calls.c.id)
            .outerjoin(campaigns, campaigns.c.id == calls.c.campaign_id)
            .where(calls.c.id.in_(concerned))
            .order_by(calls.c.claimed_at, calls.c.id)
            .limit(1)
        )
    ).first()
    if row is None:
        return None
    visible = viewer is None or viewer.sees_project(row.project_id)
    return OpenCallFact(
        campaign=(row.campaign or "") if visible else "", e164=row.e164, since=row.claimed_at
    )
