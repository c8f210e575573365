"""Result sets: what agents pick from when they say what came of an action, in two levels,
and the stages that a lead goes through. `dialer.result_edits` changes what is in a set."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.default_results import DEFAULT_RESULTS, DEFAULT_STAGES, ResultEffect
from dialer.result_set_errors import NameTaken, SetInUse
from dialer.result_set_rows import LONGEST_SET_NAME, clean_name, set_name
from dialer.stages import any_lead_in, insert_stages, stages_of_set
from dialer.storage.tables import action_results, actions, projects, result_sets, stages
from dialer.users import Language, User


@dataclass(frozen=True, slots=True)
class ActionResult:
    """A result that an agent can pick, with the category (大項目) it stands under.

    `effect` says what follows for the lead: final, retry (after `retry_after_seconds`),
    callback, appointment, mybox (into the agent's box), prohibit (its number, for the agent's
    workgroups) or none. `stage_id` is where it moves the lead, whatever the effect. A
    `retired` one is no longer offered, but history names it.
    """

    id: int
    category: str
    name: str
    hotkey: str | None
    effect: ResultEffect
    colour: str
    retry_after_seconds: int | None
    stage_id: int | None = None
    retired: bool = False
    category_id: int = 0


@dataclass(frozen=True, slots=True)
class Category:
    """A 大項目 with its results, retired ones last."""

    id: int
    name: str
    results: tuple[ActionResult, ...]


@dataclass(frozen=True, slots=True)
class ResultSet:
    """A set with how many results it offers, and the names of the projects that use it."""

    id: int
    name: str
    results: int = 0
    projects: tuple[str, ...] = ()


# --- reading --------------------------------------------------------------------------


async def results_of_project(
    connection: AsyncConnection, project_id: int, *, retired: bool = False
) -> tuple[ActionResult, ...]:
    """What an agent can pick, in the order to show; results of one category stand together.

    With `retired` also what could be picked earlier.
    """
    wanted = (
        _results()
        .join(projects, projects.c.result_set_id == _child.c.result_set_id)
        .where(projects.c.id == project_id)
    )
    if not retired:
        wanted = wanted.where(_child.c.retired_at.is_(None))
    return tuple(_result(row) for row in await connection.execute(wanted.order_by(*_ORDER)))


async def result_by_id(connection: AsyncConnection, result_id: int) -> ActionResult | None:
    """Also a retired one."""
    row = (await connection.execute(_results().where(_child.c.id == result_id))).first()
    return _result(row) if row else None


async def categories_of_set(connection: AsyncConnection, set_id: int) -> tuple[Category, ...]:
    """All of a set in its order, empty categories and retired results too."""
    members: dict[int, list[ActionResult]] = {}
    wanted = _results().where(_child.c.result_set_id == set_id).order_by(*_ORDER)
    for row in await connection.execute(wanted):
        members.setdefault(row.parent_id, []).append(_result(row))
    found = await connection.execute(
        select(action_results)
        .where(action_results.c.result_set_id == set_id, action_results.c.parent_id.is_(None))
        .order_by(action_results.c.position, action_results.c.id)
    )
    return tuple(
        Category(
            row.id, row.name, tuple(sorted(members.get(row.id, ()), key=lambda one: one.retired))
        )
        for row in found
    )


async def list_sets(connection: AsyncConnection) -> list[ResultSet]:
    """All sets by name."""
    counts = await connection.execute(
        select(action_results.c.result_set_id, func.count().label("results"))
        .where(action_results.c.parent_id.is_not(None), action_results.c.retired_at.is_(None))
        .group_by(action_results.c.result_set_id)
    )
    offered = {row.result_set_id: row.results for row in counts}
    users: dict[int, list[str]] = {}
    for row in await connection.execute(
        select(projects.c.result_set_id, projects.c.name)
        .where(projects.c.result_set_id.is_not(None))
        .order_by(projects.c.name)
    ):
        users.setdefault(row.result_set_id, []).append(row.name)
    found = await connection.execute(
        select(result_sets).order_by(result_sets.c.name, result_sets.c.id)
    )
    return [
        ResultSet(row.id, row.name, offered.get(row.id, 0), tuple(users.get(row.id, ())))
        for row in found
    ]


# --- sets -----------------------------------------------------------------------------


async def create_default_result_set(
    connection: AsyncConnection,
    *,
    language: Language,
    now: datetime,
    name: str | None = None,
    by: User | None = None,
) -> int:
    """A usable two-level result set in Japanese or English; its id. Once made it is reused."""
    usual_name, categories = DEFAULT_RESULTS[language]
    name = name or usual_name
    found: int | None = await connection.scalar(
        select(result_sets.c.id).where(result_sets.c.name == name)
    )
    if found is not None:
        return found
    set_id = await create_set(connection, name=name, now=now, by=by)
    stage_ids = await insert_stages(connection, set_id, DEFAULT_STAGES[language])
    for position, (category, results) in enumerate(categories):
        parent_id = await _insert_category(connection, set_id, category, position)
        await connection.execute(
            insert(action_results),
            [
                {
                    "result_set_id": set_id,
                    "parent_id": parent_id,
                    "name": result.name,
                    "position": place,
                    "hotkey": result.hotkey,
                    "effect": result.effect,
                    "retry_after_seconds": result.retry_after_seconds,
                    "colour": result.colour,
                    "stage_id": stage_ids.get(result.stage),
                }
                for place, result in enumerate(results)
            ],
        )
    return set_id


async def create_set(
    connection: AsyncConnection, *, name: str, now: datetime, by: User | None = None
) -> int:
    """A set with nothing in it; its id. Raises BadName and NameTaken."""
    return await _create_set(connection, name, by, now)


async def _create_set(
    connection: AsyncConnection, name: str, by: User | None, now: datetime, **detail: object
) -> int:
    name = await _free_name(connection, name)
    set_id: int = (
        await connection.execute(insert(result_sets).values(name=name).returning(result_sets.c.id))
    ).scalar_one()
    subject = f"result_set:{set_id}"
    await audit.record_by(connection, "result_set.create", subject, by, now, name=name, **detail)
    return set_id


async def rename_set(
    connection: AsyncConnection, set_id: int, *, name: str, now: datetime, by: User | None = None
) -> None:
    """Raises UnknownResultSet, BadName and NameTaken."""
    old = await set_name(connection, set_id)
    name = await _free_name(connection, name, but=set_id)
    if name == old:
        return
    await connection.execute(
        update(result_sets).where(result_sets.c.id == set_id).values(name=name)
    )
    subject = f"result_set:{set_id}"
    await audit.record_by(connection, "result_set.rename", subject, by, now, old=old, name=name)


async def copy_set(
    connection: AsyncConnection, set_id: int, *, name: str, now: datetime, by: User | None = None
) -> int:
    """A set with the same stages and results, without the retired ones; its id.

    Raises UnknownResultSet, BadName and NameTaken.
    """
    await set_name(connection, set_id)
    copy_id = await _create_set(connection, name, by, now, copy_of=set_id)
    known = await stages_of_set(connection, set_id)
    by_name = await insert_stages(connection, copy_id, [(one.name, one.colour) for one in known])
    copies = {one.id: by_name[one.name] for one in known}
    for position, category in enumerate(await categories_of_set(connection, set_id)):
        parent_id = await _insert_category(connection, copy_id, category.name, position)
        for place, one in enumerate(category.results):
            if not one.retired:
                copied = replace(one, stage_id=copies.get(one.stage_id or 0))
                await connection.execute(
                    insert(action_results).values(
                        result_set_id=copy_id,
                        parent_id=parent_id,
                        position=place,
                        **result_values(copied),
                    )
                )
    return copy_id


async def delete_set(
    connection: AsyncConnection, set_id: int, *, now: datetime, by: User | None = None
) -> None:
    """Removes a set that nobody uses and nobody used.

    Raises UnknownResultSet; SetInUse while a project, also a closed one, uses it, an action
    has one of its results or a lead is in one of its stages.
    """
    name = await set_name(connection, set_id)
    users = await connection.scalars(
        select(projects.c.name).where(projects.c.result_set_id == set_id).order_by(projects.c.name)
    )
    if names := users.all():
        raise SetInUse(names)
    of_set = select(action_results.c.id).where(action_results.c.result_set_id == set_id)
    stages_in_it = select(stages.c.id).where(stages.c.result_set_id == set_id)
    if await any_action_with(connection, of_set) or await any_lead_in(connection, stages_in_it):
        raise SetInUse(())
    for level in (action_results.c.parent_id.is_not(None), action_results.c.parent_id.is_(None)):
        await connection.execute(
            delete(action_results).where(action_results.c.result_set_id == set_id, level)
        )
    await connection.execute(delete(stages).where(stages.c.result_set_id == set_id))
    await connection.execute(delete(result_sets).where(result_sets.c.id == set_id))
    await audit.record_by(
        connection, "result_set.delete", f"result_set:{set_id}", by, now, name=name
    )


async def any_action_with(connection: AsyncConnection, result_ids: Select[Any]) -> bool:
    """Whether history has one of these results.

    Asked project by project, as the index of results wants it.
    """
    ids = (await connection.scalars(result_ids)).all()
    project_ids = (await connection.scalars(select(projects.c.id))).all()
    found = exists().where(actions.c.project_id.in_(project_ids), actions.c.result_id.in_(ids))
    return bool(ids) and bool(await connection.scalar(select(found)))


# --- rows -------------------------------------------------------------------------------

_child = action_results.alias("child")
_category = action_results.alias("category")
_ORDER = (_category.c.position, _category.c.id, _child.c.position, _child.c.id)


def result_values(result: ActionResult) -> dict[str, object]:
    """The columns of a result that a person chooses."""
    return {
        "name": result.name,
        "hotkey": result.hotkey,
        "effect": result.effect,
        "retry_after_seconds": result.retry_after_seconds,
        "colour": result.colour,
        "stage_id": result.stage_id,
    }


def _results() -> Select[Any]:
    return select(_child, _category.c.name.label("category")).join(
        _category, _category.c.id == _child.c.parent_id
    )


def _result(row: Row[Any]) -> ActionResult:
    return ActionResult(
        id=row.id,
        category=row.category,
        name=row.name,
        hotkey=row.hotkey,
        effect=row.effect,
        colour=row.colour or "",
        retry_after_seconds=row.retry_after_seconds,
        stage_id=row.stage_id,
        retired=row.retired_at is not None,
        category_id=row.parent_id,
    )


async def _free_name(connection: AsyncConnection, name: str, *, but: int | None = None) -> str:
    name = clean_name(name, LONGEST_SET_NAME)
    taken = await connection.scalar(select(result_sets.c.id).where(result_sets.c.name == name))
    if taken is not None and taken != but:
        raise NameTaken(f"there is a result set {name!r} already")
    return name


async def _insert_category(
    connection: AsyncConnection, set_id: int, name: str, position: int
) -> int:
    category_id: int = (
        await connection.execute(
            insert(action_results)
            .values(result_set_id=set_id, name=name, position=position)
            .returning(action_results.c.id)
        )
    ).scalar_one()
    return category_id
