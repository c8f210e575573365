"""A campaign's own rules for outcomes and results, from its settings to the next call."""

from dialer.campaign import ResultRetrySettings, RetrySettings
from dialer.rules.agent_state import AgentState
from dialer.rules.hangup_cause import CallOutcome
from tests.fakes.telephony import Customer
from tests.simulation.world import World, answers_and_talks, campaign


def busy(e164: str, attempt: int) -> Customer:
    return Customer(answers=None, refuses=2.0)


async def test_a_result_is_followed_up_as_the_campaign_says(world: World) -> None:
    retries = RetrySettings(
        max_attempts=9,
        delay_minutes={CallOutcome.CONNECTED: 1},
        results={"担当者不在": ResultRetrySettings(delay_minutes=2, limit=2)},
    )
    await world.open(
        agents=1, leads=1, customer=answers_and_talks, campaigns=[campaign(retries=retries)]
    )
    await world.all_ready()
    await world.run_campaign()
    for number in (1, 2):
        await world.until(lambda: world.agent().state is AgentState.ON_CALL, within=180)
        call = world.agent().call
        assert call is not None
        assert len(world.dialled()) == number
        await world.controller.floor.save_result(
            world.agents[0], call.call_id, result_id=await world.result("5"), memo=""
        )
        await world.until(lambda: world.agent().state is AgentState.READY)
    await world.sleep(180)
    assert len(world.dialled()) == 2
    await world.wind_down()


async def test_a_number_that_is_busy_again_and_again_is_given_up(world: World) -> None:
    retries = RetrySettings(
        max_attempts=9, delay_minutes={CallOutcome.BUSY: 1}, limits={CallOutcome.BUSY: 3}
    )
    await world.open(agents=1, leads=1, customer=busy, campaigns=[campaign(retries=retries)])
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(300)
    assert len(world.dialled()) == 3
    told = await world.wind_down()
    assert {one.outcome for one in told} == {CallOutcome.BUSY}
