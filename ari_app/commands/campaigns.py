"""`kakeru campaign …`: the state in the database; the running controller follows it."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.commands.failures import CommandFailed
from ari_app.commands.installation import database_of, settings_of
from ari_app.settings import Settings
from ari_app.settings.validate import did_you_mean
from dialer import campaign_state, projects, workgroups
from dialer.campaign import CampaignSettings
from dialer.campaign_projects import project_id_of
from dialer.campaign_state import CampaignRow, CampaignState
from dialer.held_back import LeadsHeldBack, held_back
from dialer.running_campaign import CampaignNotReady, load_campaign
from webui.labels import REFUSALS
from webui.translations import words


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """One campaign as the list shows it; `since` is empty where it was never started.

    The counts of its leads are empty until it was started once.
    """

    name: str
    project: str
    state: str
    since: str
    by: str
    callable_now: str = ""
    held_back: str = ""
    next_at: str = ""


def set_state(config: Path, name: str, state: CampaignState) -> str:
    """Starts, pauses or stops a campaign; says what became of it."""
    settings = settings_of(config)
    changed = asyncio.run(_set_state(settings, name, state))
    return f"Campaign {name}: {'' if changed else 'already '}{state}."


async def _set_state(settings: Settings, name: str, state: CampaignState) -> bool:
    campaign = settings.campaign(name)
    if campaign is None:
        hint = did_you_mean(name, [one.name for one in settings.campaigns])
        raise CommandFailed(f"no campaign {name!r}{hint or '; config/campaigns/ is empty'}")
    now = datetime.now(UTC)
    async with database_of(settings) as database, database.write() as connection:
        project_id = await project_id_of(connection, campaign)
        if project_id is None:
            project_id = (await projects.project_by_name(connection, campaign.project)).id
        for group in campaign.workgroups:
            if await workgroups.workgroup_by_name(connection, group) is None:
                raise CommandFailed(
                    f"campaign {name}: no workgroup {group!r}; `kakeru workgroup add` adds it"
                )
        await campaign_state.ensure_campaign(
            connection, name=name, project_id=project_id, named=campaign.project, now=now
        )
        return await campaign_state.set_state(connection, name=name, state=state, now=now)


def list_campaigns(config: Path) -> list[CampaignLine]:
    """Every campaign that a file describes, by name, with its state."""
    settings = settings_of(config)
    return asyncio.run(_list(settings))


async def _list(settings: Settings) -> list[CampaignLine]:
    async with database_of(settings) as database, database.read() as connection:
        rows = {row.name: row for row in await campaign_state.campaign_rows(connection)}
        stocks = {one.name: await _stock(connection, one) for one in settings.campaigns}
    return [
        _line(settings, campaign, rows.get(campaign.name), stocks[campaign.name])
        for campaign in settings.campaigns
    ]


async def _stock(connection: AsyncConnection, campaign: CampaignSettings) -> LeadsHeldBack | None:
    try:
        running = await load_campaign(connection, campaign)
    except CampaignNotReady:
        return None
    return await held_back(connection, running.claim_request, datetime.now(UTC))


def _line(
    settings: Settings,
    campaign: CampaignSettings,
    row: CampaignRow | None,
    stock: LeadsHeldBack | None,
) -> CampaignLine:
    say, zone = words(settings.language), ZoneInfo(settings.time_zone)

    def moment(at: datetime | None) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""

    reasons = stock.largest_first if stock else ()
    return CampaignLine(
        name=campaign.name,
        project=campaign.project,
        state=row.state if row else "stopped",
        since=moment(row.state_changed_at if row else None),
        by=row.state_changed_by if row else "",
        callable_now=f"{stock.callable_now:,}" if stock else "",
        held_back=", ".join(f"{say(REFUSALS[reason])} {n:,}" for reason, n in reasons),
        next_at=moment(stock.next_at if stock else None),
    )
