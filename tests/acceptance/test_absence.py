"""Absences that nobody who talks or waits should notice, and those that operators must see."""

import asyncio
import json

import pytest

from ari_app.ari.state import ConnectionState
from ari_app.runtime.ports import free_port
from dialer.rules.pacing import NotDialling
from tests.acceptance.blueprint import Blueprint, running
from tests.acceptance.installation import Installation, number, wait_for
from tests.acceptance.sip_phone import PhoneCall

pytestmark = pytest.mark.real


async def talks_briefly(call: PhoneCall) -> None:
    await call.answer()
    await asyncio.sleep(1.0)
    await call.hang_up()


async def test_agents_who_wait_do_not_notice_that_the_controller_was_killed() -> None:
    async with Installation(agents=2, own_process=True) as kakeru:
        kakeru.people.script = talks_briefly
        await kakeru.all_ready()
        await asyncio.sleep(0.3)
        channels = await kakeru.channels()
        await kakeru.process.kill()
        await kakeru.start_process()
        await kakeru.wait_for_floor("ready")
        await kakeru.start("people")
        assert (await kakeru.call("people", number())).outcome == "connected"
        assert sorted(await kakeru.channels()) == sorted(channels)


async def test_comparing_does_not_disturb_agents_who_log_in() -> None:
    """A leg that is found before its bridge is there gets one twice, which must do no harm."""
    async with Installation(agents=10) as kakeru:

        async def compare() -> None:
            while True:
                await kakeru.running.controller.telephony.open_legs()
                await asyncio.sleep(0.001)

        comparing = asyncio.create_task(compare())
        await kakeru.all_ready()
        await asyncio.sleep(0.5)
        comparing.cancel()
        await asyncio.gather(comparing, return_exceptions=True)
        assert set(await kakeru.floor()) == {"ready"}


@pytest.mark.parametrize(
    ("changed", "state", "says"),
    [
        ({"ari_password": "wrong"}, ConnectionState.AUTHENTICATION_FAILED, "password"),
        ({"ari_url": "http://127.0.0.1:{port}/ari"}, ConnectionState.DISCONNECTED, "127.0.0.1"),
    ],
    ids=["wrong secret", "nobody there"],
)
async def test_no_way_to_asterisk_is_seen(
    changed: dict[str, str], state: ConnectionState, says: str
) -> None:
    async with Installation(agents=0) as kakeru:
        await kakeru.start("people")
        port = free_port()
        wrong = json.loads(kakeru.blueprint.model_dump_json())
        wrong |= {key: value.format(port=port) for key, value in changed.items()}
        async with running(Blueprint.model_validate(wrong)) as run:
            await wait_for("the state is seen", lambda: run.ari.state is state)
            assert says in str(run.ari.problem)
            await wait_for(
                "the campaign says why it does not dial",
                lambda: run.controller.campaigns.live("people").note is NotDialling.TELEPHONY_DOWN,
            )
