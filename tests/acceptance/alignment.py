"""How far the two sides of a recording lie apart, measured with beeps.

Both sides send a beep at the beginning of each of their seconds, and remember when they began to
send. Where a beep is heard in the recording, less where the other side's is, should be as far as
the one was sent from the other: what is left over is what the recording has shifted.
"""

import asyncio
from dataclasses import dataclass

import numpy as np

from tests.acceptance.audio import SAMPLE_RATE, Samples, encode, tone
from tests.acceptance.call_rows import Heard
from tests.acceptance.installation import Installation, dialled, number
from tests.acceptance.sip_phone import PhoneCall, SipPhone

_BEEP_SECONDS = 0.1
_LOUD = 1000  # of 32768
_LOOK_SECONDS = 4  # at each end


@dataclass(frozen=True, slots=True)
class Alignment:
    """Milliseconds that the customer is late against the agent, at both ends of a recording."""

    seconds: float
    at_start_ms: float
    at_end_ms: float


async def measure(talk_seconds: float) -> Alignment:
    """With one call of that length through a real Asterisk."""
    legs: list[PhoneCall] = []

    async def agent(call: PhoneCall) -> None:
        call.audio.repeated = beeps(440.0)
        legs.append(call)
        await call.answer()
        await call.ended.wait()

    async def customer(call: PhoneCall) -> None:
        call.audio.repeated = beeps(700.0)
        call.ring()
        # Not in step with the agent, as people are.
        await asyncio.sleep(0.337)
        await call.answer()
        await asyncio.sleep(talk_seconds)
        await call.hang_up()

    async with (
        Installation(agents=1, simulated=False) as kakeru,
        SipPhone(agent, hertz=440.0) as phone,
    ):
        status = await phone.register(kakeru.pbx.sip_address, account="agent0", password="secret0")
        assert status == 200
        await kakeru.all_ready()
        await kakeru.start("people")
        e164 = number()
        kakeru.people.scripts[dialled(e164)] = customer
        row = await kakeru.call("people", e164, seconds=talk_seconds + 40)
        call = kakeru.people.call_to(dialled(e164))
        sent = call.audio.began_at - legs[-1].audio.began_at
        return alignment(kakeru.listen(row), sent)


def beeps(hertz: float) -> bytes:
    """A second of µ-law that begins with a beep."""
    silence = encode(np.zeros(SAMPLE_RATE - int(_BEEP_SECONDS * SAMPLE_RATE), dtype=np.int16))
    return tone(hertz, seconds=_BEEP_SECONDS) + silence


def alignment(heard: Heard, sent_seconds: float) -> Alignment:
    """`sent_seconds`: how much later than the agent the customer began to send."""
    look = _LOOK_SECONDS * SAMPLE_RATE
    start = _late(heard.agent[:look], heard.customer[:look], sent_seconds)
    end = _late(heard.agent[-look:], heard.customer[-look:], sent_seconds)
    return Alignment(heard.seconds, start, end)


def _late(agent: Samples, customer: Samples, sent_seconds: float) -> float:
    """The median over all pairs of beeps; only what is less than half a second can be told."""
    apart = [
        ((there - here) / SAMPLE_RATE - sent_seconds + 0.5) % 1.0 - 0.5
        for here in _beginnings(agent)
        for there in _beginnings(customer)
    ]
    return float(np.median(apart)) * 1000


def _beginnings(side: Samples) -> list[int]:
    """Where a beep begins after at least half a second of silence; cut ones are left out."""
    loud = np.flatnonzero(np.abs(side.astype(np.int32)) > _LOUD)
    if not len(loud):
        return []
    gaps = np.flatnonzero(np.diff(loud) > SAMPLE_RATE // 2)
    return [int(loud[gap + 1]) for gap in gaps]
