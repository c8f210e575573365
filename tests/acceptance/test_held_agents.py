"""An agent's own lead and a call by hand, on a real Asterisk: he is held while it rings."""

import asyncio

import pytest

from dialer import mybox
from dialer.claiming import ClaimedCall
from dialer.lead_facts import leads_with
from dialer.rules.agent_state import AgentState
from dialer.rules.eligibility import Refusal, Refused
from dialer.rules.hangup_cause import CallOutcome
from tests.acceptance.call_rows import CallRow
from tests.acceptance.installation import Installation, dialled, number, wait_for
from tests.acceptance.sip_phone import PhoneCall
from tests.fakes.clock import NOON

pytestmark = pytest.mark.real


async def rings_and_answers(call: PhoneCall) -> None:
    call.ring()
    await asyncio.sleep(1.5)
    await call.answer()
    await asyncio.sleep(1.0)
    await call.hang_up()


async def lead_with(kakeru: Installation, e164: str) -> int:
    async with kakeru.database.read() as connection:
        (lead_id,) = await leads_with(connection, [e164])
    return lead_id


def rings_for(kakeru: Installation, index: int) -> bool:
    agent = kakeru.running.controller.floor.agent(kakeru.users[index].id)
    return agent is not None and agent.ringing and agent.call is not None


async def the_owner(kakeru: Installation) -> tuple[CallRow, bool]:
    """The call to a lead in the second agent's box, and whether it rang with him held."""
    e164 = number()
    await kakeru.add_leads("people", [e164])
    async with kakeru.database.write() as connection:
        await mybox.put(
            connection,
            lead_id=await lead_with(kakeru, e164),
            user_id=kakeru.users[1].id,
            now=NOON,
        )
    await kakeru.start("people")
    await kakeru.row_when(e164, lambda row: row.ringing_at is not None)
    held = rings_for(kakeru, 1)
    return await kakeru.settled(e164), held


async def by_hand(kakeru: Installation) -> tuple[CallRow, bool, Refused | ClaimedCall]:
    """The call that the first agent makes, and what the second is told about its lead."""
    e164 = number()
    await kakeru.set_state("people", "paused")
    await kakeru.wait_for_floor("ready")
    await kakeru.add_leads("people", [e164])
    lead_id = await lead_with(kakeru, e164)
    dial = kakeru.running.controller.manual_calls.dial
    assert isinstance(await dial(kakeru.users[0].id, lead_id), ClaimedCall)
    await kakeru.row_when(e164, lambda row: row.ringing_at is not None)
    held = rings_for(kakeru, 0)
    refused = await dial(kakeru.users[1].id, lead_id)
    return await kakeru.settled(e164), held, refused


async def taken_back(kakeru: Installation) -> CallRow:
    """The agent goes away while the call that he made rings."""
    e164 = number()
    kakeru.people.script = rings_on
    await kakeru.wait_for_floor("ready")
    await kakeru.add_leads("people", [e164])
    await kakeru.running.controller.manual_calls.dial(
        kakeru.users[0].id, await lead_with(kakeru, e164)
    )
    await kakeru.row_when(e164, lambda row: row.ringing_at is not None)
    await kakeru.running.controller.floor.go_away(kakeru.users[0].id, "lunch")
    call = kakeru.people.call_to(dialled(e164))
    await wait_for("the telephone is silent", call.cancelled.is_set, seconds=5)
    agent = kakeru.running.controller.floor.agent(kakeru.users[0].id)
    assert agent is not None
    assert agent.state is AgentState.AWAY
    return await kakeru.settled(e164)


async def rings_on(call: PhoneCall) -> None:
    call.ring()
    await call.ended.wait()


async def test_whoever_is_held_gets_the_call_and_nobody_else() -> None:
    campaigns = {"people": {"retries": {"max_attempts": 3}}}
    async with Installation(agents=2, campaigns=campaigns) as kakeru:
        kakeru.people.script = rings_and_answers
        await kakeru.all_ready()
        row, held = await the_owner(kakeru)
        assert held
        assert (row.outcome, row.user_id) == (CallOutcome.CONNECTED, kakeru.users[1].id)
        print(f"owner joined {row.to_agent_ms:.0f} ms after the answer")
        row, held, refused = await by_hand(kakeru)
        assert held
        assert (row.outcome, row.user_id) == (CallOutcome.CONNECTED, kakeru.users[0].id)
        assert refused == Refused(Refusal.IN_CALL)
        print(f"by hand joined {row.to_agent_ms:.0f} ms after the answer")
        row = await taken_back(kakeru)
        assert (row.outcome, row.lead_attempts) == (CallOutcome.CANCELLED, 0)
