"""The people of the demo: each logs in to the web pages and works the desk over HTTP.

They do what a browser does: one session with cookie and CSRF token, buttons as
POST requests. Their phones are at the simulated carrier.
"""

import asyncio
import random
import re
from dataclasses import dataclass
from uuid import UUID

from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar

from dialer.floor import Floor
from dialer.result_sets import ActionResult
from dialer.rules.agent_state import AgentState

_LOOK_EVERY_SECONDS = 0.2
_CSRF = re.compile(r'"X-CSRF-Token"\s*:\s*"([^"]+)"')
_MEMOS = (
    "来週火曜の午後に改めて電話。",
    "決裁は本社とのこと。資料をメールで送る。",
    "今は別の会社を使用中。半年後に見直し。",
    "担当者は外出中。夕方に戻る。",
    "価格に関心あり。見積もりを希望。",
)


class DemoAgentError(Exception):
    """The web pages did not do what an agent asked of them."""


@dataclass(frozen=True, slots=True)
class DemoAgent:
    """One agent. `results` are those that he may choose from; nobody refuses for ever here."""

    user_id: int
    login: str
    password: str
    address: str
    floor: Floor
    results: tuple[ActionResult, ...]
    rng: random.Random

    async def work(self) -> None:
        """Ready, talk, save a result, and again, until cancelled. Raises DemoAgentError."""
        limit = ClientTimeout(total=10)
        # The demo's pages are on a bare address, which cookie jars distrust by default.
        async with ClientSession(cookie_jar=CookieJar(unsafe=True), timeout=limit) as session:
            try:
                await self._log_in(session)
                await self._press(session, "/desk/ready")
                while True:
                    await self._one_call(session)
            except ClientError as error:
                raise DemoAgentError(f"{self.login}: {error}") from error

    async def _one_call(self, session: ClientSession) -> None:
        call_id = await self._call_in(AgentState.ON_CALL, AgentState.AFTER_CALL_WORK)
        await asyncio.sleep(self.rng.uniform(5, 12))
        view = self.floor.agent(self.user_id)
        if view is not None and view.state is AgentState.ON_CALL:
            await self._press(session, "/desk/hang-up", may_come_late=True)
        await self._call_in(AgentState.AFTER_CALL_WORK)
        await asyncio.sleep(self.rng.uniform(0.8, 2.5))
        result = self.rng.choice(self.results)
        memo = self.rng.choice(_MEMOS)
        await self._press(
            session,
            f"/desk/calls/{call_id}/result",
            {"result_id": str(result.id), "memo": memo},
            may_come_late=True,
        )
        await self._no_call()

    async def _call_in(self, *states: AgentState) -> UUID:
        while True:
            view = self.floor.agent(self.user_id)
            if view is not None and view.state in states and view.call is not None:
                return view.call.call_id
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _no_call(self) -> None:
        while (view := self.floor.agent(self.user_id)) and view.state is AgentState.AFTER_CALL_WORK:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _log_in(self, session: ClientSession) -> None:
        token = await self._token(session, "/login")
        form = {"login": self.login, "password": self.password, "csrf_token": token}
        async with session.post(f"{self.address}/login", data=form) as answer:
            if answer.status != 200 or answer.url.path == "/login":
                raise DemoAgentError(f"{self.login} cannot log in (HTTP {answer.status})")
        session.headers["X-CSRF-Token"] = await self._token(session, "/desk")

    async def _token(self, session: ClientSession, path: str) -> str:
        async with session.get(f"{self.address}{path}") as page:
            found = _CSRF.search((await page.text()).replace("&#34;", '"'))
        if found is None:
            raise DemoAgentError(f"{path} shows no form to {self.login}")
        return found[1]

    async def _press(
        self,
        session: ClientSession,
        path: str,
        form: dict[str, str] | None = None,
        *,
        may_come_late: bool = False,
    ) -> None:
        """`may_come_late`: the customer may end the call in the same moment (HTTP 409)."""
        async with session.post(f"{self.address}{path}", data=form or {}) as answer:
            if answer.status == 409 and may_come_late:
                return
            if answer.status >= 400:
                raise DemoAgentError(f"{self.login}: {path} answers HTTP {answer.status}")
