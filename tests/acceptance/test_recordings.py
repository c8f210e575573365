"""Who talks is heard, live and in the recording, whatever his phone's RTP sequence numbers are.

Audio is lost in silence when a leg's sequence starts behind that of the leg before and something
that counts packets stands between them. It looks like chance, because phones begin at random: here
the numbers are chosen so that each leg starts far behind the one before.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dialer.users import PhoneMode
from tests.acceptance.alignment import measure
from tests.acceptance.audio import seconds_with
from tests.acceptance.call_rows import CallRow, Heard
from tests.acceptance.installation import Installation, dialled, number, wait_for
from tests.acceptance.sip_phone import PhoneCall, SipPhone

pytestmark = pytest.mark.real

AGENT = 440.0
CUSTOMERS = (600.0, 700.0, 800.0, 900.0)  # each of them hums his own note
BACKWARDS = (60_000, 30_000, 100, 65_000)  # 65 000 is behind 100: it is the far past of 100 + 2¹⁶
TALK_SECONDS = 1.6
HEARD_SECONDS = 1.2


@asynccontextmanager
async def team(mode: PhoneMode) -> AsyncIterator[tuple[Installation, SipPhone]]:
    """One agent with a phone whose legs start ever further behind."""
    legs = iter(BACKWARDS)

    async def picks_up(call: PhoneCall) -> None:
        call.audio.first_sequence = next(legs)
        await call.answer()
        await call.ended.wait()

    async with (
        Installation(agents=1, simulated=False, phone_mode=mode) as kakeru,
        SipPhone(picks_up, hertz=AGENT) as phone,
    ):
        status = await phone.register(kakeru.pbx.sip_address, account="agent0", password="secret0")
        assert status == 200
        await kakeru.all_ready()
        await kakeru.start("people")
        yield kakeru, phone
        assert not kakeru.people.errors
        assert not phone.errors


async def talk(kakeru: Installation, hertz: float, sequence: int) -> tuple[CallRow, PhoneCall]:
    """A customer is called, talks and hangs up."""

    async def talks(call: PhoneCall) -> None:
        call.audio.hertz, call.audio.first_sequence = hertz, sequence
        call.ring()
        await call.answer()
        await asyncio.sleep(TALK_SECONDS)
        await call.hang_up()

    e164 = number()
    kakeru.people.scripts[dialled(e164)] = talks
    row = await kakeru.call("people", e164)
    await kakeru.wait_for_floor("ready")
    return row, kakeru.people.call_to(dialled(e164))


def assert_both_are_in(recording: Heard, hertz: float) -> None:
    assert recording.seconds == pytest.approx(TALK_SECONDS, abs=0.5)
    assert seconds_with(recording.agent, AGENT) >= HEARD_SECONDS
    assert seconds_with(recording.customer, hertz) >= HEARD_SECONDS
    assert seconds_with(recording.agent, hertz) <= 0.2
    assert seconds_with(recording.customer, AGENT) <= 0.2


async def test_customers_one_after_the_other_on_a_held_phone() -> None:
    async with team("held") as (kakeru, phone):
        for hertz, sequence in zip(CUSTOMERS, BACKWARDS, strict=True):
            row, call = await talk(kakeru, hertz, sequence)
            assert row.outcome == "connected"
            assert_both_are_in(kakeru.listen(row), hertz)
            assert_is_what_history_says(kakeru, row)
            assert seconds_with(call.audio.heard, AGENT) >= HEARD_SECONDS
        [[leg]] = phone.calls.values()
        for hertz in CUSTOMERS:
            assert seconds_with(leg.audio.heard, hertz) >= HEARD_SECONDS


async def test_a_phone_that_rings_for_each_customer() -> None:
    async with team("per_call") as (kakeru, phone):
        for hertz, sequence in zip(CUSTOMERS, BACKWARDS, strict=True):
            row, call = await talk(kakeru, hertz, sequence)
            assert row.outcome == "connected"
            assert_both_are_in(kakeru.listen(row), hertz)
            assert seconds_with(call.audio.heard, AGENT) >= HEARD_SECONDS
            [legs] = phone.calls.values()
            await wait_for("the agent's phone is free", legs[-1].ended.is_set)
            assert seconds_with(legs[-1].audio.heard, hertz) >= HEARD_SECONDS
        assert len(legs) == len(CUSTOMERS)


async def test_both_sides_are_within_40_ms_at_start_and_end_of_a_minute() -> None:
    """Ten minutes are measured by the benchmark: `recording_kills --align-seconds 600`."""
    found = await measure(60)
    assert found.seconds == pytest.approx(60, abs=1)
    assert abs(found.at_start_ms) <= 40
    assert abs(found.at_end_ms) <= 40


async def test_an_announcement_of_the_network_before_the_answer() -> None:
    """Its audio is another source's: the person, who starts behind it, is heard all the same."""

    async def talks(call: PhoneCall) -> None:
        call.audio.first_sequence = 60_000
        call.progress()
        await asyncio.sleep(0.5)
        call.audio.jump(30_000)
        await call.answer()
        await asyncio.sleep(TALK_SECONDS)
        await call.hang_up()

    async with team("held") as (kakeru, phone):
        e164 = number()
        kakeru.people.scripts[dialled(e164)] = talks
        row = await kakeru.call("people", e164)
        assert_both_are_in(kakeru.listen(row), kakeru.people.hertz)
        [[leg]] = phone.calls.values()
        assert seconds_with(leg.audio.heard, kakeru.people.hertz) >= HEARD_SECONDS
        assert_is_what_history_says(kakeru, row)


@pytest.mark.parametrize("who", ["customer", "agent"])
async def test_another_source_of_audio_in_mid_conversation(who: str) -> None:
    """A transfer at the customer's, a new route, a phone that resumes: at most 2 s are missing."""
    long_seconds = 7.0
    legs: list[PhoneCall] = []

    async def talks(call: PhoneCall) -> None:
        call.audio.first_sequence = 60_000
        await call.answer()
        await asyncio.sleep(2.5)
        (call if who == "customer" else legs[0]).audio.jump(100)
        await asyncio.sleep(long_seconds - 2.5)
        await call.hang_up()

    async with team("held") as (kakeru, phone):
        [legs] = phone.calls.values()
        e164 = number()
        kakeru.people.scripts[dialled(e164)] = talks
        row = await kakeru.call("people", e164)
        heard, customer = kakeru.listen(row), kakeru.people.hertz
        assert row.outcome == "connected"
        assert row.talk_seconds == pytest.approx(long_seconds, abs=0.3)
        assert heard.seconds == pytest.approx(long_seconds, abs=0.5)
        least = {"agent": long_seconds - 0.6, "customer": long_seconds - 0.6}
        least[who] -= 2.2
        assert seconds_with(heard.agent, AGENT) >= least["agent"]
        assert seconds_with(heard.customer, customer) >= least["customer"]
        assert seconds_with(legs[0].audio.heard, customer) >= long_seconds - 0.6
        live = kakeru.people.call_to(dialled(e164)).audio.heard
        assert seconds_with(live, AGENT) >= long_seconds - 0.6


def assert_is_what_history_says(kakeru: Installation, row: CallRow) -> None:
    assert row.path
    content = (kakeru.blueprint.recordings / row.path).read_bytes()
    assert row.size_bytes == len(content)
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert row.duration_ms == (len(content) - 44) // 4 // 8
    assert not list(kakeru.blueprint.recordings.rglob("*.raw"))
