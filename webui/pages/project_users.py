"""Who works in a project: added from any workgroup, taken out with what they hold."""

from aiohttp import web

from dialer import mybox, project_changes, project_list, projects
from dialer.mybox import MyBoxError
from dialer.project_changes import StillHolds
from webui.choices import workgroups_for
from webui.errors import notice
from webui.forms import an_id, field
from webui.project_frame import frame, project_of, redirected
from webui.refusals import refusal
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import marked

_RELEASE = "release"  # in the place of a user's id: the leads are nobody's then


async def page(request: web.Request) -> web.Response:
    given = services(request)
    async with given.database.read() as connection:
        project = await project_of(request, connection)
        context = await frame(request, connection, project, "users")
        context["members"] = await project_list.members(connection, project.id, given.clock.now())
        context["candidates"] = await project_list.candidates(connection, project.id)
        context["workgroups"] = await workgroups_for(connection, viewer(request))
    return render(request, "project_users.html", context)


async def candidates(request: web.Request) -> web.Response:
    """Those that the filter names, to choose from."""
    query = request.query
    async with services(request).database.read() as connection:
        project = await project_of(request, connection)
        found = await project_list.candidates(
            connection,
            project.id,
            text=query.get("q", "").strip()[:100],
            workgroup_id=an_id(query.get("group", "")),
        )
    return render(request, "parts/project_candidates.html", {"candidates": found})


async def add(request: web.Request) -> web.Response:
    given = services(request)
    chosen = [an_id(str(one)) for one in (await request.post()).getall("user", [])]
    user_ids = [one for one in chosen if one is not None]
    if not user_ids:
        return notice(request, marked("Choose somebody first."), status=409)
    async with given.database.write() as connection:
        project = await project_of(request, connection)
        await projects.assign_users(
            connection,
            project_id=project.id,
            user_ids=user_ids,
            now=given.clock.now(),
            by=viewer(request),
        )
    return redirected(f"/projects/{project.id}/users?saved=yes")


async def remove(request: web.Request) -> web.Response:
    """Without the user, whose leads go where the form says: to another user, or to nobody."""
    given, by = services(request), viewer(request)
    user_id, heir = an_id(await field(request, "user_id")), await field(request, "boxes")
    if user_id is None:
        raise web.HTTPBadRequest
    now = given.clock.now()
    try:
        async with given.database.write() as connection:
            project = await project_of(request, connection)
            if heir == _RELEASE or an_id(heir) is not None:
                report = await project_changes.release_boxes(
                    connection,
                    project.id,
                    user_id,
                    to_user_id=an_id(heir),
                    now=now,
                    by=by,
                    policy=given.settings.mybox,
                )
                _raise_first(report)
            await project_changes.remove_user(connection, project.id, user_id, now=now, by=by)
    except StillHolds:
        said = marked("There are leads in the user's MyBox. Choose who takes them.")
        return notice(request, said, status=409)
    except MyBoxError as error:
        return notice(request, refusal(error, words_for(request)), status=409)
    return redirected(f"/projects/{project.id}/users?saved=yes")


def _raise_first(report: mybox.BoxReport) -> None:
    """All or nothing: what could not be handed over undoes the rest with the transaction."""
    for error in report.refused.values():
        raise error
