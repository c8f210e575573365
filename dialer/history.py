"""ヒストリー: everything that was done toward leads, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.paging import PAGE_SIZE, Page
from dialer.rules.hangup_cause import CallOutcome
from dialer.users import User

ActionKind = Literal["call", "email", "sms", "visit", "memo"]
HungUpBy = Literal["agent", "customer", "system", ""]
RecordingState = Literal["recording", "ready", "missing"]


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What to show; None or empty means all. `since` is included, `until` is not.

    `number` is a phone number in any writing; `text` is looked for in the lead's
    names and in the memo.
    """

    project_id: int | None = None
    user_id: int | None = None
    campaign_id: int | None = None
    outcome: CallOutcome | None = None
    result_id: int | None = None
    number: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    has_recording: bool | None = None


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
    direction: Literal["outbound", "inbound"]
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


async def list_history(
    connection: AsyncConnection,
    *,
    wanted: HistoryFilter,
    viewer: User,
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[HistoryRow]:
    """Actions in the projects that `viewer` may see. Raises BadPageKey."""
    raise NotImplementedError


async def call_detail(
    connection: AsyncConnection, *, call_id: UUID, viewer: User
) -> CallDetail | None:
    """None when there is no such call, or the viewer may not see its project."""
    raise NotImplementedError


async def timeline(connection: AsyncConnection, *, lead_id: int) -> tuple[HistoryRow, ...]:
    """All actions toward one lead, newest first."""
    raise NotImplementedError


async def add_memo(
    connection: AsyncConnection, *, lead_id: int, memo: str, by: User, now: datetime
) -> UUID:
    """An action of kind memo, for what was done outside Kakeru."""
    raise NotImplementedError
