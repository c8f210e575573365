"""Taking leads to call: the gate for many leads at once, and the only way to an originate.

One transaction judges the project's lanes, walks those that are open in calling
order, asks the gate (`dialer.rules.eligibility.may_call`) about each lead that it
found, by facts read under lock, and writes the calls. A manual call, a preview and
a callback take their one lead in the same way.

Cost: a walk reads one index a lane and stops after n leads; what waits, is finished,
boxed or prohibited is not in the part of the index that it reads. So a claim costs
the same in a list of ten thousand leads as in one of ten million (decision 0010).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import mybox
from dialer.calling_order import make_ready, walk
from dialer.judged_lanes import JudgedLane, judged_lanes
from dialer.lead_facts import KnownLead, Telephone, facts_of, numbers_of
from dialer.messages import CallId, UserId
from dialer.rules.calling_hours import CallingHours
from dialer.rules.eligibility import Actor, Allowed, Refusal, Refused, may_call
from dialer.storage.claim_queries import write_calls
from dialer.storage.engine import Database
from dialer.storage.number_locks import lock_for_call
from dialer.storage.tables import leads

# A call that is not dialled by then never will be: whoever took it is dead.
CLAIM_LEASE = timedelta(seconds=60)

# Two campaigns on two machines may want the same number in the same moment: one
# of the transactions fails on the unique index and is simply made again.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """For which campaign leads are taken, and for whom.

    `hours` carry the project's time zone. `for_user` is the agent who is held for the
    calls: then only leads of his box and callbacks of his own are taken; None: the others.
    """

    campaign_id: int
    project_id: int
    workgroup_ids: tuple[int, ...]
    max_attempts: int
    hours: CallingHours
    trunk: str
    caller_ids: tuple[str, ...]
    for_user: UserId | None = None

    def actor(self, *, assigned: bool = True) -> Actor:
        """As the gate sees it."""
        return Actor(
            user_id=self.for_user,
            project_id=self.project_id,
            workgroup_ids=frozenset(self.workgroup_ids),
            hours=self.hours,
            max_attempts=self.max_attempts,
            assigned=assigned,
        )


@dataclass(frozen=True, slots=True)
class ClaimedCall:
    """A call whose row is committed: it must be dialled before `lease_until`, or never."""

    call_id: CallId
    lead_id: int
    e164: str
    caller_id: str
    attempt: int  # 1 for the lead's first call
    lease_until: datetime
    for_user: UserId | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What a claim took. `opens_at`: no zone of the project is open now, and when the first is."""

    calls: tuple[ClaimedCall, ...]
    opens_at: datetime | None = None


class ClaimError(Exception):
    """The leads could not be taken; nothing was written, and nothing may be dialled."""


async def claim(database: Database, request: ClaimRequest, count: int, now: datetime) -> Claim:
    """Takes up to `count` leads and writes their calls, or takes none.

    Raises ClaimError when other claims were in the way again and again; SQLAlchemyError
    when the database cannot be reached.
    """
    for _ in range(_TRIES):
        try:
            async with database.write() as connection:
                return await _claim(connection, request, count, now)
        except IntegrityError as error:
            refused = error
    raise ClaimError(f"other claims took the same numbers {_TRIES} times") from refused


async def claim_lead(
    database: Database,
    request: ClaimRequest,
    lead_id: int,
    now: datetime,
    *,
    contact_point_id: int | None = None,
) -> ClaimedCall | Refused:
    """Takes one lead for the user of the request: by hand, as a preview or as a callback.

    Without a `contact_point_id` the number that was tried least is called. Raises
    ClaimError and SQLAlchemyError like `claim`.
    """
    for _ in range(_TRIES):
        try:
            async with database.write() as connection:
                return await _claim_lead(connection, request, lead_id, now, contact_point_id)
        except IntegrityError as error:
            refused = error
    raise ClaimError(f"another claim took the same number {_TRIES} times") from refused


# --- many ---------------------------------------------------------------------------------


async def _claim(
    connection: AsyncConnection, request: ClaimRequest, count: int, now: datetime
) -> Claim:
    project = await judged_lanes(connection, request.actor(), now)
    if project.box_expired:
        await mybox.end_expired(connection, now)
        project = await judged_lanes(connection, request.actor(), now)
    actor = project.actor
    open_lanes = [lane for lane in project.lanes if not lane.refusals]
    if not open_lanes:
        return Claim((), _opens_at(project.lanes))
    await make_ready(connection, open_lanes, now)
    # More than asked for, because two leads of one selection may share a number.
    found = await walk(connection, open_lanes, actor, now, limit=looked_at(count))
    known = await facts_of(connection, found, now)
    taken: dict[str, _Taken] = {}
    for lead_id in found:
        if len(taken) == count:
            break
        # Once more, now that lead and numbers are locked: the walk saw what was there when
        # it began, and another claim or a prohibition may have been committed since.
        lead = known[lead_id]
        telephone = lead.next_telephone()
        allowed = may_call(lead.facts, actor, now) == Allowed()
        if allowed and telephone is not None and telephone.e164 not in taken:
            taken[telephone.e164] = _taken(request, actor, lead_id, lead, telephone, now)
    await _write(connection, request, list(taken.values()), now)
    return Claim(tuple(one.call for one in taken.values()))


def looked_at(count: int) -> int:
    """How many leads a claim of `count` judges, at most."""
    return count + max(4, count // 8)


def _opens_at(lanes: Sequence[JudgedLane]) -> datetime | None:
    times = [
        refusal.retry_at
        for lane in lanes
        for refusal in lane.refusals[:1]
        if refusal.reason is Refusal.OUTSIDE_HOURS and refusal.retry_at is not None
    ]
    return min(times, default=None)


# --- one ----------------------------------------------------------------------------------


async def _claim_lead(
    connection: AsyncConnection,
    request: ClaimRequest,
    lead_id: int,
    now: datetime,
    contact_point_id: int | None,
) -> ClaimedCall | Refused:
    await lock_for_call(connection, await numbers_of(connection, [lead_id]))
    await connection.execute(
        select(leads.c.id).where(leads.c.id == lead_id).with_for_update(key_share=True)
    )
    actor = (await judged_lanes(connection, request.actor(), now)).actor
    lead = (await facts_of(connection, [lead_id], now)).get(lead_id)
    if lead is None:
        return Refused(Refusal.LEAD_DELETED)
    verdict = may_call(lead.facts, actor, now)
    if isinstance(verdict, Refused):
        return verdict
    telephone = lead.next_telephone()
    if contact_point_id is not None:
        telephone = next((one for one in lead.telephones if one.id == contact_point_id), None)
    if telephone is None:
        return Refused(Refusal.NO_NUMBER)
    if not telephone.callable:
        return Refused(Refusal.NUMBER_KIND)
    taken = _taken(request, actor, lead_id, lead, telephone, now)
    await _write(connection, request, [taken], now)
    return taken.call


# --- writing ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Taken:
    call: ClaimedCall
    contact_point_id: int
    decision: dict[str, object]


def _taken(
    request: ClaimRequest,
    actor: Actor,
    lead_id: int,
    lead: KnownLead,
    telephone: Telephone,
    now: datetime,
) -> _Taken:
    call = ClaimedCall(
        call_id=CallId(uuid4()),
        lead_id=lead_id,
        e164=telephone.e164,
        caller_id=request.caller_ids[lead_id % len(request.caller_ids)],
        attempt=lead.facts.attempts + 1,
        lease_until=now + CLAIM_LEASE,
        for_user=actor.user_id,
    )
    return _Taken(call, telephone.id, _decision(actor, lead, now))


def _decision(actor: Actor, lead: KnownLead, now: datetime) -> dict[str, object]:
    """What the gate knew when it let the call through, to be shown years later."""
    facts = lead.facts
    callback = facts.callback
    return {
        "verdict": "allowed",
        "at": now.isoformat(),
        "by": "campaign" if actor.user_id is None else "user",
        "user_id": actor.user_id,
        "workgroup_ids": sorted(actor.workgroup_ids),
        "attempts": facts.attempts,
        "max_attempts": actor.max_attempts,
        "time_zone": facts.time_zone or actor.hours.time_zone,
        "box_user_id": next((box.holder for box in facts.boxes if box.own), None),
        "callback_at": callback.due_at.isoformat() if callback else None,
        "prohibited_for": sorted(one for one in facts.prohibited_for if one is not None),
    }


async def _write(
    connection: AsyncConnection, request: ClaimRequest, taken: Sequence[_Taken], now: datetime
) -> None:
    common = {
        "kind": "call",
        "at": now,
        "project_id": request.project_id,
        "campaign_id": request.campaign_id,
        "trunk": request.trunk,
        "claimed_at": now,
    }
    await write_calls(
        connection,
        [
            {
                **common,
                "id": one.call.call_id,
                "lead_id": one.call.lead_id,
                "contact_point_id": one.contact_point_id,
                "e164": one.call.e164,
                "caller_id": one.call.caller_id,
                "attempt": one.call.attempt,
                "for_user_id": one.call.for_user,
                "lease_until": one.call.lease_until,
                "decision": one.decision,
            }
            # By number: two claims that want the same numbers never wait in a circle.
            for one in sorted(taken, key=lambda one: one.call.e164)
        ],
    )
