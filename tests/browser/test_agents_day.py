"""What an agent does all day: with the keyboard, and without losing a word."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from dialer.rules.agent_state import AgentState
from tests.browser.conftest import Visitor
from tests.fakes.web_server import WebWorld, call_for, finish_call

pytestmark = pytest.mark.real


async def test_from_login_to_the_recording_of_ones_own_call(
    visitor: Visitor, world: WebWorld
) -> None:
    page, sato = visitor.page, world.team.agents[0]
    await visitor.log_in("sato")
    await page.keyboard.press("r")
    await expect(page.locator(".state-name")).to_have_text("待機")

    call = await call_for(world, sato.id, lead_index=36, seconds_ago=2)
    await expect(page.locator("#lead-name")).to_have_text("山﨑クリニック")
    await expect(page.locator(".state-name")).to_have_text("通話中")
    await expect(page.locator(".called-number .number")).to_have_text("06-6388-2655")

    await page.keyboard.press("m")
    await page.keyboard.type("担当は濱田様。1件目は9時以降、金曜に再度。")
    await expect(page.locator(".memo .saved-mark")).to_have_text("保存済み")
    await page.keyboard.press("Escape")
    await page.keyboard.press("h")
    await expect(page.locator(".state-name")).to_have_text("後処理")
    await page.keyboard.press("1")
    await expect(page.locator(".state-name")).to_have_text("待機")
    await finish_call(world, call.call_id, talk_seconds=8)

    await page.get_by_role("link", name="ヒストリー").click()
    row = page.locator(".history-row").first
    await expect(row).to_contain_text("山﨑クリニック")
    await expect(row).to_contain_text("通電")
    await expect(row).to_contain_text("アポ獲得")
    await expect(row).to_contain_text("担当は濱田様")
    await row.get_by_role("button", name="山﨑クリニックの録音を再生").click()
    await page.wait_for_function("() => document.querySelector('audio')?.currentTime > 0.3")
    await page.get_by_role("slider", name="再生位置").fill("500")
    await page.wait_for_function("() => document.querySelector('audio')?.currentTime > 3.5")
    await expect(page.locator("[data-at]")).to_have_text("0:04")


async def test_a_live_update_leaves_the_words_and_the_cursor_where_they_are(
    visitor: Visitor, world: WebWorld
) -> None:
    page, sato = visitor.page, world.team.agents[0]
    await visitor.log_in("sato")
    call = await call_for(world, sato.id, lead_index=36, seconds_ago=2)
    await expect(page.locator("#memo")).to_be_visible()
    await page.keyboard.press("m")
    await page.keyboard.type("来週")
    world.floor.set(sato.id, AgentState.AFTER_CALL_WORK, call=call)
    await expect(page.locator(".state-name")).to_have_text("後処理")
    await page.keyboard.type("火曜に訪問")
    await expect(page.locator("#memo")).to_have_value("来週火曜に訪問")
    await expect(page.locator("#memo")).to_be_focused()


async def test_words_typed_when_the_work_time_ends_reach_the_call(
    visitor: Visitor, world: WebWorld
) -> None:
    page, sato = visitor.page, world.team.agents[0]
    await visitor.log_in("sato")
    first = await call_for(world, sato.id, lead_index=36, seconds_ago=2)
    await page.locator("#memo").fill("最後の一言")
    await call_for(world, sato.id, lead_index=40, seconds_ago=1)
    await expect(page.locator("#memo")).to_have_value("")
    await visitor.go(f"/leads/{first.lead_id}")
    await expect(page.locator(".timeline")).to_contain_text("最後の一言")


async def test_a_number_typed_into_the_memo_is_no_result(visitor: Visitor, world: WebWorld) -> None:
    page, sato = visitor.page, world.team.agents[0]
    await visitor.log_in("sato")
    await call_for(world, sato.id, lead_index=36, seconds_ago=2)
    await page.locator("#memo").press("9")
    await expect(page.locator(".memo .saved-mark")).to_have_text("保存済み")
    await expect(page.locator(".result[aria-pressed=true]")).to_have_count(0)
    await page.keyboard.press("Escape")
    await page.keyboard.press("4")
    await expect(page.locator(".result[aria-pressed=true]")).to_contain_text("検討中")
    await expect(page.locator("#memo")).to_have_value("9")


async def test_no_key_is_lost_among_many_live_updates(visitor: Visitor, world: WebWorld) -> None:
    page, sato = visitor.page, world.team.agents[0]
    await visitor.log_in("sato")

    async def changes_without_end() -> None:
        while True:
            world.live.publish(f"agent:{sato.id}", {})
            await asyncio.sleep(0.01)

    changing = asyncio.create_task(changes_without_end())
    for _ in range(5):
        await page.keyboard.press("r")
        await expect(page.locator(".state-name")).to_have_text("待機")
        await page.keyboard.press("a")
        await page.keyboard.press("1")
        await expect(page.locator(".state-name")).to_contain_text("離席")
        await expect(page.get_by_role("dialog")).to_have_count(0)
    changing.cancel()


async def test_away_asks_for_the_reason_and_takes_it_by_key(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.log_in("sato")
    await page.keyboard.press("r")
    await expect(page.locator(".state-name")).to_have_text("待機")
    await page.keyboard.press("a")
    await expect(page.get_by_role("dialog", name="離席の理由")).to_be_visible()
    await page.keyboard.press("2")
    await expect(page.locator(".state-name")).to_contain_text("離席")
    await expect(page.locator(".state-reason")).to_have_text("昼食")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_mybox_and_prohibition_from_the_desk(visitor: Visitor, world: WebWorld) -> None:
    page, sato = visitor.page, world.team.agents[0]
    await visitor.log_in("sato")
    await call_for(world, sato.id, lead_index=36, seconds_ago=2)
    await expect(page.locator("#lead-name")).to_be_visible()
    await page.keyboard.press("b")
    await expect(page.locator("#key-box")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("x")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator(".called-number")).not_to_contain_text("禁止")
    await page.keyboard.press("x")
    await page.get_by_label("理由", exact=True).fill("今後の電話は不要")
    await page.keyboard.press("Enter")
    await expect(page.locator(".called-number")).to_contain_text("禁止")
    await expect(page.locator("#notices")).to_contain_text("禁止にしました")


async def test_an_answer_that_comes_late_does_not_bring_an_old_state_back(
    visitor: Visitor, world: WebWorld
) -> None:
    page, sato = visitor.page, world.team.agents[0]
    let_through = asyncio.Event()

    async def comes_late(route: Route) -> None:
        answer = await route.fetch()
        await let_through.wait()
        await route.fulfill(response=answer)

    await page.route("**/desk/hang-up", comes_late)
    await visitor.log_in("sato")
    await call_for(world, sato.id, lead_index=36, seconds_ago=2)
    await expect(page.locator(".state-name")).to_have_text("通話中")
    await page.keyboard.press("h")
    await expect(page.locator(".state-name")).to_have_text("後処理")
    world.floor.set(sato.id, AgentState.READY)
    await expect(page.locator(".state-name")).to_have_text("待機")
    async with page.expect_response("**/desk/hang-up"):
        let_through.set()
    await page.evaluate("new Promise((shown) => setTimeout(shown, 100))")
    await expect(page.locator(".state-name")).to_have_text("待機")
