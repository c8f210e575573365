"""The carrier's numbers in every form, its agents' phones, and what is heard on both sides."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from ari_app.ari import accounts, api
from ari_app.ari.events import StasisEnd, StasisStart
from ari_app.runtime import carrier_plan
from ari_app.runtime.carrier_plan import Kind, behaviour_of
from ari_app.runtime.carrier_sounds import AGENT_HERTZ, CUSTOMER_HERTZ
from tests.acceptance.carrier_rig import Rig, carrier_rig

pytestmark = pytest.mark.real

RATE = 8000


def phone(name: str, password: str) -> list[accounts.ConfigChange]:
    return accounts.add_phone(accounts.PhoneAccount(name, password, qualify_seconds=0))


async def test_numbers_are_taken_in_every_form(tmp_path: Path) -> None:
    numbers = ("0312345678", "+81312345678", "81312345678")
    assert {behaviour_of(number).kind for number in numbers} == {Kind.BUSY}
    async with carrier_rig(tmp_path) as rig:
        calls = [await rig.call(number, seconds=5) for number in numbers]
        nobody = await rig.call("nobody", seconds=5)
    assert {(call.cause, call.sip_status) for call in calls} == {(17, 486)}
    assert (nobody.cause, nobody.sip_status) == (1, 404)


async def test_an_instant_carrier_answers_at_once_and_stays(tmp_path: Path) -> None:
    async with carrier_rig(tmp_path, instant=True) as rig:
        calls = await asyncio.gather(
            *(rig.call(f"03123456{n:02d}", seconds=5, hang_up_after=0.5) for n in range(60, 80))
        )
    assert all(call.answered is not None and call.answered < 0.5 for call in calls)


async def test_phones_register_with_a_digest_and_try_again(tmp_path: Path) -> None:
    agents = [("sato", "right"), ("ito", "right")]
    async with carrier_rig(tmp_path, agents=agents) as rig:
        await accounts.push(rig.ari, [*phone("sato", "wrong"), *phone("ito", "right")])
        await rig.registered("ito")
        await asyncio.sleep(2.5)
        assert await rig.carrier.registered_agents() == ["ito"]
        await accounts.push(rig.ari, phone("sato", "right"))
        await rig.registered("sato", "ito")


async def test_a_phone_that_comes_later_is_played_beside_the_others(tmp_path: Path) -> None:
    async with carrier_rig(tmp_path, agents=[("sato", "right")]) as rig:
        await accounts.push(rig.ari, [*phone("sato", "right"), *phone("ito", "right")])
        await rig.registered("sato")
        await rig.carrier.set_agents([("sato", "right"), ("ito", "right")])
        await rig.registered("sato", "ito")
        await rig.carrier.set_agents([("ito", "right")])
        await rig.registered("ito")


async def test_phones_are_still_there_after_a_restart_of_asterisk(tmp_path: Path) -> None:
    async with carrier_rig(tmp_path, agents=[("sato", "right")]) as rig:
        await accounts.push(rig.ari, phone("sato", "right"))
        await rig.registered("sato")
        await asyncio.sleep(1.5)  # registrations are written to Asterisk's database each second
        rig.pbx.kill()
        await rig.pbx.start()
        await rig.ari.wait_connected(seconds=10)
        await accounts.push(rig.ari, phone("sato", "right"))
        agent = await rig.originate_agent("sato")
        await rig.in_stasis(agent, seconds=5)


async def test_an_agent_can_hang_up(tmp_path: Path) -> None:
    async with carrier_rig(tmp_path, agents=[("sato", "right")]) as rig:
        await accounts.push(rig.ari, phone("sato", "right"))
        await rig.registered("sato")
        agent = await rig.originate_agent("sato")
        await rig.in_stasis(agent, seconds=5)
        await rig.carrier.hang_up_agent("sato")
        await rig.wait_for(StasisEnd, lambda event: event.channel.id == agent, seconds=5)


async def test_both_sides_are_heard_in_a_recording_each_on_its_own(tmp_path: Path) -> None:
    recording = tmp_path / "call.raw"
    async with carrier_rig(tmp_path, agents=[("sato", "right")]) as rig:
        await accounts.push(rig.ari, phone("sato", "right"))
        await rig.registered("sato")
        await converse(rig, recording, seconds=3)
    sound = np.fromfile(recording, dtype="<i2").reshape(-1, 2).astype(np.float64) / 32768
    received, sent = sound[RATE:, 0], sound[RATE:, 1]
    assert len(sound) / RATE == pytest.approx(3, abs=0.5)
    assert loudness(received, CUSTOMER_HERTZ) > 0.01 > 2 * loudness(received, AGENT_HERTZ)
    assert loudness(sent, AGENT_HERTZ) > 0.01 > 2 * loudness(sent, CUSTOMER_HERTZ)


async def converse(rig: Rig, recording: Path, *, seconds: float) -> None:
    """Connect a customer to an agent, as the dialler does, and hang up after a while."""
    waiting = [n for n in carrier_plan.plan() if behaviour_of(n).kind is Kind.ANSWERS_AND_WAITS]
    ending = min(waiting, key=lambda n: behaviour_of(n).ring_seconds)
    agent = await rig.originate_agent("sato")
    await rig.in_stasis(agent, seconds=5)
    bridge = agent.replace("a-", "b-", 1)
    await rig.ari.send(api.create_bridge(bridge))
    await rig.ari.send(api.add_to_bridge(bridge, agent))
    customer = await rig.originate(f"03123456{ending}", recording=str(recording))
    await rig.in_stasis(customer, seconds=12)
    await rig.ari.send(api.continue_in_dialplan(customer, context="kakeru-record", extension=agent))
    await rig.wait_for(
        StasisStart,
        lambda event: event.channel.id == customer and event.args == ("connect", agent),
        seconds=2,
    )
    await rig.ari.send(api.add_to_bridge(bridge, customer))
    await asyncio.sleep(seconds)
    await rig.ari.send(api.hang_up(customer))
    await rig.destroyed(customer, seconds=5)


def loudness(samples: np.ndarray, hertz: float) -> float:
    """The amplitude of a tone in `samples`."""
    window = np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / RATE)
    return float(2 * abs(np.mean(samples * window)))
