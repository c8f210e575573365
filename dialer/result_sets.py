"""Result sets: what agents pick from when they say what came of an action."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.default_results import DEFAULT_RESULTS, ResultEffect
from dialer.storage.tables import action_results, projects, result_sets
from dialer.users import Language


@dataclass(frozen=True, slots=True)
class ActionResult:
    """A result that an agent can pick, with the category (大項目) it stands under.

    `effect` says what follows for the lead: final, retry (after `retry_after_seconds`),
    callback, appointment, prohibit (its number, for the agent's workgroups) or none.
    """

    id: int
    category: str
    name: str
    hotkey: str | None
    effect: ResultEffect
    colour: str
    retry_after_seconds: int | None


async def create_default_result_set(
    connection: AsyncConnection, *, language: Language, now: datetime
) -> int:
    """A usable two-level result set in Japanese or English; its id. Once made it is reused."""
    name, categories = DEFAULT_RESULTS[language]
    found: int | None = (
        await connection.execute(select(result_sets.c.id).where(result_sets.c.name == name))
    ).scalar_one_or_none()
    if found is not None:
        return found
    inserted = await connection.execute(
        insert(result_sets).values(name=name).returning(result_sets.c.id)
    )
    set_id: int = inserted.scalar_one()
    for position, (category, results) in enumerate(categories):
        parent_id = (
            await connection.execute(
                insert(action_results)
                .values(result_set_id=set_id, name=category, position=position)
                .returning(action_results.c.id)
            )
        ).scalar_one()
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
                }
                for place, result in enumerate(results)
            ],
        )
    await audit.record(
        connection,
        user_id=None,
        action="result_set.create",
        subject=f"result_set:{set_id}",
        detail={"name": name},
        now=now,
    )
    return set_id


async def results_of_project(
    connection: AsyncConnection, project_id: int
) -> tuple[ActionResult, ...]:
    """What an agent can pick, in the order to show; results of one category stand together."""
    rows = await connection.execute(
        _results()
        .join(projects, projects.c.result_set_id == _child.c.result_set_id)
        .where(projects.c.id == project_id)
        .order_by(_category.c.position, _category.c.id, _child.c.position, _child.c.id)
    )
    return tuple(_result(row) for row in rows)


async def result_by_id(connection: AsyncConnection, result_id: int) -> ActionResult | None:
    row = (await connection.execute(_results().where(_child.c.id == result_id))).first()
    return _result(row) if row else None


# --- rows -------------------------------------------------------------------------------

_child = action_results.alias("child")
_category = action_results.alias("category")


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
    )
