"""What the agent says came of a call, and what that does to the lead."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit, prohibitions
from dialer.messages import CallId, UserId
from dialer.storage.tables import action_results, actions, leads, projects
from dialer.users import user_by_id

# A callback without a time, and a retry without a delay, come again after a day.
_DEFAULT_DELAY = timedelta(days=1)

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
) -> SavedResult:
    """Writes result and memo of a call and moves its lead on.

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
        result = (
            await connection.execute(
                select(
                    action_results.c.name,
                    action_results.c.effect,
                    action_results.c.retry_after_seconds,
                ).where(
                    action_results.c.id == result_id,
                    action_results.c.result_set_id == action.result_set_id,
                )
            )
        ).one_or_none()
        if result is None:
            raise UnknownResult(f"result {result_id} does not belong to the project's result set")
        effect = result.effect
        values |= {"result_id": result_id, "result_at": now}
        await _move_lead(connection, action.lead_id, effect, result.retry_after_seconds, now)
        if effect == "prohibit":
            prohibited = await _prohibit(connection, action.lead_id, user_id, result.name, now)
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


async def _prohibit(
    connection: AsyncConnection, lead_id: int, user_id: UserId, reason: str, now: datetime
) -> list[str]:
    user = await user_by_id(connection, user_id)
    if user is None:
        raise ResultError(f"there is no user {user_id}")
    return await prohibitions.prohibit_lead(
        connection, lead_id=lead_id, now=now, reason=reason, by=user.as_user()
    )


async def _move_lead(
    connection: AsyncConnection,
    lead_id: int,
    effect: str,
    retry_after_seconds: int | None,
    now: datetime,
) -> None:
    if effect in _FINAL_EFFECTS:
        values: dict[str, object] = {"finished_at": now, "next_attempt_at": None}
    elif effect in ("retry", "callback"):
        delay = (
            _DEFAULT_DELAY
            if retry_after_seconds is None
            else timedelta(seconds=retry_after_seconds)
        )
        values = {"finished_at": None, "next_attempt_at": now + delay}
    else:
        return
    await connection.execute(update(leads).where(leads.c.id == lead_id).values(values))
