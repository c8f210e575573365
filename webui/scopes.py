"""Which project the subject of a path lies in, and whether the viewer may see it."""

from enum import StrEnum
from uuid import UUID

from aiohttp import web

from dialer.belonging import project_of_action, project_of_lead
from dialer.campaign_projects import project_ids
from dialer.users import User
from webui.services import services


class Scope(StrEnum):
    """What the path names."""

    NONE = "none"
    LEAD = "lead_id"
    CALL = "call_id"
    CAMPAIGN = "campaign"
    PROJECT = "project_id"


async def is_visible(request: web.Request, scope: Scope, viewer: User) -> bool:
    """False when there is no such thing, or it lies in a project the viewer may not see."""
    if scope is Scope.NONE:
        return True
    subject = request.match_info[scope.value]
    async with services(request).database.read() as connection:
        project_id: int | None
        if scope is Scope.CAMPAIGN:
            known = services(request).campaigns.settings()
            project_id = (await project_ids(connection, known)).get(subject)
        elif scope is Scope.PROJECT:
            project_id = int(subject)
        elif scope is Scope.LEAD:
            project_id = await project_of_lead(connection, int(subject))
        else:
            project_id = await project_of_action(connection, UUID(subject))
    return project_id is not None and viewer.sees_project(project_id)
