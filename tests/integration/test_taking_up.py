"""What a new run of the program finds of the calls and agents that an earlier one left."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.agent_profiles import stored_agents, write_agents
from dialer.campaign import CampaignSettings
from dialer.messages import CallId, LegId, UserId
from dialer.rules.agent_state import Agent, AgentState, PhoneMode
from dialer.rules.call_state import Phase
from dialer.rules.hangup_cause import CallOutcome
from dialer.running_campaign import RunningCampaign, load_campaign
from dialer.storage.engine import Database
from dialer.storage.tables import calls
from dialer.taking_up import calls_of_agents, open_calls
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

AUTUMN = CampaignSettings(
    name="autumn", project="光回線", workgroups=["東京"], trunk="carrier", caller_ids=["0312345678"]
)
LEG = LegId(uuid4())
ANSWERED = {"answered_at": NOON + timedelta(seconds=5)}
JOINED = ANSWERED | {"connected_at": NOON + timedelta(seconds=5)}


async def _left_open(
    connection: AsyncConnection, **changes: Any
) -> tuple[SmallWorld, RunningCampaign, CallId]:
    world = await build_small_world(connection)
    lead_id = await add_lead(connection, world.project_id, "+81352542287")
    with_agent = world.suzuki if "answered_at" in changes else None
    call_id = CallId(await add_call(connection, world, lead_id, outcome=None, user=with_agent))
    if changes:
        await connection.execute(update(calls).values(changes))
    return world, await load_campaign(connection, AUTUMN), call_id


def _agent(world: SmallWorld, state: AgentState, call_id: CallId | None) -> Agent:
    return Agent(UserId(world.suzuki.id), PhoneMode.HELD, NOON, state, leg_id=LEG, call_id=call_id)


@pytest.mark.parametrize(
    ("changes", "agent_there", "phase"),
    [
        ({"dialled_at": None, "ringing_at": None}, False, Phase.DIALLING),
        ({"ringing_at": None}, False, Phase.DIALLING),
        ({}, False, Phase.RINGING),
        (ANSWERED, True, Phase.CONNECTING),
        # Comparing with Asterisk tells that it is answered, and an agent is looked for afresh.
        (ANSWERED, False, Phase.RINGING),
        (JOINED, True, Phase.TALKING),
        (JOINED, False, Phase.TALKING),
        (JOINED | {"hung_up_by": "agent"}, True, Phase.LEAVING),
        ({"hung_up_by": "system"}, False, Phase.LEAVING),
    ],
)
async def test_an_open_call_is_taken_up_where_it_was(
    database: Database, changes: dict[str, Any], agent_there: bool, phase: Phase
) -> None:
    async with database.write() as connection:
        world, campaign, call_id = await _left_open(connection, **changes)
        if agent_there:
            await write_agents(connection, [_agent(world, AgentState.ON_CALL, call_id)])
        sessions, strangers = await open_calls(connection, [campaign])
    assert strangers == []
    (session,) = sessions
    call = session.state
    assert (call.call_id, call.phase) == (call_id, phase)
    assert call.dialled_at == NOON
    assert call.leg_id == (LEG if agent_there else None)
    assert session.lead.attempt == 1
    assert session.e164 == "+81352542287"


async def test_calls_we_ended_ourselves_keep_why(database: Database) -> None:
    async with database.write() as connection:
        _, campaign, _ = await _left_open(connection, hung_up_by="system")
        ((cancelled,), _) = await open_calls(connection, [campaign])
        assert (cancelled.state.cancelled, cancelled.state.abandoned) == (True, False)
        await connection.execute(update(calls).values(ANSWERED))
        ((abandoned,), _) = await open_calls(connection, [campaign])
        assert (abandoned.state.cancelled, abandoned.state.abandoned) == (False, True)


async def test_ended_calls_are_left_alone_and_those_without_a_campaign_named(
    database: Database,
) -> None:
    async with database.write() as connection:
        world, campaign, call_id = await _left_open(connection)
        ended = await add_lead(connection, world.project_id, "+81352542288")
        await add_call(connection, world, ended, e164="+81352542288", outcome=CallOutcome.NO_ANSWER)
        assert await open_calls(connection, []) == ([], [call_id])
        sessions, _ = await open_calls(connection, [campaign])
        assert [session.state.call_id for session in sessions] == [call_id]


@pytest.mark.parametrize("state", list(AgentState))
async def test_agents_come_back_as_they_were(database: Database, state: AgentState) -> None:
    async with database.write() as connection:
        world, campaign, call_id = await _left_open(connection, **JOINED)
        await write_agents(connection, [_agent(world, state, call_id)])
        agents = await stored_agents(connection)
        if state is AgentState.OFFLINE:
            assert agents == []
            return
        (agent,) = agents
        found = await calls_of_agents(connection, agents, {"autumn": campaign})
    assert (agent.state, agent.leg_id, agent.call_id) == (state, LEG, call_id)
    assert agent.result_required
    assert not agent.leg_answered
    assert found[agent.user_id].campaign == "autumn"
    assert found[agent.user_id].after_call_work_seconds == 60
    assert found[agent.user_id].connected_at == NOON + timedelta(seconds=5)


async def test_agents_without_calls_have_none(database: Database) -> None:
    async with database.write() as connection:
        world, campaign, _ = await _left_open(connection)
        await write_agents(connection, [_agent(world, AgentState.READY, None)])
        agents = await stored_agents(connection)
        assert await calls_of_agents(connection, agents, {"autumn": campaign}) == {}
