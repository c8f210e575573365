"""What agents and supervisors do while calls are on their way."""

import pytest

from dialer.floor_views import ResultRequired
from dialer.rules.agent_state import AgentState
from dialer.rules.hangup_cause import CallOutcome
from tests.fakes.telephony import Customer
from tests.simulation.world import World


def rings_long(e164: str, attempt: int) -> Customer:
    return Customer(answers=25.0)


async def test_ringing_calls_are_dropped_when_the_last_agent_leaves(world: World) -> None:
    await world.open(agents=2, customer=rings_long)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: len(world.network.customers) == 2)
    await world.controller.floor.go_away(world.agents[0], "lunch")
    await world.sleep(3)
    assert len(world.network.customers) == 2
    await world.controller.floor.log_out(world.agents[1])
    await world.until(lambda: not world.network.customers, within=2)
    told = await world.wind_down()
    assert [call.outcome for call in told] == [CallOutcome.CANCELLED] * 2


async def test_pausing_cancels_what_rings_and_leaves_conversations_alone(world: World) -> None:
    await world.open(
        agents=2,
        customer=lambda e164, attempt: Customer(
            answers=4.0 if e164.endswith("0000") else 25.0, patience=60
        ),
    )
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: AgentState.ON_CALL in world.states())
    await world.controller.campaigns.pause("autumn", by=world.admin)
    await world.sleep(1)
    assert [leg.joined_to is not None for leg in world.network.customers.values()] == [True]
    told = await world.wind_down()
    assert sorted(str(call.outcome) for call in told) == ["cancelled", "connected"]


async def test_a_refusal_on_the_phone_stops_every_other_call_to_the_number(world: World) -> None:
    await world.open(agents=1, leads=2, result_required=True)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.agent().state is AgentState.ON_CALL)
    call = world.agent().call
    assert call is not None
    saved = await world.controller.floor.save_result(
        world.agents[0], call.call_id, result_id=await world.result("9"), memo="お断り"
    )
    assert saved.effect == "prohibit"
    await world.sleep(300)
    assert world.dialled().count(call.e164) == 1
    await world.wind_down()


async def test_a_required_result_holds_the_agent_in_after_call_work(world: World) -> None:
    await world.open(agents=1, leads=5, result_required=True)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.agent().state is AgentState.AFTER_CALL_WORK)
    await world.sleep(600)
    assert world.agent().state is AgentState.AFTER_CALL_WORK
    assert len(world.dialled()) == 1
    with pytest.raises(ResultRequired):
        await world.controller.floor.go_ready(world.agents[0])
    call = world.agent().call
    assert call is not None
    await world.controller.floor.save_result(
        world.agents[0], call.call_id, result_id=await world.result("1"), memo=""
    )
    assert world.agent().state is AgentState.READY
    await world.until(lambda: len(world.dialled()) == 2)
    await world.controller.campaigns.pause("autumn", by=world.admin)
    await world.wind_down()


async def test_an_agent_whose_phone_dies_is_off_the_floor_and_his_customer_let_go(
    world: World,
) -> None:
    await world.open(agents=1, leads=2)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.agent().state is AgentState.ON_CALL)
    world.network.lose_phone("phone1")
    await world.until(lambda: not world.network.customers, within=2)
    told = await world.wind_down()
    assert [call.outcome for call in told] == [CallOutcome.CONNECTED]
