"""What an agent does with the recording of his conversation: stop it for a while, and go on.

A card number must not be recorded. The agent presses a key, and is told that nothing is recorded
only when Asterisk has said so. Who forgets to go on is warned, and then it goes on by itself.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from dialer.call_sessions import CallSessions, Session
from dialer.floor_views import AgentView, FloorError, NotOnACall
from dialer.messages import CallId
from dialer.ports import Clock, LiveUpdates, Timer
from dialer.rules.call_events import PauseWanted, ResumeWanted
from dialer.rules.call_state import CallState, Notice, Phase
from dialer.rules.recording_pause import WARN_BEFORE, PauseEnd

log = structlog.get_logger(__name__)

# Asterisk does it within milliseconds, or after the 0.1 s for which it begins a recording again.
_CONFIRMED_WITHIN_SECONDS = 2.0


class NotRecorded(FloorError):
    message_key = "not_recorded"


class RecordingGoesOn(FloorError):
    """Asterisk has not confirmed it: what is said may be recorded."""

    message_key = "recording_goes_on"


class RecordingStaysPaused(FloorError):
    message_key = "recording_stays_paused"


class RecordingSign(StrEnum):
    """What the agent sees of it."""

    NOTICE = "notice"  # the customer hears that he is recorded, and is joined afterwards
    OFF = "off"
    ON = "on"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class RecordingView:
    """The recording of an agent's conversation. `since` and `until`: of a pause.

    `warned`: it goes on soon by itself. `by_itself`: it has, after the last pause.
    """

    sign: RecordingSign
    since: datetime | None = None
    until: datetime | None = None
    warned: bool = False
    by_itself: bool = False


class Agents(Protocol):
    """The floor, as far as it is asked for here."""

    def agent(self, user_id: int) -> AgentView | None: ...


class RecordingPauses:
    """Of all conversations of this controller; call `take_up` when their calls are."""

    def __init__(
        self, *, calls: CallSessions, floor: Agents, clock: Clock, live: LiveUpdates
    ) -> None:
        self._calls = calls
        self._floor = floor
        self._clock = clock
        self._live = live
        self._paused: dict[CallId, datetime] = {}
        self._timers: dict[CallId, tuple[Timer, Timer]] = {}
        self._waiting: dict[CallId, list[asyncio.Event]] = {}
        calls.on_change(self._changed)

    def take_up(self) -> None:
        """Goes on with the pauses that an earlier run of this program left."""
        for session in self._calls.with_agents():
            self._changed(session)

    # --- what agents do ---------------------------------------------------------------------

    async def pause(self, user_id: int) -> None:
        """Returns when nothing is recorded any more.

        Raises NotOnACall, NotRecorded; RecordingGoesOn when Asterisk does not confirm it.
        """
        call = self._conversation(user_id)
        if not call.recorded:
            raise NotRecorded("this conversation is not recorded")
        await self._until(call.call_id, PauseWanted(call.call_id), RecordingGoesOn, paused=True)

    async def resume(self, user_id: int) -> None:
        """Returns when it is recorded again. Raises NotOnACall, RecordingStaysPaused."""
        call = self._conversation(user_id)
        wanted = ResumeWanted(call.call_id, PauseEnd.AGENT)
        await self._until(call.call_id, wanted, RecordingStaysPaused, paused=False)

    def view(self, user_id: int) -> RecordingView | None:
        """What the agent sees; None while he talks with nobody."""
        call = self._call(user_id)
        if call is not None and call.phase is Phase.CONNECTING and call.notice is Notice.PLAYING:
            return RecordingView(RecordingSign.NOTICE)
        if call is None or call.phase is not Phase.TALKING:
            return None
        if not call.recorded:
            return RecordingView(RecordingSign.OFF)
        since = call.paused_at
        if since is None:
            by = call.pauses[-1].ended_by if call.pauses else None
            return RecordingView(RecordingSign.ON, by_itself=by is PauseEnd.TOO_LONG)
        until = since + self._longest(call.call_id)
        warned = self._clock.now() >= until - WARN_BEFORE
        return RecordingView(RecordingSign.PAUSED, since, until, warned=warned)

    def _conversation(self, user_id: int) -> CallState:
        call = self._call(user_id)
        if call is None or call.phase is not Phase.TALKING:
            raise NotOnACall("there is no conversation")
        return call

    def _call(self, user_id: int) -> CallState | None:
        agent = self._floor.agent(user_id)
        session = self._calls.session(agent.call.call_id) if agent and agent.call else None
        return session.state if session else None

    async def _until(
        self,
        call_id: CallId,
        wanted: PauseWanted | ResumeWanted,
        failure: Callable[[str], FloorError],
        *,
        paused: bool,
    ) -> None:
        changed = asyncio.Event()
        waiting = self._waiting.setdefault(call_id, [])
        waiting.append(changed)
        try:
            self._calls.apply(wanted)
            async with asyncio.timeout(_CONFIRMED_WITHIN_SECONDS):
                while (call_id in self._paused) is not paused:
                    await changed.wait()
                    changed.clear()
        except TimeoutError:
            log.error("Asterisk has not confirmed it", wanted=type(wanted).__name__)
            raise failure("Asterisk has not confirmed it") from None
        finally:
            waiting.remove(changed)
            if not waiting:
                self._waiting.pop(call_id, None)

    # --- what becomes of it --------------------------------------------------------------------

    def _changed(self, session: Session) -> None:
        call = session.state
        since = call.paused_at if call.phase is Phase.TALKING else None
        if self._paused.get(call.call_id) == since:
            return
        for timer in self._timers.pop(call.call_id, ()):
            timer.cancel()
        if since is None:
            del self._paused[call.call_id]
        else:
            self._paused[call.call_id] = since
            self._watch(call, since)
        log.info("recording", call_id=str(call.call_id), paused=since is not None)
        self._tell(call)
        for changed in self._waiting.get(call.call_id, ()):
            changed.set()

    def _watch(self, call: CallState, since: datetime) -> None:
        left = since + self._longest(call.call_id) - self._clock.now()
        too_long = ResumeWanted(call.call_id, PauseEnd.TOO_LONG)
        self._timers[call.call_id] = (
            self._clock.call_later(_seconds(left - WARN_BEFORE), lambda: self._tell(call)),
            self._clock.call_later(_seconds(left), lambda: self._calls.apply(too_long)),
        )

    def _longest(self, call_id: CallId) -> timedelta:
        session = self._calls.session(call_id)
        seconds = session.campaign.settings.longest_recording_pause_seconds if session else 0
        return timedelta(seconds=seconds)

    def _tell(self, call: CallState) -> None:
        self._live.publish(f"agent:{call.user_id}", {"recording": call.paused_at is None})


def _seconds(left: timedelta) -> float:
    return max(0.0, left.total_seconds())
