"""One user as an admin sees him: who he is, how he comes in, his phone, and letting him go."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypedDict

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import projects, second_factor, user_changes, user_links, users, workgroups
from dialer.user_changes import Edit
from dialer.users import PhoneMode, User
from webui.changes import Change, Changes
from webui.errors import notice
from webui.forms import an_id, field
from webui.pages.users import chosen_ids, chosen_phone, chosen_roles, link_address
from webui.people_words import ERRORS, people_refusal
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import stay_signed_in, viewer
from webui.translations import marked


class _Who(TypedDict):
    user_id: int
    now: datetime
    by: User


_changes = Changes("userChanged", ERRORS, people_refusal)


async def page(request: web.Request) -> web.Response:
    given, user_id = services(request), _user_id(request)
    async with given.database.read() as connection:
        user = await users.user_by_id(connection, user_id)
        if user is None:
            raise web.HTTPNotFound
        context = {
            "user": user,
            "workgroups": await workgroups.list_workgroups(connection),
            "projects": [
                one
                for one in await projects.projects_of(connection, viewer(request))
                if one.id in user.project_ids
            ],
            "leads_held": await user_changes.leads_held(connection, user_id, given.clock.now()),
            "takers": await user_changes.box_takers(connection, user_id, given.clock.now()),
            "phone_server": given.settings.phone_server,
        }
    return render(request, "user.html", context)


async def save(request: web.Request) -> web.Response:
    """Name, login, roles and workgroups, as they stand in the form."""
    roles, groups = await chosen_roles(request), await chosen_ids(request, "workgroup_id")
    edit = Edit(
        login=await field(request, "login"),
        name=await field(request, "name"),
        may_administer="admin" in roles,
        may_call="user" in roles,
        workgroup_ids=groups,
        managed_workgroup_ids=groups & await chosen_ids(request, "managed_id"),
    )
    return await _change(
        request,
        lambda connection: user_changes.edit_user(connection, edit=edit, **_by(request)),
        marked("Saved."),
    )


async def make_link(request: web.Request) -> web.Response:
    """A link for a new password, or the invitation once more: shown once."""
    given = services(request)
    try:
        async with given.database.write() as connection:
            link = await user_links.make_link(connection, **_by(request))
            user = await users.user_by_id(connection, _user_id(request))
    except ERRORS as error:
        return notice(request, people_refusal(error, words_for(request)), status=409)
    context = {
        "user": user,
        "link": link,
        "address": link_address(request, link.token),
        "phone_password": None,
    }
    return render(request, "parts/shown_once.html", context)


async def end_sessions(request: web.Request) -> web.Response:
    return await _change(
        request,
        lambda connection: users.end_sessions(connection, **_by(request)),
        marked("Logged out everywhere."),
    )


async def remove_second_factor(request: web.Request) -> web.Response:
    return await _change(
        request,
        lambda connection: second_factor.turn_off(connection, **_by(request)),
        marked("The second factor was removed."),
    )


# --- phone ------------------------------------------------------------------------------------


async def set_phone(request: web.Request) -> web.Response:
    mode: PhoneMode = "per_call" if await field(request, "phone_mode") == "per_call" else "held"

    async def change(connection: AsyncConnection) -> str | None:
        account = await chosen_phone(request)
        return await user_changes.set_phone(connection, account=account, mode=mode, **_by(request))

    return await _phone_change(request, change)


async def new_phone_password(request: web.Request) -> web.Response:
    async def change(connection: AsyncConnection) -> str | None:
        return await user_changes.new_phone_password(connection, **_by(request))

    return await _phone_change(request, change)


async def _phone_change(
    request: web.Request, change: Callable[[AsyncConnection], Awaitable[str | None]]
) -> web.Response:
    """A password that was made is shown once."""
    given = services(request)
    try:
        async with given.database.write() as connection:
            password = await change(connection)
            user = await users.user_by_id(connection, _user_id(request))
    except ERRORS as error:
        return notice(request, people_refusal(error, words_for(request)), status=409)
    if password is None or user is None:
        return _changes.made(notice(request, marked("Saved.")))
    context = {
        "user": user,
        "link": None,
        "phone_account": user.phone_account,
        "phone_password": password,
        "phone_server": given.settings.phone_server,
    }
    return _changes.made(render(request, "parts/shown_once.html", context))


# --- letting go ---------------------------------------------------------------------------------


async def deactivate(request: web.Request) -> web.Response:
    """The floor notices by itself (`dialer.floor_watch`)."""
    given, box = services(request), await field(request, "box")
    leads_to = an_id(await field(request, "leads_to")) if box == "move" else None
    return await _change(
        request,
        lambda connection: user_changes.deactivate(
            connection,
            leads_to=leads_to,
            release_leads=box == "release",
            policy=given.settings.mybox,
            **_by(request),
        ),
        marked("The user can no longer log in."),
    )


async def activate(request: web.Request) -> web.Response:
    return await _change(
        request,
        lambda connection: user_changes.activate(connection, **_by(request)),
        marked("The user can log in again."),
    )


# --- parts --------------------------------------------------------------------------------------


async def _change(request: web.Request, change: Change[object], words: str) -> web.Response:
    response = await _changes.make(request, change, words)
    if response.status == 200 and _user_id(request) == viewer(request).id:
        await stay_signed_in(request)
    return response


def _by(request: web.Request) -> _Who:
    return {
        "user_id": _user_id(request),
        "now": services(request).clock.now(),
        "by": viewer(request),
    }


def _user_id(request: web.Request) -> int:
    return int(request.match_info["user_id"])
