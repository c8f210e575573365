"""Comments on a conversation, by those who may hear it."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.comments import (
    CommentError,
    EmptyComment,
    UnknownComment,
    add_comment,
    comments_of,
    delete_comment,
    edit_comment,
)
from webui.changes import acting
from webui.errors import notice
from webui.forms import field
from webui.hearing import call_id_of, moment_of, require_right
from webui.rendering import render
from webui.services import services
from webui.translations import marked

_REFUSALS: dict[type[CommentError], str] = {
    EmptyComment: marked("Write what you want to say first."),
    UnknownComment: marked("This comment is gone, or it is somebody else's."),
}


async def show(request: web.Request) -> web.Response:
    call_id = call_id_of(request)
    async with services(request).database.read() as connection:
        await require_right(request, connection, call_id)
        found = await comments_of(connection, call_id)
    return render(request, "parts/comments.html", {"call_id": call_id, "comments": found})


async def add(request: web.Request) -> web.Response:
    call_id, text = call_id_of(request), await field(request, "text")
    at_ms = await moment_of(request, "at_ms")

    async def change(connection: AsyncConnection) -> None:
        await add_comment(connection, action_id=call_id, text=text, at_ms=at_ms, **acting(request))

    return await _changed(request, call_id, change)


async def edit(request: web.Request) -> web.Response:
    call_id, text = call_id_of(request), await field(request, "text")

    async def change(connection: AsyncConnection) -> None:
        await edit_comment(
            connection,
            action_id=call_id,
            comment_id=_comment(request),
            text=text,
            **acting(request),
        )

    return await _changed(request, call_id, change)


async def delete(request: web.Request) -> web.Response:
    call_id = call_id_of(request)

    async def change(connection: AsyncConnection) -> None:
        await delete_comment(
            connection, action_id=call_id, comment_id=_comment(request), **acting(request)
        )

    return await _changed(request, call_id, change)


def _comment(request: web.Request) -> int:
    return int(request.match_info["comment_id"])


async def _changed(
    request: web.Request, call_id: UUID, change: Callable[[AsyncConnection], Awaitable[None]]
) -> web.Response:
    given = services(request)
    async with given.database.read() as connection:
        await require_right(request, connection, call_id)
    try:
        async with given.database.write() as connection:
            await change(connection)
    except CommentError as error:
        return notice(request, _REFUSALS[type(error)], status=409)
    given.live.publish("comments", {"call_id": str(call_id)})
    return await show(request)
