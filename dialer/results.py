"""What the agent says came of a call, and what that does to the lead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, bindparam, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit, prohibitions
from dialer.after_calls import calls_with_outcome
from dialer.callbacks import Agreed, close_callback, set_callback
from dialer.campaign import RetrySettings
from dialer.messages import CallId, UserId
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.retry import (
    FollowUp,
    NoMoreAttempts,
    RetryAt,
    RetryRules,
    after_outcome,
    after_result,
)
from dialer.storage.tables import action_results, actions, calls, leads, projects
from dialer.users import user_by_id

# A callback without a time comes again after a day.
_CALLBACK_DELAY = timedelta(days=1)

_FINAL_EFFECTS = frozenset({"final", "appointment", "prohibit"})


class ResultError(Exception):
    """The result cannot be saved; the message says why."""


class UnknownCall(ResultError):
    """There is no such call."""


class UnknownResult(ResultError):
    """The result is not one of the project's result set."""


@dataclass(frozen=True, slots=True)
class SavedResult:
    """`effect` is the result's; `prohibited` are the numbers that it newly prohibited."""

    effect: str
    prohibited: tuple[str, ...] = ()


async def save_result(
    connection: AsyncConnection,
    *,
    call_id: CallId,
    user_id: UserId,
    result_id: int | None,
    memo: str,
    now: datetime,
    retries: RetryRules | None = None,
    agreed: Agreed | None = None,
) -> SavedResult:
    """Writes result and memo of a call and moves its lead on.

    `retries` are those of the call's campaign; None, where nobody knows it any more: the
    product's. `agreed` is the time that goes with effect ``callback``. A result that leaves
    the lead alone takes back what an earlier one did to it.
    With effect ``prohibit`` all numbers of the lead are prohibited for the user's
    workgroups in the same transaction; the caller has to stop those that ring just now.
    Raises UnknownCall, UnknownResult, and prohibitions.NotAllowed.
    """
    action = (
        await connection.execute(
            select(actions.c.lead_id, projects.c.result_set_id)
            .join(projects, projects.c.id == actions.c.project_id)
            .where(actions.c.id == call_id)
        )
    ).one_or_none()
    if action is None:
        raise UnknownCall(f"there is no call {call_id}")
    values: dict[str, object] = {"memo": memo, "user_id": user_id}
    effect = "none"
    prohibited: list[str] = []
    if result_id is not None:
        result = await _result(connection, result_id, action.result_set_id)
        effect = result.effect
        values |= {"result_id": result_id, "result_at": now}
        if effect == "prohibit":
            # Before the lead: locks of numbers are taken before rows.
            prohibited = await _prohibit(connection, action.lead_id, user_id, result.name, now)
        rules = retries or RetrySettings().rules()
        if effect == "callback" and agreed is not None:
            await set_callback(
                connection, lead_id=action.lead_id, agreed=agreed, by=user_id, now=now
            )
        else:
            await _take_back(connection, call_id, action.lead_id, effect, user_id, now)
            await _move_lead(connection, call_id, action.lead_id, result, rules, now)
    await connection.execute(update(actions).where(actions.c.id == call_id).values(values))
    await audit.record(
        connection,
        user_id=user_id,
        action="call.result",
        subject=f"call:{call_id}",
        detail={"result_id": result_id, "effect": effect},
        now=now,
    )
    return SavedResult(effect, tuple(prohibited))


async def _result(
    connection: AsyncConnection, result_id: int, result_set_id: int | None
) -> Row[Any]:
    wanted: Select[Any] = select(
        action_results.c.id,
        action_results.c.name,
        action_results.c.effect,
        action_results.c.retry_after_seconds,
    ).where(action_results.c.id == result_id, action_results.c.result_set_id == result_set_id)
    found: Row[Any] | None = (await connection.execute(wanted)).one_or_none()
    if found is None:
        raise UnknownResult(f"result {result_id} does not belong to the project's result set")
    return found


async def _prohibit(
    connection: AsyncConnection, lead_id: int, user_id: UserId, reason: str, now: datetime
) -> list[str]:
    user = await user_by_id(connection, user_id)
    if user is None:
        raise ResultError(f"there is no user {user_id}")
    return await prohibitions.prohibit_lead(
        connection, lead_id=lead_id, now=now, reason=reason, by=user.as_user()
    )


async def _take_back(
    connection: AsyncConnection,
    call_id: CallId,
    lead_id: int,
    effect: str,
    user_id: UserId,
    now: datetime,
) -> None:
    """What was agreed before is void when the lead is finished, or the result was another."""
    call = (await connection.execute(_CALL, {"call_id": call_id})).one()
    if effect in _FINAL_EFFECTS or call.effect == "callback":
        await close_callback(connection, lead_id=lead_id, by=user_id, now=now)


async def _move_lead(
    connection: AsyncConnection,
    call_id: CallId,
    lead_id: int,
    result: Row[Any],
    rules: RetryRules,
    now: datetime,
) -> None:
    attempts = await connection.scalar(
        select(leads.c.attempts).where(leads.c.id == lead_id).with_for_update(key_share=True)
    )
    # Read only now: the call may have ended while we waited for its lead.
    call = (await connection.execute(_CALL, {"call_id": call_id})).one()
    if result.effect in _FINAL_EFFECTS:
        follow_up: FollowUp = NoMoreAttempts()
    elif call.overtaken:
        return
    elif result.effect == "retry":
        same = await _calls_with_result(connection, lead_id, call_id, result, rules)
        follow_up = after_result(
            result.name, attempts or 0, same, rules, now, delay_seconds=result.retry_after_seconds
        )
    elif result.effect == "callback":
        seconds = result.retry_after_seconds
        follow_up = RetryAt(
            now + (_CALLBACK_DELAY if seconds is None else timedelta(seconds=seconds))
        )
    elif call.effect in (None, "none"):
        return
    else:
        await _leave_to_the_network(connection, lead_id, call, rules)
        return
    await _write(connection, lead_id, follow_up, now)


async def _leave_to_the_network(
    connection: AsyncConnection, lead_id: int, call: Row[Any], rules: RetryRules
) -> None:
    """The result that moved the lead is taken back: it goes on as if there had been none."""
    if call.ended_at is None:  # the call's end will decide
        reopened = {"finished_at": None, "next_attempt_at": None}
        await connection.execute(update(leads).where(leads.c.id == lead_id).values(reopened))
        return
    outcome = CallOutcome(call.outcome)
    same = 0
    if outcome in rules.limits:
        same = (await calls_with_outcome(connection, [lead_id], [outcome]))[lead_id, outcome]
    follow_up = after_outcome(
        outcome,
        call.attempt,
        same,
        rules,
        call.ended_at,
        placed=call.hangup_cause is not None,
    )
    await _write(connection, lead_id, follow_up, call.ended_at)


async def _calls_with_result(
    connection: AsyncConnection, lead_id: int, call_id: CallId, result: Row[Any], rules: RetryRules
) -> int:
    """Those of the lead that have this result, this one included; 1 where nobody asks."""
    own = rules.results.get(result.name)
    if own is None or own.limit is None:
        return 1
    others = await connection.scalar(
        select(func.count())
        .select_from(actions)
        .where(
            actions.c.lead_id == lead_id,
            actions.c.result_id == result.id,
            actions.c.id != call_id,
        )
    )
    return (others or 0) + 1


async def _write(
    connection: AsyncConnection, lead_id: int, follow_up: FollowUp, at: datetime
) -> None:
    again_at = None if isinstance(follow_up, NoMoreAttempts) else follow_up.at
    await connection.execute(
        update(leads)
        .where(leads.c.id == lead_id)
        .values(finished_at=at if again_at is None else None, next_attempt_at=again_at)
    )


def _call() -> Select[Any]:
    """The call with the effect of the result that it has; `overtaken`: a later one decides."""
    later = actions.alias("later")
    overtaken = exists().where(
        later.c.lead_id == actions.c.lead_id, later.c.kind == "call", later.c.at > actions.c.at
    )
    return (
        select(
            calls.c.attempt,
            calls.c.ended_at,
            calls.c.outcome,
            calls.c.hangup_cause,
            action_results.c.effect,
            overtaken.label("overtaken"),
        )
        .select_from(actions)
        .join(calls, calls.c.id == actions.c.id)
        .outerjoin(action_results, action_results.c.id == actions.c.result_id)
        .where(actions.c.id == bindparam("call_id"))
    )


_CALL = _call()
