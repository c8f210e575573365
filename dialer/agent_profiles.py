"""What the floor needs to know of a user to let him work as an agent."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.messages import CallId, LegId, UserId
from dialer.rules.agent_state import Agent, AgentState, PhoneMode
from dialer.storage.tables import (
    actions,
    agent_sessions,
    calls,
    project_users,
    projects,
    user_workgroups,
    users,
)


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """`account` is the SIP account of the agent's phone, empty where he has none."""

    user_id: UserId
    name: str
    account: str
    phone_mode: PhoneMode
    workgroup_ids: frozenset[int]
    project_ids: frozenset[int]


async def load_profile(connection: AsyncConnection, user_id: UserId) -> AgentProfile | None:
    """None when the user does not exist, is not active or may not call."""
    return (await load_profiles(connection, [user_id])).get(user_id)


async def load_profiles(
    connection: AsyncConnection, user_ids: Collection[UserId]
) -> dict[UserId, AgentProfile]:
    """`load_profile` of several; who does not exist, is not active or may not call is left out."""
    people = await connection.execute(
        select(users.c.id, users.c.name, users.c.phone_account, users.c.phone_mode).where(
            users.c.id.in_(user_ids), users.c.active, users.c.may_call
        )
    )
    groups = await _belonging(connection, user_workgroups.c.workgroup_id, user_ids)
    work = await _belonging(connection, project_users.c.project_id, user_ids)
    return {
        UserId(user.id): AgentProfile(
            user_id=UserId(user.id),
            name=user.name,
            account=user.phone_account or "",
            phone_mode=PhoneMode(user.phone_mode),
            workgroup_ids=frozenset(groups.get(user.id, ())),
            project_ids=frozenset(work.get(user.id, ())),
        )
        for user in people.all()
    }


async def _belonging(
    connection: AsyncConnection, what: Column[Any], user_ids: Collection[UserId]
) -> dict[int, set[int]]:
    member = what.table.c.user_id
    found: dict[int, set[int]] = {}
    for user_id, one in await connection.execute(select(member, what).where(member.in_(user_ids))):
        found.setdefault(user_id, set()).add(one)
    return found


async def write_agents(connection: AsyncConnection, agents: list[Agent]) -> None:
    """Replaces the stored sessions of these agents; one who is offline has none."""
    await connection.execute(
        delete(agent_sessions).where(
            agent_sessions.c.user_id.in_([agent.user_id for agent in agents])
        )
    )
    rows = [
        {
            "user_id": agent.user_id,
            "state": agent.state,
            "since": agent.since,
            "away_reason": agent.away_reason,
            "leg": agent.leg_id,
            "call_id": agent.call_id,
            "logged_in_at": agent.since,
        }
        for agent in agents
        if agent.state is not AgentState.OFFLINE
    ]
    if rows:
        await connection.execute(insert(agent_sessions), rows)


async def stored_agents(connection: AsyncConnection) -> list[Agent]:
    """The agents who were on the floor when the program last wrote."""
    rows = await connection.execute(
        select(
            agent_sessions,
            users.c.phone_mode,
            projects.c.result_required,
            actions.c.result_id,
            calls.c.for_user_id,
            calls.c.answered_at,
        )
        .join(users, users.c.id == agent_sessions.c.user_id)
        .outerjoin(actions, actions.c.id == agent_sessions.c.call_id)
        .outerjoin(calls, calls.c.id == agent_sessions.c.call_id)
        .outerjoin(projects, projects.c.id == actions.c.project_id)
    )
    return [
        Agent(
            user_id=UserId(row.user_id),
            phone_mode=PhoneMode(row.phone_mode),
            since=row.since,
            state=AgentState(row.state),
            away_reason=row.away_reason,
            leg_id=_leg(row.leg),
            leg_answered=False,  # comparing with Asterisk tells
            call_id=CallId(row.call_id) if row.call_id else None,
            result_required=bool(row.result_required),
            result_saved=row.result_id is not None,
            held=_is_held(row),
        )
        for row in rows
    ]


def _is_held(row: Row[Any]) -> bool:
    """For a call that is not taken yet, or that nobody had answered."""
    if row.state != AgentState.RESERVED:
        return False
    for_him = row.for_user_id == row.user_id and row.answered_at is None
    return row.call_id is None or for_him


def _leg(value: UUID | None) -> LegId | None:
    return None if value is None else LegId(value)
