"""What was done toward leads: rows of ヒストリー, a call in full, memos."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import Column, ColumnElement, Row, Select, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts, audit
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.history_filter import ActionKind, Direction
from dialer.rules.phone_number import national_format
from dialer.storage.tables import (
    action_results,
    actions,
    calls,
    campaigns,
    leads,
    projects,
    recordings,
    users,
)
from dialer.users import User

NoteKind = Literal["memo", "email", "sms", "visit"]
HungUpBy = Literal["agent", "customer", "system", ""]
RecordingState = Literal["recording", "ready", "missing", "erasing", "erased"]


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """`path` is relative to the recordings root; `duration_ms` is None until it is ready."""

    state: RecordingState
    path: str
    duration_ms: int | None
    size_bytes: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One action. What only calls have is None or empty for the others.

    `ring_seconds` runs from ringing (or dialling, when no ringing was seen) to the
    answer or the end; `talk_seconds` from the connection with the agent to the end.
    Both are None while they are unknown.
    """

    id: UUID
    kind: ActionKind
    at: datetime
    lead_id: int
    lead_name: str
    project_id: int
    project: str
    user_id: int | None
    user_name: str
    result_id: int | None
    result: str
    result_category: str
    result_colour: str
    memo: str
    campaign: str
    e164: str
    number: str  # as people write it
    outcome: CallOutcome | None
    ring_seconds: float | None
    talk_seconds: float | None
    hangup_cause: int | None
    hung_up_by: HungUpBy
    recording: RecordingInfo | None


@dataclass(frozen=True, slots=True)
class CallDetail:
    """A call in full. `end_estimated`: the end was seen only by a later look at Asterisk."""

    row: HistoryRow
    direction: Direction
    trunk: str
    caller_id: str
    attempt: int
    claimed_at: datetime
    dialled_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    end_estimated: bool
    result_at: datetime | None
    decision: dict[str, object]


class UnknownLead(Exception):
    """There is no such lead, or the user may not see its project."""


async def rows_of(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, HistoryRow]:
    """These actions; without those that are not there."""
    found = await connection.execute(_rows().where(actions.c.id.in_(ids)))
    return {row.id: _history_row(row) for row in found}


async def call_detail(
    connection: AsyncConnection, *, call_id: UUID, viewer: User
) -> CallDetail | None:
    """None when there is no such call, or the viewer may not see its project."""
    query = _rows().add_columns(*_ONLY_IN_DETAIL).where(calls.c.id == call_id)
    row = (await connection.execute(query)).first()
    if row is None or not viewer.sees_project(row.project_id):
        return None
    return CallDetail(
        row=_history_row(row),
        direction=row.direction,
        trunk=row.trunk,
        caller_id=row.caller_id,
        attempt=row.attempt,
        claimed_at=row.claimed_at,
        dialled_at=row.dialled_at,
        ringing_at=row.ringing_at,
        answered_at=row.answered_at,
        connected_at=row.connected_at,
        ended_at=row.ended_at,
        end_estimated=row.end_estimated,
        result_at=row.result_at,
        decision=row.decision,
    )


async def timeline(connection: AsyncConnection, *, lead_id: int) -> tuple[HistoryRow, ...]:
    """All actions toward one lead, newest first."""
    query = (
        _rows()
        .where(actions.c.lead_id == lead_id)
        .order_by(actions.c.at.desc(), actions.c.id.desc())
    )
    return tuple(_history_row(row) for row in await connection.execute(query))


async def actions_before(
    connection: AsyncConnection,
    *,
    lead_id: int,
    older: Callable[[Column[datetime], Column[UUID]], ColumnElement[bool]],
    calls: bool | None,
    limit: int,
) -> list[HistoryRow]:
    """The newest `limit` actions toward one lead that are `older`.

    With `calls` only calls, or only what is no call; None: all.
    """
    conditions = [actions.c.lead_id == lead_id, older(actions.c.at, actions.c.id)]
    if calls is not None:
        conditions.append(actions.c.kind == "call" if calls else actions.c.kind != "call")
    query = (
        _rows().where(*conditions).order_by(actions.c.at.desc(), actions.c.id.desc()).limit(limit)
    )
    return [_history_row(row) for row in await connection.execute(query)]


async def add_memo(
    connection: AsyncConnection,
    *,
    lead_id: int,
    memo: str,
    by: User,
    now: datetime,
    kind: NoteKind = "memo",
) -> UUID:
    """An action for what was done outside Kakeru: a memo, a visit … Raises UnknownLead."""
    project_id = (
        await connection.execute(select(leads.c.project_id).where(leads.c.id == lead_id))
    ).scalar_one_or_none()
    if project_id is None or not by.sees_project(project_id):
        raise UnknownLead(f"no lead {lead_id} that {by.name} may see")
    action_id = uuid4()
    await connection.execute(
        insert(actions).values(
            id=action_id,
            kind=kind,
            at=now,
            lead_id=lead_id,
            project_id=project_id,
            user_id=by.id,
            memo=memo,
        )
    )
    await action_texts.refresh(connection, [action_id])
    await audit.record(
        connection, user_id=by.id, action="memo.add", subject=f"lead:{lead_id}", now=now
    )
    return action_id


# --- rows -------------------------------------------------------------------------------

_category = action_results.alias("category")

_ONLY_IN_DETAIL = (
    calls.c.direction,
    calls.c.trunk,
    calls.c.caller_id,
    calls.c.attempt,
    calls.c.claimed_at,
    calls.c.end_estimated,
    calls.c.decision,
    actions.c.result_at,
)


def _rows() -> Select[Any]:
    return (
        select(
            actions.c.id,
            actions.c.kind,
            actions.c.at,
            actions.c.lead_id,
            actions.c.project_id,
            actions.c.user_id,
            actions.c.result_id,
            actions.c.memo,
            leads.c.name.label("lead_name"),
            projects.c.name.label("project"),
            users.c.name.label("user_name"),
            action_results.c.name.label("result"),
            action_results.c.colour,
            _category.c.name.label("category"),
            campaigns.c.name.label("campaign"),
            calls.c.e164,
            calls.c.outcome,
            calls.c.dialled_at,
            calls.c.ringing_at,
            calls.c.answered_at,
            calls.c.connected_at,
            calls.c.ended_at,
            calls.c.hangup_cause,
            calls.c.hung_up_by,
            recordings.c.state.label("recording_state"),
            recordings.c.path,
            recordings.c.duration_ms,
            recordings.c.size_bytes,
            recordings.c.sha256,
        )
        .select_from(actions)
        .join(calls, calls.c.id == actions.c.id, isouter=True)
        .join(leads, leads.c.id == actions.c.lead_id)
        .join(projects, projects.c.id == actions.c.project_id)
        .outerjoin(users, users.c.id == actions.c.user_id)
        .outerjoin(action_results, action_results.c.id == actions.c.result_id)
        .outerjoin(_category, _category.c.id == action_results.c.parent_id)
        .outerjoin(campaigns, campaigns.c.id == calls.c.campaign_id)
        .outerjoin(recordings, recordings.c.call_id == calls.c.id)
    )


def _history_row(row: Row[Any]) -> HistoryRow:
    return HistoryRow(
        id=row.id,
        kind=row.kind,
        at=row.at,
        lead_id=row.lead_id,
        lead_name=row.lead_name,
        project_id=row.project_id,
        project=row.project,
        user_id=row.user_id,
        user_name=row.user_name or "",
        result_id=row.result_id,
        result=row.result or "",
        result_category=row.category or "",
        result_colour=row.colour or "",
        memo=row.memo,
        campaign=row.campaign or "",
        e164=row.e164 or "",
        number=national_format(row.e164) if row.e164 else "",
        outcome=CallOutcome(row.outcome) if row.outcome else None,
        ring_seconds=_seconds(row.ringing_at or row.dialled_at, row.answered_at or row.ended_at),
        talk_seconds=_seconds(row.connected_at, row.ended_at),
        hangup_cause=row.hangup_cause,
        hung_up_by=row.hung_up_by or "",
        recording=_recording(row),
    )


def _recording(row: Row[Any]) -> RecordingInfo | None:
    if row.recording_state is None:
        return None
    return RecordingInfo(
        state=row.recording_state,
        path=row.path,
        duration_ms=row.duration_ms,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
    )


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None
