"""Agreed times: one at most for a lead, and void when something else becomes of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import result_sets
from dialer.callbacks import Agreed, close_callback, set_callback
from dialer.messages import CallId, UserId
from dialer.own_leads import users_with_own_leads
from dialer.results import save_result
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log, callbacks, leads
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

TOMORROW = NOON + timedelta(days=1)


async def open_callbacks(connection: AsyncConnection) -> list[tuple[object, object]]:
    rows = await connection.execute(
        select(callbacks.c.due_at, callbacks.c.user_id).where(callbacks.c.closed_at.is_(None))
    )
    return [(row.due_at, row.user_id) for row in rows]


async def callback_at(connection: AsyncConnection, lead_id: int) -> object:
    return await connection.scalar(select(leads.c.callback_at).where(leads.c.id == lead_id))


async def one_lead(connection: AsyncConnection) -> tuple[SmallWorld, int, UserId]:
    world = await build_small_world(connection)
    lead_id = await add_lead(connection, world.project_id, "+81352542287")
    return world, lead_id, UserId(world.suzuki.id)


async def test_a_new_agreement_takes_the_place_of_the_old_one(database: Database) -> None:
    async with database.write() as connection:
        _, lead_id, suzuki = await one_lead(connection)
        for agreed in (Agreed(TOMORROW, suzuki), Agreed(TOMORROW + timedelta(hours=1))):
            await set_callback(connection, lead_id=lead_id, agreed=agreed, by=suzuki, now=NOON)
        assert await open_callbacks(connection) == [(TOMORROW + timedelta(hours=1), None)]
        assert await callback_at(connection, lead_id) == TOMORROW + timedelta(hours=1)
        assert await close_callback(connection, lead_id=lead_id, by=suzuki, now=NOON)
        assert not await close_callback(connection, lead_id=lead_id, by=suzuki, now=NOON)
        assert await callback_at(connection, lead_id) is None
        told = list(await connection.scalars(select(audit_log.c.action).order_by(audit_log.c.id)))
        assert told[-3:] == ["callback.set", "callback.set", "callback.close"]


async def test_the_result_sets_it_and_another_takes_it_back(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id, suzuki = await one_lead(connection)
        call_id = CallId(
            await add_call(
                connection, world, lead_id, outcome=CallOutcome.CONNECTED, user=world.suzuki
            )
        )
        results = await result_sets.results_of_project(connection, world.project_id)
        by_effect: dict[str, int] = {one.effect: one.id for one in reversed(results)}

        async def save(effect: str, agreed: Agreed | None = None) -> None:
            await save_result(
                connection,
                call_id=call_id,
                user_id=suzuki,
                result_id=by_effect[effect],
                memo="",
                now=NOON,
                agreed=agreed,
            )

        await save("callback", Agreed(TOMORROW, suzuki))
        assert await open_callbacks(connection) == [(TOMORROW, suzuki)]
        await save("retry")
        assert await open_callbacks(connection) == []
        assert await callback_at(connection, lead_id) is None
        await save("callback", Agreed(TOMORROW))
        await save("final")
        assert await open_callbacks(connection) == []
        finished = await connection.scalar(select(leads.c.finished_at).where(leads.c.id == lead_id))
        assert finished == NOON


@pytest.mark.parametrize(("hours", "due"), [(-1, True), (0, True), (1, False)])
async def test_who_has_something_of_his_own_to_call(
    database: Database, hours: int, due: bool
) -> None:
    async with database.write() as connection:
        world, lead_id, suzuki = await one_lead(connection)
        agreed = Agreed(NOON + timedelta(hours=hours), suzuki)
        await set_callback(connection, lead_id=lead_id, agreed=agreed, by=suzuki, now=NOON)
        found = await users_with_own_leads(
            connection,
            project_id=world.project_id,
            user_ids=[suzuki, UserId(world.tanaka.id)],
            max_attempts=3,
            now=NOON,
        )
    assert found == ({suzuki} if due else set())
