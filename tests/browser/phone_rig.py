"""A whole Kakeru with its pages, and an agent whose phone is a real Chromium's.

    async with phone_floor() as floor, floor.desk() as desk:
        await desk.ready()
        row = await floor.kakeru.call("carrier", number("32"))

Chromium's pretended microphone beeps once a second; who is called hums (see docs/carrier.md).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from aiohttp import web
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    async_playwright,
    expect,
)

from ari_app.clock import SystemClock
from ari_app.runtime.chromium import executable
from dialer.rules.list_shape import ListLimits
from dialer.secret_box import SecretBox
from dialer.users import PhoneMode
from tests.acceptance.audio import Samples
from tests.acceptance.installation import Installation
from tests.fakes.web_floor import FakeCampaignFiles, FakeCampaigns
from tests.fakes.web_imports import ImportsAtOnce
from tests.fakes.web_server import serving
from webui.app import create_app
from webui.phone_lines import PHONE_LINES
from webui.services import Imports, WebServices, WebSettings

CUSTOMER_HERTZ = 700.0
_PATIENCE_MS = 20_000
_FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
)
# Keeps every connection within reach of `received_bytes`.
_KEEP_CONNECTIONS = """
const Original = window.RTCPeerConnection;
window.connections = [];
window.RTCPeerConnection = class extends Original {
  constructor(...given) { super(...given); window.connections.push(this); }
};
"""
_RECEIVED = """async () => {
  const open = window.connections.filter((one) => one.connectionState === "connected");
  let bytes = 0;
  for (const connection of open) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type === "inbound-rtp") bytes += report.bytesReceived;
    }
  }
  return bytes;
}"""


@dataclass(slots=True)
class Desk:
    """One tab with the agent's desk."""

    page: Page
    address: str

    async def log_in(self) -> None:
        await self.page.goto(f"{self.address}/login")
        await self.page.get_by_label("ログインID").fill("agent0")
        await self.page.get_by_label("パスワード").fill("correct horse")
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_selector("body[data-ready] main#content")

    async def open(self) -> None:
        await self.page.goto(f"{self.address}/desk")

    async def phone_is(self, state: str) -> None:
        """Waits until the phone says that it is in this state."""
        await expect(self.page.locator("#phone")).to_have_attribute(
            "data-phone", state, timeout=_PATIENCE_MS
        )

    async def state_is(self, words: str) -> None:
        await expect(self.page.locator(".state-name")).to_have_text(words, timeout=_PATIENCE_MS)

    async def ready(self) -> None:
        """Connects the phone and presses 待機; the line is open then."""
        await self.open()
        await self.phone_is("online")
        await self.page.keyboard.press("r")
        await self.state_is("待機")
        await self.phone_is("open")

    async def received_bytes(self) -> int:
        """Audio that has come from Asterisk on the connection that is open now."""
        return int(await self.page.evaluate(_RECEIVED))


@dataclass(slots=True)
class PhoneFloor:
    """`kakeru` with its pages at `address`."""

    kakeru: Installation
    address: str
    chromium: Browser
    app: web.Application

    async def cut_lines(self) -> None:
        """Every page's WebSocket ends, as when the server or the network between is replaced."""
        await self.app[PHONE_LINES].close(self.app)

    async def visitor(self) -> BrowserContext:
        context = await self.chromium.new_context(
            locale="ja", viewport={"width": 1280, "height": 860}
        )
        context.set_default_timeout(15_000)
        await context.add_init_script(_KEEP_CONNECTIONS)
        return context

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Desk]:
        """The agent, logged in, in a browser of his own."""
        context = await self.visitor()
        errors: list[str] = []
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on("console", partial(_note_refused, errors))
        desk = Desk(await context.new_page(), self.address)
        await desk.log_in()
        yield desk
        await context.close()
        assert not errors


def _note_refused(errors: list[str], said: ConsoleMessage) -> None:
    """What the content security policy has refused; Chromium's words about broken lines are meant
    to be there."""
    if "Policy" in said.text:
        errors.append(said.text)


@asynccontextmanager
async def phone_floor(phone_mode: PhoneMode = "held", **campaign: Any) -> AsyncIterator[PhoneFloor]:
    """`campaign`: settings of the campaign `carrier` that differ from the usual."""
    campaigns = {"carrier": campaign}
    async with (
        Installation(in_browser=True, phone_mode=phone_mode, campaigns=campaigns) as kakeru,
        served(kakeru) as (app, address),
        async_playwright() as playwright,
    ):
        chromium = await playwright.chromium.launch(
            executable_path=str(executable()), args=list(_FLAGS)
        )
        yield PhoneFloor(kakeru, address, chromium, app)
        await chromium.close()


@asynccontextmanager
async def served(kakeru: Installation) -> AsyncIterator[tuple[web.Application, str]]:
    """The pages of an installation, and their address."""
    app = create_app(_services(kakeru))
    async with serving(app) as address:
        yield app, address


def _services(kakeru: Installation) -> WebServices:
    running, clock = kakeru.running, SystemClock()
    folder = kakeru.folder / "imports"
    files = FakeCampaignFiles(
        FakeCampaigns([], database=kakeru.database, clock=clock, live=running.live)
    )
    return WebServices(
        database=kakeru.database,
        floor=running.controller.floor,
        campaigns=running.controller.campaigns,
        manual_calls=running.controller.manual_calls,
        pauses=running.controller.pauses,
        live=running.live,
        recordings=running.store,
        imports=Imports(folder, ListLimits(), ImportsAtOnce(kakeru.database, folder, clock)),
        campaign_files=files,
        browser_phones=running.accounts,
        session_key=b"k" * 32,
        secrets=SecretBox([b"s" * 32]),
        clock=clock,
        settings=WebSettings(),
    )


def loudest(samples: Samples) -> float:
    """How loud the loudest 20 ms are, as a share of full scale."""
    frames = samples[: len(samples) // 160 * 160].astype(np.float64).reshape(-1, 160)
    return float(np.sqrt((frames**2).mean(axis=1)).max() / 32768) if len(frames) else 0.0
