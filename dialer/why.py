"""Why a lead is called, or not: the gate's answer with every clause and the facts it used.

The answer is that of the rule that decides about calls (`dialer.rules.eligibility`), on the
facts that a claim would read; a property test holds the two equal on both databases.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.campaign_state import CampaignState
from dialer.claiming import ClaimRequest
from dialer.lead_facts import facts_of
from dialer.prohibitions import StandingProhibition, binding_for, standing
from dialer.project_hours import STORED_HOURS, within_project
from dialer.rules.eligibility import Actor, Allowed, LeadFacts, Refused, may_call, owner_of
from dialer.rules.explanation import RuleVerdict, allowed_from, verdicts
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.tables import (
    action_results,
    actions,
    calls,
    campaigns,
    contact_points,
    leads,
    project_users,
    projects,
    user_workgroups,
    users,
)
from dialer.users import User
from dialer.why_facts import WhyFacts, why_facts

PAST_DECISIONS = 20
LEADS_OF_A_NUMBER = 20


@dataclass(frozen=True, slots=True)
class LeadName:
    """A lead as one says which is meant."""

    id: int
    name: str
    project_id: int
    project: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The gate's answer at a moment, for one lead and one campaign.

    `user` is who would call by hand, empty: the campaign for whoever is free.
    `callable_from` is when time alone will have let the lead through; None: never.
    `for_owner_only`: the campaign calls it, but only with one agent held for the call, who has
    it in his box or has promised to call back.
    """

    lead: LeadName
    campaign: str
    campaign_project: str
    campaign_state: CampaignState
    user_id: int | None
    user: str
    at: datetime
    decision: Allowed | Refused
    callable_from: datetime | None
    for_owner_only: bool
    rules: tuple[RuleVerdict, ...]
    facts: WhyFacts

    @property
    def allowed(self) -> bool:
        return isinstance(self.decision, Allowed)


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A call that the gate let through: what it knew then, and what came of the call.

    `decision` is the snapshot that the claim wrote; empty for calls of before there were any.
    `for_user` is who was held for the call, empty: whoever became free.
    """

    call_id: UUID
    at: datetime
    campaign: str
    e164: str
    attempt: int
    for_user: str
    outcome: CallOutcome | None
    result: str
    decision: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """What is known of a number, whether or not a lead has it. `more`: leads beyond these."""

    e164: str
    prohibitions: tuple[StandingProhibition, ...]
    leads: tuple[LeadName, ...]
    more: bool


async def explain(
    connection: AsyncConnection,
    lead_id: int,
    request: ClaimRequest,
    now: datetime,
    *,
    viewer: User | None = None,
) -> Explanation | None:
    """None when there is no such lead, or `viewer` may not see its project.

    `viewer` None sees everything; for others, prohibitions of workgroups that are not
    theirs and what lies in other projects stays unnamed.
    """
    row = await _lead(connection, lead_id)
    known = (await facts_of(connection, [lead_id], now)).get(lead_id)
    if row is None or known is None or not _sees(viewer, row.project_id):
        return None
    around = (await connection.execute(_around(request))).one()
    actor = replace(
        request.actor(assigned=request.for_user is None or around.assigned),
        hours=within_project(request.hours, around.time_zone, around.calling_hours),
    )
    return Explanation(
        lead=_named(row),
        campaign=around.campaign,
        campaign_project=around.project,
        campaign_state=around.state,
        user_id=request.for_user,
        user=around.user or "",
        at=now,
        decision=may_call(known.facts, actor, now),
        callable_from=allowed_from(known.facts, actor, now),
        for_owner_only=await _for_owner_only(connection, known.facts, actor, now),
        rules=verdicts(known.facts, actor, now),
        facts=await why_facts(connection, row, known, actor, now, viewer),
    )


async def past_decisions(
    connection: AsyncConnection, lead_id: int, *, limit: int = PAST_DECISIONS
) -> tuple[PastDecision, ...]:
    """The calls to a lead, newest first, each with what the gate knew when it let it through."""
    rows = await connection.execute(
        select(
            calls,
            campaigns.c.name.label("campaign"),
            users.c.name.label("for_user"),
            action_results.c.name.label("result"),
        )
        .join(actions, actions.c.id == calls.c.id)
        .outerjoin(campaigns, campaigns.c.id == calls.c.campaign_id)
        .outerjoin(users, users.c.id == calls.c.for_user_id)
        .outerjoin(action_results, action_results.c.id == actions.c.result_id)
        .where(actions.c.lead_id == lead_id)
        .order_by(actions.c.at.desc(), actions.c.id.desc())
        .limit(limit)
    )
    return tuple(
        PastDecision(
            call_id=row.id,
            at=row.claimed_at,
            campaign=row.campaign or "",
            e164=row.e164,
            attempt=row.attempt,
            for_user=row.for_user or "",
            outcome=CallOutcome(row.outcome) if row.outcome else None,
            result=row.result or "",
            decision=row.decision,
        )
        for row in rows
    )


async def known_number(
    connection: AsyncConnection, e164: str, *, viewer: User | None = None
) -> KnownNumber:
    """Its standing prohibitions, and the leads that have it, as far as `viewer` may see them."""
    found = await standing(
        connection,
        e164s=[e164],
        workgroup_ids=None if viewer is None else binding_for(viewer),
    )
    with_number = select(contact_points.c.lead_id).where(contact_points.c.e164 == e164)
    visible: ColumnElement[bool] = true()
    if viewer is not None and not viewer.acts_as_admin:
        visible = leads.c.project_id.in_(viewer.project_ids)
    rows = await connection.execute(
        select(leads.c.id, leads.c.name, leads.c.project_id, projects.c.name.label("project"))
        .join(projects, projects.c.id == leads.c.project_id)
        .where(leads.c.id.in_(with_number), visible)
        .order_by(leads.c.id)
        .limit(LEADS_OF_A_NUMBER + 1)
    )
    some = [_named(row) for row in rows]
    return KnownNumber(
        e164=e164,
        prohibitions=tuple(found),
        leads=tuple(some[:LEADS_OF_A_NUMBER]),
        more=len(some) > LEADS_OF_A_NUMBER,
    )


async def lead_named(
    connection: AsyncConnection, lead_id: int, *, viewer: User | None = None
) -> LeadName | None:
    """None when there is no such lead, or `viewer` may not see its project."""
    row = await _lead(connection, lead_id)
    return _named(row) if row is not None and _sees(viewer, row.project_id) else None


async def _for_owner_only(
    connection: AsyncConnection, facts: LeadFacts, actor: Actor, now: datetime
) -> bool:
    owner = owner_of(facts)
    if actor.user_id is not None or owner is None or may_call(facts, actor, now) == Allowed():
        return False
    assigned = await connection.scalar(
        select(
            exists().where(
                project_users.c.project_id == actor.project_id, project_users.c.user_id == owner
            )
        )
    )
    own_groups = await connection.scalars(
        select(user_workgroups.c.workgroup_id).where(user_workgroups.c.user_id == owner)
    )
    held = replace(
        actor,
        user_id=owner,
        assigned=bool(assigned),
        # As the campaign's own claim for him does: what his other workgroups prohibit binds.
        workgroup_ids=actor.workgroup_ids | set(own_groups),
    )
    return may_call(facts, held, now) == Allowed()


# --- rows -------------------------------------------------------------------------------


async def _lead(connection: AsyncConnection, lead_id: int) -> Row[Any] | None:
    return (
        await connection.execute(
            select(leads, projects.c.name.label("project"), projects.c.closed_at)
            .join(projects, projects.c.id == leads.c.project_id)
            .where(leads.c.id == lead_id)
        )
    ).first()


def _around(request: ClaimRequest) -> Any:
    assigned = exists().where(
        project_users.c.project_id == request.project_id,
        project_users.c.user_id == request.for_user,
    )
    name = select(users.c.name).where(users.c.id == request.for_user).scalar_subquery()
    return (
        select(
            campaigns.c.name.label("campaign"),
            campaigns.c.state,
            projects.c.name.label("project"),
            projects.c.time_zone,
            STORED_HOURS.label("calling_hours"),
            assigned.label("assigned"),
            name.label("user"),
        )
        .join(projects, projects.c.id == request.project_id)
        .where(campaigns.c.id == request.campaign_id)
    )


def _named(row: Any) -> LeadName:
    return LeadName(row.id, row.name, row.project_id, row.project)


def _sees(viewer: User | None, project_id: int) -> bool:
    return viewer is None or viewer.sees_project(project_id)
