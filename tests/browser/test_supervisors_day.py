from dataclasses import replace

import pytest
from playwright.async_api import expect

from dialer.rules.agent_state import AgentState
from tests.browser.conftest import Visitor
from tests.fakes.web_server import WebWorld, call_for, finish_call

pytestmark = pytest.mark.real


async def test_a_campaign_starts_and_its_figures_move_by_themselves(
    visitor: Visitor, world: WebWorld
) -> None:
    page, name = visitor.page, world.team.campaigns[1].name
    await visitor.log_in("admin")
    card = page.locator(f"#campaign-{name}")
    await expect(card).to_contain_text("停止")
    await card.get_by_role("button", name="開始").click()
    await expect(card.locator(".pill").first).to_have_text("稼働中")
    world.campaigns.figures[name] = replace(world.campaigns.figures[name], ringing=4)
    world.live.publish(f"campaign:{name}", {})
    await expect(card.locator(".live-strip dd").first).to_have_text("4")


async def test_the_floor_shows_agents_as_they_come(visitor: Visitor, world: WebWorld) -> None:
    await visitor.log_in("admin")
    floor = visitor.page.locator("#floor")
    await expect(floor).to_contain_text("ログイン中のオペレーターはいません")
    world.floor.set(world.team.agents[1].id, AgentState.READY)
    await expect(floor).to_contain_text("鈴木 健太")
    await expect(floor).to_contain_text("待機")


async def test_new_calls_appear_in_the_history_but_never_under_an_opened_one(
    visitor: Visitor, world: WebWorld
) -> None:
    page = visitor.page
    await visitor.log_in("admin")
    await visitor.go("/history")
    first = await call_for(world, world.team.agents[0].id, lead_index=90, seconds_ago=20)
    world.live.publish("history", {})
    await expect(page.locator(".history-row .is-live")).to_have_count(1)
    await page.locator(".history-row").nth(3).locator(".cell-time").click()
    await expect(page.locator(".call-detail")).to_be_visible()
    await finish_call(world, first.call_id, talk_seconds=3)
    await expect(page.get_by_role("button", name="新しいアクションがあります")).to_be_visible()
    await expect(page.locator(".call-detail")).to_be_visible()
    await page.get_by_role("button", name="新しいアクションがあります").click()
    await expect(page.locator(".history-row .is-live")).to_have_count(0)


async def test_the_filter_answers_while_one_types(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.log_in("admin")
    await visitor.go("/history")
    await page.get_by_label("通話結果").select_option("busy")
    await expect(page.locator(".history-row").first).to_contain_text("話中")
    await page.get_by_role("searchbox").press_sequentially("zzz")
    await expect(page.locator("#history-rows")).to_contain_text("条件に合うアクションはありません")


async def test_the_list_is_turned_page_by_page(visitor: Visitor) -> None:
    page = visitor.page
    rows = page.locator("#lead-rows tr[data-href]")
    await visitor.log_in("admin")
    await visitor.go("/leads")
    await expect(rows).to_have_count(50)
    first = await rows.first.get_attribute("data-href")
    await page.get_by_label("次のページ").click()
    await expect(rows.first).not_to_have_attribute("data-href", first or "")
    await page.get_by_label("前のページ").click()
    await expect(rows.first).to_have_attribute("data-href", first or "")
    await page.get_by_label("最後のページ").click()
    await expect(rows.first).not_to_have_attribute("data-href", first or "")
    await page.go_back()
    await expect(rows.first).to_have_attribute("data-href", first or "")


async def test_the_role_is_switched_in_the_header(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.log_in("admin")
    await page.get_by_role("button", name="ユーザー").click()
    await expect(page.locator(".state-name")).to_be_visible()
    await page.get_by_role("button", name="管理者").click()
    await expect(page.locator("#floor")).to_be_visible()
