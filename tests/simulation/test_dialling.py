"""Whole campaigns: who is called, how often, how fast, and for whom."""

import random
from datetime import timedelta
from typing import Any

import pytest

from dialer.claiming import Claim, claim
from dialer.rules.agent_state import AgentState, PhoneMode
from dialer.rules.calling_hours import WEEKDAYS
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.pacing import NotDialling
from tests.fakes.clock import NOON
from tests.fakes.telephony import AgentPhone, Customer
from tests.simulation.world import TRUNK, World, campaign


def everyone_differs(e164: str, attempt: int) -> Customer:
    """By number and attempt, the same in every run."""
    chance = random.Random(f"{e164} {attempt}")
    match chance.random():
        case kind if kind < 0.35:
            return Customer(answers=chance.uniform(2, 15), patience=chance.uniform(0.2, 120))
        case kind if kind < 0.5:
            return Customer(answers=None, refuses=chance.uniform(0.1, 4), cause=17)
        case kind if kind < 0.6:
            return Customer(rings=None, answers=None, refuses=0.3, cause=1)
        case _:
            return Customer(answers=None)


async def test_an_hour_of_a_power_campaign_keeps_every_rule(world: World) -> None:
    await world.open(
        agents=4,
        leads=160,
        customer=everyone_differs,
        campaigns=[campaign(mode="power", lines_per_agent=2.0)],
    )
    leads = list(world.numbers)
    await world.prohibit(*(world.numbers[lead] for lead in leads[:10]))
    for lead in leads[10:20]:
        await world.box(lead, world.agents[0])
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(3600)
    told = await world.wind_down()
    assert len(told) > 150
    assert {call.lead_id for call in told}.isdisjoint(leads[:10])
    assert set(world.dialled()).isdisjoint(world.numbers[lead] for lead in leads[:10])
    # What is in the first agent's box is called, but for nobody else.
    his = [call for call in told if call.lead_id in leads[10:20]]
    assert {call.lead_id for call in his} == set(leads[10:20])
    assert {call.user_id for call in his} <= {world.agents[0], None}
    assert CallOutcome.ABANDONED not in {call.outcome for call in his}
    assert {call.outcome for call in told} >= {
        CallOutcome.CONNECTED,
        CallOutcome.NO_ANSWER,
        CallOutcome.BUSY,
        CallOutcome.UNREACHABLE,
    }
    assert world.states() == [AgentState.READY] * 4


async def test_several_campaigns_share_their_agents(world: World) -> None:
    both = [campaign("autumn", mode="power", lines_per_agent=3.0), campaign("winter")]
    await world.open(agents=3, leads=80, customer=everyone_differs, campaigns=both)
    await world.all_ready()
    for one in both:
        await world.run_campaign(one.name)
    await world.sleep(600)
    told = await world.wind_down()
    assert sum(call.outcome == CallOutcome.CONNECTED for call in told) > 5


async def test_a_trial_ends_at_its_call_limit(world: World) -> None:
    await world.open(agents=3, leads=20, campaigns=[campaign(call_limit=7)])
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(300)
    assert world.controller.campaigns.live("autumn").note is NotDialling.CALL_LIMIT
    assert len(world.dialled()) == 7
    await world.wind_down()


async def test_a_trunks_calls_per_second_and_channels_are_never_exceeded(world: World) -> None:
    world.channels, world.calls_per_second = 6, 2.0
    both = [campaign("autumn", mode="power", lines_per_agent=4.0), campaign("winter")]
    await world.open(agents=5, leads=120, customer=everyone_differs, campaigns=both)
    await world.all_ready()
    for one in both:
        await world.run_campaign(one.name)
    await world.sleep(120)
    times = [dial.at for dial in world.network.dials]
    assert len(times) > 20
    for first, third in zip(times, times[3:], strict=False):
        # Two a second, and one that was saved up.
        assert (third - first).total_seconds() >= 0.95
    await world.wind_down()
    assert world.network.busiest[TRUNK] == 6


async def test_at_the_abandonment_limit_one_line_per_agent_is_dialled(world: World) -> None:
    """Everyone answers at once and nobody has time for the second of two."""
    await world.open(
        agents=2,
        leads=120,
        customer=lambda e164, attempt: Customer(answers=3.0, patience=20.0),
        campaigns=[campaign(mode="power", lines_per_agent=2.0)],
    )
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(900)
    live = world.controller.campaigns.live("autumn")
    assert live.lines_per_agent_now == 1.0
    abandoned = [call for call in await world.history() if call.outcome == CallOutcome.ABANDONED]
    assert 5 < len(abandoned) < 25
    assert {call.call_id for call in abandoned} <= world.network.heard_message
    dialled = len(world.dialled())
    await world.sleep(300)
    again = [call for call in await world.history() if call.outcome == CallOutcome.ABANDONED]
    assert len(again) == len(abandoned)
    assert len(world.dialled()) > dialled
    await world.wind_down()


async def test_a_phone_rung_per_call_that_refuses_passes_the_call_on(world: World) -> None:
    await world.open(
        agents=2,
        leads=3,
        customer=lambda e164, attempt: Customer(answers=3.0, patience=60.0),
        campaigns=[campaign(answer_to_agent_seconds=10.0, call_limit=1)],
        phone_mode=PhoneMode.PER_CALL,
    )
    world.network.phones["phone1"] = AgentPhone(answers=None, refuses=3.0)
    world.network.phones["phone2"] = AgentPhone(answers=1.0)
    await world.all_ready()
    await world.run_campaign()
    (told,) = await world.wind_down_after(60)
    assert told.outcome == CallOutcome.CONNECTED
    assert world.network.talked[told.call_id] == ["phone2"]
    assert world.states() == [AgentState.AWAY, AgentState.READY]
    assert world.agent(0).away_reason == "phone_did_not_answer"


async def test_an_agent_whose_phone_rings_too_long_gets_no_more_calls(world: World) -> None:
    """Otherwise one call after the other would be abandoned for him."""
    await world.open(
        agents=1, leads=9, customer=lambda e164, attempt: Customer(), phone_mode=PhoneMode.PER_CALL
    )
    world.network.phones["phone1"] = AgentPhone(answers=None)
    await world.all_ready()
    await world.run_campaign()
    (told,) = await world.wind_down_after(60)
    assert told.outcome == CallOutcome.ABANDONED
    assert world.agent(0).state is AgentState.AWAY
    assert world.network.agents == {}


async def test_outside_hours_it_says_when_it_opens_and_does_not_claim_all_night(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is noon; calls are made from a quarter past."""
    hours = {"weekdays": dict.fromkeys(WEEKDAYS, "12:15-21:00")}
    await world.open(agents=1, leads=1, campaigns=[campaign(hours=hours)])
    await world.all_ready()
    claims: list[int] = []

    async def counted(*asked: Any) -> Claim:
        claims.append(1)
        return await claim(*asked)

    monkeypatch.setattr("dialer.patient_claims.claim", counted)
    await world.run_campaign()
    await world.sleep(600)
    live = world.controller.campaigns.live("autumn")
    opening = NOON + timedelta(minutes=15)
    assert (live.note, live.retry_at) == (NotDialling.OUTSIDE_HOURS, opening)
    assert 55 <= len(claims) <= 61
    assert world.dialled() == []
    await world.until(lambda: len(world.dialled()) == 1, within=3600)
    assert timedelta(0) <= world.network.dials[0].at - opening < timedelta(seconds=2)
    await world.wind_down()


async def test_when_no_lead_may_be_called_it_says_when_the_next_may(world: World) -> None:
    await world.open(
        agents=1, leads=1, customer=lambda e164, attempt: Customer(answers=None, refuses=2.0)
    )
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: len(world.dialled()) == 1)
    await world.sleep(30)
    live = world.controller.campaigns.live("autumn")
    assert live.note is NotDialling.NO_LEADS
    assert live.retry_at is not None
    (told,) = await world.history()
    assert told.ended_at is not None
    assert live.retry_at == told.ended_at + timedelta(minutes=5)  # busy
    await world.until(lambda: len(world.dialled()) == 2, within=300)
    assert world.network.dials[1].at - live.retry_at < timedelta(seconds=2)
    await world.wind_down()
