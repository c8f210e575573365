"""リード: the leads of a project as a list, and one lead in full."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.history import HistoryRow
from dialer.mybox import Holder
from dialer.paging import PAGE_SIZE, Page
from dialer.prohibitions import StandingProhibition
from dialer.rules.hangup_cause import CallOutcome
from dialer.users import User

LeadTab = Literal["all", "mybox", "prohibited"]


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead in the list; its first number that can be called stands for all.

    `prohibited` is meant for the viewer: company-wide, or for one of his workgroups
    (any workgroup, when he acts as admin).
    """

    id: int
    name: str
    name_kana: str
    contact_person: str
    e164: str | None
    number: str  # as people write it; what was imported, when it cannot be called
    prefecture: str
    city: str
    attempts: int
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    last_outcome: CallOutcome | None
    last_result: str
    finished: bool
    boxed_by: str
    boxed_by_id: int | None
    prohibited: bool


@dataclass(frozen=True, slots=True)
class ContactPointView:
    id: int
    kind: str  # mobile phone fax email line other
    label: str
    raw: str
    e164: str | None
    number: str
    number_kind: str
    note: str
    zero_restored: bool
    prohibitions: tuple[StandingProhibition, ...]


@dataclass(frozen=True, slots=True)
class LeadDetail:
    """Everything that is known of a lead."""

    row: LeadRow
    project_id: int
    project: str
    postal_code: str
    building: str
    email: str
    website: str
    notes: str
    extra: dict[str, str]
    created_at: datetime
    finished_at: datetime | None
    contact_points: tuple[ContactPointView, ...]
    box: Holder | None
    timeline: tuple[HistoryRow, ...]


async def list_leads(
    connection: AsyncConnection,
    *,
    project_id: int,
    viewer: User,
    now: datetime,
    text: str = "",
    tab: LeadTab = "all",
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[LeadRow]:
    """The leads of a project in the order of import; none when the viewer may not see it.

    `text` is looked for in the names (kana in either script and width) and, when it is
    a phone number in any writing or the beginning of one, in the numbers. Tab mybox is
    the viewer's own box (everyone's, when he acts as admin). Raises BadPageKey.
    """
    raise NotImplementedError


async def lead_detail(
    connection: AsyncConnection, *, lead_id: int, viewer: User, now: datetime
) -> LeadDetail | None:
    """None when there is no such lead, or the viewer may not see its project."""
    raise NotImplementedError
