"""How long a person who has answered waits for his agent."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

from dialer.rules.hangup_cause import CallOutcome
from dialer.users import PhoneMode
from tests.acceptance.call_rows import CallRow
from tests.acceptance.installation import Installation, number
from tests.acceptance.sip_phone import PhoneCall

pytestmark = pytest.mark.real

CALLS, AGENTS = 60, 20


def ring_times() -> Iterator[float]:
    """Spread so that about ten answers fall into one second."""
    while True:
        yield from (0.2, 0.4, 0.6, 0.8, 1.0)


async def make_calls(mode: PhoneMode) -> list[CallRow]:
    after = ring_times()

    async def talks(call: PhoneCall) -> None:
        call.audio.silent = True  # the measured machine is not to spend its time on test tones
        call.ring()
        await asyncio.sleep(next(after))
        await call.answer()
        await asyncio.sleep(1.0)
        await call.hang_up()

    settings = {"lines_per_agent": 1}
    async with Installation(
        agents=AGENTS, phone_mode=mode, campaigns={"people": settings}
    ) as kakeru:
        kakeru.people.script = talks
        await kakeru.all_ready()
        numbers = [number() for _ in range(CALLS)]
        await kakeru.add_leads("people", numbers)
        await kakeru.start("people")
        return [await kakeru.settled(e164, seconds=90) for e164 in numbers]


@pytest.mark.parametrize("mode", ["held", "per_call"])
async def test_a_person_who_answers_has_his_agent_at_once(mode: PhoneMode) -> None:
    rows = await make_calls(mode)
    assert {row.outcome for row in rows} == {CallOutcome.CONNECTED}
    p50, p99 = np.percentile([row.to_agent_ms for row in rows], (50, 99))
    print(f"\nanswer to agent, {mode}: p50 {p50:.1f} ms, p99 {p99:.1f} ms over {len(rows)} calls")
    assert p99 < 1000
