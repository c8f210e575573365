"""Fixtures for tests of the pages: a sales team that is made once and copied for each test."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient

from dialer.storage.engine import open_database
from recordings.store import LocalRecordingStore
from tests.fakes.sales_team import PASSWORD, SalesTeam, build_sales_team
from tests.fakes.web_server import WebWorld, build_web_world

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class TeamTemplate:
    folder: Path
    team: SalesTeam


@pytest.fixture(scope="session")
def team_template(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> TeamTemplate:
    folder = tmp_path_factory.mktemp("sales-team")
    shutil.copyfile(migrated_sqlite, folder / "kakeru.db")

    async def build() -> SalesTeam:
        database = open_database(f"sqlite:///{folder / 'kakeru.db'}")
        store = LocalRecordingStore(folder / "recordings", settle_seconds=0.01)
        try:
            return await build_sales_team(database, store, calls_made=60)
        finally:
            await database.close()

    return TeamTemplate(folder, _apart(build()))


@pytest.fixture
async def world(team_template: TeamTemplate, tmp_path: Path) -> AsyncIterator[WebWorld]:
    """The pages of a sales team, with a database of the test's own."""
    folder = tmp_path / "sales-team"
    shutil.copytree(team_template.folder, folder)
    database = open_database(f"sqlite:///{folder / 'kakeru.db'}")
    yield build_web_world(database, folder / "recordings", team_template.team)
    await database.close()


class Browser:
    """What a browser does with forms: keeps the cookie, sends the token."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self.client = client
        self.token = ""

    async def log_in(self, login: str, password: str = PASSWORD) -> ClientResponse:
        self.token = await self._token_of("/login")
        response = await self.post("/login", login=login, password=password)
        if response.status == 303:
            self.token = await self._token_of(response.headers["Location"])
        return response

    async def act_as(self, role: str) -> None:
        await self.post("/preferences/role", role=role)

    async def _token_of(self, path: str) -> str:
        found = _TOKEN.search(await (await self.client.get(path)).text())
        return found[1] if found else ""

    async def get(self, path: str, **headers: str) -> ClientResponse:
        return await self.client.get(path, allow_redirects=False, headers=headers)

    async def page(self, path: str) -> str:
        response = await self.client.get(path)
        assert response.status == 200, await response.text()
        return await response.text()

    async def post(self, path: str, **fields: str) -> ClientResponse:
        return await self.client.post(
            path, data={"csrf_token": self.token, **fields}, allow_redirects=False
        )

    async def press(self, path: str, **fields: str) -> ClientResponse:
        """As htmx does: the token in a header, a fragment expected."""
        return await self.client.post(
            path, data=fields, headers={"HX-Request": "true", "X-CSRF-Token": self.token}
        )


MakeBrowser = Callable[[], Coroutine[Any, Any, Browser]]


@pytest.fixture
def new_browser(world: WebWorld, aiohttp_client: Any) -> MakeBrowser:
    """Makes browsers that share nothing but the application."""

    async def make() -> Browser:
        return Browser(await aiohttp_client(world.app))

    return make


@pytest.fixture
async def browser(new_browser: MakeBrowser) -> Browser:
    return await new_browser()


def _apart(work: Coroutine[Any, Any, SalesTeam]) -> SalesTeam:
    """Runs `work` on a loop of its own, away from the test's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
