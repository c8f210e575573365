"""What is decided while telephones ring."""

from dataclasses import replace

from sqlalchemy import update

from dialer import workgroups
from dialer.campaign_state import set_state
from dialer.claiming import claim
from dialer.rules.agent_state import AgentState
from dialer.rules.eligibility import Refusal
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.tables import leads
from tests.fakes.telephony import Customer
from tests.simulation.world import World, campaign

AT_ONCE = 0.08  # as often as `until` looks
SOON = 0.25  # a tenth of a second, and the requests


def rings_long(e164: str, attempt: int) -> Customer:
    return Customer(answers=25.0)


async def two_ring(world: World) -> None:
    world.look_every_seconds = 0.1
    await world.open(agents=2, leads=2, customer=rings_long)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: len(world.network.customers) == 2)


async def test_a_prohibition_stops_the_call_that_rings_at_the_number(world: World) -> None:
    await two_ring(world)
    first = world.dialled()[0]
    await world.prohibit(first)
    await world.until(lambda: len(world.network.customers) == 1, within=AT_ONCE)
    await world.sleep(120)
    assert world.dialled().count(first) == 1
    await world.wind_down()


async def test_a_prohibition_of_another_workgroup_lets_it_ring(world: World) -> None:
    await two_ring(world)
    async with world.database.write() as connection:
        others = await workgroups.create_workgroup(
            connection, name="others", now=world.network.now()
        )
    await world.prohibit(world.dialled()[0], workgroup_id=others.id)
    await world.sleep(2)
    assert len(world.network.customers) == 2
    await world.wind_down()


async def test_a_prohibition_that_nobody_tells_of_stops_the_call_as_well(world: World) -> None:
    await two_ring(world)
    await world.prohibit(world.dialled()[0], told=False)
    await world.until(lambda: len(world.network.customers) == 1, within=SOON)
    (left,) = world.network.customers.values()
    assert left.command.e164 == world.dialled()[1]
    await world.wind_down()


async def test_a_box_stops_the_call_to_the_lead(world: World) -> None:
    await two_ring(world)
    lead_id = next(iter(world.numbers))
    await world.box(lead_id, world.agents[0])
    await world.until(lambda: len(world.network.customers) == 1, within=SOON)
    (left,) = world.network.customers.values()
    assert left.command.e164 != world.numbers[lead_id]
    await world.wind_down()


async def test_a_deletion_stops_the_call_to_the_lead(world: World) -> None:
    await two_ring(world)
    lead_id = next(iter(world.numbers))
    async with world.database.write() as connection:
        await connection.execute(
            update(leads).where(leads.c.id == lead_id).values(deleted_at=world.network.now())
        )
    await world.until(lambda: len(world.network.customers) == 1, within=SOON)
    await world.wind_down()


async def test_a_pause_by_another_process_stops_everything_at_once(world: World) -> None:
    await two_ring(world)
    async with world.database.write() as connection:
        await set_state(connection, name="autumn", state="paused", now=world.network.now())
    await world.until(lambda: not world.network.customers, within=SOON)
    await world.sleep(30)
    assert len(world.dialled()) == 2
    told = await world.wind_down()
    assert {call.outcome for call in told} == {CallOutcome.CANCELLED}
    assert [await world.attempts(lead_id) for lead_id in world.numbers] == [0, 0]


async def test_a_conversation_goes_on_and_its_agent_is_told(world: World) -> None:
    world.look_every_seconds = 0.1
    await world.open(agents=1, leads=1)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.agent().state is AgentState.ON_CALL)
    call = world.agent().call
    assert call is not None
    assert call.notice is None
    await world.prohibit(call.e164, told=False)
    await world.sleep(1.5)
    told = world.agent().call
    assert told is not None
    assert replace(told, connected_at=call.connected_at) == replace(call, notice=Refusal.PROHIBITED)
    assert world.agent().state is AgentState.ON_CALL
    (ended,) = await world.wind_down()
    assert ended.outcome == CallOutcome.CONNECTED


async def test_what_rings_goes_on_ringing_while_the_database_is_away(world: World) -> None:
    await two_ring(world)
    first = world.dialled()[0]
    await world.prohibit(first, told=False)
    world.database.away = True
    await world.sleep(5)
    ringing = [leg.command.e164 for leg in world.network.customers.values()]
    world.database.away = False
    await world.sleep(SOON)
    left = [leg.command.e164 for leg in world.network.customers.values()]
    assert left == [e164 for e164 in ringing if e164 != first]
    await world.wind_down()


async def test_a_claim_of_a_dead_process_is_called_after_its_lease(world: World) -> None:
    await world.open(agents=1, leads=1, campaigns=[campaign(call_limit=1)])
    await world.all_ready()
    running = world.controller.campaigns.campaign("autumn")
    assert running is not None
    lost = await claim(world.database, running.claim_request, 1, world.network.now())
    assert len(lost.calls) == 1
    await world.run_campaign()
    await world.sleep(59)
    assert world.dialled() == []
    await world.until(lambda: len(world.dialled()) == 1, within=5)
    (lead_id,) = world.numbers
    assert await world.attempts(lead_id) == 1
    await world.sleep(120)
    assert await world.attempts(lead_id) == 1
    await world.controller.campaigns.pause("autumn", by=world.admin)
    await world.sleep(5)
    told = await world.history()
    assert [call.outcome for call in told] == [CallOutcome.CANCELLED, CallOutcome.CONNECTED]


async def test_a_call_whose_lease_has_passed_is_not_dialled(world: World) -> None:
    await world.open(agents=1, leads=1)
    running = world.controller.campaigns.campaign("autumn")
    assert running is not None
    taken = await claim(world.database, running.claim_request, 1, world.network.now())
    await world.sleep(60)
    world.controller.calls.start(taken.calls[0], running)
    await world.sleep(5)
    assert world.dialled() == []
    (lead_id,) = world.numbers
    assert await world.attempts(lead_id) == 0
    (told,) = await world.wind_down()
    assert (told.outcome, told.estimated) == (CallOutcome.CANCELLED, False)
