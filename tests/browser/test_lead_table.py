"""The lead table with the keys and the mouse: found, gone through, ticked, arranged, kept."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visitor
from tests.browser.test_for_everybody import nameless_controls
from tests.fakes.sales_fields import add_custom_fields
from tests.fakes.web_server import WebWorld

pytestmark = pytest.mark.real


@pytest.fixture
async def table(world: WebWorld) -> WebWorld:
    async with world.database.write() as connection:
        await add_custom_fields(connection, world.team)
    return world


async def test_a_lead_is_found_and_opened_with_the_keys_alone(
    visitor: Visitor, table: WebWorld
) -> None:
    page = visitor.page
    await visitor.log_in("sato")
    await visitor.go("/leads")
    await page.keyboard.press("/")
    await expect(page.locator("#lead-search")).to_be_focused()
    await page.keyboard.type("みどり園")
    await expect(page.locator(".chip-text", has_text="みどり園")).to_be_visible()
    await expect(page).to_have_url(re.compile("[?&]q="))
    await page.keyboard.press("ArrowDown")
    rows = page.locator("#lead-rows tr[data-href]")
    await expect(rows.nth(0).locator(".row-link")).to_be_focused()
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(rows.nth(1)).to_contain_class("is-ticked")
    await page.keyboard.press("k")
    target = await rows.nth(0).get_attribute("data-href")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{visitor.address}{target}")
    await page.go_back()
    await expect(page.locator(".chip-text", has_text="みどり園")).to_be_visible()


async def test_a_filter_is_put_together_saved_and_opened_again(
    visitor: Visitor, table: WebWorld
) -> None:
    page = visitor.page
    await visitor.log_in("sato")
    await visitor.go("/leads")
    await page.keyboard.press("f")
    await page.locator("#lead-filters").get_by_text("架電できる").click()
    await page.locator("#lead-filters summary", has_text="業種").click()
    await page.locator("#lead-filters").get_by_text("建設", exact=True).click()
    assert not await nameless_controls(page)
    await page.locator("#lead-filters .primary").click()
    await expect(page.locator(".chip:not(.is-view)")).to_have_count(2)

    await page.get_by_role("button", name="ビュー").click()
    await page.locator("#lead-views .is-new [name=name]").fill("建設で架電できる先")
    await page.locator("#lead-views .is-new .primary").click()
    await expect(page.locator(".chip.is-view")).to_have_text("建設で架電できる先")
    await visitor.go("/leads")
    await expect(page.locator(".chip")).to_have_count(0)
    await page.get_by_role("button", name="ビュー").click()
    await page.locator(".view-link", has_text="建設で架電できる先").click()
    await expect(page.locator(".chip:not(.is-view)")).to_have_count(2)


async def test_columns_are_chosen_and_put_in_order(visitor: Visitor, table: WebWorld) -> None:
    page = visitor.page
    await visitor.log_in("sato")
    await visitor.go("/leads")
    await page.get_by_role("button", name="列", exact=True).click()
    dialog = page.locator("#lead-columns")
    rows = dialog.locator("li")
    await expect(rows.nth(0).locator("input")).to_be_focused()
    await rows.nth(1).drag_to(rows.nth(0), target_position={"x": 60, "y": 2})
    await expect(rows.nth(0)).to_contain_text("地域")
    staff = dialog.locator("li", has_text="従業員数")
    await staff.locator("input").check()
    await rows.nth(2).hover()
    await rows.nth(2).locator("[data-moves=up]").click()
    await dialog.locator(".primary").click()
    heads = page.locator(".lead-table thead th:not(.cell-tick, .cell-name, .cell-actions)")
    await expect(heads.nth(0)).to_contain_text("地域")
    await expect(heads.nth(1)).to_contain_text("ステージ")
    await expect(heads.nth(2)).to_contain_text("電話番号")
    await expect(heads.last).to_contain_text("従業員数")


async def test_all_leads_of_a_filter_are_taken_together(visitor: Visitor, table: WebWorld) -> None:
    page = visitor.page
    await visitor.log_in("sato")
    await visitor.go("/leads?tab=all")
    await page.locator("[data-all]").check()
    await expect(page.locator("[data-count]")).to_have_text("50")
    await page.locator("[data-takes-everything]").click()
    await expect(page.locator("[data-count]")).to_have_text(str(len(table.team.lead_ids)))
    await page.locator("#lead-rows input[name=ids]").first.uncheck()
    await expect(page.locator("[data-count]")).to_have_text("49")
