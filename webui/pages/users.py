"""ユーザー: the list, and how somebody is invited."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from aiohttp import web

from dialer import projects, user_changes, user_links, users, workgroups
from dialer.paging import BadPageKey
from dialer.user_list import RoleWanted, StateWanted, UserFilter, list_users_page
from dialer.user_names import BROWSER_PHONE
from webui.errors import notice
from webui.forms import an_id, field
from webui.people_words import ERRORS, people_refusal
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter as it stands in the form."""

    text: str
    group: str
    role: RoleWanted
    state: StateWanted

    @property
    def is_empty(self) -> bool:
        return not self.text and not self.group and not self.role


async def page(request: web.Request) -> web.Response:
    return render(request, "users.html", await _list(request))


async def rows(request: web.Request) -> web.Response:
    return render(request, "parts/user_rows.html", await _list(request))


async def invite(request: web.Request) -> web.Response:
    """Makes the user, and the link by which he comes in: shown once."""
    given, by = services(request), viewer(request)
    now, roles = given.clock.now(), await chosen_roles(request)
    groups = await chosen_ids(request, "workgroup_id")
    try:
        account = await chosen_phone(request)
        async with given.database.write() as connection:
            user = await users.create_user(
                connection,
                login=await field(request, "login"),
                name=await field(request, "name"),
                password=None,
                may_administer="admin" in roles,
                may_call="user" in roles,
                now=now,
                by=by,
            )
            managed = groups & await chosen_ids(request, "managed_id")
            edit = user_changes.Edit(workgroup_ids=groups, managed_workgroup_ids=managed)
            user = await user_changes.edit_user(
                connection, user_id=user.id, edit=edit, now=now, by=by
            )
            phone_password = await user_changes.set_phone(
                connection, user_id=user.id, account=account, mode="held", now=now, by=by
            )
            link = await user_links.make_link(connection, user_id=user.id, now=now, by=by)
    except ERRORS as error:
        return notice(request, people_refusal(error, words_for(request)), status=409)
    response = render(
        request,
        "parts/shown_once.html",
        {
            "user": user,
            "link": link,
            "address": link_address(request, link.token),
            "phone_account": account,
            "phone_password": phone_password,
            "phone_server": given.settings.phone_server,
        },
    )
    response.headers["HX-Trigger"] = "usersChanged"
    return response


def link_address(request: web.Request, token: str) -> str:
    """What is sent to the invited person."""
    origin = services(request).settings.public_url or str(request.url.origin())
    return f"{origin}/welcome/{token}"


async def chosen_phone(request: web.Request) -> str:
    """The form's choice of a phone, as `user_changes.set_phone` wants it.

    Raises UnusablePhone for a SIP phone without an account.
    """
    kind, account = await field(request, "phone"), await field(request, "phone_account")
    match kind:
        case "browser":
            return BROWSER_PHONE
        case "none":
            return ""
        case "sip" if not account:
            raise users.UnusablePhone("a SIP phone needs an account")
    return account


async def chosen_roles(request: web.Request) -> frozenset[str]:
    """The form's ticks ``role``: admin, user or both."""
    return frozenset(str(role) for role in (await request.post()).getall("role", []))


async def chosen_ids(request: web.Request, name: str) -> frozenset[int]:
    """The form's ticks of that name."""
    texts = (await request.post()).getall(name, [])
    return frozenset(one for text in texts if (one := an_id(str(text))) is not None)


async def _list(request: web.Request) -> Mapping[str, object]:
    asked = _asked(request)
    wanted = UserFilter(asked.text, an_id(asked.group), asked.role, asked.state)
    async with services(request).database.read() as connection:
        try:
            found = await list_users_page(
                connection,
                viewer=viewer(request),
                wanted=wanted,
                after=request.query.get("after") or None,
            )
        except BadPageKey as error:
            raise web.HTTPBadRequest from error
        groups = await workgroups.list_workgroups(connection)
        work = await projects.projects_of(connection, viewer(request))
    return {
        "found": found,
        "asked": asked,
        "query": _query(asked),
        "first_page": not request.query.get("after"),
        "workgroups": groups,
        "group_names": {one.id: one.name for one in groups},
        "project_names": {one.id: one.name for one in work},
    }


def _asked(request: web.Request) -> Asked:
    query = request.query
    return Asked(
        text=query.get("q", "").strip()[:100],
        group=query.get("group", "")[:20],
        role=_word(RoleWanted, query.get("role"), RoleWanted.ANY),
        state=_word(StateWanted, query.get("state"), StateWanted.ACTIVE),
    )


def _word(kind: type[Word], text: str | None, default: Word) -> Word:
    return next((one for one in kind if one == text), default)


def _query(asked: Asked) -> dict[str, str]:
    named = {"q": asked.text, "group": asked.group, "role": asked.role, "state": asked.state}
    return {name: str(value) for name, value in named.items() if value}
