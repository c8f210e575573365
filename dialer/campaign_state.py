"""What campaigns are doing, as the database knows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.dialects import insert_if_new
from dialer.storage.tables import calls, campaigns, projects, users
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


async def ensure_campaign(
    connection: AsyncConnection, *, name: str, project_id: int, now: datetime, named: str = ""
) -> int:
    """The id of the campaign with this file's name; a new one is stopped.

    When the file means another project than before, the campaign moves to it. `named` is how
    the file calls the project (`dialer.campaign_projects`).
    """
    await connection.execute(
        insert_if_new(connection, campaigns).values(
            name=name,
            project_id=project_id,
            project_named=named,
            state="stopped",
            state_changed_at=now,
        )
    )
    row = (await connection.execute(select(campaigns).where(campaigns.c.name == name))).one()
    if (row.project_id, row.project_named) != (project_id, named):
        await connection.execute(
            update(campaigns)
            .where(campaigns.c.id == row.id)
            .values(project_id=project_id, project_named=named)
        )
    campaign_id: int = row.id
    return campaign_id


async def set_state(
    connection: AsyncConnection,
    *,
    name: str,
    state: CampaignState,
    now: datetime,
    by: User | None = None,
) -> bool:
    """False when it was in that state already. Raises UnknownCampaign."""
    user_id = by.id if by else None
    changed = await connection.execute(
        update(campaigns)
        .where(campaigns.c.name == name, campaigns.c.state != state)
        .values(state=state, state_changed_at=now, state_changed_by=user_id)
    )
    if changed.rowcount == 0:
        await state_of(connection, name)
        return False
    await audit.record(
        connection,
        user_id=user_id,
        action=f"campaign.{state}",
        subject=f"campaign:{name}",
        now=now,
    )
    return True


async def state_of(connection: AsyncConnection, name: str) -> CampaignState:
    """Raises UnknownCampaign."""
    state: CampaignState | None = (
        await connection.execute(select(campaigns.c.state).where(campaigns.c.name == name))
    ).scalar_one_or_none()
    if state is None:
        raise UnknownCampaign(f"no campaign {name!r}")
    return state


async def campaign_rows(
    connection: AsyncConnection, *, viewer: User | None = None
) -> list[CampaignRow]:
    """All campaigns by name; for a `viewer` only those of projects that he may see."""
    wanted = (
        select(campaigns, projects.c.name.label("project"), users.c.name.label("by_name"))
        .join(projects, projects.c.id == campaigns.c.project_id)
        .outerjoin(users, users.c.id == campaigns.c.state_changed_by)
        .order_by(campaigns.c.name)
    )
    if viewer and not viewer.acts_as_admin:
        wanted = wanted.where(campaigns.c.project_id.in_(viewer.project_ids))
    return [
        CampaignRow(
            id=row.id,
            name=row.name,
            project_id=row.project_id,
            project=row.project,
            state=row.state,
            state_changed_at=row.state_changed_at,
            state_changed_by=row.by_name or "",
        )
        for row in await connection.execute(wanted)
    ]


async def counts(
    connection: AsyncConnection, *, campaign_id: int, since: datetime
) -> CampaignCounts:
    """One grouped query over the campaign's calls that were claimed at or after `since`."""
    rows = (
        await connection.execute(
            select(
                calls.c.outcome,
                func.count(calls.c.dialled_at).label("dials"),
                func.count().label("number"),
                func.count(calls.c.ended_at).label("ended"),
            )
            .where(calls.c.campaign_id == campaign_id, calls.c.claimed_at >= since)
            .group_by(calls.c.outcome)
        )
    ).all()
    return CampaignCounts(
        dials=sum(row.dials for row in rows),
        open_calls=sum(row.number - row.ended for row in rows),
        by_outcome={CallOutcome(row.outcome): row.number for row in rows if row.outcome},
    )
