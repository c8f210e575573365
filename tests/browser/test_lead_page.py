"""A lead's page at the keyboard: fields are written in place, and nothing typed is lost."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from dialer.lead_editing import Edit, edit_lead
from tests.browser.conftest import Visitor
from tests.fakes.sales_fields import add_custom_fields
from tests.fakes.web_server import WebWorld

pytestmark = pytest.mark.real


async def test_enter_saves_and_esc_leaves_it_as_it_was(visitor: Visitor, world: WebWorld) -> None:
    page = visitor.page
    await visitor.log_in("sato")
    await visitor.go(f"/leads/{world.team.lead_ids[100]}")
    await page.get_by_role("button", name="リード名を編集").click()
    field = page.get_by_label("リード名", exact=True)
    await expect(field).to_be_focused()
    await field.fill("新しい名前の商店")
    await page.keyboard.press("Enter")
    await expect(page.locator("#lead-name")).to_have_text("新しい名前の商店")
    await expect(page.locator("#timeline")).to_contain_text("新しい名前の商店")
    await page.get_by_role("button", name="建物名を編集").click()
    await page.get_by_label("建物名", exact=True).fill("本館")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="建物名を編集")).not_to_contain_text("本館")


async def test_what_is_typed_stays_while_the_lead_changes_around_it(
    visitor: Visitor, world: WebWorld, complaints: list[str]
) -> None:
    page, lead_id = visitor.page, world.team.lead_ids[100]
    await visitor.log_in("sato")
    await visitor.go(f"/leads/{lead_id}")
    await page.get_by_role("button", name="建物名を編集").click()
    field = page.get_by_label("建物名", exact=True)
    await field.fill("別館")
    async with world.database.write() as connection:
        await edit_lead(
            connection,
            lead_id=lead_id,
            edit=Edit("building", ["新館3階"]),
            by=world.team.agents[1],
            now=world.clock.now(),
        )
    world.live.publish("history", {})
    await expect(page.locator("#timeline")).to_contain_text("新館3階")
    await expect(field).to_have_value("別館")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="鈴木 健太")).to_contain_text("新館3階")
    await expect(field).to_have_value("別館")
    await field.press("Enter")
    await expect(page.get_by_role("button", name="建物名を編集")).to_contain_text("別館")
    complaints[:] = [one for one in complaints if "422" not in one]


async def test_a_contact_point_is_added_and_one_that_is_none_is_told(
    visitor: Visitor, world: WebWorld, complaints: list[str]
) -> None:
    page = visitor.page
    await visitor.log_in("sato")
    await visitor.go(f"/leads/{world.team.lead_ids[100]}")
    await page.get_by_role("button", name="連絡先を追加").click()
    number = page.get_by_label("番号・アドレス")
    await expect(number).to_be_focused()
    await number.fill("03-12")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("桁数が足りません")).to_be_visible()
    await number.fill("090-1234-5678")
    await page.keyboard.press("Enter")
    await expect(page.locator("#lead-contacts")).to_contain_text("090-1234-5678")
    await expect(number).to_have_count(0)
    complaints[:] = [one for one in complaints if "422" not in one]


async def test_a_date_that_cannot_be_clears_nothing(visitor: Visitor, world: WebWorld) -> None:
    page = visitor.page
    async with world.database.write() as connection:
        await add_custom_fields(connection, world.team)
    await visitor.log_in("sato")
    await visitor.go(f"/leads/{world.team.lead_ids[100]}")
    button = page.get_by_role("button", name="現契約の満了日を編集")
    field = page.get_by_label("現契約の満了日", exact=True)
    await button.click()
    await field.fill("2027-01-31")
    await page.keyboard.press("Enter")
    await expect(button).to_contain_text("2027/01/31")
    await button.click()
    await field.press_sequentially("02312027")
    assert await field.evaluate("input => input.validity.badInput")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(button).to_contain_text("2027/01/31")
    assert "POST" not in sent


async def test_a_field_opens_although_the_lead_changes_meanwhile(
    visitor: Visitor, world: WebWorld
) -> None:
    page = visitor.page
    await visitor.log_in("sato")
    await visitor.go(f"/leads/{world.team.lead_ids[100]}")
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await page.route("**/fields/city", hold)
    await page.locator("#field-city .field-edit").click()
    async with page.expect_response("**/timeline*"):
        await page.evaluate("htmx.trigger(document.body, 'leadChanged')")
    held.set()
    await expect(page.locator("#edit-city")).to_be_focused()
