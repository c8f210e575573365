"""Calls with their agent held from the beginning: his own leads, his callbacks, calls by hand.

He is reserved before the lead is taken, so that whoever answers is joined with him at once,
and freed when there is nothing to take. Goes he away while it rings, the call is taken back.
"""

from collections.abc import Awaitable, Callable

from dialer.call_sessions import CallSessions
from dialer.claiming import ClaimedCall
from dialer.held_agents import HeldAgents
from dialer.messages import UserId
from dialer.rules.eligibility import Refused
from dialer.running_campaign import RunningCampaign

Take = Callable[[], Awaitable[ClaimedCall | Refused | None]]


class HeldCalls:
    def __init__(self, held: HeldAgents, calls: CallSessions) -> None:
        self._held = held
        self._calls = calls

    async def call(
        self,
        user_id: UserId,
        campaign: RunningCampaign,
        take: Take,
        *,
        workgroup_ids: frozenset[int],
        by_hand: bool = False,
    ) -> ClaimedCall | Refused | None:
        """Holds the agent, takes a lead for him and dials it.

        None when he is not free, has gone meanwhile, or there is nothing to call. Raises what
        `take` raises; then, too, he is free again.
        """
        if not await self._held.hold(user_id):
            return None
        taken: ClaimedCall | Refused | None = None
        try:
            taken = await take()
        finally:
            if not isinstance(taken, ClaimedCall):
                self._held.let_go(user_id)
        if not isinstance(taken, ClaimedCall):
            return taken
        if not self._held.hold_for(user_id, taken, campaign):
            self._calls.give_back(taken, campaign)
            return None
        self._calls.start(taken, campaign, workgroup_ids=workgroup_ids, by_hand=by_hand)
        return taken
