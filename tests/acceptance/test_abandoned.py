"""People who have answered and cannot be joined with an agent."""

import asyncio

import pytest

from dialer.rules.hangup_cause import CallOutcome
from tests.acceptance.audio import seconds_with
from tests.acceptance.installation import (
    MESSAGE_HERTZ,
    MESSAGE_SECONDS,
    Installation,
    dialled,
    number,
    wait_for,
)
from tests.acceptance.sip_phone import PhoneCall

pytestmark = pytest.mark.real


async def test_a_person_who_answers_in_the_moment_of_the_pause_is_let_go() -> None:
    async with Installation(agents=1) as kakeru:

        async def answers(call: PhoneCall) -> None:
            call.ignores_cancel = True
            call.ring()
            await call.cancelled.wait()
            await call.answer()
            async with asyncio.timeout(5):
                await call.ended.wait()

        await kakeru.all_ready()
        await kakeru.start("people")
        e164 = number()
        kakeru.people.scripts[dialled(e164)] = answers
        await kakeru.add_leads("people", [e164])
        await kakeru.row_when(e164, lambda row: row.ringing_at is not None)
        await kakeru.running.controller.campaigns.pause("people", by=kakeru.users[0].id)
        row = await kakeru.settled(e164)
        assert row.outcome in (CallOutcome.CANCELLED, CallOutcome.ABANDONED)
        await wait_for("let go", kakeru.people.call_to(dialled(e164)).ended.is_set, seconds=5)
        assert not kakeru.people.errors
        await kakeru.wait_for_floor("ready")


async def test_nobody_free_in_time_means_a_message_and_an_abandoned_call() -> None:
    async def talks(call: PhoneCall) -> None:
        call.ring()
        await asyncio.sleep(0.2)
        await call.answer()
        await call.ended.wait()

    settings = {"answer_to_agent_seconds": 1.0}
    async with Installation(agents=1, campaigns={"people": settings}) as kakeru:
        kakeru.people.script = talks
        await kakeru.all_ready()
        await kakeru.start("people")
        numbers = [number(), number()]
        await kakeru.add_leads("people", numbers)
        for e164 in numbers:
            await kakeru.row_when(e164, lambda row: row.answered_at is not None)
        rows = [await kakeru.row_when(e164, lambda row: True) for e164 in numbers]
        [unlucky] = [row for row in rows if row.connected_at is None]
        row = await kakeru.settled(unlucky.e164)
        assert (row.outcome, row.hung_up_by) == (CallOutcome.ABANDONED, "system")
        assert row.answered_at
        assert row.ended_at
        assert (row.ended_at - row.answered_at).total_seconds() == pytest.approx(
            1.0 + MESSAGE_SECONDS, abs=0.5
        )
        heard = kakeru.people.call_to(dialled(unlucky.e164)).audio.heard
        assert seconds_with(heard, MESSAGE_HERTZ) >= MESSAGE_SECONDS - 0.3
        assert (await kakeru.floor()) == ["on_call"]
