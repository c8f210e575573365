"""An agent whose phone is the browser: real Chromium, real Asterisk, the simulated carrier."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.acceptance.audio import seconds_with
from tests.acceptance.installation import number
from tests.browser.phone_rig import CUSTOMER_HERTZ, loudest, phone_floor

pytestmark = pytest.mark.real

BEEP = 0.02  # louder than this is no silence


async def test_a_campaign_call_is_heard_on_both_sides() -> None:
    async with phone_floor() as floor, floor.desk() as desk:
        await desk.ready()
        await floor.kakeru.start("carrier")
        e164 = number("27")  # waits for us to hang up
        await floor.kakeru.add_leads("carrier", [e164])
        await desk.state_is("通話中")
        before = await desk.received_bytes()
        await asyncio.sleep(3)
        assert await desk.received_bytes() - before > 3 * 8000 * 0.8
        await desk.page.keyboard.press("h")
        row = await floor.kakeru.settled(e164)
        heard = floor.kakeru.listen(row)
        assert row.outcome == "connected"
        assert loudest(heard.agent) > BEEP
        assert seconds_with(heard.customer, CUSTOMER_HERTZ) > 2
        await desk.phone_is("open")
