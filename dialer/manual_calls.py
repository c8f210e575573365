"""Calls by hand: an agent chooses the lead; the gate, the claim and the trunk are the same."""

import asyncio
from collections.abc import Mapping
from math import floor as whole

from sqlalchemy import select

from dialer.agent_profiles import AgentProfile
from dialer.call_sessions import CallSessions
from dialer.campaign_runner import TrunkLines
from dialer.campaigns import Campaigns
from dialer.claiming import ClaimedCall, ClaimError, claim_lead
from dialer.floor import Floor
from dialer.floor_matching import serves
from dialer.floor_views import CannotDial
from dialer.held_calls import HeldCalls
from dialer.messages import UserId
from dialer.ports import Clock
from dialer.rules.eligibility import Refused
from dialer.rules.pacing import NotDialling, refill, take
from dialer.rules.recording_room import Recording
from dialer.running_campaign import RunningCampaign
from dialer.storage.engine import Database
from dialer.storage.faults import DATABASE_ERRORS, fault_of
from dialer.storage.tables import leads


class ManualCalls:
    """`trunks` are shared with the campaigns: their limits hold for calls by hand as well."""

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        floor: Floor,
        calls: CallSessions,
        database: Database,
        clock: Clock,
        trunks: Mapping[str, TrunkLines],
    ) -> None:
        self._campaigns = campaigns
        self._floor = floor
        self._calls = calls
        self._database = database
        self._clock = clock
        self._trunks = trunks
        self._held_calls = HeldCalls(floor.held, calls)

    async def dial(
        self,
        user_id: int,
        lead_id: int,
        *,
        contact_point_id: int | None = None,
        campaign: str | None = None,
    ) -> ClaimedCall | Refused:
        """Holds the agent and calls the lead, or says why the gate refuses.

        Trunk, hours and retries are those of the named campaign, else of the first of the
        lead's project whose workgroups he belongs to; it need not be running. Raises
        CannotDial: he is not ready, there is no such campaign, no line or no database.
        """
        agent = UserId(user_id)
        profile = self._floor.profile(agent)
        if profile is None:
            raise CannotDial("not_ready")
        if not self._campaigns.telephony_up:
            raise CannotDial(NotDialling.TELEPHONY_DOWN)
        try:
            chosen = await self._campaign(lead_id, profile, campaign)
            if self._calls.recording_of(chosen.settings) is Recording.NOT_CALLED:
                raise CannotDial(NotDialling.RECORDINGS_FULL)
            await self._line(chosen)
            answer = await self._call(agent, profile, lead_id, chosen, contact_point_id)
        except ClaimError as error:
            raise CannotDial(NotDialling.DATABASE_LOCKED) from error
        except DATABASE_ERRORS as error:
            raise CannotDial(f"database_{fault_of(error)}") from error
        if answer is None:
            raise CannotDial("not_ready")
        if isinstance(answer, ClaimedCall):
            self._spare_the_others(profile)
        return answer

    async def _call(
        self,
        user_id: UserId,
        profile: AgentProfile,
        lead_id: int,
        campaign: RunningCampaign,
        contact_point_id: int | None,
    ) -> ClaimedCall | Refused | None:
        # What his other workgroups prohibit he may not call either.
        groups = campaign.workgroup_ids | profile.workgroup_ids
        request = campaign.request_held_for(user_id, groups)

        async def claim() -> ClaimedCall | Refused:
            return await claim_lead(
                self._database,
                request,
                lead_id,
                self._clock.now(),
                contact_point_id=contact_point_id,
            )

        return await self._held_calls.call(
            user_id, campaign, claim, workgroup_ids=groups, by_hand=True
        )

    async def _campaign(
        self, lead_id: int, profile: AgentProfile, name: str | None
    ) -> RunningCampaign:
        async with self._database.read() as connection:
            project_id = await connection.scalar(
                select(leads.c.project_id).where(leads.c.id == lead_id)
            )
        for campaign in self._campaigns.loaded():
            wanted = name is None or campaign.name == name
            if wanted and campaign.project_id == project_id and serves(profile, campaign):
                return campaign
        raise CannotDial("no_campaign")

    async def _line(self, campaign: RunningCampaign) -> None:
        """Waits for the trunk's calls per second; it has room, or CannotDial is raised."""
        trunk = self._trunks[campaign.settings.trunk]
        while True:
            if self._calls.on_trunk(campaign.settings.trunk) >= trunk.max_channels:
                raise CannotDial(NotDialling.TRUNK_FULL)
            trunk.budget, granted = take(refill(trunk.budget, self._clock.now()), 1)
            if granted:
                return
            await asyncio.sleep(1 / trunk.budget.per_second)

    def _spare_the_others(self, profile: AgentProfile) -> None:
        """Telephones that rang for him, and for which nobody else is ready, ring no longer."""
        for campaign in self._campaigns.loaded():
            if serves(profile, campaign):
                ready = self._floor.count(campaign).ready
                keep = whole(ready * campaign.lines_per_agent)
                self._calls.cancel_surplus(campaign.campaign_id, keep=keep)
