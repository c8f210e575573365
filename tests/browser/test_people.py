"""People as they are in a real browser: invited, coming in, with a second factor."""

import re

import pyotp
from playwright.async_api import Browser, expect

from tests.browser.conftest import Visitor
from tests.fakes.web_server import WebWorld

NEW = "battery staple"


async def test_a_user_is_invited_comes_in_and_leaves(
    visitor: Visitor, chromium: Browser, address: str, world: WebWorld
) -> None:
    page = visitor.page
    await visitor.log_in("admin")
    await page.get_by_role("link", name="ユーザー", exact=True).click()
    await page.wait_for_selector("body[data-ready]")
    await page.keyboard.press("n")
    await page.locator("#invite-name").fill("伊藤 翼")
    await page.locator("#invite-login").fill("ito")
    await page.get_by_role("checkbox", name="東京営業部").check()
    await page.get_by_role("radio", name="SIP電話機").check()
    await page.locator("#invite-phone").fill("phone-ito")
    await page.keyboard.press("Enter")
    link = await page.locator("#once-link").input_value()
    assert re.fullmatch(rf"{address}/welcome/[\w-]{{40,}}", link)
    assert len(await page.locator("#once-phone").input_value()) > 20
    await expect(page.locator("#user-rows")).to_contain_text("招待中")
    await page.locator("[data-closes-once]").click()
    await expect(page.locator("#once-link")).to_have_count(0)

    theirs = await chromium.new_context(locale="en")
    newcomer = await theirs.new_page()
    await newcomer.goto(link)
    assert newcomer.url == f"{address}/welcome"
    await newcomer.get_by_label("Password", exact=True).fill(NEW)
    await newcomer.get_by_label("Password once more").fill(NEW)
    await newcomer.keyboard.press("Enter")
    await newcomer.wait_for_url(f"{address}/desk")
    await expect(newcomer.locator(".who-name")).to_have_text("伊藤 翼")

    await page.get_by_role("link", name="伊藤 翼").click()
    await page.locator("#open-deactivate").click()
    await page.locator("#leave-dialog .button.danger").click()
    await expect(page.get_by_text("ユーザーを無効にしました。")).to_be_visible()
    await expect(page.locator("#activate")).to_be_visible()
    await newcomer.reload()
    assert newcomer.url.startswith(f"{address}/login")
    await theirs.close()


async def test_a_second_factor_is_turned_on_and_asked_for(
    visitor: Visitor, world: WebWorld, address: str
) -> None:
    page = visitor.page
    await visitor.log_in("sato")
    await page.locator(".who").click()
    await page.locator("#begin-password").fill("correct horse")
    await page.locator("#begin-factor").click()
    await expect(page.locator("img.qr")).to_be_visible()
    key = await page.locator(".secret").text_content()
    assert key
    phone = pyotp.TOTP(key.strip())
    used = world.clock.now()
    await page.locator("#confirm-code").fill(phone.at(used))
    await page.keyboard.press("Enter")
    await expect(page.locator(".codes li")).to_have_count(10)
    recovery = await page.locator(".codes code").first.text_content()
    await expect(page.get_by_text("回復コードは残り10個です。")).to_be_visible()

    await page.get_by_role("button", name="ログアウト", exact=True).click()
    await page.get_by_label("ログインID").fill("sato")
    await page.get_by_label("パスワード").fill("correct horse")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{address}/login/code")
    assert recovery
    await page.get_by_label("コード").fill(recovery)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{address}/desk")


async def test_set_up_opens_from_the_bar_of_a_phone(visitor: Visitor) -> None:
    page = visitor.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await visitor.log_in("admin")
    await expect(page.get_by_role("link", name="ワークグループ")).to_be_hidden()
    await expect(page.locator(".nav > .nav-item:visible")).to_have_count(5)
    await page.get_by_role("button", name="その他", exact=True).click()
    await expect(page.get_by_role("link", name="リマインダー")).to_be_visible()
    await page.get_by_role("link", name="ワークグループ").click()
    await page.wait_for_url("**/workgroups")
    await expect(page.locator("#workgroup-rows")).to_contain_text("東京営業部")
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
