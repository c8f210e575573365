"""What a result does beside the time of the next call: the agent's box, and the lead's stage."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import mybox, result_sets
from dialer.messages import CallId, UserId
from dialer.mybox import NO_POLICY, MyBoxPolicy
from dialer.results import SavedResult, UnknownResult, save_result
from dialer.storage.engine import Database
from dialer.storage.tables import action_results, actions, calls, lead_changes, leads, stages
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

NUMBER, OTHER = "+81352542287", "+819012345678"
LATER = NOON + timedelta(minutes=3)


async def _call(connection: AsyncConnection) -> tuple[SmallWorld, int, CallId]:
    world = await build_small_world(connection)
    lead_id = await add_lead(connection, world.project_id, NUMBER, OTHER)
    await connection.execute(update(leads).values(attempts=1))
    return world, lead_id, CallId(await add_call(connection, world, lead_id, outcome=None))


async def _named(connection: AsyncConnection, world: SmallWorld, name: str) -> int:
    results = await result_sets.results_of_project(connection, world.project_id)
    return next(one.id for one in results if one.name == name)


async def _say(
    connection: AsyncConnection,
    world: SmallWorld,
    call_id: CallId,
    name: str,
    policy: MyBoxPolicy = NO_POLICY,
) -> SavedResult:
    return await save_result(
        connection,
        call_id=call_id,
        user_id=UserId(world.suzuki.id),
        result_id=await _named(connection, world, name),
        memo="",
        now=LATER,
        policy=policy,
    )


async def _holder(connection: AsyncConnection, lead_id: int) -> int | None:
    holder = await mybox.holder_of(connection, lead_id=lead_id, now=LATER)
    return holder.user_id if holder else None


async def _stage(connection: AsyncConnection, lead_id: int) -> str | None:
    found: str | None = await connection.scalar(
        select(stages.c.name)
        .join(leads, leads.c.stage_id == stages.c.id)
        .where(leads.c.id == lead_id)
    )
    return found


async def test_a_result_puts_the_lead_into_the_agents_box_until_it_is_corrected(
    database: Database,
) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
    async with database.write() as connection:
        for _ in range(2):
            saved = await _say(connection, world, call_id, "自分で追う")
            assert (saved.effect, saved.not_boxed) == ("mybox", None)
            assert await _holder(connection, lead_id) == world.suzuki.id
    async with database.read() as connection:
        lead = (await connection.execute(select(leads))).one()
        assert (lead.finished_at, lead.next_attempt_at) == (None, LATER + timedelta(days=1))
    async with database.write() as connection:
        await _say(connection, world, call_id, "検討中")
        assert await _holder(connection, lead_id) is None


async def test_a_lead_that_was_in_the_box_before_the_call_stays_there(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
        before = NOON - timedelta(days=1)
        await mybox.put(connection, lead_id=lead_id, user_id=world.suzuki.id, now=before)
        await _say(connection, world, call_id, "自分で追う")
        await _say(connection, world, call_id, "検討中")
        assert await _holder(connection, lead_id) == world.suzuki.id


@pytest.mark.parametrize("why", ["held by another", "full"])
async def test_a_box_that_refuses_the_lead_does_not_lose_the_result(
    database: Database, why: str
) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
        policy = NO_POLICY
        if why == "full":
            policy = MyBoxPolicy(limit_per_user=1)
            other = await add_lead(connection, world.project_id)
            await mybox.put(connection, lead_id=other, user_id=world.suzuki.id, now=NOON)
        else:
            await mybox.put(connection, lead_id=lead_id, user_id=world.sato.id, now=NOON)
        holder = await _holder(connection, lead_id)
    async with database.write() as connection:
        saved = await _say(connection, world, call_id, "自分で追う", policy)
    assert isinstance(saved.not_boxed, mybox.BoxFull if why == "full" else mybox.HeldByAnother)
    async with database.read() as connection:
        assert await _holder(connection, lead_id) == holder
        assert await connection.scalar(select(actions.c.result_at)) == LATER


async def test_a_result_moves_the_stage_and_its_correction_moves_it_back(
    database: Database,
) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
        await _say(connection, world, call_id, "資料送付")
        assert await _stage(connection, lead_id) == "見込み"
        await _say(connection, world, call_id, "資料送付")
        await _say(connection, world, call_id, "アポ獲得")
        assert await _stage(connection, lead_id) == "商談"
        # Where no stage belongs to the result, it is as if there had been none.
        await _say(connection, world, call_id, "担当者不在")
        assert await _stage(connection, lead_id) is None
        logged = await connection.execute(
            select(lead_changes.c.old, lead_changes.c.new, lead_changes.c.user_id).order_by(
                lead_changes.c.id
            )
        )
        assert [tuple(row) for row in logged] == [
            ("", "見込み", world.suzuki.id),
            ("見込み", "商談", world.suzuki.id),
            ("商談", "", world.suzuki.id),
        ]


async def test_a_stage_that_somebody_chose_meanwhile_stays(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
        await _say(connection, world, call_id, "アポ獲得")
        won = await connection.scalar(select(stages.c.id).where(stages.c.name == "成約"))
        await connection.execute(update(leads).values(stage_id=won))
        await _say(connection, world, call_id, "担当者不在")
        assert await _stage(connection, lead_id) == "成約"


async def test_an_old_call_that_is_corrected_moves_neither_stage_nor_box(
    database: Database,
) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
        await connection.execute(update(calls).values(ended_at=NOON, outcome="connected"))
        await add_call(connection, world, lead_id, at=NOON + timedelta(days=1))
        await _say(connection, world, call_id, "自分で追う")
        assert await _stage(connection, lead_id) is None
        assert await _holder(connection, lead_id) is None


async def test_a_retired_result_is_kept_where_it_is_and_taken_nowhere_else(
    database: Database,
) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
        result_id = await _named(connection, world, "検討中")
        await _say(connection, world, call_id, "検討中")
        await connection.execute(
            update(action_results).where(action_results.c.id == result_id).values(retired_at=NOON)
        )

        async def save(call: CallId) -> SavedResult:
            return await save_result(
                connection,
                call_id=call,
                user_id=UserId(world.suzuki.id),
                result_id=result_id,
                memo="",
                now=LATER,
            )

        assert (await save(call_id)).effect == "retry"
        other = CallId(await add_call(connection, world, lead_id, at=NOON + timedelta(hours=1)))
        with pytest.raises(UnknownResult):
            await save(other)
