"""Which agent takes which call, and what he then knows of it."""

from collections.abc import Iterable, Mapping

from dialer.agent_profiles import AgentProfile
from dialer.call_sessions import Session
from dialer.floor_views import AgentCall
from dialer.messages import CallId, UserId
from dialer.rules.agent_state import Agent, AgentState
from dialer.running_campaign import RunningCampaign


def longest_idle(
    agents: Iterable[Agent], profiles: Mapping[UserId, AgentProfile], campaign: RunningCampaign
) -> Agent | None:
    """The ready agent of the campaign who has waited longest."""
    ready = (
        agent
        for agent in agents
        if agent.state is AgentState.READY and serves(profiles[agent.user_id], campaign)
    )
    return min(ready, key=lambda agent: agent.since, default=None)


def serves(profile: AgentProfile, campaign: RunningCampaign) -> bool:
    """Only users of the campaign's workgroups who are assigned to its project take its calls."""
    return campaign.project_id in profile.project_ids and not campaign.workgroup_ids.isdisjoint(
        profile.workgroup_ids
    )


def agent_call(session: Session) -> AgentCall:
    """The call as its agent sees it."""
    return agent_call_of(
        session.state.call_id, session.lead.lead_id, session.e164, session.campaign
    )


def agent_call_of(call_id: CallId, lead_id: int, e164: str, campaign: RunningCampaign) -> AgentCall:
    """A call that is not being dialled yet, as the agent who is held for it sees it."""
    return AgentCall(
        call_id=call_id,
        lead_id=lead_id,
        e164=e164,
        campaign=campaign.name,
        project_id=campaign.project_id,
        after_call_work_seconds=campaign.settings.after_call_work_seconds,
        retries=campaign.retries,
    )
