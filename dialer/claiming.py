"""Taking leads to call: the gate in SQL, for many leads at once.

One transaction selects the leads that may be called, in calling order, locks
them and writes their calls. Whoever dials a campaign call has it from here, so
that nothing is dialled that the gate did not let through. The same conditions,
in the same order, are `dialer.rules.eligibility.may_call`.

Cost: the select walks the index of the project's unfinished leads in calling
order and stops after n that pass, so it grows with the leads it must skip, not
with the list.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_conditions import has_number, may_be_dialled
from dialer.messages import CallId
from dialer.rules.eligibility import Refusal
from dialer.storage.engine import Database
from dialer.storage.tables import (
    actions,
    calls,
    contact_points,
    leads,
    mybox_entries,
    prohibitions,
    projects,
)

# Two campaigns on two machines may want the same number in the same moment: one
# of the transactions fails on the unique index and is simply made again.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """For which campaign leads are taken."""

    campaign_id: int
    project_id: int
    workgroup_ids: tuple[int, ...]
    max_attempts: int
    trunk: str
    caller_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimedCall:
    """A call whose row is committed: it must now be dialled, or closed."""

    call_id: CallId
    lead_id: int
    e164: str
    caller_id: str
    attempt: int  # 1 for the lead's first call


class ClaimError(Exception):
    """The leads could not be taken; nothing was written, and nothing may be dialled."""


async def claim(
    database: Database, request: ClaimRequest, count: int, now: datetime
) -> list[ClaimedCall]:
    """Takes up to `count` leads and writes their calls, or takes none.

    The caller has made sure that the campaign's calling hours are open. Raises
    ClaimError when other claims were in the way again and again; SQLAlchemyError
    when the database cannot be reached.
    """
    for _ in range(_TRIES):
        try:
            async with database.write() as connection:
                return await _claim(connection, request, count, now)
        except IntegrityError as error:
            refused = error
    raise ClaimError(f"other claims took the same numbers {_TRIES} times") from refused


async def _claim(
    connection: AsyncConnection, request: ClaimRequest, count: int, now: datetime
) -> list[ClaimedCall]:
    # More than asked for, because two leads of one selection may share a number.
    rows = (
        await connection.execute(
            select(leads.c.id)
            .select_from(leads.join(projects, projects.c.id == leads.c.project_id))
            .where(leads.c.project_id == request.project_id, _allowed(request, now))
            .order_by(leads.c.priority.desc(), leads.c.attempts, leads.c.id)
            .limit(count * 2)
            .with_for_update(of=leads, skip_locked=True)
        )
    ).all()
    if not rows:
        return []
    numbers = await _next_numbers(connection, request, [row.id for row in rows], now)
    claimed: list[ClaimedCall] = []
    points: list[int] = []
    taken: set[str] = set()
    for row in rows:
        number = numbers.get(row.id)
        if number is None or number.e164 in taken or len(claimed) == count:
            continue
        taken.add(number.e164)
        points.append(number.point_id)
        claimed.append(_call(request, row.id, number))
    if claimed:
        await _write(connection, request, claimed, points, now)
    return claimed


@dataclass(frozen=True, slots=True)
class _NextNumber:
    point_id: int
    e164: str
    attempts: int  # of the lead, before this call


def _call(request: ClaimRequest, lead_id: int, number: _NextNumber) -> ClaimedCall:
    caller_id = request.caller_ids[lead_id % len(request.caller_ids)]
    return ClaimedCall(CallId(uuid4()), lead_id, number.e164, caller_id, number.attempts + 1)


async def _next_numbers(
    connection: AsyncConnection, request: ClaimRequest, lead_ids: list[int], now: datetime
) -> dict[int, _NextNumber]:
    """Of each lead the contact point tried least, the first of the list among equals.

    The gate is asked once more, now that the leads are locked: PostgreSQL has chosen them
    by what it saw when that statement began, and another claim may have committed since.
    """
    still_allowed = (
        select(leads.c.id, leads.c.attempts)
        .join(projects, projects.c.id == leads.c.project_id)
        .where(leads.c.id.in_(lead_ids), _allowed(request, now))
        .subquery()
    )
    rank = (
        func.row_number()
        .over(
            partition_by=contact_points.c.lead_id,
            order_by=(contact_points.c.attempts, contact_points.c.position, contact_points.c.id),
        )
        .label("rank")
    )
    ranked = (
        select(
            contact_points.c.lead_id,
            contact_points.c.id,
            contact_points.c.e164,
            still_allowed.c.attempts,
            rank,
        )
        .join(still_allowed, still_allowed.c.id == contact_points.c.lead_id)
        .where(may_be_dialled())
        .subquery()
    )
    rows = await connection.execute(select(ranked).where(ranked.c.rank == 1))
    return {row.lead_id: _NextNumber(row.id, row.e164, row.attempts) for row in rows}


async def _write(
    connection: AsyncConnection,
    request: ClaimRequest,
    claimed: list[ClaimedCall],
    points: list[int],
    now: datetime,
) -> None:
    await connection.execute(
        insert(actions),
        [
            {
                "id": call.call_id,
                "kind": "call",
                "at": now,
                "lead_id": call.lead_id,
                "project_id": request.project_id,
            }
            for call in claimed
        ],
    )
    decision = {"verdict": "allowed", "at": now.isoformat(), "by": "campaign"}
    await connection.execute(
        insert(calls),
        [
            {
                "id": call.call_id,
                "campaign_id": request.campaign_id,
                "contact_point_id": point_id,
                "e164": call.e164,
                "trunk": request.trunk,
                "caller_id": call.caller_id,
                "attempt": call.attempt,
                "claimed_at": now,
                "decision": decision,
            }
            # By number: two claims that want the same numbers never wait for each other.
            for call, point_id in sorted(
                zip(claimed, points, strict=True), key=lambda pair: pair[0].e164
            )
        ],
    )
    await connection.execute(
        update(leads)
        .where(leads.c.id.in_([call.lead_id for call in claimed]))
        .values(attempts=leads.c.attempts + 1, last_attempt_at=now)
    )
    await connection.execute(
        update(contact_points)
        .where(contact_points.c.id.in_(points))
        .values(attempts=contact_points.c.attempts + 1)
    )


@dataclass(frozen=True, slots=True)
class LeadsHeldBack:
    """How the gate sees a project's leads for one campaign, its calling hours apart."""

    callable_now: int
    by_reason: dict[Refusal, int]
    next_at: datetime | None  # when the first of the waiting leads becomes callable


async def held_back(
    connection: AsyncConnection, request: ClaimRequest, now: datetime
) -> LeadsHeldBack:
    """Counts the project's leads by the gate's answer, in one grouped query.

    It reads every lead of the project: for a page that is looked at, not for the dialler.
    """
    verdict = case(
        *((condition, literal(reason.value)) for reason, condition in _refusals(request, now)),
        else_=literal("allowed"),
    )
    judged = (
        select(verdict.label("verdict"), leads.c.next_attempt_at)
        .select_from(leads.join(projects, projects.c.id == leads.c.project_id))
        .where(leads.c.project_id == request.project_id)
        .subquery()
    )
    rows = await connection.execute(
        select(judged.c.verdict, func.count(), func.min(judged.c.next_attempt_at)).group_by(
            judged.c.verdict
        )
    )
    counts: dict[str, int] = {}
    next_at: datetime | None = None
    for name, number, earliest in rows:
        counts[name] = number
        if name == Refusal.WAITING:
            next_at = earliest
    return LeadsHeldBack(
        callable_now=counts.get("allowed", 0),
        by_reason={reason: counts[reason] for reason in Refusal if counts.get(reason)},
        next_at=next_at,
    )


def refusal_of(request: ClaimRequest, lead_id: int, now: datetime) -> Select[str]:
    """Selects the gate's word on one lead: a Refusal's value, or ``allowed``."""
    verdict = case(
        *((condition, literal(reason.value)) for reason, condition in _refusals(request, now)),
        else_=literal("allowed"),
    )
    return (
        select(verdict)
        .select_from(leads.join(projects, projects.c.id == leads.c.project_id))
        .where(leads.c.id == lead_id)
    )


# --- the gate's conditions --------------------------------------------------------------


def _allowed(request: ClaimRequest, now: datetime) -> ColumnElement[bool]:
    return and_(*(~condition for _, condition in _refusals(request, now)))


def _refusals(
    request: ClaimRequest, now: datetime
) -> tuple[tuple[Refusal, ColumnElement[bool]], ...]:
    """Every reason with its condition on a row of leads, none of them ever NULL."""
    return (
        (Refusal.PROHIBITED, _prohibited(request.workgroup_ids)),
        (Refusal.BOXED, _boxed(now)),
        (Refusal.LEAD_DELETED, leads.c.deleted_at.is_not(None)),
        (Refusal.PROJECT_CLOSED, projects.c.closed_at.is_not(None)),
        (Refusal.FINISHED, leads.c.finished_at.is_not(None)),
        (Refusal.ATTEMPTS_USED, leads.c.attempts >= request.max_attempts),
        (
            Refusal.WAITING,
            and_(leads.c.next_attempt_at.is_not(None), leads.c.next_attempt_at > now),
        ),
        (Refusal.NO_NUMBER, ~has_number()),
        (Refusal.IN_CALL, _in_call()),
    )


def _prohibited(workgroup_ids: tuple[int, ...]) -> ColumnElement[bool]:
    return exists().where(
        contact_points.c.lead_id == leads.c.id,
        prohibitions.c.e164 == contact_points.c.e164,
        prohibitions.c.lifted_at.is_(None),
        or_(
            prohibitions.c.workgroup_id.is_(None),
            prohibitions.c.workgroup_id.in_(workgroup_ids),
        ),
    )


def _boxed(now: datetime) -> ColumnElement[bool]:
    return exists().where(
        mybox_entries.c.lead_id == leads.c.id,
        mybox_entries.c.released_at.is_(None),
        or_(mybox_entries.c.expires_at.is_(None), mybox_entries.c.expires_at > now),
    )


def _in_call() -> ColumnElement[bool]:
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
