"""The installation's campaigns: started, paused and stopped by people, run by runners.

What people want stands in the database, where the CLI and other processes write
it too; the controller looks there once a second and has a runner for each
campaign that shall run.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from dialer.call_sessions import CallSessions, Session
from dialer.campaign import CampaignSettings
from dialer.campaign_projects import project_id_of
from dialer.campaign_runner import CampaignRunner, TrunkLines
from dialer.campaign_state import CampaignState, campaign_rows, ensure_campaign, set_state
from dialer.floor import Floor
from dialer.ports import Clock, LiveUpdates
from dialer.rules.abandonment import WINDOW, AbandonmentLedger
from dialer.rules.agent_state import Agent, AgentState
from dialer.rules.call_state import Phase
from dialer.rules.pacing import NotDialling
from dialer.running_campaign import (
    CampaignNotReady,
    RunningCampaign,
    load_campaign,
    with_projects_of_now,
)
from dialer.storage.abandonment import answered_calls
from dialer.storage.engine import Database
from dialer.storage.faults import DATABASE_ERRORS
from dialer.tidying import tidy
from dialer.users import user_by_id

log = structlog.get_logger(__name__)

_LOOK_EVERY_SECONDS = 1.0
# A runner that is ended finishes the claim that it is in, for as long as this.
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class CampaignLive:
    """A campaign at this moment. `problem` says why it cannot run at all."""

    name: str
    state: CampaignState
    ready_agents: int
    on_call: int
    after_call_work: int
    away: int
    ringing: int
    waiting: int
    lines_per_agent_now: float
    note: NotDialling | None
    retry_at: datetime | None
    problem: str = ""


class Campaigns:
    """All campaigns of the settings; start `run` as a task."""

    def __init__(
        self,
        *,
        settings: Sequence[CampaignSettings],
        database: Database,
        calls: CallSessions,
        floor: Floor,
        clock: Clock,
        live: LiveUpdates,
        trunks: Mapping[str, TrunkLines],
    ) -> None:
        self._settings = {campaign.name: campaign for campaign in settings}
        self._database = database
        self._calls = calls
        self._floor = floor
        self._clock = clock
        self._live = live
        self._trunks = trunks
        self._states: dict[str, CampaignState] = {}
        self._problems: dict[str, str] = {}
        self._loaded: dict[str, RunningCampaign] = {}
        self._runners: dict[str, CampaignRunner] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._telephony_up = False
        self._sync = asyncio.Lock()
        self._look_now = asyncio.Event()
        calls.on_change(self._call_changed)
        floor.on_change(self._agent_changed)

    # --- people ---------------------------------------------------------------------------------

    def settings(self) -> tuple[CampaignSettings, ...]:
        return tuple(self._settings.values())

    async def add(self, settings: CampaignSettings) -> None:
        """A campaign that has just got its file; it calls when somebody starts it."""
        self._settings[settings.name] = settings
        await self.look()

    async def start(self, name: str, *, by: int) -> None:
        await self._set(name, "running", by)

    async def pause(self, name: str, *, by: int) -> None:
        """No new calls; what rings is cancelled, conversations go on."""
        await self._set(name, "paused", by)

    async def stop(self, name: str, *, by: int) -> None:
        """As pause; a stopped campaign does not count as begun."""
        await self._set(name, "stopped", by)

    async def _set(self, name: str, state: CampaignState, by: int) -> None:
        async with self._database.write() as connection:
            await set_state(
                connection,
                name=name,
                state=state,
                by=await user_by_id(connection, by),
                now=self._clock.now(),
            )
        await self.look()

    def live(self, name: str) -> CampaignLive:
        """Raises KeyError for a campaign that no file describes."""
        settings = self._settings[name]
        campaign = self._loaded.get(name)
        runner = self._runners.get(name)
        agents = self._floor.count(campaign) if campaign else None
        return CampaignLive(
            name=settings.name,
            state=self._states.get(name, "stopped"),
            ready_agents=agents.ready if agents else 0,
            on_call=agents[AgentState.ON_CALL] + agents[AgentState.RESERVED] if agents else 0,
            after_call_work=agents[AgentState.AFTER_CALL_WORK] if agents else 0,
            away=agents[AgentState.AWAY] if agents else 0,
            ringing=self._count(campaign, Phase.DIALLING, Phase.RINGING),
            waiting=self._count(campaign, Phase.WAITING, Phase.CONNECTING),
            lines_per_agent_now=runner.lines_per_agent_now if runner else 0.0,
            note=runner.note if runner else NotDialling.NOT_RUNNING,
            retry_at=runner.retry_at if runner else None,
            problem=self._problems.get(name, ""),
        )

    @property
    def telephony_up(self) -> bool:
        """Whether Asterisk is there, and known."""
        return self._telephony_up

    def campaign(self, name: str) -> RunningCampaign | None:
        """The campaign with its ids; None while its file names what does not exist."""
        return self._loaded.get(name)

    def loaded(self) -> tuple[RunningCampaign, ...]:
        return tuple(self._loaded.values())

    def _count(self, campaign: RunningCampaign | None, *phases: Phase) -> int:
        return self._calls.count(campaign.campaign_id, *phases) if campaign else 0

    # --- the controller -------------------------------------------------------------------------

    async def run(self) -> None:
        """Keeps runners in step with what people want, until cancelled."""
        try:
            while True:
                try:
                    await self.look()
                    await self._tidy()
                except DATABASE_ERRORS as error:
                    log.error("campaign states cannot be read", error=str(error))
                await self._next_look()
        finally:
            await self._stop_all()

    async def _next_look(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_EVERY_SECONDS):
                await self._look_now.wait()
        self._look_now.clear()

    async def _tidy(self) -> None:
        alive = [call.call_id for call in self._calls.states()]
        await tidy(self._database, self._clock.now(), alive=alive)

    def look_soon(self) -> None:
        """What people want has changed."""
        self._look_now.set()

    async def look(self) -> None:
        """Reads what people want and starts or ends runners. Raises SQLAlchemyError."""
        async with self._sync:
            await self.load()
            async with self._database.read() as connection:
                wanted = {row.name: row.state for row in await campaign_rows(connection)}
            for name in self._settings:
                await self._follow(name, wanted.get(name, "stopped"))

    async def load(self) -> None:
        """Finds the ids that the files name; what is not there yet is asked for again later."""
        await self._read_projects_again()
        for name, settings in self._settings.items():
            if name in self._loaded:
                continue
            try:
                self._loaded[name] = await self._load(settings)
                self._problems.pop(name, None)
            except CampaignNotReady as error:
                if self._problems.get(name) != str(error):
                    log.warning("campaign cannot run", campaign=name, problem=str(error))
                self._problems[name] = str(error)

    async def _load(self, settings: CampaignSettings) -> RunningCampaign:
        async with self._database.write() as connection:
            project_id = await project_id_of(connection, settings)
            if project_id is not None:
                await ensure_campaign(
                    connection,
                    name=settings.name,
                    project_id=project_id,
                    named=settings.project,
                    now=self._clock.now(),
                )
            return await load_campaign(connection, settings)

    async def _read_projects_again(self) -> None:
        """Hours, closing and the like are changed on a project's page, by any process."""
        before = list(self._loaded.values())
        if not before:
            return
        async with self._database.read() as connection:
            now = await with_projects_of_now(connection, before)
        for was, campaign in zip(before, now, strict=True):
            if was != campaign:
                self._loaded[campaign.name] = campaign
                if runner := self._runners.get(campaign.name):
                    runner.take_on(campaign)

    async def _follow(self, name: str, state: CampaignState) -> None:
        before = self._states.get(name)
        self._states[name] = state
        campaign = self._loaded.get(name)
        if name in self._tasks and self._tasks[name].done():
            await self._end_runner(name)  # it should not have ended
        if campaign is not None and state == "running" and name not in self._tasks:
            await self._start_runner(campaign)
        elif state != "running":
            if campaign is not None and before != state:
                self._calls.cancel_unanswered(campaign.campaign_id)
            await self._end_runner(name)
        if before != state:
            self._live.publish(f"campaign:{name}", {"state": state})

    async def _start_runner(self, campaign: RunningCampaign) -> None:
        runner = CampaignRunner(
            campaign=campaign,
            database=self._database,
            calls=self._calls,
            floor=self._floor,
            clock=self._clock,
            live=self._live,
            trunk=self._trunks[campaign.settings.trunk],
            ledger=await self._ledger(campaign),
        )
        runner.telephony(up=self._telephony_up)
        self._runners[campaign.name] = runner
        self._tasks[campaign.name] = asyncio.create_task(
            runner.run(), name=f"campaign-{campaign.name}"
        )

    async def _ledger(self, campaign: RunningCampaign) -> AbandonmentLedger:
        ledger = AbandonmentLedger()
        since = self._clock.now() - WINDOW
        async with self._database.read() as connection:
            for at, abandoned in await answered_calls(connection, campaign.campaign_id, since):
                ledger.add(at, abandoned=abandoned)
        return ledger

    async def _end_runner(self, name: str) -> None:
        task, runner = self._tasks.pop(name, None), self._runners.pop(name, None)
        if task is None or runner is None:
            return
        runner.end()
        await asyncio.wait([task], timeout=_PATIENCE_SECONDS)
        task.cancel()
        (error,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(error, Exception):
            log.error("a campaign's runner failed", campaign=name, error=repr(error))

    async def _stop_all(self) -> None:
        for name in list(self._tasks):
            await self._end_runner(name)

    # --- what changes ---------------------------------------------------------------------------

    def telephony(self, *, up: bool) -> None:
        """Asterisk came or went."""
        self._telephony_up = up
        for runner in self._runners.values():
            runner.telephony(up=up)

    def _call_changed(self, session: Session) -> None:
        runner = self._runners.get(session.campaign.name)
        if runner is not None:
            runner.call_changed(session)
        self._live.publish(f"campaign:{session.campaign.name}", {"phase": session.state.phase})

    def _agent_changed(self, agent: Agent) -> None:
        for name, runner in self._runners.items():
            runner.wake()
            self._live.publish(f"campaign:{name}", {"agent": agent.user_id})
