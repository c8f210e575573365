"""An agent whose phone is the browser: real Chromium, real Asterisk, the simulated carrier."""

import asyncio

import pytest
from playwright.async_api import Dialog, expect

from tests.acceptance.audio import SAMPLE_RATE, seconds_with
from tests.acceptance.installation import number
from tests.browser.own_network import needs_an_address
from tests.browser.phone_rig import CUSTOMER_HERTZ, Desk, PhoneFloor, loudest, phone_floor
from tests.browser.test_for_everybody import nameless_controls

pytestmark = pytest.mark.real

BEEP = 0.02  # louder than this is no silence
WAITS = "32"  # rings for a second, talks, and waits for us to hang up
ULAW_BYTES_PER_SECOND = 8000


async def talking(floor: PhoneFloor, desk: Desk) -> str:
    """The number of a customer who talks with the agent, and waits for him to hang up."""
    e164 = number(WAITS)
    await floor.kakeru.start("carrier")
    await floor.kakeru.add_leads("carrier", [e164])
    await desk.state_is("通話中")
    return e164


async def hears(desk: Desk, seconds: float) -> None:
    """So long the customer is heard."""
    before = await desk.received_bytes()
    await asyncio.sleep(seconds)
    assert await desk.received_bytes() - before > seconds * ULAW_BYTES_PER_SECOND * 0.8


@needs_an_address
async def test_both_sides_hear_each_other_and_a_muted_agent_is_not_heard() -> None:
    async with phone_floor() as floor, floor.desk() as desk:
        await desk.ready()
        e164 = await talking(floor, desk)
        await hears(desk, 3)
        async with desk.page.context.expect_page() as opened:
            await desk.page.get_by_role("link", name="ヒストリー").click()
        await (await opened.value).close()  # in a tab of its own: the call goes on
        await desk.page.keyboard.press("u")
        mute = desk.page.get_by_role("button", name="ミュート中")
        await expect(mute).to_have_attribute("aria-pressed", "true")
        await hears(desk, 3)
        await desk.page.keyboard.press("h")
        row = await floor.kakeru.settled(e164)
        assert row.outcome == "connected"
        heard = floor.kakeru.listen(row)
        assert loudest(heard.agent[: 3 * SAMPLE_RATE]) > BEEP
        assert loudest(heard.agent[-2 * SAMPLE_RATE :]) < BEEP / 4
        assert seconds_with(heard.customer, CUSTOMER_HERTZ) > 5
        await desk.state_is("待機")
        await desk.phone_is("open")


@needs_an_address
async def test_a_page_reloaded_while_ready_is_ready_again_by_itself() -> None:
    async with phone_floor() as floor, floor.desk() as desk:
        await desk.ready()
        [before] = await floor.kakeru.channels()
        await desk.page.reload()
        await desk.phone_is("open")
        await desk.state_is("待機")
        [after] = await floor.kakeru.channels()
        assert after != before
        await talking(floor, desk)
        await hears(desk, 1)


@needs_an_address
async def test_an_agent_whose_page_dies_in_a_call_is_taken_off_the_floor() -> None:
    async with phone_floor() as floor, floor.desk() as desk:
        await desk.ready()
        e164 = await talking(floor, desk)
        client = await desk.page.context.new_cdp_session(desk.page)
        crashing = asyncio.create_task(client.send("Page.crash"))
        row = await floor.kakeru.settled(e164)
        crashing.cancel()
        assert row.hung_up_by == "agent"
        await floor.kakeru.wait_for_floor("offline")
        assert await floor.kakeru.channels() == []


@needs_an_address
async def test_closing_the_page_in_a_call_asks_first_and_then_hangs_up_at_once() -> None:
    async with phone_floor() as floor, floor.desk() as desk:
        await desk.ready()
        e164 = await talking(floor, desk)
        asked: asyncio.Queue[Dialog] = asyncio.Queue()
        desk.page.on("dialog", asked.put_nowait)
        await desk.page.close(run_before_unload=True)
        question = await asked.get()
        assert question.type == "beforeunload"
        await question.dismiss()
        await hears(desk, 1)
        await desk.page.close(run_before_unload=True)
        await (await asked.get()).accept()
        row = await floor.kakeru.settled(e164)
        assert row.hung_up_by == "agent"
        await floor.kakeru.wait_for_floor("offline")


@needs_an_address
async def test_one_page_is_the_phone_and_another_takes_over_only_when_told_to() -> None:
    async with phone_floor() as floor, floor.desk() as desk:
        await desk.ready()
        other = Desk(await desk.page.context.new_page(), floor.address)
        await other.open()
        await other.phone_is("elsewhere")
        await desk.phone_is("open")
        await other.page.get_by_role("button", name="このタブで電話を使う").click()
        await other.phone_is("online")
        await desk.phone_is("elsewhere")
        await other.page.keyboard.press("r")
        await other.phone_is("open")
        await talking(floor, other)
        await hears(other, 1)


@needs_an_address
async def test_a_line_that_breaks_in_a_call_comes_back_and_the_call_goes_on() -> None:
    async with phone_floor() as floor, floor.desk() as desk:
        await desk.ready()
        e164 = await talking(floor, desk)
        await desk.page.context.set_offline(True)
        await floor.cut_lines()
        await desk.phone_is("reconnecting")
        await hears(desk, 2)
        await desk.page.context.set_offline(False)
        await desk.phone_is("open")
        await hears(desk, 1)
        await desk.page.keyboard.press("h")
        assert (await floor.kakeru.settled(e164)).hung_up_by == "agent"
        await desk.state_is("待機")
        await talking(floor, desk)
        await hears(desk, 1)


@needs_an_address
async def test_after_an_asterisk_that_died_the_phone_connects_again_by_itself() -> None:
    async with phone_floor() as floor, floor.desk() as desk:
        await desk.ready()
        floor.kakeru.pbx.kill()
        await desk.phone_is("reconnecting")
        await floor.kakeru.pbx.start()
        await desk.phone_is("online")
        await desk.state_is("オフライン")
        await desk.page.keyboard.press("r")
        await talking(floor, desk)
        await hears(desk, 1)


@needs_an_address
async def test_a_phone_that_is_rung_for_each_call_is_answered_by_key() -> None:
    async with phone_floor("per_call") as floor, floor.desk() as desk:
        await desk.open()
        await desk.phone_is("online")
        await desk.page.keyboard.press("r")
        await desk.state_is("待機")
        await floor.kakeru.start("carrier")
        e164 = number(WAITS)
        await floor.kakeru.add_leads("carrier", [e164])
        await desk.phone_is("ringing")
        await desk.page.keyboard.press("g")
        await desk.state_is("通話中")
        await hears(desk, 1)
        await desk.page.keyboard.press("h")
        assert (await floor.kakeru.settled(e164)).outcome == "connected"
        await desk.phone_is("online")


async def test_devices_are_chosen_by_keyboard_and_remembered() -> None:
    async with phone_floor() as floor, floor.desk() as desk:
        page = desk.page
        await page.set_viewport_size({"width": 390, "height": 844})
        await desk.open()
        await desk.phone_is("online")
        await page.locator("#phone-devices summary").focus()
        await page.keyboard.press("Enter")
        microphone = page.get_by_role("combobox", name="マイク")
        *_, other = await microphone.locator("option").all_inner_texts()
        await microphone.select_option(label=other)
        assert not await nameless_controls(page)
        assert await page.evaluate("() => document.documentElement.scrollWidth") <= 390
        await page.keyboard.press("Escape")
        await expect(microphone).to_be_hidden()
        await page.reload()
        await desk.phone_is("online")
        await page.get_by_label("マイクとスピーカー").click()
        chosen = "(select) => select.selectedOptions[0].label"
        assert await microphone.evaluate(chosen) == other
        await expect(page.get_by_role("meter", name="マイクの音量")).to_be_visible()


async def test_without_a_microphone_the_phone_says_what_to_do() -> None:
    async with phone_floor() as floor, floor.desk() as desk:
        await desk.page.add_init_script(_REFUSED)
        await desk.open()
        await desk.phone_is("denied")
        await expect(desk.page.locator("#phone")).to_contain_text("マイクが許可されていません")
        await desk.page.evaluate("window.refused = 'NotFoundError'")
        await desk.page.get_by_role("button", name="もう一度").click()
        await desk.phone_is("no-microphone")
        await desk.page.evaluate("window.refused = ''")
        await desk.page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
        await desk.phone_is("online")


_REFUSED = """
const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
window.refused = "NotAllowedError";
navigator.mediaDevices.getUserMedia = (...wanted) =>
  window.refused ? Promise.reject(new DOMException("no", window.refused)) : given(...wanted);
"""
