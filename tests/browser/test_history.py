"""A supervisor finds a conversation by a word, and hears it from there."""

import pytest
from playwright.async_api import expect
from sqlalchemy import insert, select

from dialer import action_texts
from dialer.rules.transcript import Word, to_json, utterances
from dialer.storage.tables import recordings, transcripts
from tests.browser.conftest import Visitor
from tests.fakes.web_server import WebWorld

pytestmark = pytest.mark.real


async def _say(world: WebWorld) -> None:
    async with world.database.write() as connection:
        call_id = (await connection.execute(select(recordings.c.call_id).limit(1))).scalar_one()
        words = [
            Word(one, at * 1000, at * 1000 + 900, 1.0)
            for at, one in enumerate(("今", "の", "契約", "を", "解約", "したい", "です"))
        ]
        await connection.execute(
            insert(transcripts).values(
                call_id=call_id,
                engine="test",
                model="none",
                language="ja",
                made_at=world.clock.now(),
                utterances=to_json(utterances("customer", words)),
            )
        )
        await action_texts.refresh(connection, [call_id])


async def test_a_conversation_is_found_by_a_word_and_plays_from_it(
    visitor: Visitor, world: WebWorld
) -> None:
    page = visitor.page
    await _say(world)
    await visitor.log_in("admin")
    await visitor.go("/history")
    await page.get_by_role("searchbox").fill("解約")
    await expect(page.locator(".history-row")).to_have_count(1)
    await expect(page.locator(".passages mark")).to_have_text("解約")
    await expect(page.locator("#history-chips")).to_contain_text("解約")
    await page.locator(".passages a").click()
    audio = page.locator(".detail-row audio")
    await expect(audio).to_have_js_property("paused", False)
    assert await audio.evaluate("audio => audio.currentTime") >= 3.8  # from just before it


async def test_the_address_brings_the_filter_back(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.log_in("admin")
    await visitor.go("/history")
    await page.get_by_label("通話結果").select_option("busy")
    await expect(page.locator("#history-chips .chip")).to_have_count(1)
    rows = await page.locator(".history-row").count()
    await page.locator(".history-row .row-link").first.click()
    await page.wait_for_url("**/leads/*")
    await page.go_back()
    await expect(page.get_by_label("通話結果")).to_have_value("busy")
    await expect(page.locator(".history-row")).to_have_count(rows)
    await page.locator("#history-chips .chip").click()
    await expect(page.get_by_label("通話結果")).to_have_value("")
    await expect(page.locator("#history-chips .chip")).to_have_count(0)
