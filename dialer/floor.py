"""The floor: every agent's state, and which agent takes which answered call.

A thin shell around `dialer.rules.agent_state`. The longest idle ready agent of
the campaign's workgroups takes the call that has waited longest.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from uuid import uuid4

import structlog

from dialer.agent_keeper import AgentKeeper
from dialer.agent_profiles import AgentProfile, load_profile
from dialer.call_sessions import CallSessions, Session
from dialer.callbacks import Agreed
from dialer.floor_matching import agent_call, longest_idle, serves
from dialer.floor_views import (
    AgentCall,
    AgentView,
    FloorCount,
    NoPhone,
    NotAnAgent,
    NotOnACall,
    ResultRequired,
)
from dialer.held_agents import HeldAgents
from dialer.messages import (
    AgentLegAnswered,
    AgentLegEvent,
    AgentLegFailed,
    CallId,
    HangUpAgent,
    LegId,
    RingAgent,
    UserId,
)
from dialer.ports import Clock, LiveUpdates, Telephony, Timer
from dialer.results import SavedResult, save_result
from dialer.rules import agent_events, agent_state
from dialer.rules.agent_events import (
    AfterCallWorkExpired,
    CallConnected,
    CallOver,
    FoundOnCall,
    GiveBackCall,
    GoAway,
    GoReady,
    Join,
    JoinCall,
    LogOut,
    Reserve,
    ResultSaved,
    RingPhone,
    StartAfterCallTimer,
)
from dialer.rules.agent_state import Agent, AgentState
from dialer.rules.call_events import AgentFound
from dialer.rules.call_state import Phase
from dialer.rules.eligibility import Refusal
from dialer.rules.mybox import NO_POLICY, MyBoxPolicy
from dialer.running_campaign import RunningCampaign
from dialer.storage.engine import Database

log = structlog.get_logger(__name__)

# A held phone is picked up by a person; a phone rung per call has the call's own limit.
_LOGIN_RING_SECONDS = 30
_PER_CALL_RING_SECONDS = 15


_OUT = frozenset({AgentState.OFFLINE, AgentState.LOGGING_IN, AgentState.AWAY})


class Floor:
    """All agents of this controller; start `keeper.run` as a task to keep them stored."""

    def __init__(
        self,
        *,
        database: Database,
        telephony: Telephony,
        clock: Clock,
        live: LiveUpdates,
        calls: CallSessions,
        mybox: MyBoxPolicy = NO_POLICY,
    ) -> None:
        self._database = database
        self._telephony = telephony
        self._clock = clock
        self._live = live
        self._calls = calls
        self._mybox = mybox
        self._agents: dict[UserId, Agent] = {}
        self._profiles: dict[UserId, AgentProfile] = {}
        self._agent_calls: dict[UserId, AgentCall] = {}
        self._legs: dict[LegId, UserId] = {}
        self._waiting: dict[CallId, Session] = {}  # in the order in which they were answered
        self._reserved: dict[CallId, UserId] = {}
        self._timers: dict[UserId, Timer] = {}
        self.keeper = AgentKeeper(database, self._agents)
        self.held = HeldAgents(self._agents, self._agent_calls, self._reserved, self._apply)
        self._on_change: list[Callable[[Agent], None]] = []
        calls.served_by(self)

    def on_change(self, listener: Callable[[Agent], None]) -> None:
        self._on_change.append(listener)

    # --- what agents do ---------------------------------------------------------------------

    async def go_ready(self, user_id: int) -> None:
        """Logs in where needed (the phone rings in held mode) and waits for calls.

        Raises NotAnAgent, NoPhone; ResultRequired in after-call work without the result.
        """
        agent = await self._enter(UserId(user_id))
        if (
            agent.state is AgentState.AFTER_CALL_WORK
            and agent.result_required
            and not agent.result_saved
        ):
            raise ResultRequired("save a result first")
        self._apply(agent.user_id, GoReady(_new_leg()))

    async def go_away(self, user_id: int, reason: str) -> None:
        """Away now, or after the call and its work. Raises NotAnAgent, NoPhone."""
        agent = await self._enter(UserId(user_id))
        self._apply(agent.user_id, GoAway(reason))

    async def log_out(self, user_id: int) -> None:
        """Off the floor; the held phone is hung up."""
        if UserId(user_id) in self._agents:
            self._apply(UserId(user_id), LogOut())

    async def hang_up(self, user_id: int) -> None:
        """Ends the customer's call; the held phone stays open. Raises NotOnACall."""
        agent = self._agents.get(UserId(user_id))
        if agent is None or agent.call_id is None or agent.state is AgentState.AFTER_CALL_WORK:
            raise NotOnACall("there is no call to hang up")
        self._calls.agent_hangs_up(agent.call_id)

    async def save_result(
        self,
        user_id: int,
        call_id: CallId,
        *,
        result_id: int | None,
        memo: str,
        agreed: Agreed | None = None,
    ) -> SavedResult:
        """Saves what came of the agent's call and ends the after-call work.

        Raises NotOnACall for somebody else's call,
        ResultRequired without a result where the project wants one, and
        dialer.results.ResultError.
        """
        agent = self._agents.get(UserId(user_id))
        if agent is None or agent.call_id != call_id:
            raise NotOnACall("this call is not yours to save")
        if result_id is None and agent.result_required:
            raise ResultRequired("choose a result")
        call = self._agent_calls.get(agent.user_id)
        async with self._database.write() as connection:
            saved = await save_result(
                connection,
                call_id=call_id,
                user_id=agent.user_id,
                result_id=result_id,
                memo=memo,
                now=self._clock.now(),
                retries=call.retries if call else None,
                agreed=agreed,
                policy=self._mybox,
            )
        self._apply(agent.user_id, ResultSaved(call_id, _new_leg()))
        self._live.publish("history", {"call_id": str(call_id)})
        if saved.prohibited:
            self._live.publish("prohibited", {"numbers": list(saved.prohibited)})
        return saved

    # --- what calls ask for (dialer.call_sessions.AgentFinder) --------------------------------

    def find_agent(self, session: Session) -> None:
        self._waiting[session.state.call_id] = session
        self._match()

    def stop_finding(self, call_id: CallId) -> None:
        self._waiting.pop(call_id, None)
        user_id = self._reserved.get(call_id)
        if user_id is None:
            return
        session, leg_id = self._calls.session(call_id), self._agents[user_id].leg_id
        if session is not None and session.state.abandoned and leg_id is not None:
            # His phone rang until the call was lost: the next one would be lost as well.
            self._telephony.send(HangUpAgent(leg_id))
            self._apply(user_id, AgentLegFailed(leg_id, "not answered in time", self._clock.now()))
        else:
            self.freed(call_id, user_id, talked=False)

    def talks(self, call_id: CallId, user_id: UserId) -> None:
        call = self._agent_calls.get(user_id)
        if call is not None and call.call_id == call_id:
            self._agent_calls[user_id] = replace(call, connected_at=self._clock.now())
        self._apply(user_id, CallConnected(call_id))

    def found_talking(self, session: Session, user_id: UserId) -> None:
        """What was stored of the agent was older than the conversation that he is found in."""
        call, agent = session.state, self._agents.get(user_id)
        if agent is None or call.leg_id is None or agent.leg_id != call.leg_id:
            return
        self._waiting.pop(call.call_id, None)
        self._agent_calls[user_id] = replace(agent_call(session), connected_at=call.connected_at)
        self._apply(
            user_id, FoundOnCall(call.call_id, call.leg_id, session.campaign.result_required)
        )

    def freed(self, call_id: CallId, user_id: UserId, *, talked: bool) -> None:
        self._reserved.pop(call_id, None)
        call = self._agent_calls.get(user_id)
        if call is not None and call.call_id == call_id:
            self._agent_calls[user_id] = replace(call, ended_at=self._clock.now())
        self._apply(user_id, CallOver(call_id, talked, _new_leg()))
        self._match()

    def notice(self, call_id: CallId, user_id: UserId, reason: Refusal | None) -> None:
        """What was decided about the lead while its agent talks: he sees it on his desk."""
        call = self._agent_calls.get(user_id)
        if call is not None and call.call_id == call_id and call.notice is not reason:
            self._agent_calls[user_id] = replace(call, notice=reason)
            self._live.publish(f"agent:{user_id}", {"notice": reason})

    # --- what happens to phones ---------------------------------------------------------------

    def leg_event(self, event: AgentLegEvent) -> None:
        user_id = self._legs.get(event.leg_id)
        if user_id is None:
            if isinstance(event, AgentLegAnswered):
                # Its agent logged out while it rang.
                self._telephony.send(HangUpAgent(event.leg_id))
            return
        self._apply(user_id, event)

    # --- looking --------------------------------------------------------------------------------

    def agent(self, user_id: int) -> AgentView | None:
        agent = self._agents.get(UserId(user_id))
        return None if agent is None else self._view(agent)

    def agents(self) -> list[AgentView]:
        return [self._view(agent) for agent in self._agents.values()]

    def states(self) -> list[Agent]:
        return list(self._agents.values())

    def ready(self, campaign: RunningCampaign) -> dict[UserId, AgentProfile]:
        """The campaign's ready agents, whoever has waited longest first."""
        return {
            agent.user_id: self._profiles[agent.user_id]
            for agent in sorted(self._agents.values(), key=lambda agent: agent.since)
            if agent.state is AgentState.READY and serves(self._profiles[agent.user_id], campaign)
        }

    def profile(self, user_id: UserId) -> AgentProfile | None:
        """What is known of the agent since he came onto the floor."""
        return self._profiles.get(user_id)

    def count(self, campaign: RunningCampaign) -> FloorCount:
        """The campaign's agents by state."""
        by_state: dict[AgentState, int] = {}
        for user_id, agent in self._agents.items():
            if serves(self._profiles[user_id], campaign):
                by_state[agent.state] = by_state.get(agent.state, 0) + 1
        logged_in = sum(number for state, number in by_state.items() if state not in _OUT)
        return FloorCount(logged_in, by_state)

    def _view(self, agent: Agent) -> AgentView:
        profile = self._profiles[agent.user_id]
        return AgentView(
            user_id=agent.user_id,
            name=profile.name,
            state=agent.state,
            since=agent.since,
            away_reason=agent.away_reason,
            away_wish=agent.away_wish,
            phone_mode=agent.phone_mode,
            workgroup_ids=profile.workgroup_ids,
            call=self._agent_calls.get(agent.user_id) if agent.call_id else None,
            ringing=agent.held,
        )

    # --- taking up and storing ------------------------------------------------------------------

    async def take_up(self, agents: Iterable[Agent], calls: dict[UserId, AgentCall]) -> None:
        """Goes on with agents whom an earlier run of this program left on the floor."""
        for agent in agents:
            async with self._database.read() as connection:
                profile = await load_profile(connection, agent.user_id)
            if profile is None:
                continue
            self._profiles[agent.user_id] = profile
            self._agents[agent.user_id] = agent
            if agent.leg_id is not None:
                self._legs[agent.leg_id] = agent.user_id
            if agent.state is AgentState.RESERVED and agent.call_id is not None:
                self._reserved[agent.call_id] = agent.user_id
            if agent.user_id in calls:
                self._agent_calls[agent.user_id] = calls[agent.user_id]
            if agent.state is AgentState.AFTER_CALL_WORK and agent.call_id is not None:
                self._start_after_call_timer(agent.user_id, agent.call_id)

    def know(self, asked: Collection[UserId], found: Mapping[UserId, AgentProfile]) -> None:
        """What the database says by now about the agents `asked` for.

        Who is not `found` may not take calls any more: he leaves the floor, as soon as he is
        not talking.
        """
        for user_id in asked:
            agent = self._agents[user_id]
            if user_id in found:
                self._profiles[user_id] = found[user_id]
            elif agent.state not in (AgentState.OFFLINE, AgentState.ON_CALL):
                self._apply(user_id, LogOut())

    async def _enter(self, user_id: UserId) -> Agent:
        async with self._database.read() as connection:
            profile = await load_profile(connection, user_id)
        if profile is None:
            raise NotAnAgent("this user may not take calls")
        if not profile.account:
            raise NoPhone("this user has no phone; give him a SIP account")
        self._profiles[user_id] = profile
        if user_id not in self._agents:
            self._agents[user_id] = Agent(user_id, profile.phone_mode, self._clock.now())
        return self._agents[user_id]

    # --- deciding ---------------------------------------------------------------------------------

    def _apply(self, user_id: UserId, event: agent_events.Event) -> None:
        before = self._agents.get(user_id)
        if before is None:
            # He was logged out when an earlier run ended; only his call is left.
            log.info("an agent who is not on the floor", user_id=user_id, event=str(event))
            return
        after, commands = agent_state.decide(before, event, self._clock.now())
        if after is not before:
            self._store(before, after)
        for command in commands:
            self._run(user_id, command)
        if after.state is AgentState.READY and before.state is not AgentState.READY:
            self._match()

    def _store(self, before: Agent, after: Agent) -> None:
        user_id = after.user_id
        self._agents[user_id] = after
        if before.leg_id != after.leg_id:
            if before.leg_id is not None:
                self._legs.pop(before.leg_id, None)
            if after.leg_id is not None:
                self._legs[after.leg_id] = user_id
        if after.state is not AgentState.AFTER_CALL_WORK and user_id in self._timers:
            self._timers.pop(user_id).cancel()
        if after.call_id is None:
            self._agent_calls.pop(user_id, None)
        self.keeper.changed(user_id)
        self.held.changed(after)
        self._live.publish(f"agent:{user_id}", {"state": after.state})
        self._live.publish("floor", {"user_id": user_id})
        for listener in self._on_change:
            listener(after)

    def _run(self, user_id: UserId, command: agent_events.Command) -> None:
        match command:
            case RingPhone(leg_id=leg_id):
                self._ring(user_id, leg_id)
            case HangUpAgent():
                self._telephony.send(command)
            case JoinCall(call_id=call_id, leg_id=leg_id):
                self._calls.apply(AgentFound(call_id, user_id, leg_id))
            case GiveBackCall(call_id=call_id):
                self._reserved.pop(call_id, None)
                session = self._calls.session(call_id)
                if session is not None and session.state.phase is Phase.WAITING:
                    self.find_agent(session)
                else:
                    self._calls.cancel(call_id)
            case StartAfterCallTimer(call_id=call_id):
                self._start_after_call_timer(user_id, call_id)

    def _ring(self, user_id: UserId, leg_id: LegId) -> None:
        profile = self._profiles[user_id]
        held = profile.phone_mode is agent_state.PhoneMode.HELD
        call = self._agent_calls.get(user_id)
        self._telephony.send(
            RingAgent(
                leg_id=leg_id,
                account=profile.account,
                label="Kakeru" if held or call is None else call.e164,
                ring_timeout_seconds=_LOGIN_RING_SECONDS if held else _PER_CALL_RING_SECONDS,
            )
        )

    def _start_after_call_timer(self, user_id: UserId, call_id: CallId) -> None:
        call = self._agent_calls.get(user_id)
        if earlier := self._timers.pop(user_id, None):
            earlier.cancel()
        self._timers[user_id] = self._clock.call_later(
            call.after_call_work_seconds if call else 0,
            lambda: self._apply(user_id, AfterCallWorkExpired(call_id, _new_leg())),
        )

    def _match(self) -> None:
        """Gives waiting calls to ready agents: first answered, first served."""
        for call_id, session in list(self._waiting.items()):
            agent = self._agent_for(session)
            if agent is None or call_id not in self._waiting:
                continue
            del self._waiting[call_id]
            if agent.held:
                self._apply(agent.user_id, Join(call_id))
                continue
            self._reserved[call_id] = agent.user_id
            self._agent_calls[agent.user_id] = agent_call(session)
            self._apply(
                agent.user_id, Reserve(call_id, session.campaign.result_required, _new_leg())
            )

    def _agent_for(self, session: Session) -> Agent | None:
        """A call for one user waits for nobody else."""
        user_id = session.state.for_user
        if user_id is None:
            return longest_idle(self._agents.values(), self._profiles, session.campaign)
        agent = self._agents.get(user_id)
        if agent is None:
            return None
        held = agent.held and agent.call_id == session.state.call_id
        return agent if held or agent.state is AgentState.READY else None


def _new_leg() -> LegId:
    return LegId(uuid4())
