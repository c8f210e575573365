"""アクション結果: result sets in two levels with what a result does, and the stages of leads."""

from collections.abc import Awaitable
from typing import Any

from aiohttp import web
from multidict import MultiMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import result_edits, result_sets, stages
from dialer.default_results import ResultEffect
from dialer.result_edits import ResultForm
from dialer.result_set_errors import ResultSetError, UnknownResultSet
from dialer.result_set_rows import set_name
from dialer.result_sets import ActionResult, Category, ResultSet
from webui.changes import Change, Changes, acting, go_to
from webui.errors import notice
from webui.forms import an_id, field, named_by_path
from webui.rendering import render, words_for
from webui.services import services
from webui.set_words import result_refusal
from webui.translations import marked

_changes = Changes("resultsChanged", (ResultSetError,), result_refusal)
_UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}


async def page(request: web.Request) -> web.Response:
    """The set of the path, or the first one."""
    async with services(request).database.read() as connection:
        sets = await result_sets.list_sets(connection)
        chosen = named_by_path(request, "result_set_id", sets)
        context = await _inside(connection, chosen.id) if chosen else {}
    return render(request, "result_sets.html", {"sets": sets, "chosen": chosen, **context})


async def rows(request: web.Request) -> web.Response:
    return render(request, "parts/result_rows.html", await _set(request))


async def stage_rows(request: web.Request) -> web.Response:
    return render(request, "parts/stage_rows.html", await _set(request))


async def preview(request: web.Request) -> web.Response:
    """The buttons as the desk has them."""
    return render(request, "parts/result_preview.html", await _set(request))


# --- sets -------------------------------------------------------------------------------


async def add_set(request: web.Request) -> web.Response:
    """An empty set, or with ``default`` the one that a new installation begins with."""
    name = await field(request, "name")
    if await field(request, "default"):
        language = words_for(request).language
        return await _to_set(
            request,
            lambda connection: result_sets.create_default_result_set(
                connection, language=language, **acting(request)
            ),
        )
    return await _to_set(
        request,
        lambda connection: result_sets.create_set(connection, name=name, **acting(request)),
    )


async def copy_set(request: web.Request) -> web.Response:
    name = await field(request, "name")
    return await _to_set(
        request,
        lambda connection: result_sets.copy_set(
            connection, _set_id(request), name=name, **acting(request)
        ),
    )


async def rename_set(request: web.Request) -> web.Response:
    name = await field(request, "name")

    async def rename(connection: AsyncConnection) -> int:
        await result_sets.rename_set(connection, _set_id(request), name=name, **acting(request))
        return _set_id(request)

    return await _to_set(request, rename)


async def remove_set(request: web.Request) -> web.Response:
    return await _changes.answer(
        request,
        lambda connection: result_sets.delete_set(connection, _set_id(request), **acting(request)),
        lambda _deleted: go_to("/results"),
    )


# --- results ----------------------------------------------------------------------------


async def editor(request: web.Request) -> web.Response:
    """The form of a result, or without an id of a new one."""
    result_id = an_id(request.query.get("result", ""))
    context = await _set(request)
    categories: tuple[Category, ...] = context["categories"]
    known = [one for category in categories for one in category.results]
    result = next((one for one in known if one.id == result_id), None)
    if result_id and result is None:
        return _changes.refused(request, UnknownResultSet("no such result"))
    if not categories:
        return notice(request, marked("Add a category first."), status=409)
    fresh = ActionResult(
        id=0,
        category="",
        name="",
        hotkey=_free_key(known),
        effect="none",
        colour="grey",
        retry_after_seconds=None,
        category_id=an_id(request.query.get("category", "")) or categories[0].id,
    )
    chosen = result or fresh
    amount, unit = _as_unit(chosen.retry_after_seconds)
    taken = {one.hotkey: one.name for one in known if not one.retired and one.id != chosen.id}
    context |= {"result": chosen, "amount": amount, "unit": unit, "taken": taken}
    context |= {"hotkeys": result_edits.HOTKEYS}
    return render(request, "parts/result_editor.html", context)


async def save(request: web.Request) -> web.Response:
    form = await request.post()
    wanted, result_id = _wanted(form), an_id(str(form.get("result", "")))

    async def write(connection: AsyncConnection) -> None:
        if result_id:
            await result_edits.change_result(
                connection, _set_id(request), result_id, wanted, **acting(request)
            )
        else:
            await result_edits.add_result(connection, _set_id(request), wanted, **acting(request))

    return await _changes.make(request, write, marked("The result was saved."))


async def retire(request: web.Request) -> web.Response:
    """With ``again`` it is offered again."""
    result_id, again = an_id(await field(request, "result")) or 0, await field(request, "again")

    async def write(connection: AsyncConnection) -> None:
        await result_edits.retire_result(
            connection, _set_id(request), result_id, retired=not again, **acting(request)
        )

    words = marked("The result is offered again.") if again else marked("The result was retired.")
    return await _changes.make(request, write, words)


async def remove(request: web.Request) -> web.Response:
    result_id = an_id(await field(request, "result")) or 0

    async def write(connection: AsyncConnection) -> None:
        await result_edits.delete_result(connection, _set_id(request), result_id, **acting(request))

    return await _changes.make(request, write, marked("The result was deleted."))


async def order(request: web.Request) -> web.Response:
    """``12:3,4;13:5``: the results of each category, in the order of the categories."""
    wanted: dict[int, list[int]] = {}
    for group in (await field(request, "order")).split(";"):
        category, _colon, ids = group.partition(":")
        wanted[an_id(category) or 0] = [an_id(one) or 0 for one in ids.split(",")]

    async def write(connection: AsyncConnection) -> None:
        await result_edits.order_results(connection, _set_id(request), wanted, **acting(request))

    return await _changes.make(request, write, marked("The order was saved."))


# --- categories and stages ----------------------------------------------------------------


async def save_category(request: web.Request) -> web.Response:
    """Adds one, or renames that of the field ``category``."""
    name, category_id = await field(request, "name"), an_id(await field(request, "category"))

    async def write(connection: AsyncConnection) -> None:
        if category_id:
            await result_edits.rename_category(
                connection, _set_id(request), category_id, name=name, **acting(request)
            )
        else:
            await result_edits.add_category(
                connection, _set_id(request), name=name, **acting(request)
            )

    return await _changes.make(request, write, marked("The category was saved."))


async def remove_category(request: web.Request) -> web.Response:
    category_id = an_id(await field(request, "category")) or 0

    async def write(connection: AsyncConnection) -> None:
        await result_edits.delete_category(
            connection, _set_id(request), category_id, **acting(request)
        )

    return await _changes.make(request, write, marked("The category was deleted."))


async def save_stage(request: web.Request) -> web.Response:
    """Adds one, or changes that of the field ``stage``."""
    name, colour = await field(request, "name"), await field(request, "colour")
    stage_id = an_id(await field(request, "stage"))

    async def write(connection: AsyncConnection) -> None:
        if stage_id:
            await stages.change_stage(
                connection, _set_id(request), stage_id, name=name, colour=colour, **acting(request)
            )
        else:
            await stages.add_stage(
                connection, _set_id(request), name=name, colour=colour, **acting(request)
            )

    return await _changes.make(request, write, marked("The stage was saved."))


async def order_stages(request: web.Request) -> web.Response:
    ids = [an_id(one) or 0 for one in (await field(request, "order")).split(",")]

    async def write(connection: AsyncConnection) -> None:
        await stages.order_stages(connection, _set_id(request), ids, **acting(request))

    return await _changes.make(request, write, marked("The order was saved."))


async def remove_stage(request: web.Request) -> web.Response:
    stage_id = an_id(await field(request, "stage")) or 0

    async def write(connection: AsyncConnection) -> None:
        await stages.delete_stage(connection, _set_id(request), stage_id, **acting(request))

    return await _changes.make(request, write, marked("The stage was deleted."))


# --- parts ------------------------------------------------------------------------------


def _wanted(form: MultiMapping[object]) -> ResultForm:
    effect = str(form.get("effect", ""))
    known: ResultEffect = next((one for one in result_edits.EFFECTS if one == effect), "none")
    amount = an_id(str(form.get("amount", "")).strip())
    unit = _UNITS.get(str(form.get("unit", "")), 3600)
    return ResultForm(
        category_id=an_id(str(form.get("category", ""))) or 0,
        name=str(form.get("name", "")),
        effect=known,
        colour=str(form.get("colour", "")),
        hotkey=str(form.get("hotkey", "")) or None,
        retry_after_seconds=None if amount is None else amount * unit,
        stage_id=an_id(str(form.get("stage", ""))),
    )


def _as_unit(seconds: int | None) -> tuple[int | None, str]:
    """A time in the largest unit that says it exactly."""
    if seconds is None:
        return None, "days"
    for unit in ("days", "hours"):
        if seconds % _UNITS[unit] == 0:
            return seconds // _UNITS[unit], unit
    return seconds // 60, "minutes"


def _free_key(known: list[ActionResult]) -> str | None:
    taken = {one.hotkey for one in known if not one.retired}
    return next((key for key in result_edits.HOTKEYS if key not in taken), None)


async def _set(request: web.Request) -> dict[str, Any]:
    async with services(request).database.read() as connection:
        try:
            name = await set_name(connection, _set_id(request))
        except UnknownResultSet as error:
            raise web.HTTPNotFound from error
        inside = await _inside(connection, _set_id(request))
    return {"chosen": ResultSet(_set_id(request), name), **inside}


async def _inside(connection: AsyncConnection, set_id: int) -> dict[str, Any]:
    known = await stages.stages_of_set(connection, set_id)
    return {
        "categories": await result_sets.categories_of_set(connection, set_id),
        "stages": known,
        "stage_by_id": {one.id: one for one in known},
    }


def _set_id(request: web.Request) -> int:
    return int(request.match_info["result_set_id"])


def _to_set(request: web.Request, change: Change[int]) -> Awaitable[web.Response]:
    return _changes.answer(request, change, lambda set_id: go_to(f"/results/{set_id}"))
