"""A page that was open for longer than its links are good plays all the same."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visitor
from tests.browser.talks import speak
from tests.fakes.web_server import WebWorld

pytestmark = pytest.mark.real


async def test_a_page_that_was_open_over_lunch_plays_from_where_it_stands(
    visitor: Visitor, world: WebWorld, complaints: list[str]
) -> None:
    call_id = await speak(world)
    await visitor.log_in("admin")
    await visitor.go(f"/recordings/{call_id}?t=11.0")
    page, audio = visitor.page, visitor.page.locator("audio")
    before = await audio.get_attribute("src")
    world.clock.move(timedelta(minutes=45))
    await page.get_by_role("button", name="再生", exact=True).first.click()
    await expect(audio).to_have_js_property("paused", False)
    await expect(page.locator("[data-player]")).to_have_class("player is-playing")
    await page.wait_for_function("() => document.querySelector('audio').currentTime > 11.2")
    assert await audio.evaluate("audio => audio.currentTime") < 20
    assert await audio.get_attribute("src") != before
    (gone,) = complaints
    assert "410" in gone
    complaints.clear()
