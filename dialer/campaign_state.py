"""What campaigns are doing and how far they are, as the database knows it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.rules.hangup_cause import CallOutcome
from dialer.users import User

CampaignState = Literal["stopped", "running", "paused"]


class UnknownCampaign(Exception):
    """There is no such campaign."""


@dataclass(frozen=True, slots=True)
class CampaignRow:
    id: int
    name: str
    project_id: int
    project: str
    state: CampaignState
    state_changed_at: datetime
    state_changed_by: str  # empty: the program itself


@dataclass(frozen=True, slots=True)
class CampaignCounts:
    """Calls of a campaign since some time; a call counts by the time it was claimed.

    `open_calls` have not ended yet. `by_outcome` holds only outcomes that occurred.
    """

    dials: int
    open_calls: int
    by_outcome: Mapping[CallOutcome, int]

    @property
    def connected(self) -> int:
        return self.by_outcome.get(CallOutcome.CONNECTED, 0)

    @property
    def abandoned(self) -> int:
        return self.by_outcome.get(CallOutcome.ABANDONED, 0)

    @property
    def connect_rate(self) -> float | None:
        """通電率: connected ÷ dials; None without dials."""
        return self.connected / self.dials if self.dials else None

    @property
    def abandonment_rate(self) -> float | None:
        """放棄呼率: abandoned ÷ answered by a person; None without answers."""
        answered = self.connected + self.abandoned
        return self.abandoned / answered if answered else None


@dataclass(frozen=True, slots=True)
class LeadProgress:
    """How far a project's leads are.

    `touched` were tried at least once. `callable` may still be called, at once or later:
    neither finished nor boxed nor prohibited, with a number. `due` are the callable ones
    whose next attempt need not wait.
    """

    leads: int
    touched: int
    finished: int
    boxed: int
    prohibited: int
    callable: int
    due: int


async def ensure_campaign(
    connection: AsyncConnection, *, name: str, project_id: int, now: datetime
) -> int:
    """The id of the campaign with this file's name; a new one is stopped."""
    raise NotImplementedError


async def set_state(
    connection: AsyncConnection,
    *,
    name: str,
    state: CampaignState,
    now: datetime,
    by: User | None = None,
) -> bool:
    """False when it was in that state already. Raises UnknownCampaign."""
    raise NotImplementedError


async def state_of(connection: AsyncConnection, name: str) -> CampaignState:
    """Raises UnknownCampaign."""
    raise NotImplementedError


async def campaign_rows(
    connection: AsyncConnection, *, viewer: User | None = None
) -> list[CampaignRow]:
    """All campaigns by name; for a `viewer` only those of projects that he may see."""
    raise NotImplementedError


async def counts(
    connection: AsyncConnection, *, campaign_id: int, since: datetime
) -> CampaignCounts:
    raise NotImplementedError


async def lead_progress(
    connection: AsyncConnection,
    *,
    project_id: int,
    now: datetime,
    workgroup_ids: Collection[int] | None = None,
) -> LeadProgress:
    """`workgroup_ids`: whose prohibitions count besides company-wide ones; None: everyone's."""
    raise NotImplementedError
