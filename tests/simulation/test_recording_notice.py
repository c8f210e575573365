"""Campaigns whose people are told of the recording before they are joined."""

from dialer.recording_pauses import RecordingSign
from dialer.rules.agent_state import AgentState
from dialer.rules.hangup_cause import CallOutcome
from tests.fakes.telephony import NOTICE_SECONDS, Customer
from tests.simulation.world import World, answers_and_talks, campaign

TOLD = {"recording_notice": "このつうわは、ろくおんします"}


async def test_the_agent_sees_that_the_notice_is_played_and_is_joined_when_it_is_over(
    world: World,
) -> None:
    await world.open(leads=1, campaigns=[campaign(**TOLD)])
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.states() == [AgentState.RESERVED])
    await world.sleep(NOTICE_SECONDS / 2)
    view = world.controller.pauses.view(world.agents[0])
    assert view is not None
    assert view.sign is RecordingSign.NOTICE
    await world.until(lambda: world.states() == [AgentState.ON_CALL])
    [told] = await world.wind_down()
    assert told.outcome == CallOutcome.CONNECTED
    assert told.recording == "ready"


async def test_a_campaign_without_a_notice_is_not_delayed(world: World) -> None:
    await world.open(leads=1, campaigns=[campaign()])
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: bool(world.network.customers))
    [leg] = world.network.customers.values()
    await world.until(lambda: leg.answered)
    await world.until(lambda: world.states() == [AgentState.ON_CALL], within=0.2)


async def test_without_the_notice_nothing_is_recorded(world: World) -> None:
    world.network.notice_is_heard = False
    await world.open(leads=1, campaigns=[campaign(**TOLD)])
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.states() == [AgentState.ON_CALL])
    await world.until(lambda: not world.network.customers)
    await world.sleep(10)
    await world.controller.journal.flushed()
    [told] = await world.history()
    assert told.outcome == CallOutcome.CONNECTED
    assert told.recording is None


async def test_who_hangs_up_while_he_listens_frees_the_agent(world: World) -> None:
    def impatient(e164: str, attempt: int) -> Customer:
        return Customer(answers=4.0, patience=NOTICE_SECONDS / 2)

    await world.open(leads=1, customer=impatient, campaigns=[campaign(**TOLD)])
    await world.all_ready()
    await world.run_campaign()
    [told] = await world.wind_down_after(30)
    assert told.outcome == CallOutcome.HUNG_UP
    assert told.recording is None


async def test_a_kill_while_he_listens_leaves_nobody_stuck(world: World) -> None:
    await world.open(leads=3, customer=answers_and_talks, campaigns=[campaign(**TOLD)])
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.states() == [AgentState.RESERVED])
    await world.sleep(1)
    await world.kill()
    await world.sleep(1)
    await world.start()
    await world.wind_down_after(120)
