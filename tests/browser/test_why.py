"""Why a lead is called, or not, as people read it beside the lead."""

import pytest
from playwright.async_api import expect

from dialer import prohibitions
from tests.browser.conftest import Visitor
from tests.fakes.web_server import WebWorld, call_for

pytestmark = pytest.mark.real


async def test_a_prohibited_lead_tells_who_prohibited_it(visitor: Visitor, world: WebWorld) -> None:
    await visitor.log_in("sato")
    await visitor.go(f"/leads/{world.team.lead_ids[161]}")
    panel = visitor.page.get_by_role("region", name="なぜ架電される/されない？")
    await expect(panel.get_by_role("status")).to_contain_text("架電できません: 禁止")
    await expect(panel).to_contain_text("高橋 直樹 · 今後の電話は不要とのこと")
    await panel.get_by_text("過去の架電の判定").click()
    await expect(panel).to_contain_text("まだ架電されていません")


async def test_the_answer_follows_what_changes_and_what_is_chosen(
    visitor: Visitor, world: WebWorld
) -> None:
    page, lead_id = visitor.page, world.team.lead_ids[155]
    await visitor.log_in("sato")
    await visitor.go(f"/leads/{lead_id}")
    answer = page.locator(".why-verdict")
    await expect(answer).to_contain_text("今、架電できます。")
    by, campaign = page.locator("#why-by"), page.locator("#why-campaign")
    await by.select_option("me")
    await expect(answer).to_contain_text("佐藤 美咲さんは今架電できます。")
    async with page.expect_response(lambda response: "campaign=hikari-callback" in response.url):
        await campaign.select_option("hikari-callback")
    async with world.database.write() as connection:
        await prohibitions.prohibit_lead(
            connection, lead_id=lead_id, by=world.team.agents[1], now=world.clock.now()
        )
    world.live.publish("history", {})
    await expect(answer).to_contain_text("架電できません: 禁止")
    # What was chosen stays.
    await expect(by).to_have_value("me")
    await expect(campaign).to_have_value("hikari-callback")


async def test_on_the_desk_the_answer_is_folded_below_the_lead(
    visitor: Visitor, world: WebWorld
) -> None:
    page = visitor.page
    await call_for(world, world.team.agents[0].id, lead_index=36, seconds_ago=2)
    await visitor.log_in("sato")
    await visitor.go("/desk")
    await expect(page.locator(".why-verdict")).to_have_count(0)
    await page.get_by_text("なぜ架電される/されない？").first.click()
    await expect(page.locator(".why-refusing")).to_contain_text("発信中")
