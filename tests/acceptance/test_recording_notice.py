"""A person hears that he is recorded, then both hear each other, and both are in the recording."""

import asyncio

import pytest

from dialer.users import PhoneMode
from tests.acceptance.audio import seconds_with
from tests.acceptance.installation import (
    MESSAGE_HERTZ,
    NOTICE_HERTZ,
    NOTICE_SECONDS,
    Installation,
    dialled,
    number,
)
from tests.acceptance.sip_phone import PhoneCall, SipPhone

pytestmark = pytest.mark.real

AGENT, CUSTOMER = 440.0, 700.0
TALK_SECONDS = 2.0
TOLD = {"people": {"recording_notice": "このつうわは、ろくおんします"}}


@pytest.mark.parametrize("mode", ["held", "per_call"])
async def test_the_customer_is_told_and_then_both_talk_and_are_recorded(mode: PhoneMode) -> None:
    """Whatever RTP sequence numbers the prompt and the phones have."""
    legs: list[PhoneCall] = []

    async def agent(call: PhoneCall) -> None:
        call.audio.first_sequence = 60_000
        legs.append(call)
        await call.answer()
        await call.ended.wait()

    async def customer(call: PhoneCall) -> None:
        call.audio.hertz, call.audio.first_sequence = CUSTOMER, 100
        call.ring()
        await call.answer()
        await asyncio.sleep(NOTICE_SECONDS + TALK_SECONDS)
        await call.hang_up()

    async with (
        Installation(agents=1, simulated=False, phone_mode=mode, campaigns=TOLD) as kakeru,
        SipPhone(agent, hertz=AGENT) as phone,
    ):
        status = await phone.register(kakeru.pbx.sip_address, account="agent0", password="secret0")
        assert status == 200
        await kakeru.all_ready()
        await kakeru.start("people")
        e164 = number()
        kakeru.people.scripts[dialled(e164)] = customer
        row = await kakeru.call("people", e164)
        assert row.outcome == "connected"
        assert row.to_agent_ms == pytest.approx(NOTICE_SECONDS * 1000, abs=400)
        audio = kakeru.people.call_to(dialled(e164)).audio
        assert seconds_with(audio.heard, NOTICE_HERTZ) == pytest.approx(NOTICE_SECONDS, abs=0.3)
        assert seconds_with(audio.heard, AGENT) >= TALK_SECONDS - 0.5
        assert seconds_with(legs[-1].audio.heard, CUSTOMER) >= TALK_SECONDS - 0.5
        assert seconds_with(legs[-1].audio.heard, NOTICE_HERTZ) == 0
        heard = kakeru.listen(row)
        assert heard.seconds == pytest.approx(TALK_SECONDS, abs=0.4)
        assert seconds_with(heard.agent, AGENT) >= heard.seconds - 0.3
        assert seconds_with(heard.customer, CUSTOMER) >= heard.seconds - 0.3
        assert seconds_with(heard.agent, NOTICE_HERTZ) == 0
        assert not kakeru.people.errors
        assert not phone.errors


async def test_whoever_listens_when_the_agent_is_lost_hears_that_nobody_is_there() -> None:
    """The notice is broken off: he would be in nobody's hands until its end."""
    legs: list[PhoneCall] = []

    async def agent(call: PhoneCall) -> None:
        legs.append(call)
        await call.answer()
        await call.ended.wait()

    async def customer(call: PhoneCall) -> None:
        call.ring()
        await call.answer()
        await asyncio.sleep(0.5)
        await legs[0].hang_up()
        await call.ended.wait()

    settings = {"people": {**TOLD["people"], "answer_to_agent_seconds": 0.4}}
    async with (
        Installation(agents=1, simulated=False, campaigns=settings) as kakeru,
        SipPhone(agent, hertz=AGENT) as phone,
    ):
        await phone.register(kakeru.pbx.sip_address, account="agent0", password="secret0")
        await kakeru.all_ready()
        await kakeru.start("people")
        e164 = number()
        kakeru.people.scripts[dialled(e164)] = customer
        row = await kakeru.call("people", e164)
        assert (row.outcome, row.state) == ("abandoned", None)
        heard = kakeru.people.call_to(dialled(e164)).audio.heard
        assert seconds_with(heard, NOTICE_HERTZ) == pytest.approx(0.5, abs=0.3)
        assert seconds_with(heard, MESSAGE_HERTZ) >= 1.0


async def test_a_notice_that_cannot_be_played_leaves_the_conversation_unrecorded() -> None:
    async def agent(call: PhoneCall) -> None:
        await call.answer()
        await call.ended.wait()

    async def customer(call: PhoneCall) -> None:
        await call.answer()
        await asyncio.sleep(1.5)
        await call.hang_up()

    async with (
        Installation(agents=1, simulated=False, campaigns=TOLD) as kakeru,
        SipPhone(agent, hertz=AGENT) as phone,
    ):
        await phone.register(kakeru.pbx.sip_address, account="agent0", password="secret0")
        (kakeru.folder / "notice.ulaw").unlink()
        await kakeru.all_ready()
        await kakeru.start("people")
        e164 = number()
        kakeru.people.scripts[dialled(e164)] = customer
        row = await kakeru.call("people", e164)
        assert (row.outcome, row.state) == ("connected", None)
        assert not list(kakeru.blueprint.recordings.rglob("*.raw"))
