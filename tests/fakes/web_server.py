"""The web UI served for a test or a picture: real pages and database, fake floor."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from aiohttp import web
from sqlalchemy import select

from ari_app.coordination import LocalLiveUpdates
from dialer.floor_views import AgentCall
from dialer.live_words import LiveWords
from dialer.messages import CallId
from dialer.ports import Timer
from dialer.recording_keeper import write_finished
from dialer.rules.agent_state import AgentState
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.list_shape import ListLimits
from dialer.secret_box import SecretBox
from dialer.storage.engine import Database
from dialer.storage.tables import calls, campaigns, recordings
from recordings.store import LocalRecordingStore
from tests.fakes.browser_phones import FakeBrowserPhones
from tests.fakes.sales_team import AFTERNOON, SalesTeam, add_call, two_voices
from tests.fakes.web_floor import (
    FakeCampaignFiles,
    FakeCampaigns,
    FakeFloor,
    FakeManualCalls,
    FakePauses,
)
from tests.fakes.web_imports import ImportsAtOnce
from webui.app import create_app
from webui.services import Imports, WebServices, WebSettings


class AfternoonClock:
    """Runs as fast as the real one, from `AFTERNOON` on."""

    def __init__(self, start: datetime = AFTERNOON) -> None:
        self._start = start
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    def move(self, later: timedelta) -> None:
        """So much later all at once."""
        self._start += later

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, action)


@dataclass(frozen=True, slots=True)
class WebWorld:
    """Everything behind the pages, and the application before them."""

    team: SalesTeam
    database: Database
    clock: AfternoonClock
    live: LocalLiveUpdates
    live_words: LiveWords
    floor: FakeFloor
    campaigns: FakeCampaigns
    manual_calls: FakeManualCalls
    pauses: FakePauses
    campaign_files: FakeCampaignFiles
    browser_phones: FakeBrowserPhones
    store: LocalRecordingStore
    imports: ImportsAtOnce
    app: web.Application


def build_web_world(database: Database, recordings: Path, team: SalesTeam) -> WebWorld:
    """The application on a database that holds `team`; `recordings` is their folder."""
    store = LocalRecordingStore(recordings, settle_seconds=0.01)
    clock, live = AfternoonClock(), LocalLiveUpdates()
    live_words = LiveWords(database, clock, live)
    floor = FakeFloor(database=database, clock=clock, live=live)
    for user in (*team.agents, team.admin):
        floor.add(user)
    campaigns = FakeCampaigns(team.campaigns, database=database, clock=clock, live=live)
    manual_calls = FakeManualCalls()
    pauses = FakePauses(clock)
    campaign_files = FakeCampaignFiles(campaigns)
    browser_phones = FakeBrowserPhones()
    imports = ImportsAtOnce(database, recordings.parent / "imports", clock)
    app = create_app(
        WebServices(
            database=database,
            floor=floor,
            campaigns=campaigns,
            manual_calls=manual_calls,
            pauses=pauses,
            live=live,
            recordings=store,
            campaign_files=campaign_files,
            browser_phones=browser_phones,
            imports=Imports(recordings.parent / "imports", ListLimits(), imports),
            session_key=b"k" * 32,
            secrets=SecretBox([b"s" * 32]),
            clock=clock,
            live_words=live_words,
            settings=WebSettings(business_name="さくら通信株式会社", has_speech_model=True),
        )
    )
    return WebWorld(
        team,
        database,
        clock,
        live,
        live_words,
        floor,
        campaigns,
        manual_calls,
        pauses,
        campaign_files,
        browser_phones,
        store,
        imports,
        app,
    )


async def call_for(
    world: WebWorld, user_id: int, *, lead_index: int, seconds_ago: float
) -> AgentCall:
    """Somebody has answered and talks with this agent."""
    team = world.team
    at = world.clock.now() - timedelta(seconds=seconds_ago + 9)
    call_id = CallId(uuid4())
    user = next(agent for agent in team.agents if agent.id == user_id)
    name = team.campaigns[0].name
    async with world.database.write() as connection:
        campaign_id = (
            await connection.execute(select(campaigns.c.id).where(campaigns.c.name == name))
        ).scalar_one()
        e164 = await add_call(
            connection,
            team,
            call_id=call_id,
            lead_id=team.lead_ids[lead_index],
            campaign_id=campaign_id,
            at=at,
            outcome=None,
            user=user,
            attempt=2,
        )
    call = AgentCall(
        call_id=call_id,
        lead_id=team.lead_ids[lead_index],
        e164=e164,
        campaign=name,
        project_id=team.project_id,
        after_call_work_seconds=60,
        connected_at=at + timedelta(seconds=9),
    )
    since = world.clock.now() - timedelta(seconds=seconds_ago)
    world.floor.set(user_id, AgentState.ON_CALL, since=since, call=call)
    return call


async def finish_call(world: WebWorld, call_id: CallId, *, talk_seconds: float) -> None:
    """The call is over, and its recording lies ready."""
    now = world.clock.now()
    began = now - timedelta(seconds=talk_seconds)
    world.store.raw_path(call_id, began).write_bytes(two_voices(talk_seconds, seed=1))
    facts = await world.store.finish(call_id, began)
    assert facts is not None
    async with world.database.write() as connection:
        await connection.execute(
            calls.update()
            .where(calls.c.id == call_id)
            .values(
                connected_at=began,
                ended_at=now,
                outcome=CallOutcome.CONNECTED,
                hangup_cause=16,
                hung_up_by="agent",
            )
        )
        await connection.execute(
            recordings.insert().values(
                call_id=call_id, path=facts.path, state="recording", started_at=began
            )
        )
        await write_finished(connection, call_id, facts)
    world.live.publish("history", {})


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
