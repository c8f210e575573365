"""Database, telephony or controller fail in the middle of the work."""

import pytest

from dialer.messages import CustomerAnswered, CustomerGone
from dialer.rules.agent_state import AgentState
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.pacing import NotDialling
from tests.fakes.telephony import Customer
from tests.simulation.test_dialling import everyone_differs
from tests.simulation.world import World, campaign


async def test_without_the_database_nothing_is_dialled_and_no_history_is_lost(
    world: World,
) -> None:
    await world.open(agents=3, leads=60, customer=everyone_differs)
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(60)
    world.database.away = True
    await world.sleep(3)
    dialled = len(world.dialled())
    await world.sleep(120)
    assert len(world.dialled()) == dialled
    assert world.controller.campaigns.live("autumn").note is NotDialling.DATABASE_DOWN
    world.database.away = False
    await world.sleep(60)
    assert len(world.dialled()) > dialled
    await world.wind_down()


async def test_a_commit_that_went_through_unheard_is_not_counted_twice(world: World) -> None:
    """A call that we took back before an answer gives its attempt back: once."""
    await world.open(
        agents=1,
        leads=1,
        customer=lambda e164, attempt: Customer(answers=None),
        campaigns=[campaign(call_limit=1)],
    )
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: len(world.network.customers) == 1)
    await world.sleep(10)
    (lead,) = world.numbers
    assert await world.attempts(lead) == 1
    world.database.unheard_commits = 1
    running = world.controller.campaigns.campaign("autumn")
    assert running is not None
    world.controller.calls.cancel_unanswered(running.campaign_id)
    await world.sleep(15)
    assert world.database.unheard_commits == 0
    assert await world.attempts(lead) == 0
    (told,) = await world.wind_down()
    assert told.outcome == CallOutcome.CANCELLED


@pytest.mark.parametrize("away_seconds", [2.0, 30.0, 200.0])
async def test_what_happened_while_the_connection_was_broken_is_found(
    world: World, away_seconds: float
) -> None:
    await world.open(
        agents=4,
        leads=60,
        customer=everyone_differs,
        campaigns=[campaign(mode="power", lines_per_agent=2.0)],
    )
    await world.all_ready()
    await world.run_campaign()
    for _ in range(5):
        await world.sleep(47)
        world.network.disconnect()
        await world.sleep(0.1)
        dialled = len(world.dialled())
        assert world.controller.campaigns.live("autumn").note is NotDialling.TELEPHONY_DOWN
        await world.sleep(away_seconds)
        assert len(world.dialled()) == dialled
        world.network.connect(world.telephony)
    await world.sleep(60)
    await world.wind_down()
    assert world.states() == [AgentState.READY] * 4


async def test_events_lost_on_a_standing_connection_are_found(world: World) -> None:
    await world.open(agents=2, leads=20)
    lost = {CustomerGone: 2, CustomerAnswered: 1}

    def lose(event: object) -> bool:
        left = lost.get(type(event), 0)
        lost[type(event)] = left - 1
        return bool(left > 0)

    world.telephony.lost_events = lose
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(300)
    await world.wind_down()
    assert world.states() == [AgentState.READY] * 2


async def test_asterisk_dies_and_comes_back(world: World) -> None:
    await world.open(agents=3, leads=60, customer=everyone_differs)
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(100)
    world.network.crash()
    await world.sleep(5)
    world.network.connect(world.telephony)
    await world.sleep(5)
    # Their phones rang no more: who wants to go on comes back.
    assert set(world.states()) <= {AgentState.OFFLINE, AgentState.AFTER_CALL_WORK}
    await world.sleep(10)
    dialled = len(world.dialled())
    await world.all_ready()
    await world.sleep(60)
    assert len(world.dialled()) > dialled
    await world.wind_down()


async def test_a_live_conversation_goes_on_when_the_controller_is_killed(world: World) -> None:
    await world.open(
        agents=1, leads=3, customer=lambda e164, attempt: Customer(answers=3.0, patience=90.0)
    )
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.agent().state is AgentState.ON_CALL)
    call = world.agent().call
    assert call is not None
    await world.sleep(5)
    await world.kill()
    await world.sleep(20)
    assert call.call_id in world.network.customers
    await world.start()
    assert world.agent().state is AgentState.ON_CALL
    await world.until(lambda: call.call_id not in world.network.customers)
    told = {one.call_id: one for one in await world.wind_down()}
    ended = told[call.call_id]
    assert ended.outcome == CallOutcome.CONNECTED
    assert ended.user_id == world.agents[0]
    assert world.network.talked[call.call_id] == ["phone1"]


async def test_a_conversation_that_ended_unwatched_ends_with_its_recording(world: World) -> None:
    await world.open(
        agents=1, leads=1, customer=lambda e164, attempt: Customer(answers=3.0, patience=20.0)
    )
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.agent().state is AgentState.ON_CALL)
    await world.sleep(1)
    await world.kill()
    await world.sleep(60)
    await world.start()
    (told,) = await world.wind_down()
    assert told.outcome == CallOutcome.CONNECTED
    assert told.estimated
    assert told.ended_at == world.network.recordings.ended[told.call_id]


@pytest.mark.parametrize("seed", range(4))
async def test_killed_again_and_again_nobody_is_called_twice(world: World, seed: int) -> None:
    await world.open(
        agents=4,
        leads=80,
        customer=lambda e164, attempt: everyone_differs(f"{e164} {seed}", attempt),
        campaigns=[campaign(mode="power", lines_per_agent=2.0)],
    )
    await world.all_ready()
    await world.run_campaign()
    for number in range(6):
        await world.sleep(11.003 + 7.31 * number + seed * 0.917)
        await world.kill()
        await world.sleep((0.0, 1.0, 10.0, 40.0)[(number + seed) % 4])
        await world.start()
    await world.sleep(60)
    await world.wind_down()
    assert world.states() == [AgentState.READY] * 4


async def test_a_hang_up_that_was_lost_is_said_again(world: World) -> None:
    await world.open(
        agents=1, leads=1, customer=lambda e164, attempt: Customer(answers=3.0, patience=1000.0)
    )
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.agent().state is AgentState.ON_CALL)
    world.network.disconnect()
    await world.controller.floor.hang_up(world.agents[0])
    await world.sleep(30)
    assert len(world.network.customers) == 1
    world.network.connect(world.telephony)
    await world.until(lambda: not world.network.customers, within=2)
    await world.wind_down()


async def test_nobody_is_called_whose_conversation_could_not_be_recorded(world: World) -> None:
    await world.open(agents=2, leads=6)
    await world.all_ready()
    world.network.recordings.full = True
    await world.run_campaign()
    await world.sleep(100)
    assert world.dialled() == []
    world.network.recordings.full = False
    await world.sleep(100)
    assert len(world.dialled()) > 2
    told = await world.wind_down()
    assert {call.outcome for call in told} == {CallOutcome.FAILED, CallOutcome.CONNECTED}
    # What failed on our side cost no lead an attempt.
    for lead, number in world.numbers.items():
        assert await world.attempts(lead) == world.dialled().count(number)


async def test_a_recording_waits_for_room_on_the_disk(world: World) -> None:
    await world.open(agents=1, leads=1, campaigns=[campaign(call_limit=1)])
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.agent().state is AgentState.ON_CALL)
    world.network.recordings.full = True
    await world.sleep(100)
    assert world.network.recordings.finished == set()
    world.network.recordings.full = False
    await world.wind_down()


async def test_a_campaign_that_is_paused_in_the_middle_of_a_claim_leaves_no_call_behind(
    world: World,
) -> None:
    await world.open(agents=4, leads=200, campaigns=[campaign(mode="power", lines_per_agent=4.0)])
    await world.all_ready()
    for _ in range(25):
        await world.run_campaign()
        await world.controller.campaigns.pause("autumn", by=world.admin)
        await world.sleep(0.05)
    await world.wind_down()


async def test_a_runner_that_fails_is_replaced(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.open(agents=1, leads=5)
    await world.all_ready()

    def mistaken(snapshot: object) -> int:
        monkeypatch.undo()
        raise ZeroDivisionError

    monkeypatch.setattr("dialer.campaign_runner.lines_to_dial", mistaken)
    await world.run_campaign()
    await world.sleep(5)
    assert len(world.dialled()) == 1
    await world.wind_down()
