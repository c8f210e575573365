"""The pauses of recordings in the database: with the recording, and in the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.messages import CallId
from dialer.rules.call_state import CallState
from dialer.rules.recording_pause import PauseEnd, Pauses, PausesInMs, in_ms
from dialer.storage.tables import recordings


@dataclass(frozen=True, slots=True)
class _Line:
    action: str
    user_id: int | None
    at: datetime
    detail: Mapping[str, object]


async def write_pauses(
    connection: AsyncConnection, states: Sequence[CallState], written: Mapping[CallId, Pauses]
) -> None:
    """Brings the rows of these recordings in step, and tells each pause and its end once.

    `written` are the pauses that were written before.
    """
    changed = [
        (call, call.connected_at)
        for call in states
        if call.connected_at is not None and call.pauses != written.get(call.call_id, ())
    ]
    if not changed:
        return
    await connection.execute(
        update(recordings)
        .where(recordings.c.call_id == bindparam("b_call_id"))
        .values(pauses=bindparam("b_pauses")),
        [
            {"b_call_id": call.call_id, "b_pauses": in_ms(call.pauses, connected_at)}
            for call, connected_at in changed
        ],
    )
    for call, connected_at in changed:
        for line in _news(call, connected_at, written.get(call.call_id, ())):
            await audit.record(
                connection,
                user_id=line.user_id,
                action=line.action,
                subject=f"call:{call.call_id}",
                detail=line.detail,
                now=line.at,
            )


def _news(call: CallState, connected_at: datetime, before: Pauses) -> list[_Line]:
    told: list[_Line] = []
    for number, pause in enumerate(call.pauses):
        earlier = before[number] if number < len(before) else None
        [[start, end]] = in_ms((pause,), connected_at)
        if earlier is None:
            told.append(_Line("recording.pause", call.user_id, pause.begun_at, {"at_ms": start}))
        if pause.ended_at is not None and (earlier is None or earlier.is_open):
            by = pause.ended_by
            who = call.user_id if by is PauseEnd.AGENT else None
            detail = {"from_ms": start, "to_ms": end, "by": by}
            told.append(_Line("recording.resume", who, pause.ended_at, detail))
    return told


async def stored_pauses(connection: AsyncConnection, call_id: UUID) -> PausesInMs:
    """Of one recording, as they were written; none where there is no recording."""
    found = await connection.scalar(
        select(recordings.c.pauses).where(recordings.c.call_id == call_id)
    )
    return list(found or [])
