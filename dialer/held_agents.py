"""Agents who are kept for a call of their own: from before it is taken until it is answered."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from uuid import uuid4

from dialer.call_sessions import Session
from dialer.claiming import ClaimedCall
from dialer.floor_matching import agent_call, agent_call_of
from dialer.floor_views import AgentCall
from dialer.messages import CallId, LegId, UserId
from dialer.rules.agent_events import Event, Hold, HoldFor, LetGo
from dialer.rules.agent_state import Agent, AgentState, may_be_held
from dialer.running_campaign import RunningCampaign


class HeldAgents:
    """A part of the floor: it works on the floor's agents, their calls and who is reserved.

    `happens` lets an event happen to an agent.
    """

    def __init__(
        self,
        agents: Mapping[UserId, Agent],
        agent_calls: MutableMapping[UserId, AgentCall],
        reserved: MutableMapping[CallId, UserId],
        happens: Callable[[UserId, Event], None],
    ) -> None:
        self._agents = agents
        self._agent_calls = agent_calls
        self._reserved = reserved
        self._happens = happens
        self._phones: dict[UserId, asyncio.Future[None]] = {}

    async def hold(self, user_id: UserId) -> bool:
        """Keeps an agent for a call that is yet to be taken, as soon as his phone is open.

        False when he is not free, or his phone does not answer.
        """
        agent = self._agents.get(user_id)
        if agent is None or not may_be_held(agent):
            return False
        phone = self._phones[user_id] = asyncio.get_running_loop().create_future()
        self._happens(user_id, Hold(LegId(uuid4())))
        self.changed(self._agents[user_id])
        try:
            await phone
        finally:
            self._phones.pop(user_id, None)
            if phone.cancelled():
                self.let_go(user_id)
        return self._waits(user_id)

    def hold_for(self, user_id: UserId, claimed: ClaimedCall, campaign: RunningCampaign) -> bool:
        """The call is taken; False when he has gone meanwhile, and it must not be dialled."""
        if not self._waits(user_id):
            return False
        self._agent_calls[user_id] = agent_call_of(
            claimed.call_id, claimed.lead_id, claimed.e164, campaign
        )
        self._reserved[claimed.call_id] = user_id
        self._happens(user_id, HoldFor(claimed.call_id, campaign.result_required))
        return True

    def let_go(self, user_id: UserId) -> None:
        """There is no call for him after all."""
        self._happens(user_id, LetGo(LegId(uuid4())))

    def keep_for(self, session: Session) -> bool:
        """After a crash: whether the agent is held, or can be again, for the call that rings."""
        call_id, user_id = session.state.call_id, session.state.for_user
        agent = self._agents.get(user_id) if user_id is not None else None
        if agent is None or user_id is None:
            return False
        if agent.held and agent.call_id == call_id:
            return True
        if agent.state is not AgentState.READY:
            return False
        self._happens(user_id, Hold(LegId(uuid4())))
        self._agent_calls[user_id] = agent_call(session)
        self._reserved[call_id] = user_id
        self._happens(user_id, HoldFor(call_id, session.campaign.result_required))
        return True

    def changed(self, agent: Agent) -> None:
        """Must be told of every change of an agent."""
        phone = self._phones.get(agent.user_id)
        if phone is not None and not phone.done() and (agent.leg_answered or not agent.held):
            phone.set_result(None)

    def _waits(self, user_id: UserId) -> bool:
        agent = self._agents.get(user_id)
        return agent is not None and agent.held and agent.call_id is None
