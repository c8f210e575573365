"""What is there already, for the checklist: a few queries that stop at the first row they find."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, exists, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.campaign import CampaignSettings
from dialer.campaign_projects import project_ids
from dialer.campaign_state import campaign_rows
from dialer.rules.setup_checklist import SetupFacts
from dialer.storage.tables import (
    calls,
    custom_fields,
    gate_lanes,
    leads,
    project_users,
    projects,
    result_sets,
    user_workgroups,
    users,
    workgroups,
)

# Leads are counted so far: the checklist asks whether there are any.
_COUNTED = 1000


async def setup_facts(
    connection: AsyncConnection,
    *,
    campaigns: Sequence[CampaignSettings],
    trunks: int,
    ready_user_ids: Collection[int],
    project_id: int | None = None,
) -> SetupFacts:
    """Of one project, or of all open ones. `ready_user_ids` are agents who wait for a call."""
    one = projects.c.id == project_id if project_id is not None else projects.c.closed_at.is_(None)
    ours = select(projects.c.id).where(one)
    # Whoever is in no workgroup gets no call: the admin who came first, say.
    calling = [users.c.active, users.c.may_call, users.c.password_hash != "", _is_in_a_group()]
    in_ours = [*calling, _is_member(ours)]
    known = await project_ids(connection, campaigns)
    open_ids = set((await connection.scalars(ours)).all())
    here = [campaign for campaign in campaigns if known.get(campaign.name) in open_ids]
    names = {campaign.name for campaign in here}
    states = [row.state for row in await campaign_rows(connection) if row.name in names]
    used_sets = select(projects.c.custom_field_set_id).where(one)
    in_use = custom_fields.c.set_id.in_(used_sets) if project_id else custom_fields.c.id > 0
    return SetupFacts(
        workgroups=await _count(connection, workgroups.c.deleted_at.is_(None)),
        callers=await _count(connection, *calling),
        callers_with_phone=await _count(connection, *calling, users.c.phone_account.is_not(None)),
        result_sets=await _results(connection, one, project_id),
        custom_fields=await _count(connection, in_use),
        projects=len(open_ids),
        members=await _count(connection, *in_ours),
        matching_members=await _count(connection, *in_ours, _is_in_a_group_of(here)),
        leads=await _leads(connection, open_ids, true()),
        callable_leads=await _leads(connection, open_ids, gate_lanes.c.undialable == ""),
        scripts=await _count(connection, one, projects.c.script != ""),
        trunks=trunks,
        campaigns=len(here),
        running_campaigns=states.count("running"),
        agents_ready=await _count(connection, *in_ours, users.c.id.in_(ready_user_ids)),
        calls_made=int(bool(await connection.scalar(select(exists(select(calls.c.id)))))),
    )


async def _count(connection: AsyncConnection, *wanted: ColumnElement[bool]) -> int:
    """Rows of the one table that the conditions speak of."""
    return await connection.scalar(select(func.count()).where(*wanted)) or 0


def _is_member(ours: Select[tuple[int]]) -> ColumnElement[bool]:
    return exists().where(
        project_users.c.user_id == users.c.id, project_users.c.project_id.in_(ours)
    )


def _is_in_a_group() -> ColumnElement[bool]:
    return exists().where(
        user_workgroups.c.user_id == users.c.id,
        user_workgroups.c.workgroup_id == workgroups.c.id,
        workgroups.c.deleted_at.is_(None),
    )


def _is_in_a_group_of(campaigns: Sequence[CampaignSettings]) -> ColumnElement[bool]:
    names = {name for campaign in campaigns for name in campaign.workgroups}
    return exists().where(
        user_workgroups.c.user_id == users.c.id,
        user_workgroups.c.workgroup_id == workgroups.c.id,
        workgroups.c.name.in_(names),
    )


async def _results(
    connection: AsyncConnection, one: ColumnElement[bool], project_id: int | None
) -> int:
    if project_id is None:
        return await _count(connection, result_sets.c.id > 0)
    return await _count(connection, one, projects.c.result_set_id.is_not(None))


async def _leads(
    connection: AsyncConnection, project_ids: Collection[int], wanted: ColumnElement[bool]
) -> int:
    """Up to a thousand: whether there are any, and roughly how many, without reading a million."""
    some = (
        select(leads.c.id)
        .join(gate_lanes, gate_lanes.c.id == leads.c.lane_id)
        .where(leads.c.project_id.in_(project_ids), leads.c.deleted_at.is_(None), wanted)
        .limit(_COUNTED)
    )
    return await connection.scalar(select(func.count()).select_from(some.subquery())) or 0
