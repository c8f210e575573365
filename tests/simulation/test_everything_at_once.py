"""Agents come and go, phones die, numbers are prohibited, everything fails: at random.

What must hold is asked by `World.wind_down`: no call without an end, no agent stuck, no lead
called before its time, nobody talking with two, no leg left over.
"""

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from dialer.floor_views import FloorError
from dialer.mybox import HeldByAnother
from dialer.rules.agent_state import AgentState, PhoneMode
from dialer.storage.tables import prohibitions
from tests.fakes.telephony import AgentPhone
from tests.simulation.test_dialling import everyone_differs
from tests.simulation.world import World, campaign

STEPS = 70


@pytest.mark.parametrize("phone_mode", list(PhoneMode))
@pytest.mark.parametrize("seed", range(4))
async def test_nobody_is_stuck_and_nobody_called_too_often(
    world: World, seed: int, phone_mode: PhoneMode
) -> None:
    chance = random.Random(seed)
    await world.open(
        agents=4,
        leads=90,
        customer=lambda e164, attempt: everyone_differs(f"{e164} {seed}", attempt),
        campaigns=[campaign(mode="power", lines_per_agent=2.0, abandon_limit_percent=100)],
        phone_mode=phone_mode,
        result_required=seed % 2 == 1,
    )
    for number in range(1, 5):
        world.network.phones[f"phone{number}"] = AgentPhone(answers=chance.uniform(0.1, 1.5))
    await world.all_ready()
    await world.run_campaign()
    for _ in range(STEPS):
        await world.sleep(chance.uniform(0.0, 8.0))
        await something_happens(world, chance)
    await everything_is_well(world)
    await world.wind_down()
    assert set(world.states()) <= {AgentState.READY, AgentState.OFFLINE, AgentState.AWAY}
    await nobody_was_called_who_was_prohibited(world)


async def something_happens(world: World, chance: random.Random) -> None:
    agent = chance.choice(world.agents)
    floor = world.controller.floor
    try:
        match chance.randrange(13):
            case 0:
                await floor.go_away(agent, "昼食")
            case 1:
                await floor.log_out(agent)
            case 2 | 3:
                await floor.go_ready(agent)
            case 4:
                await floor.hang_up(agent)
            case 5:
                world.network.lose_phone(f"phone{chance.randint(1, 4)}")
            case 6:
                await world.prohibit(chance.choice(list(world.numbers.values())))
            case 7:
                await world.controller.campaigns.pause("autumn", by=world.admin)
                await world.sleep(chance.uniform(0.0, 3.0))
                await world.run_campaign()
            case 8:
                world.network.disconnect()
                await world.sleep(chance.uniform(0.0, 20.0))
                world.network.connect(world.telephony)
            case 9:
                world.database.away = True
                await world.sleep(chance.uniform(0.0, 5.0))
                world.database.away = False
            case 10:
                await world.kill()
                await world.sleep(chance.choice([0.0, 0.5, 20.0]))
                await world.start()
            case 11:
                await save_results(world)
            case 12:
                await world.box(chance.choice(list(world.numbers)), chance.choice(world.agents))
    except (FloorError, HeldByAnother):
        pass  # a hand that comes too late, or too early, is told so


async def nobody_was_called_who_was_prohibited(world: World) -> None:
    async with world.database.read() as connection:
        rows = await connection.execute(select(prohibitions.c.e164, prohibitions.c.prohibited_at))
        since = {row.e164: row.prohibited_at for row in rows}
    for dial in world.network.dials:
        # What was let through the moment before may be on its way still; it is cancelled.
        moment_before = dial.at - timedelta(seconds=0.1)
        assert dial.e164 not in since or moment_before < since[dial.e164]


async def save_results(world: World) -> None:
    result_id = await world.result("1")
    for view in world.controller.floor.agents():
        if view.state is AgentState.AFTER_CALL_WORK and view.call is not None:
            await world.controller.floor.save_result(
                view.user_id, view.call.call_id, result_id=result_id, memo=""
            )


async def everything_is_well(world: World) -> None:
    """Long enough for every conversation to end; whoever owes a result saves it."""
    await world.controller.campaigns.pause("autumn", by=world.admin)
    for _ in range(20):
        await world.sleep(10)
        await save_results(world)
