"""Leads in an agent's box and his callbacks: called with him held for them, or not at all."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from dialer.claiming import ClaimedCall, claim_lead
from dialer.floor_views import AgentView
from dialer.held_calls import HeldCalls
from dialer.messages import UserId
from dialer.rules.agent_state import AgentState, PhoneMode
from dialer.rules.eligibility import Refused
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.tables import callbacks, leads
from tests.fakes.telephony import AgentPhone, Customer
from tests.simulation.world import World, campaign


async def with_own_lead(
    world: World,
    *,
    agents: int = 2,
    customer: Customer | None = None,
    phone_mode: PhoneMode = PhoneMode.HELD,
    only_his: bool = True,
) -> int:
    """The first agent has a lead in his box; with `only_his` there is no other."""
    world.look_every_seconds = 0.1
    plan = customer or Customer(answers=20.0, patience=40.0)
    await world.open(
        agents=agents,
        leads=1 if only_his else 12,
        customer=lambda e164, attempt: plan,
        phone_mode=phone_mode,
    )
    lead_id = next(iter(world.numbers))
    await world.box(lead_id, world.agents[0])
    return lead_id


async def callback(
    world: World, lead_id: int, *, user_id: int | None, seconds: float = 0.0
) -> None:
    due_at = world.network.now() + timedelta(seconds=seconds)
    async with world.database.write() as connection:
        await connection.execute(
            insert(callbacks).values(
                lead_id=lead_id,
                project_id=world.project_id,
                user_id=user_id,
                due_at=due_at,
                created_at=world.network.now(),
            )
        )
        await connection.execute(
            update(leads).where(leads.c.id == lead_id).values(callback_at=due_at)
        )


def rings_for(view: AgentView) -> int | None:
    return view.call.lead_id if view.ringing and view.call else None


async def test_a_boxed_lead_rings_with_its_owner_held_and_is_his(world: World) -> None:
    lead_id = await with_own_lead(world)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: len(world.network.customers) == 1, within=5)
    assert (world.agent(0).state, rings_for(world.agent(0))) == (AgentState.RESERVED, lead_id)
    assert world.agent(1).state is AgentState.READY
    await world.until(lambda: world.agent(0).state is AgentState.ON_CALL)
    assert not world.agent(0).ringing
    (told,) = await world.wind_down_after(60)
    assert (told.outcome, told.user_id) == (CallOutcome.CONNECTED, world.agents[0])
    assert world.network.talked[told.call_id] == ["phone1"]


async def test_while_its_owner_is_not_there_nobody_calls_it(world: World) -> None:
    await with_own_lead(world)
    await world.controller.floor.go_ready(world.agents[1])
    await world.run_campaign()
    await world.sleep(60)
    assert world.dialled() == []
    await world.controller.floor.go_ready(world.agents[0])
    await world.until(lambda: len(world.dialled()) == 1, within=5)
    await world.wind_down()


async def test_an_owner_whose_lead_does_not_answer_is_free_again(world: World) -> None:
    await with_own_lead(world, customer=Customer(answers=None, refuses=5.0))
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: rings_for(world.agent(0)) is not None)
    await world.until(lambda: world.agent(0).state is AgentState.READY, within=10)
    (told,) = await world.wind_down()
    assert (told.outcome, told.user_id) == (CallOutcome.BUSY, None)


@pytest.mark.parametrize("leaves", ["away", "out", "phone"])
async def test_an_owner_who_leaves_while_it_rings_takes_the_call_with_him(
    world: World, leaves: str
) -> None:
    lead_id = await with_own_lead(world)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: rings_for(world.agent(0)) is not None)
    await world.sleep(2)
    match leaves:
        case "away":
            await world.controller.floor.go_away(world.agents[0], "lunch")
        case "out":
            await world.controller.floor.log_out(world.agents[0])
        case "phone":
            world.network.lose_phone("phone1")
    await world.until(lambda: not world.network.customers, within=0.2)
    gone = AgentState.AWAY if leaves == "away" else AgentState.OFFLINE
    assert world.agent(0).state is gone
    (told,) = await world.wind_down()
    assert told.outcome == CallOutcome.CANCELLED
    assert await world.attempts(lead_id) == 0
    assert world.agent(0).state is gone


async def test_the_owner_may_take_it_back_himself(world: World) -> None:
    lead_id = await with_own_lead(world)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: rings_for(world.agent(0)) is not None)
    await world.sleep(2)
    await world.controller.floor.hang_up(world.agents[0])
    await world.until(lambda: world.agent(0).state is AgentState.READY, within=1)
    (told,) = await world.wind_down()
    assert told.outcome == CallOutcome.CANCELLED
    assert await world.attempts(lead_id) == 0


async def test_a_pause_frees_the_owner(world: World) -> None:
    await with_own_lead(world)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: rings_for(world.agent(0)) is not None)
    await world.controller.campaigns.pause("autumn", by=world.admin)
    await world.until(lambda: world.agent(0).state is AgentState.READY, within=1)
    await world.wind_down()


@pytest.mark.parametrize("away_seconds", [0.0, 5.0, 30.0])
async def test_after_a_crash_the_owner_is_held_still(world: World, away_seconds: float) -> None:
    await with_own_lead(world)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: rings_for(world.agent(0)) is not None)
    await world.sleep(2)
    await world.kill()
    await world.sleep(away_seconds)
    await world.start()
    rings_still = away_seconds < 15
    assert (rings_for(world.agent(0)) is not None) == rings_still
    (told,) = await world.wind_down_after(60)
    assert told.user_id == (world.agents[0] if rings_still else None)
    assert (told.outcome == CallOutcome.CONNECTED) == rings_still
    assert world.states() == [AgentState.READY] * 2


async def test_a_callback_of_a_user_waits_for_its_time_and_for_him(world: World) -> None:
    await world.open(agents=2, leads=1)
    (lead_id,) = world.numbers
    await callback(world, lead_id, user_id=world.agents[1], seconds=100)
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(95)
    assert world.dialled() == []
    await world.until(lambda: rings_for(world.agent(1)) == lead_id, within=15)
    (told,) = await world.wind_down_after(60)
    assert told.user_id == world.agents[1]


async def test_own_calls_wait_for_the_lines_that_are_on_their_way(world: World) -> None:
    """One agent, and a call that rings for him already: he is not taken away from it."""
    await with_own_lead(world, agents=1, only_his=False, customer=Customer(answers=8.0))
    async with world.database.write() as connection:
        await connection.execute(update(leads).values(next_attempt_at=None))
    first = next(iter(world.numbers))
    await callback(world, first, user_id=world.agents[0], seconds=3)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: len(world.dialled()) == 1)
    assert not world.agent(0).ringing
    await world.until(lambda: rings_for(world.agent(0)) == first, within=120)
    told = await world.wind_down()
    assert CallOutcome.ABANDONED not in {call.outcome for call in told}


async def test_a_phone_that_is_rung_per_call_is_rung_first(world: World) -> None:
    await with_own_lead(world, phone_mode=PhoneMode.PER_CALL, customer=Customer(answers=0.2))
    world.network.phones["phone1"] = AgentPhone(answers=4.0)
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(3)
    assert world.dialled() == []
    (told,) = await world.wind_down_after(120)
    assert (told.outcome, told.user_id) == (CallOutcome.CONNECTED, world.agents[0])
    assert world.network.agents == {}


async def test_a_phone_that_does_not_answer_costs_the_lead_nothing(world: World) -> None:
    lead_id = await with_own_lead(world, phone_mode=PhoneMode.PER_CALL)
    world.network.phones["phone1"] = AgentPhone(answers=None, refuses=3.0)
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(30)
    assert world.dialled() == []
    assert world.agent(0).away_reason == "phone_did_not_answer"
    assert await world.attempts(lead_id) == 0
    await world.wind_down()


async def test_nothing_to_take_lets_the_agent_go(world: World) -> None:
    await world.open(agents=1, leads=1, campaigns=[campaign()])
    await world.all_ready()
    running = world.controller.campaigns.campaign("autumn")
    assert running is not None
    (lead_id,) = world.numbers
    await world.prohibit(world.numbers[lead_id])
    held_calls = HeldCalls(world.controller.floor.held, world.controller.calls)

    async def take() -> ClaimedCall | Refused:
        assert world.agent().state is AgentState.RESERVED
        return await claim_lead(world.database, running.claim_request, lead_id, world.network.now())

    user_id = UserId(world.agents[0])
    answer = await held_calls.call(user_id, running, take, workgroup_ids=running.workgroup_ids)
    assert isinstance(answer, Refused)
    assert world.agent().state is AgentState.READY
    await world.wind_down()
