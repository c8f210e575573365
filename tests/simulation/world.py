"""An installation in virtual time: database, telephone network, controller and its people."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from ari_app.controller import Controller, build_controller
from ari_app.coordination import LocalLiveUpdates
from dialer import mybox, prohibitions, projects, result_sets, users, workgroups
from dialer.campaign import CampaignSettings, RetrySettings
from dialer.campaign_runner import TrunkLines
from dialer.floor_views import AgentView
from dialer.messages import CallId
from dialer.recording_room import RecordingRoom
from dialer.rules.agent_state import AgentState, PhoneMode
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.pacing import StartBudget
from dialer.storage.tables import actions, calls, recordings
from dialer.storage.tables import leads as leads_table
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.failing_database import FailingDatabase
from tests.fakes.telephony import Customer, FakeTelephony, PhoneNetwork
from tests.small_world import add_lead

PROJECT, GROUP, TRUNK = "光回線", "東京", "carrier"


def answers_and_talks(e164: str, attempt: int) -> Customer:
    return Customer(answers=4.0, patience=40.0)


def campaign(name: str = "autumn", **changes: Any) -> CampaignSettings:
    """Progressive, with 5 s of after-call work."""
    values: dict[str, Any] = {
        "name": name,
        "project": PROJECT,
        "workgroups": [GROUP],
        "trunk": TRUNK,
        "caller_ids": ["0312345678"],
        "after_call_work_seconds": 5,
        "retries": RetrySettings(
            delay_minutes={CallOutcome.NO_ANSWER: 20, CallOutcome.BUSY: 5, CallOutcome.HUNG_UP: 30}
        ),
    }
    return CampaignSettings(**(values | changes))


@dataclass(slots=True)
class World:
    """Made by `open`; then `start` the controller, as often as it is killed."""

    url: str
    network: PhoneNetwork = field(default_factory=lambda: PhoneNetwork(answers_and_talks))
    agents: list[int] = field(default_factory=list)
    numbers: dict[int, str] = field(default_factory=dict)
    live: LocalLiveUpdates = field(default_factory=LocalLiveUpdates)
    settings: Sequence[CampaignSettings] = ()
    channels: int = 1000
    calls_per_second: float = 50.0
    look_every_seconds: float = 2.0
    """At what rings; the true tenth of a second only where it matters: it is many queries."""
    room: RecordingRoom = field(default_factory=RecordingRoom)
    admin: int = 0
    project_id: int = 0
    group_id: int = 0
    _database: FailingDatabase | None = None
    _controller: Controller | None = None
    _telephony: FakeTelephony | None = None
    _clock: FakeClock | None = None

    @property
    def database(self) -> FailingDatabase:
        assert self._database is not None
        return self._database

    @property
    def controller(self) -> Controller:
        assert self._controller is not None
        return self._controller

    @property
    def telephony(self) -> FakeTelephony:
        assert self._telephony is not None
        return self._telephony

    # --- setting up -----------------------------------------------------------------------

    async def open(
        self,
        *,
        agents: int = 1,
        leads: int = 10,
        customer: Callable[[str, int], Customer] | None = None,
        campaigns: Sequence[CampaignSettings] | None = None,
        phone_mode: PhoneMode = PhoneMode.HELD,
        result_required: bool = False,
    ) -> None:
        self._database = FailingDatabase(self.url)
        self.settings = [campaign()] if campaigns is None else campaigns
        if customer is not None:
            self.network.customer = customer
        async with self.database.write() as connection:
            self.group_id = (await workgroups.create_workgroup(connection, name=GROUP, now=NOON)).id
            results = await result_sets.create_default_result_set(
                connection, language="ja", now=NOON
            )
            self.project_id = (
                await projects.create_project(
                    connection,
                    name=PROJECT,
                    result_set_id=results,
                    result_required=result_required,
                    now=NOON,
                )
            ).id
            for number in range(agents + 1):
                user = await users.create_user(
                    connection,
                    login=f"user{number}",
                    name=f"User {number}",
                    password="only for this run",
                    may_administer=number == 0,
                    workgroups=[self.group_id],
                    phone_account=f"phone{number}",
                    phone_password="only for this run",
                    phone_mode="held" if phone_mode is PhoneMode.HELD else "per_call",
                    now=NOON,
                )
                if number == 0:
                    self.admin = user.id
                else:
                    self.agents.append(user.id)
            await projects.assign_users(
                connection, project_id=self.project_id, user_ids=self.agents, now=NOON
            )
            for number in range(leads):
                e164 = f"+8135254{number:04d}"
                lead_id = await add_lead(connection, self.project_id, e164)
                self.numbers[lead_id] = e164
        await self.start()

    async def start(self) -> None:
        """A controller, new on whatever database and network there are."""
        self._clock = FakeClock()
        self._telephony = FakeTelephony(self.network)
        self._controller = build_controller(
            telephony=self._telephony,
            database=self.database,
            clock=self._clock,
            live=self.live,
            recordings=self.network.recordings,
            campaigns=self.settings,
            look_every_seconds=self.look_every_seconds,
            room=self.room,
            trunks={
                TRUNK: TrunkLines(
                    self.channels,
                    StartBudget(self.calls_per_second, 1.0, self._clock.now()),
                )
            },
        )
        await self.controller.start()
        await self.sleep(0.5)

    async def kill(self) -> None:
        """As SIGKILL does: nothing more is written, said or heard; what Asterisk has goes on."""
        assert self._clock is not None
        self.telephony.kill()
        self._clock.kill()
        dead, self._database = self.database, None
        dead.away = True
        await self.controller.end_tasks()
        await dead.close()
        self._database = FailingDatabase(self.url)

    async def close(self) -> None:
        if self._controller is not None and self._database is not None:
            self.database.away = False
            await self.controller.stop()
        if self._database is not None:
            await self.database.close()

    # --- people ---------------------------------------------------------------------------

    async def all_ready(self) -> None:
        for user_id in self.agents:
            await self.controller.floor.go_ready(user_id)
        await self.sleep(1)

    async def run_campaign(self, name: str = "autumn") -> None:
        await self.controller.campaigns.start(name, by=self.admin)

    async def prohibit(
        self, *e164s: str, told: bool = True, workgroup_id: int | None = None
    ) -> None:
        """As the desk does it: written, then told."""
        async with self.database.write() as connection:
            numbers = await prohibitions.prohibit(
                connection,
                e164s=e164s,
                workgroup_ids=[workgroup_id or self.group_id],
                now=self.network.now(),
            )
        if told:
            self.live.publish("prohibited", {"numbers": numbers})

    async def box(self, lead_id: int, user_id: int) -> None:
        async with self.database.write() as connection:
            await mybox.put(connection, lead_id=lead_id, user_id=user_id, now=self.network.now())

    async def result(self, hotkey: str) -> int:
        async with self.database.read() as connection:
            found = await result_sets.results_of_project(connection, self.project_id)
        return next(one.id for one in found if one.hotkey == hotkey)

    # --- looking --------------------------------------------------------------------------

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def until(self, true: Callable[[], bool], *, within: float = 120.0) -> None:
        """Returns when it is true; fails when that takes longer."""
        async with asyncio.timeout(within):
            while not true():
                await asyncio.sleep(0.05)

    def agent(self, index: int = 0) -> AgentView:
        view = self.controller.floor.agent(self.agents[index])
        assert view is not None
        return view

    def states(self) -> list[AgentState]:
        """Of all agents; whoever has logged out before a restart is not known any more."""
        views = [self.controller.floor.agent(user_id) for user_id in self.agents]
        return [AgentState.OFFLINE if view is None else view.state for view in views]

    def dialled(self) -> list[str]:
        return [dial.e164 for dial in self.network.dials]

    async def attempts(self, lead_id: int) -> int:
        async with self.database.read() as connection:
            counted = await connection.scalar(
                select(leads_table.c.attempts).where(leads_table.c.id == lead_id)
            )
            assert counted is not None
            return int(counted)

    async def history(self) -> list["Told"]:
        """All calls as the history tells them, the earliest first."""
        async with self.database.read() as connection:
            rows = await connection.execute(
                select(calls, actions.c.lead_id, actions.c.user_id, recordings.c.state)
                .join(actions, actions.c.id == calls.c.id)
                .outerjoin(recordings, recordings.c.call_id == calls.c.id)
                .order_by(calls.c.claimed_at)
            )
            return [
                Told(
                    call_id=CallId(row.id),
                    lead_id=row.lead_id,
                    user_id=row.user_id,
                    for_user_id=row.for_user_id,
                    outcome=row.outcome,
                    claimed_at=row.claimed_at,
                    connected_at=row.connected_at,
                    ended_at=row.ended_at,
                    estimated=row.end_estimated,
                    recording=row.state,
                )
                for row in rows
            ]

    async def wind_down_after(self, seconds: float) -> list["Told"]:
        await self.sleep(seconds)
        return await self.wind_down()

    async def wind_down(self) -> list["Told"]:
        """Nobody dials any more; when all is quiet, nothing may be left over. The history."""
        for settings in self.settings:
            await self.controller.campaigns.pause(settings.name, by=self.admin)
        await self.until(lambda: not self.network.customers, within=400)
        await self.sleep(90)
        await self.controller.journal.flushed()
        told = await self.history()
        assert self.network.wrongs == []
        assert self.controller.calls.states() == []
        assert [call for call in told if call.ended_at is None or call.outcome is None] == []
        assert {dial.call_id for dial in self.network.dials} <= {call.call_id for call in told}
        for call in told:
            if call.outcome == CallOutcome.CONNECTED:
                assert call.call_id in self.network.talked
                assert call.recording == "ready"
        stuck = {AgentState.RESERVED, AgentState.ON_CALL, AgentState.LOGGING_IN}
        assert stuck.isdisjoint(self.states())
        held = {agent.leg_id for agent in self.controller.floor.states()} - {None}
        assert set(self.network.agents) == held
        self._check_delays(told)
        return told

    def _check_delays(self, told: Sequence["Told"]) -> None:
        """No lead was called before its time."""
        rules = {one.name: one.retries.rules() for one in self.settings}[self.settings[0].name]
        last: dict[int, Told] = {}
        for call in told:
            before = last.get(call.lead_id)
            if before is not None and before.ended_at is not None and before.outcome is not None:
                delay = 60
                if before.outcome == CallOutcome.ABANDONED:
                    delay = 72 * 3600 if call.for_user_id is None else 0
                delay = rules.delay_seconds.get(CallOutcome(before.outcome), delay)
                assert call.claimed_at >= before.ended_at + timedelta(seconds=delay), (before, call)
            last[call.lead_id] = call


@dataclass(frozen=True, slots=True)
class Told:
    """A call in the history."""

    call_id: CallId
    lead_id: int
    user_id: int | None
    for_user_id: int | None
    outcome: str | None
    claimed_at: datetime
    connected_at: datetime | None
    ended_at: datetime | None
    estimated: bool
    recording: str | None
