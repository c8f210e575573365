"""What the pages of one project have in common: its heading, its tabs, its answers."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import projects
from dialer.projects import Project, ProjectError
from webui.errors import notice
from webui.project_words import refusal
from webui.rendering import words_for
from webui.sessions import viewer
from webui.translations import marked

SAVED = {
    "yes": marked("Saved."),
    "created": marked("The project is there. Now choose who works in it."),
    "copied": marked("This is the copy: the same settings and users, and no leads yet."),
    "closed": marked("The project is closed: nobody of it is called any more."),
    "reopened": marked("The project is open again."),
    "campaign": marked("The campaign is there. It calls when somebody starts it."),
}
TABS = (
    ("general", "", "setup", marked("General")),
    ("users", "/users", "person", marked("Users")),
    ("hours", "/hours", "clock", marked("Calling hours")),
    ("script", "/script", "long-text", marked("Script")),
    ("campaigns", "/campaigns", "campaign", marked("Campaigns")),
)


async def project_of(request: web.Request, connection: AsyncConnection) -> Project:
    """The project of the path, open or closed. Raises HTTPNotFound."""
    project = await projects.project_by_id(connection, int(request.match_info["project_id"]))
    if project is None or not viewer(request).sees_project(project.id):
        raise web.HTTPNotFound
    return project


async def frame(
    request: web.Request, connection: AsyncConnection, project: Project, tab: str
) -> dict[str, object]:
    """What `templates/project.html` needs."""
    return {
        "project": project,
        "tab": tab,
        "tabs": TABS,
        "saved": SAVED.get(request.query.get("saved", ""), ""),
    }


def redirected(path: str) -> web.Response:
    """Leads the browser on after a form that htmx sent."""
    return web.Response(headers={"HX-Redirect": path})


def refused(request: web.Request, error: ProjectError) -> web.Response:
    """Says why a form was not taken; what was typed stays."""
    return notice(request, refusal(error, words_for(request)), status=409)
