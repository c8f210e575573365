"""What an ended call does to its lead: its attempts, when it is called again, its callback."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Integer, bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.messages import CallId
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.retry import NoMoreAttempts, RetryRules, after_outcome, counts_as_attempt
from dialer.storage.batches import batches
from dialer.storage.tables import (
    action_results,
    actions,
    callbacks,
    calls,
    contact_points,
    leads,
)


@dataclass(frozen=True, slots=True)
class EndedCall:
    """`attempt` is the call's number among its lead's; `placed`: it went out to the network."""

    call_id: CallId
    lead_id: int
    attempt: int
    retries: RetryRules
    outcome: CallOutcome
    placed: bool
    dialled_at: datetime
    ended_at: datetime

    @property
    def counts(self) -> bool:
        return counts_as_attempt(self.outcome, placed=self.placed)


async def move_leads(connection: AsyncConnection, ended: Sequence[EndedCall]) -> None:
    """Moves the leads on whose calls have ended. The calls' own rows are written afterwards.

    An action result with an effect that was saved already says more than the network's
    outcome, and its lead stays as that left it.
    """
    ended = sorted(ended, key=lambda call: call.lead_id)
    with_callback = await _lock_leads(connection, [call.lead_id for call in ended])
    same = await _earlier_with_limit(connection, ended)
    await connection.execute(_MOVE_LEAD, [_lead_row(call, same) for call in ended])
    if unused := [{"b_call_id": call.call_id} for call in ended if not call.counts]:
        await connection.execute(_GIVE_BACK_CONTACT_POINT, unused)
    called_back = [call for call in ended if call.counts and call.lead_id in with_callback]
    if called_back:
        await connection.execute(_CLOSE_CALLBACK, [_callback_row(call) for call in called_back])
        await connection.execute(_CLEAR_CALLBACK, [{"b_id": one.lead_id} for one in called_back])


async def calls_with_outcome(
    connection: AsyncConnection, lead_ids: Collection[int], outcomes: Collection[CallOutcome]
) -> Counter[tuple[int, CallOutcome]]:
    """How many calls of each lead ended with each of these outcomes and used up an attempt."""
    counted: Counter[tuple[int, CallOutcome]] = Counter()
    for some in batches(sorted(set(lead_ids))):
        rows = await connection.execute(
            select(actions.c.lead_id, calls.c.outcome, func.count())
            .join(calls, calls.c.id == actions.c.id)
            .where(
                actions.c.lead_id.in_(some),
                calls.c.direction == "outbound",
                calls.c.outcome.in_(sorted(set(outcomes) - {CallOutcome.CANCELLED})),
                or_(calls.c.outcome != CallOutcome.FAILED, calls.c.hangup_cause.is_not(None)),
            )
            .group_by(actions.c.lead_id, calls.c.outcome)
        )
        for lead_id, outcome, number in rows:
            counted[lead_id, CallOutcome(outcome)] = number
    return counted


async def _lock_leads(connection: AsyncConnection, lead_ids: Sequence[int]) -> set[int]:
    """Keeps the leads as they are until the end of the transaction; which have a callback?

    By ascending id, as everybody who waits for leads takes them. A result that is being saved
    is waited for here, so that the next statement sees it.
    """
    found: set[int] = set()
    for some in batches(lead_ids):
        rows = await connection.execute(
            select(leads.c.id, leads.c.callback_at)
            .where(leads.c.id.in_(some))
            .order_by(leads.c.id)
            .with_for_update(key_share=True)
        )
        found.update(row.id for row in rows if row.callback_at is not None)
    return found


async def _earlier_with_limit(
    connection: AsyncConnection, ended: Sequence[EndedCall]
) -> Counter[tuple[int, CallOutcome]]:
    limited = [call for call in ended if call.outcome in call.retries.limits]
    if not limited:
        return Counter()
    return await calls_with_outcome(
        connection, {call.lead_id for call in limited}, {call.outcome for call in limited}
    )


def _lead_row(call: EndedCall, earlier: Counter[tuple[int, CallOutcome]]) -> dict[str, object]:
    follow_up = after_outcome(
        call.outcome,
        call.attempt,
        earlier[call.lead_id, call.outcome] + 1,
        call.retries,
        call.ended_at,
        placed=call.placed,
    )
    finished = isinstance(follow_up, NoMoreAttempts)
    return {
        "b_id": call.lead_id,
        "b_call_id": call.call_id,
        "b_given_back": 0 if call.counts else 1,
        "b_next_attempt_at": None if isinstance(follow_up, NoMoreAttempts) else follow_up.at,
        "b_finished_at": call.ended_at if finished else None,
    }


def _callback_row(call: EndedCall) -> dict[str, object]:
    return {
        "b_lead_id": call.lead_id,
        "b_ended_at": call.ended_at,
        "b_dialled_at": call.dialled_at,
        "b_connected": call.outcome is CallOutcome.CONNECTED,
    }


# --- statements, made once ----------------------------------------------------------------

# A batch whose commit went through unheard is written again, and must not move the lead twice.
_STILL_OPEN = exists().where(calls.c.id == bindparam("b_call_id"), calls.c.ended_at.is_(None))

_MOVE_LEAD = (
    update(leads)
    .where(
        leads.c.id == bindparam("b_id"),
        _STILL_OPEN,
        ~exists().where(
            actions.c.id == bindparam("b_call_id"),
            action_results.c.id == actions.c.result_id,
            action_results.c.effect != "none",
        ),
    )
    .values(
        attempts=leads.c.attempts - bindparam("b_given_back", type_=Integer),
        next_attempt_at=bindparam("b_next_attempt_at"),
        finished_at=bindparam("b_finished_at"),
    )
)

_GIVE_BACK_CONTACT_POINT = (
    update(contact_points)
    .where(
        contact_points.c.id
        == select(calls.c.contact_point_id)
        .where(calls.c.id == bindparam("b_call_id"), calls.c.ended_at.is_(None))
        .scalar_subquery(),
        contact_points.c.attempts > 0,
    )
    .values(attempts=contact_points.c.attempts - 1)
)

# Not one that was agreed in this very call.
_CLOSE_CALLBACK = (
    update(callbacks)
    .where(
        callbacks.c.lead_id == bindparam("b_lead_id"),
        callbacks.c.closed_at.is_(None),
        callbacks.c.created_at <= bindparam("b_dialled_at"),
        or_(
            bindparam("b_connected", type_=Boolean),
            exists().where(leads.c.id == callbacks.c.lead_id, leads.c.finished_at.is_not(None)),
        ),
    )
    .values(closed_at=bindparam("b_ended_at"))
)

_CLEAR_CALLBACK = (
    update(leads)
    .where(
        leads.c.id == bindparam("b_id"),
        ~exists().where(callbacks.c.lead_id == leads.c.id, callbacks.c.closed_at.is_(None)),
    )
    .values(callback_at=None)
)
