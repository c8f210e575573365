"""A real Chromium before the real pages; whatever it complains about fails the test."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from ari_app.runtime.chromium import executable
from tests.fakes.sales_team import PASSWORD
from tests.fakes.web_fixtures import team_template, world
from tests.fakes.web_server import WebWorld, serving

__all__ = ["team_template", "world"]

# Chromium reports these itself when a page that we asked for does not exist or is forbidden.
_EXPECTED = "Failed to load resource: the server responded with a status of 40"


@pytest.fixture
async def address(world: WebWorld) -> AsyncIterator[str]:
    async with serving(world.app) as served:
        yield served


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(executable()), args=["--no-sandbox"]
        )
        yield browser
        await browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What Chromium has complained about; a test that provokes some takes them out again."""
    return []


@pytest.fixture
async def context(
    chromium: Browser, address: str, complaints: list[str]
) -> AsyncIterator[BrowserContext]:
    opened = await chromium.new_context(
        locale="ja", timezone_id="Asia/Tokyo", viewport={"width": 1280, "height": 860}
    )
    opened.set_default_timeout(10_000)
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("weberror", lambda error: complaints.append(str(error.error)))
    yield opened
    await opened.close()
    assert not [one for one in complaints if not one.startswith(_EXPECTED)]


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


class Visitor:
    """A person at the browser."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    async def log_in(self, login: str) -> None:
        await self.page.goto(f"{self.address}/login")
        await self.page.get_by_label("ログインID").fill(login)
        await self.page.get_by_label("パスワード").fill(PASSWORD)
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_selector("body[data-ready] main#content")

    async def go(self, path: str) -> None:
        await self.page.goto(self.address + path)
        await self.page.wait_for_selector("body[data-ready]")


@pytest.fixture
def visitor(page: Page, address: str) -> Visitor:
    return Visitor(page, address)
