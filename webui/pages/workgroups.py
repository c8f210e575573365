"""ワークグループ: made, renamed, filled and deleted by admins."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import managers, users, workgroups
from dialer.workgroups import Workgroup
from webui.changes import Changes, acting, go_to
from webui.errors import notice
from webui.forms import an_id, field
from webui.people_words import ERRORS, people_refusal
from webui.rendering import render, words_for
from webui.services import services
from webui.translations import marked

_changes = Changes("workgroupsChanged", ERRORS, people_refusal)


async def page(request: web.Request) -> web.Response:
    return render(request, "workgroups.html", await _list(request))


async def rows(request: web.Request) -> web.Response:
    return render(request, "parts/workgroup_rows.html", await _list(request))


async def add(request: web.Request) -> web.Response:
    name = await field(request, "name")

    async def make(connection: AsyncConnection) -> Workgroup:
        return await workgroups.create_workgroup(connection, name=name, **acting(request))

    return await _changes.make(request, make, marked("The workgroup was added."))


async def one(request: web.Request) -> web.Response:
    group_id = _group_id(request)
    async with services(request).database.read() as connection:
        try:
            group = await workgroups.workgroup_by_id(connection, group_id)
        except workgroups.UnknownWorkgroup as error:
            raise web.HTTPNotFound from error
        everybody = await users.list_users(connection)
        active = [user for user in everybody if user.active]
        use = await workgroups.use_of(connection, group_id, _campaigns(request, group.name))
    context = {
        "group": group,
        "use": use,
        "members": [user for user in everybody if group_id in user.workgroup_ids],
        "others": [user for user in active if group_id not in user.workgroup_ids],
    }
    return render(request, "workgroup.html", context)


async def rename(request: web.Request) -> web.Response:
    name, group_id = await field(request, "name"), _group_id(request)

    async def change(connection: AsyncConnection) -> Sequence[str]:
        before = await workgroups.workgroup_by_id(connection, group_id)
        await workgroups.rename_workgroup(
            connection, workgroup_id=group_id, name=name, **acting(request)
        )
        return _campaigns(request, before.name) if before.name != name else ()

    def answer(stale: Sequence[str]) -> web.Response:
        said, names = words_for(request), ", ".join(stale)
        advice = said("Change the name in these campaign files too: %(names)s.", names=names)
        return _changes.made(notice(request, marked("Saved."), advice=advice if stale else ""))

    return await _changes.answer(request, change, answer)


async def add_members(request: web.Request) -> web.Response:
    done = marked("Added to the workgroup.")
    return await _change_members(request, workgroups.add_members, done)


async def remove_member(request: web.Request) -> web.Response:
    done = marked("Taken out of the workgroup.")
    return await _change_members(request, workgroups.remove_members, done)


async def add_manager(request: web.Request) -> web.Response:
    done = marked("Hears what this workgroup says now.")
    return await _change_members(request, managers.make_managers, done)


async def remove_manager(request: web.Request) -> web.Response:
    done = marked("No longer the manager.")
    return await _change_members(request, managers.release_managers, done)


async def _change_members(
    request: web.Request, change: Callable[..., Awaitable[object]], done: str
) -> web.Response:
    ids, group_id = await _user_ids(request), _group_id(request)

    async def write(connection: AsyncConnection) -> None:
        await change(connection, workgroup_id=group_id, user_ids=ids, **acting(request))

    return await _changes.make(request, write, done)


async def delete(request: web.Request) -> web.Response:
    group_id = _group_id(request)

    async def change(connection: AsyncConnection) -> None:
        group = await workgroups.workgroup_by_id(connection, group_id)
        await workgroups.delete_workgroup(
            connection,
            workgroup_id=group_id,
            campaigns=_campaigns(request, group.name),
            **acting(request),
        )

    return await _changes.answer(request, change, lambda _deleted: go_to("/workgroups"))


# --- parts -----------------------------------------------------------------------------------


async def _list(request: web.Request) -> Mapping[str, object]:
    part = request.query.get("q", "").strip()[:100]
    async with services(request).database.read() as connection:
        found = await workgroups.workgroup_figures(connection, part=part)
    return {
        "found": found,
        "part": part,
        "campaigns": {group.id: _campaigns(request, group.name) for group in found},
    }


def _campaigns(request: web.Request, name: str) -> tuple[str, ...]:
    """Those whose file names this workgroup."""
    known = services(request).campaigns.settings()
    return tuple(one.name for one in known if name in one.workgroups)


def _group_id(request: web.Request) -> int:
    return int(request.match_info["workgroup_id"])


async def _user_ids(request: web.Request) -> list[int]:
    texts = (await request.post()).getall("user_id", [])
    return [user_id for text in texts if (user_id := an_id(str(text))) is not None]
