"""Stages: how far leads come, set by set; a result may move a lead to one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.result_set_errors import NameTaken, StageInUse, TooMany, UnknownResultSet
from dialer.result_set_rows import change_row, clean_name, known_colour, lock_set
from dialer.rules.search_text import fold
from dialer.storage.tables import action_results, leads, projects, stages
from dialer.users import User

MOST_STAGES = 20  # of a set


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a lead has come."""

    id: int
    name: str
    colour: str


async def stages_of_set(connection: AsyncConnection, set_id: int) -> tuple[Stage, ...]:
    """In the order in which leads go through them."""
    found = await connection.execute(
        select(stages)
        .where(stages.c.result_set_id == set_id)
        .order_by(stages.c.position, stages.c.id)
    )
    return tuple(Stage(row.id, row.name, row.colour) for row in found)


async def add_stage(
    connection: AsyncConnection,
    set_id: int,
    *,
    name: str,
    colour: str,
    now: datetime,
    by: User | None = None,
) -> int:
    """The last stage of the set; its id. Raises UnknownResultSet, BadName, NameTaken, TooMany."""
    await lock_set(connection, set_id)
    known = await stages_of_set(connection, set_id)
    if len(known) >= MOST_STAGES:
        raise TooMany(f"a set takes {MOST_STAGES} stages")
    name = _free_stage_name(known, name)
    last = await connection.scalar(
        select(func.max(stages.c.position)).where(stages.c.result_set_id == set_id)
    )
    stage_id: int = (
        await connection.execute(
            insert(stages)
            .values(
                result_set_id=set_id,
                name=name,
                colour=known_colour(colour),
                position=0 if last is None else last + 1,
            )
            .returning(stages.c.id)
        )
    ).scalar_one()
    await audit.record_by(connection, "stage.add", f"stage:{stage_id}", by, now, name=name)
    return stage_id


async def change_stage(
    connection: AsyncConnection,
    set_id: int,
    stage_id: int,
    *,
    name: str,
    colour: str,
    now: datetime,
    by: User | None = None,
) -> None:
    """Raises UnknownResultSet, BadName and NameTaken."""
    await lock_set(connection, set_id)
    known = await stages_of_set(connection, set_id)
    old = stage_among(known, stage_id)
    name = _free_stage_name(known, name, but=stage_id)
    await change_row(connection, stages, stage_id, name=name, colour=known_colour(colour))
    subject = f"stage:{stage_id}"
    await audit.record_by(connection, "stage.change", subject, by, now, old=old.name, name=name)


async def order_stages(
    connection: AsyncConnection,
    set_id: int,
    stage_ids: Sequence[int],
    *,
    now: datetime,
    by: User | None = None,
) -> None:
    """Those that are not named follow as they were. Raises UnknownResultSet."""
    await lock_set(connection, set_id)
    old = [one.id for one in await stages_of_set(connection, set_id)]
    named = [one for one in dict.fromkeys(stage_ids) if one in old]
    for position, stage_id in enumerate([*named, *(one for one in old if one not in named)]):
        await change_row(connection, stages, stage_id, position=position)
    await audit.record_by(connection, "stage.order", f"result_set:{set_id}", by, now)


async def delete_stage(
    connection: AsyncConnection,
    set_id: int,
    stage_id: int,
    *,
    now: datetime,
    by: User | None = None,
) -> None:
    """Results that moved leads there no longer do. Raises UnknownResultSet; StageInUse."""
    await lock_set(connection, set_id)
    stage = stage_among(await stages_of_set(connection, set_id), stage_id)
    project_ids = (await connection.scalars(select(projects.c.id))).all()
    held = await connection.scalar(
        select(func.count())
        .select_from(leads)
        .where(leads.c.project_id.in_(project_ids), leads.c.stage_id == stage_id)
    )
    if held:
        raise StageInUse(held)
    await connection.execute(
        update(action_results).where(action_results.c.stage_id == stage_id).values(stage_id=None)
    )
    await connection.execute(delete(stages).where(stages.c.id == stage_id))
    await audit.record_by(connection, "stage.delete", f"stage:{stage_id}", by, now, name=stage.name)


async def insert_stages(
    connection: AsyncConnection, set_id: int, some: Sequence[tuple[str, str]]
) -> dict[str, int]:
    """Stages of a set that has none, by name and colour in their order; their ids by name."""
    made: dict[str, int] = {}
    for position, (name, colour) in enumerate(some):
        made[name] = (
            await connection.execute(
                insert(stages)
                .values(result_set_id=set_id, name=name, colour=colour, position=position)
                .returning(stages.c.id)
            )
        ).scalar_one()
    return made


async def any_lead_in(connection: AsyncConnection, stage_ids: Select[Any]) -> bool:
    """Whether a lead, also a deleted one, is in one of these stages."""
    ids = (await connection.scalars(stage_ids)).all()
    project_ids = (await connection.scalars(select(projects.c.id))).all()
    found = exists().where(leads.c.project_id.in_(project_ids), leads.c.stage_id.in_(ids))
    return bool(ids) and bool(await connection.scalar(select(found)))


def _free_stage_name(known: Sequence[Stage], name: str, *, but: int = 0) -> str:
    name = clean_name(name)
    if any(fold(one.name) == fold(name) for one in known if one.id != but):
        raise NameTaken(f"there is a stage {name!r} already")
    return name


def stage_among(known: Sequence[Stage], stage_id: int) -> Stage:
    """Raises UnknownResultSet."""
    for one in known:
        if one.id == stage_id:
            return one
    raise UnknownResultSet(f"there is no stage {stage_id} in the set")
