"""Why it is not dialling: a project's leads counted by what holds them back.

One grouped query reads every lead of the project once, and its lanes say the
rest: for a page that is looked at, not for the dialler.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.calling_order import judged_lanes
from dialer.claiming import ClaimRequest
from dialer.lead_facts import abandoned_at
from dialer.rules.eligibility import ABANDONED_REST, Actor, Refusal, hours_for
from dialer.storage.tables import actions, callbacks, calls, contact_points, leads

_ALLOWED = "allowed"
_ORDER = list(Refusal)


@dataclass(frozen=True, slots=True)
class LeadsHeldBack:
    """How the gate sees a project's leads for one campaign.

    A lead counts under outside_hours only when nothing else holds it back, so that the
    counts of a night tell what the morning will bring. `next_at` is when the first of the
    leads that only wait becomes callable, calling hours considered; None: none waits.
    """

    callable_now: int
    by_reason: Mapping[Refusal, int]
    next_at: datetime | None


async def held_back(
    connection: AsyncConnection, request: ClaimRequest, now: datetime
) -> LeadsHeldBack:
    """Counts the project's leads by the gate's answer to a campaign call."""
    project = await judged_lanes(connection, request.actor(), now, every_box=True)
    actor, by_id = project.actor, {lane.id: lane for lane in project.lanes}
    callable_now, next_at = 0, None
    by_reason: Counter[Refusal] = Counter()
    for lane_id, word, number, moment in await connection.execute(_counted(actor, now)):
        lane = by_id[lane_id]
        reasons = [refusal.reason for refusal in lane.refusals]
        closed = Refusal.OUTSIDE_HOURS in reasons
        if word != _ALLOWED:
            reasons.append(Refusal(word))
        reasons = [reason for reason in reasons if reason is not Refusal.OUTSIDE_HOURS]
        if reasons:
            reason = min(reasons, key=_ORDER.index)
        elif closed:
            reason = Refusal.OUTSIDE_HOURS
        else:
            callable_now += number
            continue
        by_reason[reason] += number
        if set(reasons) <= _TIME_ALONE:
            opens = _opening(actor, lane.lane.time_zone, _from(reason, moment), now)
            next_at = min((at for at in (next_at, opens) if at), default=None)
    return LeadsHeldBack(
        callable_now=callable_now,
        by_reason={reason: by_reason[reason] for reason in Refusal if by_reason[reason]},
        next_at=next_at,
    )


# Nobody has to do anything for these to pass.
_TIME_ALONE = {
    Refusal.OUTSIDE_HOURS,
    Refusal.CALLBACK_NOT_DUE,
    Refusal.WAITING,
    Refusal.ABANDONED_REST,
}


def _from(reason: Refusal, moment: datetime | None) -> datetime | None:
    if reason is Refusal.ABANDONED_REST and moment is not None:
        return moment + ABANDONED_REST
    return moment


def _opening(
    actor: Actor, time_zone: str, moment: datetime | None, now: datetime
) -> datetime | None:
    return hours_for(time_zone, actor).next_opening(max(moment or now, now))


# --- the query ------------------------------------------------------------------------------


def _counted(actor: Actor, now: datetime) -> Select[Any]:
    words = _words(actor, now)
    word = case(*((condition, literal(one.value)) for one, condition in words), else_=_ALLOWED)
    moment = case(
        (dict(words)[Refusal.CALLBACK_NOT_DUE], leads.c.callback_at),
        (dict(words)[Refusal.WAITING], leads.c.next_attempt_at),
        (dict(words)[Refusal.ABANDONED_REST], abandoned_at()),
    )
    judged = (
        select(leads.c.lane_id, word.label("word"), moment.label("moment"))
        .where(leads.c.project_id == actor.project_id)
        .subquery()
    )
    return select(
        judged.c.lane_id, judged.c.word, func.count(), func.min(judged.c.moment)
    ).group_by(judged.c.lane_id, judged.c.word)


def _words(actor: Actor, now: datetime) -> list[tuple[Refusal, ColumnElement[bool]]]:
    """What the lead's own row and its calls say, in the gate's order."""
    somebodys = select(callbacks.c.lead_id).where(
        callbacks.c.project_id == actor.project_id,
        callbacks.c.user_id.is_not(None),
        callbacks.c.closed_at.is_(None),
    )
    return [
        (Refusal.LEAD_DELETED, leads.c.deleted_at.is_not(None)),
        (Refusal.CALLBACK_NOT_DUE, leads.c.callback_at > now),
        (
            Refusal.CALLBACK_OF_ANOTHER,
            and_(leads.c.callback_at.is_not(None), leads.c.id.in_(somebodys)),
        ),
        (Refusal.FINISHED, leads.c.finished_at.is_not(None)),
        (Refusal.ATTEMPTS_USED, leads.c.attempts >= actor.max_attempts),
        (Refusal.WAITING, leads.c.next_attempt_at > now),
        (Refusal.ABANDONED_REST, leads.c.id.in_(_resting(now))),
        (Refusal.IN_CALL, leads.c.id.in_(_in_call())),
    ]


def _resting(now: datetime) -> Select[tuple[int]]:
    return (
        select(contact_points.c.lead_id)
        .join(calls, calls.c.e164 == contact_points.c.e164)
        .where(calls.c.outcome == "abandoned", calls.c.ended_at > now - ABANDONED_REST)
    )


def _in_call() -> Select[tuple[int]]:
    to_the_lead = select(actions.c.lead_id).join(calls, calls.c.id == actions.c.id)
    to_a_number = select(contact_points.c.lead_id).join(
        calls, calls.c.e164 == contact_points.c.e164
    )
    return select(
        to_the_lead.where(calls.c.ended_at.is_(None))
        .union(to_a_number.where(calls.c.ended_at.is_(None)))
        .subquery()
    )
