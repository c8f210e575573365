"""What agents pick from: the categories and results of a set, as an admin edits them.

Whoever edits a set locks its row first, so that two edits never see half of each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.default_results import ResultEffect
from dialer.result_set_errors import (
    BadDelay,
    HotkeyTaken,
    NameTaken,
    NotEmpty,
    ResultInUse,
    ResultSetError,
    TooMany,
    UnknownResultSet,
)
from dialer.result_set_rows import change_row, clean_name, known_colour, lock_set
from dialer.result_sets import (
    ActionResult,
    Category,
    any_action_with,
    categories_of_set,
    result_values,
)
from dialer.rules.search_text import fold
from dialer.stages import Stage, stage_among, stages_of_set
from dialer.storage.tables import action_results
from dialer.users import User

HOTKEYS = tuple("123456789")
EFFECTS: tuple[ResultEffect, ...] = get_args(ResultEffect)
DELAYED = frozenset({"retry", "callback", "mybox"})  # effects after which a lead waits
SHORTEST_DELAY, LONGEST_DELAY = 60, 366 * 86_400  # seconds
MOST_RESULTS = 100
MOST_CATEGORIES = 30


@dataclass(frozen=True, slots=True)
class ResultForm:
    """A result as somebody wants it; `retry_after_seconds` for effects after which a lead waits."""

    category_id: int
    name: str
    effect: ResultEffect = "none"
    colour: str = "grey"
    hotkey: str | None = None
    retry_after_seconds: int | None = None
    stage_id: int | None = None


# --- categories -----------------------------------------------------------------------


async def add_category(
    connection: AsyncConnection, set_id: int, *, name: str, now: datetime, by: User | None = None
) -> int:
    """The last category of the set; its id.

    Raises UnknownResultSet, BadName, NameTaken and TooMany.
    """
    found = await _locked(connection, set_id)
    if len(found) >= MOST_CATEGORIES:
        raise TooMany(f"a set takes {MOST_CATEGORIES} categories")
    name = _free_category_name(found, name)
    category_id: int = (
        await connection.execute(
            insert(action_results)
            .values(result_set_id=set_id, name=name, position=await _next(connection, set_id, None))
            .returning(action_results.c.id)
        )
    ).scalar_one()
    await audit.record_by(
        connection, "result_category.add", f"result_set:{set_id}", by, now, name=name
    )
    return category_id


async def rename_category(
    connection: AsyncConnection,
    set_id: int,
    category_id: int,
    *,
    name: str,
    now: datetime,
    by: User | None = None,
) -> None:
    """Raises UnknownResultSet, BadName and NameTaken."""
    found = await _locked(connection, set_id)
    old = _category(found, category_id)
    name = _free_category_name(found, name, but=category_id)
    await change_row(connection, action_results, category_id, name=name)
    subject = f"result_set:{set_id}"
    await audit.record_by(
        connection, "result_category.rename", subject, by, now, old=old.name, name=name
    )


async def delete_category(
    connection: AsyncConnection,
    set_id: int,
    category_id: int,
    *,
    now: datetime,
    by: User | None = None,
) -> None:
    """Raises UnknownResultSet; NotEmpty while it has results, retired ones included."""
    category = _category(await _locked(connection, set_id), category_id)
    if category.results:
        raise NotEmpty(f"the category has {len(category.results)} results")
    await connection.execute(delete(action_results).where(action_results.c.id == category_id))
    subject = f"result_set:{set_id}"
    await audit.record_by(
        connection, "result_category.delete", subject, by, now, name=category.name
    )


# --- results --------------------------------------------------------------------------


async def add_result(
    connection: AsyncConnection,
    set_id: int,
    form: ResultForm,
    *,
    now: datetime,
    by: User | None = None,
) -> int:
    """The last result of its category; its id.

    Raises UnknownResultSet, BadName, NameTaken, HotkeyTaken, BadDelay and TooMany.
    """
    found = await _locked(connection, set_id)
    if sum(len(one.results) for one in found) >= MOST_RESULTS:
        raise TooMany(f"a set takes {MOST_RESULTS} results")
    result = _checked(form, found, await stages_of_set(connection, set_id))
    position = await _next(connection, set_id, form.category_id)
    result_id: int = (
        await connection.execute(
            insert(action_results)
            .values(
                result_set_id=set_id,
                parent_id=form.category_id,
                position=position,
                **result_values(result),
            )
            .returning(action_results.c.id)
        )
    ).scalar_one()
    await audit.record_by(
        connection, "result.add", f"result:{result_id}", by, now, name=result.name
    )
    return result_id


async def change_result(
    connection: AsyncConnection,
    set_id: int,
    result_id: int,
    form: ResultForm,
    *,
    now: datetime,
    by: User | None = None,
) -> None:
    """From now on it does what `form` says; what it did stays done. Raises as `add_result`."""
    found = await _locked(connection, set_id)
    old = _result(found, result_id)
    result = _checked(form, found, await stages_of_set(connection, set_id), old)
    values = {**result_values(result), "parent_id": form.category_id}
    if form.category_id != old.category_id:
        values["position"] = await _next(connection, set_id, form.category_id)
    await change_row(connection, action_results, result_id, **values)
    subject = f"result:{result_id}"
    await audit.record_by(
        connection, "result.change", subject, by, now, name=result.name, effect=result.effect
    )


async def retire_result(
    connection: AsyncConnection,
    set_id: int,
    result_id: int,
    *,
    retired: bool = True,
    now: datetime,
    by: User | None = None,
) -> None:
    """No longer offers it, or offers it again: then without its key if another has that now.

    Raises UnknownResultSet; NameTaken when another has its name by now.
    """
    found = await _locked(connection, set_id)
    result = _result(found, result_id)
    if result.retired is retired:
        return
    hotkey = result.hotkey
    if not retired:
        _free_result_name(found, result.name, but=result_id)
        hotkey = None if _holder_of_key(found, hotkey, but=result_id) else hotkey
    await change_row(
        connection, action_results, result_id, retired_at=now if retired else None, hotkey=hotkey
    )
    action = "result.retire" if retired else "result.offer"
    await audit.record_by(connection, action, f"result:{result_id}", by, now, name=result.name)


async def delete_result(
    connection: AsyncConnection,
    set_id: int,
    result_id: int,
    *,
    now: datetime,
    by: User | None = None,
) -> None:
    """Raises UnknownResultSet; ResultInUse when an action has it."""
    result = _result(await _locked(connection, set_id), result_id)
    if await any_action_with(connection, select(action_results.c.id).filter_by(id=result_id)):
        raise ResultInUse(f"history has the result {result.name!r}")
    await connection.execute(delete(action_results).where(action_results.c.id == result_id))
    await audit.record_by(
        connection, "result.delete", f"result:{result_id}", by, now, name=result.name
    )


async def order_results(
    connection: AsyncConnection,
    set_id: int,
    wanted: Mapping[int, Sequence[int]],
    *,
    now: datetime,
    by: User | None = None,
) -> None:
    """Puts categories, and in each its results, into this order: ids of results by category.

    A result that stands under another category goes there. What is not named, or not of the
    set, keeps its place. Raises UnknownResultSet.
    """
    found = await _locked(connection, set_id)
    categories = {one.id for one in found}
    results = {one.id for category in found for one in category.results}
    for position, (category_id, result_ids) in enumerate(wanted.items()):
        if category_id not in categories:
            continue
        await change_row(connection, action_results, category_id, position=position)
        for place, result_id in enumerate(result_ids):
            if result_id in results:
                await change_row(
                    connection, action_results, result_id, position=place, parent_id=category_id
                )
    await audit.record_by(connection, "result.order", f"result_set:{set_id}", by, now)


# --- checks ---------------------------------------------------------------------------


def _checked(
    form: ResultForm,
    found: Sequence[Category],
    known: Sequence[Stage],
    old: ActionResult | None = None,
) -> ActionResult:
    _category(found, form.category_id)
    but = old.id if old else 0
    hotkey = form.hotkey if form.hotkey in HOTKEYS else None
    if hotkey and (holder := _holder_of_key(found, hotkey, but=but)):
        raise HotkeyTaken(hotkey, holder.name)
    if form.effect not in EFFECTS:
        raise ResultSetError(f"there is no effect {form.effect!r}")
    delay = form.retry_after_seconds if form.effect in DELAYED else None
    if delay is not None and not SHORTEST_DELAY <= delay <= LONGEST_DELAY:
        raise BadDelay(f"{delay} seconds is no delay from a minute to a year")
    if form.stage_id is not None:
        stage_among(known, form.stage_id)
    changed = ActionResult(
        id=but,
        category="",
        name=_free_result_name(found, form.name, but=but),
        hotkey=hotkey,
        effect=form.effect,
        colour=known_colour(form.colour),
        retry_after_seconds=delay,
        stage_id=form.stage_id,
    )
    return replace(changed, retired=old.retired if old else False)


def _free_result_name(found: Sequence[Category], name: str, *, but: int) -> str:
    """Campaigns name results, so two that are offered never have the same name."""
    name = clean_name(name)
    others = (one for category in found for one in category.results)
    if any(fold(one.name) == fold(name) for one in others if one.id != but and not one.retired):
        raise NameTaken(f"there is a result {name!r} already")
    return name


def _free_category_name(found: Sequence[Category], name: str, *, but: int = 0) -> str:
    name = clean_name(name)
    if any(fold(one.name) == fold(name) for one in found if one.id != but):
        raise NameTaken(f"there is a category {name!r} already")
    return name


def _holder_of_key(
    found: Sequence[Category], hotkey: str | None, *, but: int
) -> ActionResult | None:
    others = (one for category in found for one in category.results)
    return next(
        (
            one
            for one in others
            if hotkey and one.hotkey == hotkey and one.id != but and not one.retired
        ),
        None,
    )


def _category(found: Sequence[Category], category_id: int) -> Category:
    for one in found:
        if one.id == category_id:
            return one
    raise UnknownResultSet(f"there is no category {category_id} in the set")


def _result(found: Sequence[Category], result_id: int) -> ActionResult:
    for category in found:
        for one in category.results:
            if one.id == result_id:
                return one
    raise UnknownResultSet(f"there is no result {result_id} in the set")


# --- rows -----------------------------------------------------------------------------


async def _locked(connection: AsyncConnection, set_id: int) -> tuple[Category, ...]:
    await lock_set(connection, set_id)
    return await categories_of_set(connection, set_id)


async def _next(connection: AsyncConnection, set_id: int, parent_id: int | None) -> int:
    last = await connection.scalar(
        select(func.max(action_results.c.position)).where(
            action_results.c.result_set_id == set_id,
            action_results.c.parent_id.is_not_distinct_from(parent_id),
        )
    )
    return 0 if last is None else last + 1
