"""Calls by hand: the agent chooses, the gate decides, and he is held from the beginning."""

import pytest

from dialer.claiming import ClaimedCall
from dialer.floor_views import CannotDial
from dialer.rules.agent_state import AgentState
from dialer.rules.eligibility import Refusal, Refused
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.pacing import NotDialling
from tests.fakes.telephony import Customer
from tests.simulation.world import World, campaign


def rings_long(e164: str, attempt: int) -> Customer:
    return Customer(answers=20.0, patience=30.0)


async def dial(world: World, lead_id: int, agent: int = 0) -> ClaimedCall | Refused:
    return await world.controller.manual_calls.dial(world.agents[agent], lead_id)


async def test_a_call_by_hand_needs_no_running_campaign(world: World) -> None:
    world.look_every_seconds = 0.1
    await world.open(agents=2, leads=2, customer=rings_long)
    await world.all_ready()
    _, second = world.numbers
    answer = await dial(world, second)
    assert isinstance(answer, ClaimedCall)
    await world.sleep(5)
    assert world.dialled() == [world.numbers[second]]
    assert (world.agent(0).state, world.agent(0).ringing) == (AgentState.RESERVED, True)
    await world.until(lambda: world.agent(0).state is AgentState.ON_CALL)
    (told,) = await world.wind_down_after(60)
    assert (told.outcome, told.user_id) == (CallOutcome.CONNECTED, world.agents[0])


async def test_what_the_gate_refuses_is_told_and_the_agent_is_free(world: World) -> None:
    await world.open(agents=2, leads=3)
    await world.all_ready()
    first, second, _ = world.numbers
    await world.prohibit(world.numbers[first])
    await world.box(second, world.agents[1])
    assert await dial(world, first) == Refused(Refusal.PROHIBITED)
    assert await dial(world, second) == Refused(Refusal.BOXED)
    assert world.states() == [AgentState.READY] * 2
    assert isinstance(await dial(world, second, agent=1), ClaimedCall)
    await world.wind_down()
    assert world.dialled() == [world.numbers[second]]


async def test_only_who_is_ready_dials(world: World) -> None:
    await world.open(agents=1, leads=2, result_required=True)
    lead_id, other = world.numbers
    with pytest.raises(CannotDial, match="not_ready"):
        await dial(world, lead_id)
    await world.all_ready()
    assert isinstance(await dial(world, lead_id), ClaimedCall)
    with pytest.raises(CannotDial, match="not_ready"):
        await dial(world, other)
    await world.until(lambda: world.agent().state is AgentState.AFTER_CALL_WORK)
    with pytest.raises(CannotDial, match="not_ready"):
        await dial(world, other)
    call = world.agent().call
    assert call is not None
    await world.controller.floor.save_result(
        world.agents[0], call.call_id, result_id=await world.result("1"), memo=""
    )
    assert isinstance(await dial(world, other), ClaimedCall)
    await world.sleep(50)
    call = world.agent().call
    assert call is not None
    await world.controller.floor.save_result(
        world.agents[0], call.call_id, result_id=await world.result("1"), memo=""
    )
    await world.wind_down()


async def test_after_call_work_without_a_required_result_ends_with_the_next_call(
    world: World,
) -> None:
    await world.open(
        agents=1, leads=2, campaigns=[campaign(after_call_work_seconds=600)], customer=rings_long
    )
    await world.all_ready()
    first, second = world.numbers
    await dial(world, first)
    await world.until(lambda: world.agent().state is AgentState.AFTER_CALL_WORK)
    assert isinstance(await dial(world, second), ClaimedCall)
    told = await world.wind_down_after(700)
    assert [call.outcome for call in told] == [CallOutcome.CONNECTED] * 2


async def test_telephones_that_rang_for_him_ring_no_longer(world: World) -> None:
    world.look_every_seconds = 0.1
    await world.open(agents=2, leads=9, customer=rings_long)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: len(world.network.customers) == 2)
    called = set(world.dialled())
    chosen = next(lead for lead, number in world.numbers.items() if number not in called)
    assert isinstance(await dial(world, chosen), ClaimedCall)
    await world.sleep(0.5)
    ringing = [leg.command.e164 for leg in world.network.customers.values()]
    assert len(ringing) == 2
    assert world.numbers[chosen] in ringing
    told = await world.wind_down_after(30)
    assert CallOutcome.ABANDONED not in {call.outcome for call in told}


async def test_a_call_by_hand_goes_on_when_the_campaign_is_paused(world: World) -> None:
    world.look_every_seconds = 0.1
    await world.open(agents=1, leads=1, customer=rings_long)
    await world.all_ready()
    (lead_id,) = world.numbers
    await world.run_campaign()
    await world.controller.campaigns.pause("autumn", by=world.admin)
    await world.sleep(100)  # what it may have taken is over
    answer = await dial(world, lead_id)
    if isinstance(answer, Refused):
        pytest.fail(str(answer))
    await world.controller.campaigns.stop("autumn", by=world.admin)
    await world.until(lambda: world.agent().state is AgentState.ON_CALL)
    await world.wind_down()


async def test_a_prohibition_stops_a_call_by_hand_as_well(world: World) -> None:
    world.look_every_seconds = 0.1
    await world.open(agents=1, leads=1, customer=rings_long)
    await world.all_ready()
    (lead_id,) = world.numbers
    await dial(world, lead_id)
    await world.sleep(3)
    await world.prohibit(world.numbers[lead_id], told=False)
    await world.until(lambda: not world.network.customers, within=0.3)
    assert world.agent().state is AgentState.READY
    await world.wind_down()


async def test_without_database_asterisk_or_line_nothing_is_dialled(world: World) -> None:
    world.channels = 1
    await world.open(agents=2, leads=3, customer=rings_long)
    await world.all_ready()
    first, second, third = world.numbers
    world.database.away = True
    with pytest.raises(CannotDial, match=NotDialling.DATABASE_DOWN):
        await dial(world, first)
    world.database.away = False
    world.network.disconnect()
    await world.sleep(0.1)
    with pytest.raises(CannotDial, match=NotDialling.TELEPHONY_DOWN):
        await dial(world, first)
    world.network.connect(world.telephony)
    await world.sleep(1)
    assert isinstance(await dial(world, second), ClaimedCall)
    with pytest.raises(CannotDial, match=NotDialling.TRUNK_FULL):
        await dial(world, third, agent=1)
    await world.wind_down()
    assert world.dialled() == [world.numbers[second]]
