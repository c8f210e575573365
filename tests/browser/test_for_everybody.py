"""What must hold on every page, in both languages, light and dark, wide and narrow."""

from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import Visitor
from tests.browser.talks import speak
from tests.fakes.sales_team import PASSWORD
from tests.fakes.web_server import WebWorld, call_for

pytestmark = pytest.mark.real

_CONTROLS = {
    "button",
    "checkbox",
    "combobox",
    "link",
    "searchbox",
    "slider",
    "tab",
    "textbox",
    "Date",
    "DisclosureTriangle",
}


def pages_of(world: WebWorld, talk: UUID) -> dict[str, tuple[str, ...]]:
    lead = world.team.lead_ids[161]
    return {
        "sato": ("/desk", "/leads", f"/leads/{lead}", "/history", "/campaigns", "/account"),
        "admin": (
            "/fields",
            "/results",
            "/users",
            f"/users/{world.team.agents[0].id}",
            "/workgroups",
            f"/workgroups/{world.team.workgroup_id}",
            "/campaigns",
            f"/leads/{lead}",
            "/history",
            "/examples",
            f"/recordings/{talk}",
            "/nowhere",
        ),
    }


async def nameless_controls(page: Page) -> list[str]:
    session = await page.context.new_cdp_session(page)
    tree: dict[str, Any] = await session.send("Accessibility.getFullAXTree")
    await session.detach()
    return [
        str(node.get("properties"))
        for node in tree["nodes"]
        if node.get("role", {}).get("value") in _CONTROLS
        and not node.get("ignored")
        and not node.get("name", {}).get("value", "").strip()
    ]


async def test_each_control_has_a_name_for_those_who_do_not_see_it(
    visitor: Visitor, world: WebWorld
) -> None:
    page = visitor.page
    await page.goto(f"{visitor.address}/login")
    assert not await nameless_controls(page)
    await call_for(world, world.team.agents[0].id, lead_index=36, seconds_ago=2)
    for login, paths in pages_of(world, await speak(world)).items():
        await visitor.log_in(login)
        for path in paths:
            await visitor.go(path)
            if path == "/history":
                await page.locator(".history-row:has([data-plays]) .cell-time").first.click()
                await page.wait_for_selector("[data-player][data-ready]")
            assert not await nameless_controls(page), path
        await page.get_by_role("button", name="ログアウト", exact=True).click()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_no_page_is_wider_than_a_phone(
    chromium: Browser, address: str, world: WebWorld, theme: str
) -> None:
    await call_for(world, world.team.agents[0].id, lead_index=36, seconds_ago=2)
    for login, paths in pages_of(world, await speak(world)).items():
        context = await chromium.new_context(
            locale="en",
            viewport={"width": 390, "height": 844},
            color_scheme="dark" if theme == "dark" else "light",
        )
        page = await context.new_page()
        await page.goto(f"{address}/login")
        await page.get_by_label("Login").fill(login)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_selector("main#content")
        for path in paths:
            await page.goto(address + path)
            if path == "/history":
                await page.locator(".history-row:has([data-plays]) .cell-time").first.click()
                await page.wait_for_selector("[data-player][data-ready]")
            wide = await page.evaluate("() => document.documentElement.scrollWidth")
            assert wide <= 390, path
        await context.close()


async def test_the_theme_is_the_systems_until_one_chooses(visitor: Visitor) -> None:
    page = visitor.page
    background = "() => getComputedStyle(document.body).backgroundColor"
    await visitor.log_in("sato")
    await page.emulate_media(color_scheme="light")
    light = await page.evaluate(background)
    await page.emulate_media(color_scheme="dark")
    dark = await page.evaluate(background)
    assert light != dark
    await page.get_by_role("button", name="配色").click()
    await page.wait_for_selector("html[data-theme=light]")
    assert await page.evaluate(background) == light


_WHILE_OFFLINE = (
    "Failed to load resource: net::ERR_INTERNET_DISCONNECTED",
    "htmx:sendError",
    "htmx:afterRequest",
)


async def test_pages_work_when_the_connection_comes_back(
    visitor: Visitor, world: WebWorld, complaints: list[str]
) -> None:
    page = visitor.page
    await visitor.log_in("sato")
    await page.context.set_offline(True)
    await page.context.set_offline(False)
    # A request that was under way is told as failed, by Chromium and by htmx.
    complaints[:] = [one for one in complaints if not one.startswith(_WHILE_OFFLINE)]
    await call_for(world, world.team.agents[0].id, lead_index=36, seconds_ago=2)
    await page.wait_for_selector("#lead-name")
