"""Loading what an earlier run of this program left open: calls and agents."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.call_journal import LeadOfCall
from dialer.call_sessions import Session
from dialer.floor_views import AgentCall
from dialer.messages import CallId, LegId, UserId
from dialer.rules.agent_state import Agent
from dialer.rules.call_state import UNANSWERED, CallState, HungUpBy, Notice, Phase
from dialer.rules.recording_pause import from_ms
from dialer.running_campaign import RunningCampaign
from dialer.storage.tables import actions, agent_sessions, calls, campaigns, recordings


async def open_calls(
    connection: AsyncConnection, loaded: Sequence[RunningCampaign]
) -> tuple[list[Session], list[CallId]]:
    """Sessions of the calls that have no end yet, and the calls of campaigns that no file
    describes any more."""
    by_id = {campaign.campaign_id: campaign for campaign in loaded}
    rows = await connection.execute(
        select(
            calls,
            actions.c.lead_id,
            actions.c.user_id,
            agent_sessions.c.leg,
            recordings.c.pauses,
        )
        .join(actions, actions.c.id == calls.c.id)
        .outerjoin(recordings, recordings.c.call_id == calls.c.id)
        .outerjoin(
            agent_sessions,
            and_(
                agent_sessions.c.call_id == calls.c.id,
                or_(actions.c.user_id.is_(None), agent_sessions.c.user_id == actions.c.user_id),
            ),
        )
        .where(calls.c.ended_at.is_(None))
    )
    sessions: list[Session] = []
    strangers: list[CallId] = []
    for row in rows:
        campaign = by_id.get(row.campaign_id)
        if campaign is None:
            strangers.append(CallId(row.id))
            continue
        sessions.append(
            Session(
                state=_state(row, campaign),
                campaign=campaign,
                lead=LeadOfCall(row.lead_id, row.attempt, campaign.retries),
                e164=row.e164,
                workgroup_ids=_asked_for(row, campaign),
                # Nothing tells whose idea it was; his agent is held for it in either case.
                by_hand=row.for_user_id is not None,
            )
        )
    return sessions, strangers


def _asked_for(row: Row[Any], campaign: RunningCampaign) -> frozenset[int]:
    """The workgroups that the gate asked for when it let the call through."""
    return frozenset(row.decision.get("workgroup_ids", ())) or campaign.workgroup_ids


def _state(row: Row[Any], campaign: RunningCampaign) -> CallState:
    phase = _phase(row)
    with_agent = phase not in UNANSWERED
    by = HungUpBy(row.hung_up_by)
    return CallState(
        call_id=CallId(row.id),
        recorded=campaign.settings.record,
        answer_to_agent=timedelta(seconds=campaign.settings.answer_to_agent_seconds),
        # A crash between claim and first write leaves no dial time: it may have rung.
        dialled_at=row.dialled_at or row.claimed_at,
        for_user=None if row.for_user_id is None else UserId(row.for_user_id),
        phase=phase,
        ringing_at=row.ringing_at,
        answered_at=row.answered_at,
        connected_at=row.connected_at,
        user_id=UserId(row.user_id) if with_agent and row.user_id is not None else None,
        leg_id=LegId(row.leg) if with_agent and row.leg is not None else None,
        hung_up_by=by,
        abandoned=by is HungUpBy.SYSTEM and row.answered_at is not None,
        cancelled=bool(by) and row.answered_at is None,
        notice=_notice(row, campaign),
        pauses=from_ms(row.pauses or (), row.connected_at) if row.connected_at else (),
    )


def _notice(row: Row[Any], campaign: RunningCampaign) -> Notice:
    """Whether he has heard it is not written: it is played again rather than not at all."""
    settings = campaign.settings
    if row.connected_at is not None or not (settings.record and settings.has_notice):
        return Notice.NONE
    return Notice.DUE


def _phase(row: Row[Any]) -> Phase:
    """A call that was answered and had no agent yet counts as ringing: comparing with
    Asterisk tells that it is answered, and an agent is looked for afresh."""
    if row.hung_up_by:
        return Phase.LEAVING
    if row.connected_at is not None:
        return Phase.TALKING
    if row.answered_at is not None and row.leg is not None and row.user_id is not None:
        return Phase.CONNECTING
    return Phase.DIALLING if row.ringing_at is None else Phase.RINGING


async def calls_of_agents(
    connection: AsyncConnection, agents: Sequence[Agent], loaded: Mapping[str, RunningCampaign]
) -> dict[UserId, AgentCall]:
    """The calls that these agents are on, or whose results are due."""
    wanted = {agent.call_id: agent.user_id for agent in agents if agent.call_id is not None}
    if not wanted:
        return {}
    rows = await connection.execute(
        select(calls, actions.c.lead_id, actions.c.project_id, campaigns.c.name.label("campaign"))
        .join(actions, actions.c.id == calls.c.id)
        .outerjoin(campaigns, campaigns.c.id == calls.c.campaign_id)
        .where(calls.c.id.in_(list(wanted)))
    )
    found: dict[UserId, AgentCall] = {}
    for row in rows:
        campaign = loaded.get(row.campaign or "")
        found[wanted[CallId(row.id)]] = AgentCall(
            call_id=CallId(row.id),
            lead_id=row.lead_id,
            e164=row.e164,
            campaign=row.campaign or "",
            project_id=row.project_id,
            after_call_work_seconds=(campaign.settings.after_call_work_seconds if campaign else 0),
            connected_at=row.connected_at,
            ended_at=row.ended_at,
            retries=campaign.retries if campaign else None,
        )
    return found
