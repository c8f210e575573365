"""お手本: the library of conversations that are worth hearing, and what is put into it."""

import re
from collections.abc import Awaitable, Callable

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import projects
from dialer.good_examples import (
    Chosen,
    ExampleError,
    GoodExample,
    NotAPart,
    NoTitle,
    UnknownExample,
    change_example,
    choose_example,
    examples_of,
    list_examples,
    remove_example,
)
from dialer.hearing import right_to_hear
from dialer.paging import BadPageKey
from dialer.rules.hearing import may_choose_examples
from webui.changes import acting
from webui.errors import notice
from webui.forms import an_id, field
from webui.hearing import call_id_of, require_right
from webui.media_links import audio_url
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import marked
from webui.waveform import waveform

_REFUSALS: dict[type[ExampleError], str] = {
    NoTitle: marked("Give it a title, so that others find it."),
    NotAPart: marked("The part must end after it begins, within the recording."),
    UnknownExample: marked("It is no longer there, or you do not choose examples there."),
}
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)(?:\.\d*)?")
_LIBRARY_BARS = 120


async def page(request: web.Request) -> web.Response:
    async with services(request).database.read() as connection:
        known = await projects.projects_of(connection, viewer(request))
    return render(request, "good_examples.html", {**await _list(request), "projects": known})


async def rows(request: web.Request) -> web.Response:
    return render(request, "parts/good_example_rows.html", await _list(request))


async def choose(request: web.Request) -> web.Response:
    """The conversation of the path, or a part of it."""
    call_id = call_id_of(request)
    chosen = await _chosen(request)

    async def change(connection: AsyncConnection) -> None:
        await choose_example(connection, call_id=call_id, chosen=chosen, **acting(request))

    refused = await _changed(request, change)
    return refused or await of_call(request)


async def of_call(request: web.Request) -> web.Response:
    """Those of one conversation, beside its words."""
    call_id = call_id_of(request)
    async with services(request).database.read() as connection:
        right = await require_right(request, connection, call_id)
        found = await examples_of(connection, call_id)
    context = {"call_id": call_id, "examples": found, "may_choose": may_choose_examples(right)}
    return render(request, "parts/good_examples_here.html", context)


async def change(request: web.Request) -> web.Response:
    chosen = await _chosen(request)

    async def do(connection: AsyncConnection) -> None:
        await change_example(
            connection, example_id=_example_id(request), chosen=chosen, **acting(request)
        )

    return await _answer(request, do, marked("The good example is changed."))


async def remove(request: web.Request) -> web.Response:
    async def do(connection: AsyncConnection) -> None:
        await remove_example(connection, example_id=_example_id(request), **acting(request))

    return await _answer(request, do, marked("It is no longer among the good examples."))


# --- parts ----------------------------------------------------------------------------------


async def _list(request: web.Request) -> dict[str, object]:
    query, user = request.query, viewer(request)
    asked, project = query.get("q", ""), an_id(query.get("project", ""))
    after = query.get("after") or None
    async with services(request).database.read() as connection:
        try:
            found = await list_examples(
                connection, viewer=user, project_id=project, text=asked, after=after
            )
        except BadPageKey as error:
            raise web.HTTPBadRequest from error
        chooses = {
            one.id: may_choose_examples(
                await right_to_hear(connection, call_id=one.call_id, viewer=user)
            )
            for one in found.rows
        }
    return {
        "found": found,
        "chooses": chooses,
        "waves": {one.id: _wave_of(one) for one in found.rows},
        "links": {one.id: audio_url(request, one.call_id) for one in found.rows},
        "ends": {one.id: _end_of(one) for one in found.rows},
        "asked": {"q": asked, "project": project},
        "first_page": after is None,
    }


def _end_of(one: GoodExample) -> int:
    return one.duration_ms if one.chosen.to_ms is None else one.chosen.to_ms


def _wave_of(one: GoodExample) -> object:
    """Of the part alone."""
    moments = len(one.peaks) // 2
    if not moments or not one.duration_ms:
        return None
    first = one.chosen.from_ms * moments // one.duration_ms
    beyond = max(first + 1, _end_of(one) * moments // one.duration_ms)
    return waveform(one.peaks[first * 2 : beyond * 2], _LIBRARY_BARS)


async def _chosen(request: web.Request) -> Chosen:
    begins, ends = await field(request, "from"), await field(request, "to")
    return Chosen(
        await field(request, "title"),
        await field(request, "why"),
        milliseconds(begins) or 0,
        # What cannot be read as a time is no part, rather than the end.
        None if not ends else -1 if (end := milliseconds(ends)) is None else end,
    )


def milliseconds(clock: str) -> int | None:
    """Of ``1:23`` or ``1:02:03``; None for anything else."""
    read = _CLOCK.fullmatch(clock.translate(str.maketrans("０１２３４５６７８９：", "0123456789:")))
    if read is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in read.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000


def _example_id(request: web.Request) -> int:
    return int(request.match_info["example_id"])


async def _changed(
    request: web.Request, change: Callable[[AsyncConnection], Awaitable[None]]
) -> web.Response | None:
    """None when it was done, or the words of the refusal."""
    try:
        async with services(request).database.write() as connection:
            await change(connection)
    except ExampleError as error:
        return notice(request, _REFUSALS[type(error)], status=409)
    return None


async def _answer(
    request: web.Request, change: Callable[[AsyncConnection], Awaitable[None]], words: str
) -> web.Response:
    refused = await _changed(request, change)
    if refused is not None:
        return refused
    response = notice(request, words_for(request)(words))
    response.headers["HX-Trigger"] = "examplesChanged"
    return response
