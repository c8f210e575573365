"""The web UI served for a test or a picture: real pages and database, fake floor."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web

from ari_app.coordination import LocalLiveUpdates
from dialer.ports import Timer
from dialer.storage.engine import Database
from recordings.store import LocalRecordingStore
from tests.fakes.sales_team import AFTERNOON, SalesTeam, build_sales_team
from tests.fakes.web_floor import FakeCampaigns, FakeFloor
from webui.app import create_app
from webui.services import WebServices, WebSettings


class AfternoonClock:
    """Runs as fast as the real one, from `AFTERNOON` on."""

    def __init__(self, start: datetime = AFTERNOON) -> None:
        self._start = start
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, action)


@dataclass(frozen=True, slots=True)
class WebWorld:
    """Everything behind the pages, and the application before them."""

    team: SalesTeam
    database: Database
    clock: AfternoonClock
    live: LocalLiveUpdates
    floor: FakeFloor
    campaigns: FakeCampaigns
    app: web.Application


async def build_web_world(
    database: Database, folder: Path, *, calls_made: int = 60
) -> WebWorld:
    """`folder` takes the recordings."""
    store = LocalRecordingStore(folder, settle_seconds=0.01)
    team = await build_sales_team(database, store, calls_made=calls_made)
    clock, live = AfternoonClock(), LocalLiveUpdates()
    floor = FakeFloor(database=database, clock=clock, live=live)
    for user in (*team.agents, team.admin):
        floor.add(user)
    campaigns = FakeCampaigns(team.campaigns, database=database, clock=clock, live=live)
    app = create_app(
        WebServices(
            database=database,
            floor=floor,
            campaigns=campaigns,
            live=live,
            recordings=store,
            session_key=b"k" * 32,
            clock=clock,
            settings=WebSettings(),
        )
    )
    return WebWorld(team, database, clock, live, floor, campaigns, app)


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Serves on a free port of this machine; gives the address."""
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
