"""Where everything from the telephony arrives: events to calls and agents, and recovery.

On every (re)connection and every half minute Asterisk's legs are compared with
our open calls and agents, so that a lost event can leave no ghost call and no
stuck agent behind.
"""

import asyncio
from uuid import UUID

import structlog
from sqlalchemy import update

from dialer.agent_profiles import stored_agents
from dialer.call_sessions import CallSessions
from dialer.campaigns import Campaigns
from dialer.floor import Floor
from dialer.messages import (
    AgentLegAnswered,
    AgentLegFailed,
    AgentLegGone,
    CallId,
    TelephonyDown,
    TelephonyEvent,
    TelephonyUp,
)
from dialer.ports import Clock, Telephony
from dialer.ringing_watch import RingingWatch
from dialer.rules.agent_state import AgentState
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.recovery import MissedEvent, missed_events, orphans
from dialer.storage.engine import Database
from dialer.storage.tables import calls as calls_table
from dialer.taking_up import calls_of_agents, open_calls

log = structlog.get_logger(__name__)

_COMPARE_EVERY_SECONDS = 30.0
_TRY_AGAIN_SECONDS = 1.0

_IN_A_CALL = (AgentState.RESERVED, AgentState.ON_CALL)


class Switchboard:
    """Reads the telephony's events; start `run` and `keep_comparing` as tasks."""

    def __init__(
        self,
        *,
        telephony: Telephony,
        calls: CallSessions,
        floor: Floor,
        campaigns: Campaigns,
        database: Database,
        clock: Clock,
        ringing: RingingWatch,
    ) -> None:
        self._telephony = telephony
        self._calls = calls
        self._floor = floor
        self._campaigns = campaigns
        self._database = database
        self._clock = clock
        self._ringing = ringing
        self._connected = False
        self._up = False  # connected, and compared since
        self._differences: set[tuple[str, UUID]] = set()

    async def take_up(self) -> None:
        """Loads open calls and agents that an earlier run left; before the first event.

        Raises SQLAlchemyError when the database is away.
        """
        await self._campaigns.load()
        loaded = self._campaigns.loaded()
        async with self._database.read() as connection:
            sessions, strangers = await open_calls(connection, loaded)
            agents = await stored_agents(connection)
            agent_calls = await calls_of_agents(
                connection, agents, {campaign.name: campaign for campaign in loaded}
            )
        if strangers:
            await self._close_strangers(strangers)
        for session in sessions:
            self._calls.take_up(session)
        await self._floor.take_up(agents, agent_calls)
        log.info("taken up", open_calls=len(sessions), agents=len(agents))

    async def run(self) -> None:
        """Routes events until the telephony ends."""
        async for event in self._telephony.events():
            await self._route(event)

    async def keep_comparing(self) -> None:
        """Compares with Asterisk now and then, until cancelled."""
        while True:
            await asyncio.sleep(_COMPARE_EVERY_SECONDS if self._up else _TRY_AGAIN_SECONDS)
            if self._up:
                await self._compare(seen_twice=True)
            elif self._connected:
                await self._come_up()

    async def _route(self, event: TelephonyEvent) -> None:
        match event:
            case TelephonyUp():
                self._connected = True
                await self._come_up()
            case TelephonyDown(reason=reason):
                log.warning("Asterisk is away: nothing is dialled", reason=reason)
                self._connected = self._up = False
                self._campaigns.telephony(up=False)
            case _:
                self._happen(event)

    def _happen(self, event: MissedEvent | TelephonyEvent) -> None:
        match event:
            case AgentLegGone():
                # The floor first: a freed agent must not be matched on a leg that is gone.
                self._floor.leg_event(event)
                self._calls.agent_leg_gone(event)
            case AgentLegAnswered() | AgentLegFailed():
                self._floor.leg_event(event)
            case TelephonyUp() | TelephonyDown():
                pass
            case _:
                self._calls.apply(event)

    async def _come_up(self) -> None:
        """Nothing is dialled before it is known what lives in Asterisk."""
        # Much may have been decided, and a call ring all the same, while we were away.
        if await self._compare() and await self._ringing.look() and self._connected:
            self._free_agents_of_ghosts()
            self._up = True
            self._campaigns.telephony(up=True)

    async def _compare(self, *, seen_twice: bool = False) -> bool:
        """Tells the differences as events; False when Asterisk does not say what it has.

        While events flow, the true event may only be on its way; then a difference must be
        `seen_twice`, half a minute apart, before it is believed.
        """
        asked_about = {call.call_id for call in self._calls.states()}
        try:
            legs = await self._telephony.open_legs()
        except ConnectionError as error:
            log.warning("Asterisk's calls cannot be listed", error=str(error))
            return False
        # A call that was started while Asterisk answered cannot be in the answer.
        states = [call for call in self._calls.states() if call.call_id in asked_about]
        agents = self._floor.states()
        found = missed_events(states, agents, legs, self._clock.now())
        before, self._differences = self._differences, {_subject(event) for event in found}
        for orphan in orphans(self._calls.states(), agents, legs):
            log.warning("a leg without a call is hung up", leg=str(orphan))
            self._telephony.send(orphan)
        for event in found:
            if not seen_twice or _subject(event) in before:
                log.info("found while comparing", missed=type(event).__name__)
                self._happen(event)
        return True

    def _free_agents_of_ghosts(self) -> None:
        """An agent whose call is not open, or is not his, has nothing to wait for."""
        for agent in self._floor.states():
            if agent.state not in _IN_A_CALL:
                continue
            if agent.call_id is None:
                self._floor.held.let_go(agent.user_id)
                continue
            session = self._calls.session(agent.call_id)
            if session is None or session.state.user_id not in (None, agent.user_id):
                talked = agent.state is AgentState.ON_CALL
                self._floor.freed(agent.call_id, agent.user_id, talked=talked)
        for session in self._calls.unanswered():
            # It rings for one agent only: without him nobody may be rung.
            if session.state.for_user is not None and not self._floor.held.keep_for(session):
                self._calls.cancel(session.state.call_id)

    async def _close_strangers(self, call_ids: list[CallId]) -> None:
        """Calls of campaigns whose file is gone: nobody can go on with them."""
        now = self._clock.now()
        async with self._database.write() as connection:
            await connection.execute(
                update(calls_table)
                .where(calls_table.c.id.in_(call_ids))
                .values(ended_at=now, outcome=CallOutcome.FAILED, end_estimated=True)
            )


def _subject(event: MissedEvent) -> tuple[str, UUID]:
    leg = event.leg_id if isinstance(event, AgentLegAnswered | AgentLegGone) else event.call_id
    return type(event).__name__, leg
