"""A campaign's settings with the ids that they name: what runners and calls work with."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.campaign import CampaignSettings, Mode
from dialer.campaign_projects import project_id_of
from dialer.claiming import ClaimRequest
from dialer.messages import UserId
from dialer.project_hours import STORED_HOURS, within_project
from dialer.rules.calling_hours import CallingHours
from dialer.rules.retry import RetryRules
from dialer.storage.tables import action_results, campaigns, projects, workgroups

log = structlog.get_logger(__name__)


class CampaignNotReady(Exception):
    """The campaign's file names something that does not exist; the message says what."""


@dataclass(frozen=True, slots=True)
class RunningCampaign:
    """`workgroup_ids` call it; only users assigned to `project_id` among them.

    Project and hours are as somebody last set them; the gate reads them again for each claim.
    """

    settings: CampaignSettings
    campaign_id: int
    project_id: int
    workgroup_ids: frozenset[int]
    hours: CallingHours
    retries: RetryRules
    result_required: bool
    project_closed: bool = False

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def lines_per_agent(self) -> float:
        return self.settings.lines_per_agent if self.settings.mode is Mode.POWER else 1.0

    @property
    def claim_request(self) -> ClaimRequest:
        return ClaimRequest(
            campaign_id=self.campaign_id,
            project_id=self.project_id,
            workgroup_ids=tuple(sorted(self.workgroup_ids)),
            max_attempts=self.retries.max_attempts,
            hours=self.hours,
            trunk=self.settings.trunk,
            caller_ids=tuple(self.settings.caller_ids),
        )

    def request_held_for(self, user_id: UserId, workgroup_ids: Collection[int]) -> ClaimRequest:
        """With the agent held for the call: what any of his `workgroup_ids` prohibits binds too."""
        groups = tuple(sorted({*self.workgroup_ids, *workgroup_ids}))
        return replace(self.claim_request, for_user=user_id, workgroup_ids=groups)


async def load_campaign(connection: AsyncConnection, settings: CampaignSettings) -> RunningCampaign:
    """Raises CampaignNotReady when the project or a workgroup does not exist."""
    project_id = await project_id_of(connection, settings)
    if project_id is None:
        raise CampaignNotReady(
            f"campaign {settings.name}: no project is named {settings.project!r}"
        )
    groups = {
        row.name: row.id
        for row in await connection.execute(
            select(workgroups.c.name, workgroups.c.id).where(
                workgroups.c.name.in_(settings.workgroups)
            )
        )
    }
    missing = [name for name in settings.workgroups if name not in groups]
    if missing:
        raise CampaignNotReady(
            f"campaign {settings.name}: no workgroup is named {', '.join(map(repr, missing))}"
        )
    campaign_id = (
        await connection.execute(select(campaigns.c.id).where(campaigns.c.name == settings.name))
    ).scalar_one_or_none()
    if campaign_id is None:
        raise CampaignNotReady(f"campaign {settings.name}: not yet in the database")
    await _tell_unknown_results(connection, settings, project_id)
    loaded = RunningCampaign(
        settings=settings,
        campaign_id=campaign_id,
        project_id=project_id,
        workgroup_ids=frozenset(groups.values()),
        hours=settings.hours.calling_hours("UTC"),  # until the project says where
        retries=settings.retries.rules(),
        result_required=True,
    )
    return (await with_projects_of_now(connection, [loaded]))[0]


async def with_projects_of_now(
    connection: AsyncConnection, some: Sequence[RunningCampaign]
) -> list[RunningCampaign]:
    """The campaigns with what their projects' pages say now, in one query."""
    rows = await connection.execute(
        select(
            projects.c.id,
            projects.c.time_zone,
            projects.c.result_required,
            projects.c.closed_at,
            STORED_HOURS.label("calling_hours"),
        ).where(projects.c.id.in_({campaign.project_id for campaign in some}))
    )
    by_id = {row.id: row for row in rows}
    return [
        replace(
            campaign,
            hours=within_project(campaign.hours, row.time_zone, row.calling_hours),
            result_required=row.result_required,
            project_closed=row.closed_at is not None,
        )
        for campaign in some
        for row in (by_id[campaign.project_id],)
    ]


async def _tell_unknown_results(
    connection: AsyncConnection, settings: CampaignSettings, project_id: int
) -> None:
    """A rule for a result that is spelt otherwise never holds. No reason to stop: a result that
    somebody renames would stop the campaign at its next start."""
    if not settings.retries.results:
        return
    known = await connection.scalars(
        select(action_results.c.name)
        .join(projects, projects.c.result_set_id == action_results.c.result_set_id)
        .where(projects.c.id == project_id, action_results.c.effect == "retry")
    )
    for name in sorted(set(settings.retries.results) - set(known)):
        log.warning(
            "retries.results: the project has no result of this name with the effect retry",
            campaign=settings.name,
            result=name,
        )
