"""A campaign's settings with the ids that they name: what runners and calls work with."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.campaign import CampaignSettings, Mode
from dialer.claiming import ClaimRequest
from dialer.messages import UserId
from dialer.rules.calling_hours import CallingHours
from dialer.rules.retry import RetryRules
from dialer.storage.tables import action_results, campaigns, projects, workgroups

log = structlog.get_logger(__name__)


class CampaignNotReady(Exception):
    """The campaign's file names something that does not exist; the message says what."""


@dataclass(frozen=True, slots=True)
class RunningCampaign:
    """`workgroup_ids` call it; only users assigned to `project_id` among them."""

    settings: CampaignSettings
    campaign_id: int
    project_id: int
    workgroup_ids: frozenset[int]
    hours: CallingHours
    retries: RetryRules
    result_required: bool

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
    project = (
        await connection.execute(
            select(projects.c.id, projects.c.time_zone, projects.c.result_required).where(
                projects.c.name == settings.project
            )
        )
    ).one_or_none()
    if project is None:
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
    await _tell_unknown_results(connection, settings)
    return RunningCampaign(
        settings=settings,
        campaign_id=campaign_id,
        project_id=project.id,
        workgroup_ids=frozenset(groups.values()),
        hours=settings.hours.calling_hours(project.time_zone),
        retries=settings.retries.rules(),
        result_required=project.result_required,
    )


async def _tell_unknown_results(connection: AsyncConnection, settings: CampaignSettings) -> None:
    """A rule for a result that is spelt otherwise never holds. No reason to stop: a result that
    somebody renames would stop the campaign at its next start."""
    if not settings.retries.results:
        return
    known = await connection.scalars(
        select(action_results.c.name)
        .join(projects, projects.c.result_set_id == action_results.c.result_set_id)
        .where(projects.c.name == settings.project, action_results.c.effect == "retry")
    )
    for name in sorted(set(settings.retries.results) - set(known)):
        log.warning(
            "retries.results: the project has no result of this name with the effect retry",
            campaign=settings.name,
            result=name,
        )
