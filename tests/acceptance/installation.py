"""A whole Kakeru in a temporary folder: database, Asterisk, simulated carrier, controller.

    async with Installation(agents=2) as kakeru:
        await kakeru.all_ready()
        await kakeru.start("carrier")
        row = await kakeru.call("carrier", number("07"))

Two trunks: `carrier` leads to the simulated carrier, which also is the agents' phones; `people` to
a SipPhone that does what a test's scripts say.
"""

import asyncio
import itertools
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import insert

from ari_app.runtime.carrier import Carrier
from ari_app.runtime.pbx import Pbx, PbxSettings
from dialer import lanes, projects, user_changes, users, workgroups
from dialer.campaign import CampaignSettings
from dialer.campaign_state import ensure_campaign, set_state
from dialer.rules.calling_hours import WEEKDAYS
from dialer.rules.lane import Lane
from dialer.storage.engine import Database, open_database
from dialer.storage.migrate import upgrade
from dialer.storage.tables import contact_points, leads
from dialer.user_names import BROWSER_PHONE
from dialer.users import User
from tests.acceptance.audio import tone
from tests.acceptance.blueprint import Blueprint, Running, running
from tests.acceptance.call_rows import CallRow, Heard, call_rows, listen
from tests.acceptance.sip_phone import SipPhone
from tests.checkout import ROOT

MESSAGE_HERTZ = 1000.0  # of the message that abandoned customers hear
MESSAGE_SECONDS = 1.5
NOTICE_HERTZ = 1300.0  # of the notice that a conversation is recorded, where a campaign has one
NOTICE_SECONDS = 2.0

Found = TypeVar("Found")
_serial = itertools.count(1)


def number(ending: str = "00") -> str:
    """A number that nobody was given before, with these two last digits."""
    return f"+8135{next(_serial):05d}{ending}"


def dialled(e164: str) -> str:
    """The number as the trunk gets it."""
    return "0" + e164.removeprefix("+81")


async def wait_for(
    what: str, look: Callable[[], Found | None] | Callable[[], bool], *, seconds: float = 10.0
) -> Found:
    """The first true value of `look`. Raises TimeoutError that names what was waited for."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := look()):
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(0.02)
    return found  # type: ignore[return-value]


class Installation:
    """`campaigns`: settings that differ from the usual, by campaign name; the names `carrier` and
    `people` are there anyway, any other needs its `trunk`. `own_process`: the controller can be
    killed. `simulated`: whether the agents' phones are the simulated carrier's. `in_browser`: they
    are in the agents' browsers.
    """

    def __init__(
        self,
        *,
        agents: int = 1,
        phone_mode: users.PhoneMode = "held",
        campaigns: dict[str, dict[str, Any]] | None = None,
        own_process: bool = False,
        simulated: bool = True,
        in_browser: bool = False,
    ) -> None:
        self._phone_mode = phone_mode
        usual: dict[str, dict[str, Any]] = {"carrier": {}, "people": {}}
        self._campaigns = usual | (campaigns or {})
        self._own_process = own_process
        self._simulated = simulated and not in_browser
        self._in_browser = in_browser
        self._accounts = [(f"agent{i}", f"secret{i}") for i in range(agents)]
        self._stack = AsyncExitStack()
        self._projects: dict[str, int] = {}
        self._run: Running | None = None
        self._process: ControllerProcess | None = None
        self.folder = Path()
        self.users: list[User] = []
        self.people = SipPhone()
        self.pbx: Pbx
        self.carrier: Carrier
        self.database: Database
        self.blueprint: Blueprint

    # --- life -------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kakeru-"))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        await self._stack.enter_async_context(self.people)
        await asyncio.gather(self._start_asterisks(), self._fill_database())
        (self.folder / "message.ulaw").write_bytes(tone(MESSAGE_HERTZ, seconds=MESSAGE_SECONDS))
        (self.folder / "notice.ulaw").write_bytes(tone(NOTICE_HERTZ, seconds=NOTICE_SECONDS))
        self.blueprint = Blueprint(
            database_url=self._database_url,
            ari_url=self.pbx.ari_url,
            ari_password=self.pbx.ari_password,
            recordings=self.folder / "recordings",
            message=self.folder / "message",
            notice=self.folder / "notice",
            trunks={"carrier": self.carrier.sip_port, "people": self.people.port},
            campaigns=[_campaign(name, more) for name, more in self._campaigns.items()],
        )
        if self._own_process:
            await self.start_process()
        else:
            self._run = await self._stack.enter_async_context(running(self.blueprint))
            await self._run.ari.wait_connected(seconds=10)

    async def _start_asterisks(self) -> None:
        self.pbx = Pbx(PbxSettings.on_free_ports(self.folder / "pbx"), die_with_parent=True)
        self.carrier = Carrier(
            self.folder / "carrier",
            pbx_sip_address=self.pbx.sip_address,
            agents=self._accounts if self._simulated else (),
        )
        await asyncio.gather(self.pbx.start(), self.carrier.start())
        self._stack.push_async_callback(self.pbx.stop, drain=1.0)
        self._stack.push_async_callback(self.carrier.stop, drain=1.0)

    @property
    def _database_url(self) -> str:
        return f"sqlite:///{self.folder / 'kakeru.db'}"

    async def _fill_database(self) -> None:
        await upgrade(self._database_url)
        self.database = open_database(self._database_url)
        self._stack.push_async_callback(self.database.close)
        now = datetime.now(UTC)
        async with self.database.write() as connection:
            group = await workgroups.create_workgroup(connection, name="東京", now=now)
            for account, password in self._accounts:
                user = await users.create_user(
                    connection,
                    login=account,
                    name=account,
                    password="correct horse",
                    workgroups=[group.id],
                    phone_account=None if self._in_browser else account,
                    phone_password=password,
                    phone_mode=self._phone_mode,
                    now=now,
                )
                if self._in_browser:
                    await user_changes.set_phone(
                        connection,
                        user_id=user.id,
                        account=BROWSER_PHONE,
                        mode=self._phone_mode,
                        now=now,
                        by=None,
                    )
                self.users.append(user)
            for name in self._campaigns:
                project = await projects.create_project(
                    connection, name=name, result_required=False, now=now
                )
                self._projects[name] = project.id
                await projects.assign_users(
                    connection,
                    project_id=project.id,
                    user_ids=[user.id for user in self.users],
                    now=now,
                )
                await ensure_campaign(connection, name=name, project_id=project.id, now=now)

    # --- people -----------------------------------------------------------------------------------

    @property
    def running(self) -> Running:
        """The controller in this process."""
        assert self._run is not None
        return self._run

    @property
    def process(self) -> "ControllerProcess":
        """The controller in its own process."""
        assert self._process is not None
        return self._process

    async def start_process(self) -> "ControllerProcess":
        """Starts the controller (again) in its own process."""
        file = self.folder / "blueprint.json"
        file.write_text(self.blueprint.model_dump_json(), encoding="utf-8")
        self._process = await ControllerProcess.started(file)
        self._stack.push_async_callback(self._process.end)
        return self._process

    async def start(self, *campaigns: str) -> None:
        """Starts campaigns."""
        for name in campaigns:
            await self.set_state(name, "running")

    async def set_state(self, campaign: str, state: Any) -> None:
        async with self.database.write() as connection:
            await set_state(connection, name=campaign, state=state, by=None, now=datetime.now(UTC))

    async def all_ready(self) -> None:
        """Every agent logs in and waits for calls."""
        if self._simulated:
            await self.registered()
        for user in self.users:
            await self.make_ready(user)
        await self.wait_for_floor("ready", seconds=10)

    async def registered(self, *, seconds: float = 15.0) -> None:
        """Waits until the simulated agents' phones are registered."""
        wanted = sorted(account for account, _ in self._accounts)
        deadline = asyncio.get_running_loop().time() + seconds
        while await self.carrier.registered_agents() != wanted:
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError("the agents' phones are not registered")
            await asyncio.sleep(0.1)

    async def make_ready(self, user: User) -> None:
        if self._process is not None:
            await self._process.ask(f"ready {user.id}")
        else:
            await self.running.controller.floor.go_ready(user.id)

    async def floor(self) -> list[str]:
        """The agents' states, in the order of `users`."""
        if self._process is not None:
            states = json.loads(await self._process.ask("floor"))
        else:
            agents = self.running.controller.floor.agents()
            states = {str(agent.user_id): str(agent.state) for agent in agents}
        return [states.get(str(user.id), "offline") for user in self.users]

    async def wait_for_floor(self, state: str, *, seconds: float = 10.0) -> None:
        """Waits until every agent is in that state."""
        deadline = asyncio.get_running_loop().time() + seconds
        while set(found := await self.floor()) != {state}:
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"agents are {found}, not {state}")
            await asyncio.sleep(0.05)

    # --- calls ------------------------------------------------------------------------------------

    async def add_leads(self, campaign: str, numbers: Sequence[str]) -> None:
        """Puts a lead with each number into the campaign's project."""
        async with self.database.write() as connection:
            project_id = self._projects[campaign]
            lane_id = await lanes.lane_id_of(connection, project_id, Lane())
            for e164 in numbers:
                lead_id = (
                    await connection.execute(
                        insert(leads)
                        .values(
                            project_id=project_id,
                            lane_id=lane_id,
                            name=f"lead {e164}",
                            created_at=datetime.now(UTC),
                            extra={},
                        )
                        .returning(leads.c.id)
                    )
                ).scalar_one()
                await connection.execute(
                    insert(contact_points).values(
                        lead_id=lead_id,
                        kind="phone",
                        position=0,
                        raw=dialled(e164),
                        e164=e164,
                        number_kind="fixed",
                    )
                )

    async def call(self, campaign: str, e164: str, *, seconds: float = 40.0) -> CallRow:
        """Lets the campaign call a new lead; the call when all of it is over."""
        await self.add_leads(campaign, [e164])
        return await self.settled(e164, seconds=seconds)

    async def settled(self, e164: str, *, seconds: float = 40.0) -> CallRow:
        """The call to this number when it has ended and its recording is finished."""
        return await self.row_when(e164, lambda row: row.settled, seconds=seconds)

    async def row_when(
        self, e164: str, so_far: Callable[[CallRow], bool], *, seconds: float = 15.0
    ) -> CallRow:
        """The call to this number as soon as `so_far` is true of it. Raises TimeoutError."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            rows = await call_rows(self.database, e164)
            if rows and so_far(rows[-1]):
                return rows[-1]
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"the call to {e164} is, after {seconds:g} s: {rows}")
            await asyncio.sleep(0.1)

    def listen(self, row: CallRow) -> Heard:
        """The finished recording of a call."""
        assert row.path, row
        return listen(self.blueprint.recordings / row.path)

    async def channels(self) -> list[str]:
        """Names of the channels that live in Kakeru's Asterisk."""
        lines = (await self.pbx.cli("core show channels concise")).splitlines()
        return [line.split("!")[0] for line in lines if "!" in line]


def _campaign(name: str, more: dict[str, Any]) -> CampaignSettings:
    usual = {
        "name": name,
        "project": name,
        "workgroups": ["東京"],
        "mode": "power",
        "lines_per_agent": 10,
        "trunk": name,
        "caller_ids": ["0312345678"],
        "ring_timeout_seconds": 12,
        "after_call_work_seconds": 0,
        "abandon_limit_percent": 100,
        "retries": {"max_attempts": 1},
        "hours": {"weekdays": dict.fromkeys(WEEKDAYS, "00:00-24:00")},
    }
    return CampaignSettings.model_validate(usual | more)


class ControllerProcess:
    """tests.acceptance.controller_process, running."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    async def started(cls, blueprint: Path) -> Self:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.acceptance.controller_process",
            str(blueprint),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        new = cls(process)
        await new._line("up")
        return new

    async def ask(self, command: str) -> str:
        """The answer to a command."""
        async with self._one_at_a_time:
            assert self._process.stdin is not None
            self._process.stdin.write(f"{command}\n".encode())
            return await self._line("")

    async def kill(self) -> None:
        """SIGKILL."""
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def _line(self, wanted: str) -> str:
        """The next line that is no log line; the one that is `wanted`, if that is not empty."""
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            while line := (await self._process.stdout.readline()).decode().strip():
                if line == wanted or (not wanted and (line == "ok" or line.startswith("{"))):
                    return line
        raise RuntimeError("the controller's process has ended")


async def gathered(*work: Awaitable[Found]) -> list[Found | BaseException]:
    """Results and errors of things that happen at the same time."""
    return await asyncio.gather(*work, return_exceptions=True)
