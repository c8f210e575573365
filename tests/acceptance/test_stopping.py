"""A telephone that must not ring any longer stops ringing, at once."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import mybox, prohibitions
from dialer.lead_facts import leads_with
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.tables import leads
from tests.acceptance.call_rows import CallRow
from tests.acceptance.installation import Installation, dialled, number, wait_for
from tests.acceptance.sip_phone import PhoneCall

pytestmark = pytest.mark.real

Act = Callable[[Installation, str], Awaitable[None]]


async def the_last_agent_goes_away(kakeru: Installation, e164: str) -> None:
    await kakeru.running.controller.floor.go_away(kakeru.users[0].id, "lunch")


async def the_last_agent_logs_out(kakeru: Installation, e164: str) -> None:
    await kakeru.running.controller.floor.log_out(kakeru.users[0].id)


async def the_last_agents_phone_is_lost(kakeru: Installation, e164: str) -> None:
    await kakeru.carrier.hang_up_agent("agent0")


async def the_campaign_is_paused(kakeru: Installation, e164: str) -> None:
    await kakeru.running.controller.campaigns.pause("people", by=kakeru.users[0].id)


async def the_number_is_prohibited(kakeru: Installation, e164: str) -> None:
    await prohibit(kakeru, e164)
    kakeru.running.live.publish("prohibited", {"numbers": [e164]})


# What follows is only committed, as another process does it: nobody tells the controller.


async def another_process_prohibits_the_number(kakeru: Installation, e164: str) -> None:
    await prohibit(kakeru, e164)


async def another_process_boxes_the_lead(kakeru: Installation, e164: str) -> None:
    async with kakeru.database.write() as connection:
        await mybox.put(
            connection,
            lead_id=await lead_with(connection, e164),
            user_id=kakeru.users[0].id,
            now=datetime.now(UTC),
        )


async def another_process_deletes_the_lead(kakeru: Installation, e164: str) -> None:
    async with kakeru.database.write() as connection:
        lead_id = await lead_with(connection, e164)
        await connection.execute(
            update(leads).where(leads.c.id == lead_id).values(deleted_at=datetime.now(UTC))
        )


async def another_process_pauses_the_campaign(kakeru: Installation, e164: str) -> None:
    await kakeru.set_state("people", "paused")


STOPS: tuple[Act, ...] = (
    the_last_agent_goes_away,
    the_last_agent_logs_out,
    the_last_agents_phone_is_lost,
    the_campaign_is_paused,
    the_number_is_prohibited,
    another_process_prohibits_the_number,
    another_process_boxes_the_lead,
    another_process_deletes_the_lead,
    another_process_pauses_the_campaign,
)
ONLY_THIS_ONE = frozenset(
    {
        the_number_is_prohibited,
        another_process_prohibits_the_number,
        another_process_boxes_the_lead,
        another_process_deletes_the_lead,
    }
)


async def lead_with(connection: AsyncConnection, e164: str) -> int:
    (lead_id,) = await leads_with(connection, [e164])
    return lead_id


async def prohibit(kakeru: Installation, *e164s: str) -> None:
    async with kakeru.database.write() as connection:
        await prohibitions.prohibit(
            connection,
            e164s=e164s,
            workgroup_ids=kakeru.users[0].workgroup_ids,
            now=datetime.now(UTC),
        )


async def rings(call: PhoneCall) -> None:
    call.ring()
    await call.ended.wait()


async def stop_ringing(act: Act, building: asyncio.Lock) -> tuple[CallRow, CallRow]:
    """The call, and one to a number that nobody minds; how long it took is printed."""
    async with AsyncExitStack() as stack:
        async with building:  # migrations of two databases at once get in each other's way
            kakeru = await stack.enter_async_context(Installation(agents=1))
        kakeru.people.script = rings
        other, e164 = number(), number()
        await kakeru.all_ready()
        await kakeru.start("people")
        await kakeru.add_leads("people", [other, e164])
        for each in (other, e164):
            await kakeru.row_when(each, lambda row: row.ringing_at is not None)
        begun = asyncio.get_running_loop().time()
        await act(kakeru, e164)
        committed = asyncio.get_running_loop().time()
        call = kakeru.people.call_to(dialled(e164))
        await wait_for("the telephone is silent", call.cancelled.is_set, seconds=5)
        silent = asyncio.get_running_loop().time()
        print(
            f"{act.__name__}: silent {(silent - committed) * 1000:.0f} ms after the commit, "
            f"{(silent - begun) * 1000:.0f} ms after it was begun"
        )
        row = await kakeru.settled(e164, seconds=3)
        await asyncio.sleep(1.2)  # longer than the runner's pause between two looks
        assert len(kakeru.people.calls[dialled(e164)]) == 1
        return row, await kakeru.row_when(other, lambda _: True)


@pytest.fixture(scope="module")
def stopped() -> dict[Act, tuple[CallRow, CallRow]]:
    async def all_at_once() -> dict[Act, tuple[CallRow, CallRow]]:
        building = asyncio.Lock()
        results = await asyncio.gather(*(stop_ringing(act, building) for act in STOPS))
        return dict(zip(STOPS, results, strict=True))

    return asyncio.run(all_at_once())


@pytest.mark.parametrize("act", STOPS, ids=lambda act: act.__name__)
def test_it_stops_ringing_when(act: Act, stopped: dict[Act, tuple[CallRow, CallRow]]) -> None:
    row, other = stopped[act]
    assert (row.outcome, row.hung_up_by) == (CallOutcome.CANCELLED, "system")
    assert row.lead_attempts == 0  # it was not the person who did not answer
    assert (other.outcome == CallOutcome.CANCELLED) == (act not in ONLY_THIS_ONE)
