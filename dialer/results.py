"""What the agent says came of a call, and what that does to the lead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts, audit, prohibitions
from dialer.after_calls import calls_with_outcome
from dialer.callbacks import Agreed, close_callback, set_callback
from dialer.campaign import RetrySettings
from dialer.messages import CallId, UserId
from dialer.mybox import NO_POLICY, MyBoxError, MyBoxPolicy
from dialer.result_effects import move_stage, put_in_box, take_out_of_box
from dialer.rules.callback_time import USUAL_DELAY
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
from dialer.users import User, user_by_id

_FINAL_EFFECTS = frozenset({"final", "appointment", "prohibit"})


class ResultError(Exception):
    """The result cannot be saved; the message says why."""


class UnknownCall(ResultError):
    """There is no such call."""


class UnknownResult(ResultError):
    """The result is not one of the project's result set."""


@dataclass(frozen=True, slots=True)
class SavedResult:
    """`effect` is the result's; `prohibited` are the numbers that it newly prohibited.

    `not_boxed`: the result is saved, but the lead did not go into the agent's MyBox, and why.
    """

    effect: str
    prohibited: tuple[str, ...] = ()
    not_boxed: MyBoxError | None = None


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
    policy: MyBoxPolicy = NO_POLICY,
) -> SavedResult:
    """Writes result and memo of a call and moves its lead on.

    `retries` are those of the call's campaign; None, where nobody knows it any more: the
    product's. `agreed` is the time that goes with effect ``callback``, `policy` what boxes
    hold. A result that leaves the lead alone takes back what an earlier one did to it; only
    a prohibition stays, which an admin lifts.
    With effect ``prohibit`` all numbers of the lead are prohibited for the user's
    workgroups in the same transaction; the caller has to stop those that ring just now.
    With effect ``mybox`` the lead goes into the user's box; a box that refuses it does not
    keep the result from being saved.
    Raises UnknownCall, UnknownResult, and prohibitions.NotAllowed.
    """
    action = await _action(connection, call_id)
    user = await _user(connection, user_id)
    values: dict[str, object] = {"memo": memo, "user_id": user_id}
    saved = SavedResult("none")
    if result_id is not None:
        result = await _result(connection, result_id, action)
        values |= {"result_id": result_id, "result_at": now}
        # Before the lead: locks of numbers are taken before rows.
        saved = await _do_what_numbers_see(connection, action, user, result, policy, now)
        rules = retries or RetrySettings().rules()
        if result.effect == "callback" and agreed is not None:
            await set_callback(
                connection, lead_id=action.lead_id, agreed=agreed, by=user_id, now=now
            )
        else:
            await _take_back(connection, call_id, action.lead_id, result.effect, user_id, now)
            await _move_lead(connection, call_id, action.lead_id, result, rules, now)
        if not action.overtaken:
            await move_stage(
                connection,
                action.lead_id,
                to=result.stage_id,
                taken_back=action.stage_id,
                since=action.at,
                by=user,
                now=now,
            )
    await connection.execute(update(actions).where(actions.c.id == call_id).values(values))
    await action_texts.refresh(connection, [call_id])
    await audit.record(
        connection,
        user_id=user_id,
        action="call.result",
        subject=f"call:{call_id}",
        detail={"result_id": result_id, "effect": saved.effect},
        now=now,
    )
    return saved


async def _action(connection: AsyncConnection, call_id: CallId) -> Row[Any]:
    """The call's action, with effect and stage of the result that it has so far."""
    row = (await connection.execute(_ACTION, {"call_id": call_id})).one_or_none()
    if row is None:
        raise UnknownCall(f"there is no call {call_id}")
    return row


async def _user(connection: AsyncConnection, user_id: UserId) -> User:
    user = await user_by_id(connection, user_id)
    if user is None:
        raise ResultError(f"there is no user {user_id}")
    return user.as_user()


async def _do_what_numbers_see(
    connection: AsyncConnection,
    action: Row[Any],
    user: User,
    result: Row[Any],
    policy: MyBoxPolicy,
    now: datetime,
) -> SavedResult:
    """Prohibition and box: what also binds other leads with the same numbers."""
    lead_id, effect = action.lead_id, result.effect
    if action.effect == "mybox" and effect != "mybox":
        await take_out_of_box(connection, lead_id, user, action.at, now)
    if effect == "prohibit":
        numbers = await prohibitions.prohibit_lead(
            connection, lead_id=lead_id, now=now, reason=result.name, by=user
        )
        return SavedResult(effect, prohibited=tuple(numbers))
    if effect == "mybox" and not action.overtaken:
        refused = await put_in_box(connection, lead_id, user, policy, now)
        return SavedResult(effect, not_boxed=refused)
    return SavedResult(effect)


async def _result(connection: AsyncConnection, result_id: int, action: Row[Any]) -> Row[Any]:
    """One of the project's; a retired one only where the call has it already."""
    wanted: Select[Any] = select(
        action_results.c.id,
        action_results.c.name,
        action_results.c.effect,
        action_results.c.retry_after_seconds,
        action_results.c.stage_id,
    ).where(
        action_results.c.id == result_id,
        action_results.c.result_set_id == action.result_set_id,
        or_(action_results.c.retired_at.is_(None), action_results.c.id == action.result_id),
    )
    found: Row[Any] | None = (await connection.execute(wanted)).one_or_none()
    if found is None:
        raise UnknownResult(f"result {result_id} does not belong to the project's result set")
    return found


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
    elif result.effect in ("callback", "mybox"):
        seconds = result.retry_after_seconds
        # So does a callback without a time, and a lead in the agent's box.
        follow_up = RetryAt(now + (USUAL_DELAY if seconds is None else timedelta(seconds=seconds)))
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


def _overtaken() -> ColumnElement[bool]:
    """A later call of the lead decides."""
    later = actions.alias("later")
    return exists().where(
        later.c.lead_id == actions.c.lead_id, later.c.kind == "call", later.c.at > actions.c.at
    )


# The call with the effect of the result that it has.
_CALL = (
    select(
        calls.c.attempt,
        calls.c.ended_at,
        calls.c.outcome,
        calls.c.hangup_cause,
        action_results.c.effect,
        _overtaken().label("overtaken"),
    )
    .select_from(actions)
    .join(calls, calls.c.id == actions.c.id)
    .outerjoin(action_results, action_results.c.id == actions.c.result_id)
    .where(actions.c.id == bindparam("call_id"))
)

_ACTION = (
    select(
        actions.c.lead_id,
        actions.c.at,
        actions.c.result_id,
        projects.c.result_set_id,
        action_results.c.effect,
        action_results.c.stage_id,
        _overtaken().label("overtaken"),
    )
    .select_from(actions)
    .join(projects, projects.c.id == actions.c.project_id)
    .outerjoin(action_results, action_results.c.id == actions.c.result_id)
    .where(actions.c.id == bindparam("call_id"))
)
