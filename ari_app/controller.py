"""The controller: everything that dials, wired together, with its tasks."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from dialer.call_journal import CallJournal
from dialer.call_sessions import CallSessions
from dialer.campaign import CampaignSettings
from dialer.campaign_runner import TrunkLines
from dialer.campaigns import Campaigns
from dialer.floor import Floor
from dialer.floor_watch import FloorWatch
from dialer.manual_calls import ManualCalls
from dialer.ports import Clock, LiveUpdates, RecordingStore, Telephony
from dialer.recording_keeper import RecordingKeeper, WhenReady
from dialer.recording_pauses import RecordingPauses
from dialer.recording_room import RecordingRoom
from dialer.ringing_watch import LOOK_EVERY_SECONDS, RingingWatch
from dialer.rules.mybox import NO_POLICY, MyBoxPolicy
from dialer.storage.engine import Database
from dialer.switchboard import Switchboard

log = structlog.get_logger(__name__)


class RunningTelephony(Telephony, Protocol):
    """A telephony with a task of its own."""

    async def run(self) -> None:
        """Serves commands and events until cancelled."""


@dataclass(frozen=True, slots=True)
class Controller:
    """Calls, floor and campaigns of one process. `start` first, `stop` at the end."""

    calls: CallSessions
    floor: Floor
    campaigns: Campaigns
    manual_calls: ManualCalls
    pauses: RecordingPauses
    switchboard: Switchboard
    ringing: RingingWatch
    people: FloorWatch
    journal: CallJournal
    keeper: RecordingKeeper
    telephony: RunningTelephony
    _tasks: "list[asyncio.Task[None]]"

    async def start(self) -> None:
        """Takes up what an earlier run left, then begins to work.

        Raises SQLAlchemyError when the database is away.
        """
        await self.switchboard.take_up()
        self.pauses.take_up()
        await self.keeper.take_up()
        for name, work in (
            ("telephony", self.telephony.run()),
            ("switchboard", self.switchboard.run()),
            ("comparing", self.switchboard.keep_comparing()),
            ("ringing", self.ringing.run()),
            ("journal", self.journal.run()),
            ("floor", self.floor.keeper.run()),
            ("people", self.people.run()),
            ("campaigns", self.campaigns.run()),
            ("recordings", self.keeper.run()),
        ):
            self._tasks.append(asyncio.create_task(work, name=name))

    async def failed(self) -> str:
        """Waits until one of the tasks ends, which none should; its name and error."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        task = done.pop()
        return f"{task.get_name()}: {task.exception()!r}" if not task.cancelled() else "stopped"

    async def stop(self) -> None:
        """Ends the tasks and writes what is left; calls in Asterisk go on."""
        await self.end_tasks()
        await self.journal.close()
        await self.floor.keeper.close()

    async def end_tasks(self) -> None:
        """Ends the tasks; what is not yet written stays unwritten, as in a crash."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()


def build_controller(
    *,
    telephony: RunningTelephony,
    database: Database,
    clock: Clock,
    live: LiveUpdates,
    recordings: RecordingStore,
    campaigns: Sequence[CampaignSettings],
    trunks: Mapping[str, TrunkLines],
    look_every_seconds: float = LOOK_EVERY_SECONDS,
    mybox: MyBoxPolicy = NO_POLICY,
    when_recorded: Sequence[WhenReady] = (),
    room: RecordingRoom | None = None,
) -> Controller:
    """Wires the parts; nothing runs yet. `look_every_seconds`: at what rings.

    `when_recorded`: what queues the further work on a recording that is finished. `room`: how much
    there is for recordings; left out: any.
    """
    keeper = RecordingKeeper(database, recordings, live, when_ready=when_recorded)
    journal = CallJournal(database, keeper.written)
    calls = CallSessions(
        telephony=telephony,
        journal=journal,
        clock=clock,
        recordings=recordings,
        room=room,
    )
    floor = Floor(
        database=database,
        telephony=telephony,
        clock=clock,
        live=live,
        calls=calls,
        mybox=mybox,
    )
    running = Campaigns(
        settings=campaigns,
        database=database,
        calls=calls,
        floor=floor,
        clock=clock,
        live=live,
        trunks=trunks,
    )
    ringing = RingingWatch(
        calls=calls,
        floor=floor,
        database=database,
        clock=clock,
        live=live,
        campaign_stopped=running.look_soon,
        look_every_seconds=look_every_seconds,
    )
    switchboard = Switchboard(
        telephony=telephony,
        calls=calls,
        floor=floor,
        campaigns=running,
        database=database,
        clock=clock,
        ringing=ringing,
    )
    by_hand = ManualCalls(
        campaigns=running,
        floor=floor,
        calls=calls,
        database=database,
        clock=clock,
        trunks=trunks,
    )
    people = FloorWatch(floor=floor, database=database)
    pauses = RecordingPauses(calls=calls, floor=floor, clock=clock, live=live)
    return Controller(
        calls,
        floor,
        running,
        by_hand,
        pauses,
        switchboard,
        ringing,
        people,
        journal,
        keeper,
        telephony,
        [],
    )
