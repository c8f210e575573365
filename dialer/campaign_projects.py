"""Which project a campaign's file means.

The file names its project. Somebody may give the project another name on its page, where
nobody can edit the file; the campaign goes on with the project that it had. Only when the
file itself names another one does the campaign move.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.campaign import CampaignSettings
from dialer.storage.tables import campaigns, projects


async def project_ids(
    connection: AsyncConnection, some: Sequence[CampaignSettings]
) -> dict[str, int]:
    """Each campaign's project, open or closed, by the campaign's name.

    One that means no project is left out. Two queries, however many campaigns there are.
    """
    wanted = {campaign.name: campaign.project for campaign in some}
    by_name = {
        row.name: row.id
        for row in await connection.execute(
            select(projects.c.name, projects.c.id).where(projects.c.name.in_(set(wanted.values())))
        )
    }
    known = {
        row.name: row.project_id
        for row in await connection.execute(select(campaigns).where(campaigns.c.name.in_(wanted)))
        if row.project_named == wanted[row.name]
    }
    found = {name: known.get(name, by_name.get(project)) for name, project in wanted.items()}
    return {name: project_id for name, project_id in found.items() if project_id is not None}


async def project_id_of(connection: AsyncConnection, campaign: CampaignSettings) -> int | None:
    """None when it means no project."""
    return (await project_ids(connection, [campaign])).get(campaign.name)


async def campaigns_of(
    connection: AsyncConnection, project_id: int, some: Sequence[CampaignSettings]
) -> list[CampaignSettings]:
    """Those of `some` that call this project's leads."""
    found = await project_ids(connection, some)
    return [campaign for campaign in some if found.get(campaign.name) == project_id]
