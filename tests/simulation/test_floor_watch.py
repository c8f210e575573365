"""What an admin changes about agents, from whatever process, holds while they are on the floor."""

from dialer import user_changes, workgroups
from dialer.rules.agent_state import AgentState
from dialer.rules.hangup_cause import CallOutcome
from dialer.user_changes import Edit
from tests.fakes.telephony import Customer
from tests.simulation.world import World


async def let_go(world: World, user_id: int) -> None:
    """As the command line does it: the controller is told nothing."""
    async with world.database.write() as connection:
        await user_changes.deactivate(
            connection, user_id=user_id, release_leads=True, now=world.network.now(), by=None
        )


def talks_long(e164: str, attempt: int) -> Customer:
    return Customer(answers=4.0, patience=60)


async def test_who_is_let_go_leaves_the_floor_and_gets_no_more_calls(world: World) -> None:
    await world.open(agents=1)
    await world.all_ready()
    await let_go(world, world.agents[0])
    await world.until(lambda: world.agent().state is AgentState.OFFLINE, within=5)
    await world.run_campaign()
    await world.sleep(60)
    assert world.dialled() == []


async def test_who_is_let_go_while_he_talks_leaves_when_the_conversation_is_over(
    world: World,
) -> None:
    await world.open(agents=1, leads=2, customer=talks_long)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.agent().state is AgentState.ON_CALL)
    await let_go(world, world.agents[0])
    await world.sleep(10)
    assert world.agent().state is AgentState.ON_CALL
    await world.until(lambda: world.agent().state is AgentState.OFFLINE, within=120)
    assert len(world.dialled()) == 1
    told = await world.wind_down()
    assert [call.outcome for call in told] == [CallOutcome.CONNECTED]


async def test_who_may_not_call_any_more_leaves_the_floor(world: World) -> None:
    await world.open(agents=1)
    await world.all_ready()
    async with world.database.write() as connection:
        await user_changes.edit_user(
            connection,
            user_id=world.agents[0],
            edit=Edit(may_administer=True, may_call=False),
            now=world.network.now(),
            by=None,
        )
    await world.until(lambda: world.agent().state is AgentState.OFFLINE, within=5)


async def test_another_workgroup_counts_at_once(world: World) -> None:
    await world.open(agents=1)
    await world.all_ready()
    async with world.database.write() as connection:
        now = world.network.now()
        other = await workgroups.create_workgroup(connection, name="others", now=now)
        await user_changes.edit_user(
            connection,
            user_id=world.agents[0],
            edit=Edit(workgroup_ids=[other.id]),
            now=now,
            by=None,
        )
    await world.sleep(5)
    await world.run_campaign()
    await world.sleep(30)
    assert world.dialled() == []
    async with world.database.write() as connection:
        await user_changes.edit_user(
            connection,
            user_id=world.agents[0],
            edit=Edit(workgroup_ids=[world.group_id]),
            now=world.network.now(),
            by=None,
        )
    await world.until(lambda: bool(world.dialled()), within=10)
    await world.wind_down()
