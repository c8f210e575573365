"""Who may hear which conversation: the rule's facts, and the same as a condition of a query."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.rules.hearing import HearingRight, Listener, Spoken, hearing_right
from dialer.storage.tables import actions, good_examples, user_workgroups
from dialer.users import User


async def right_to_hear(
    connection: AsyncConnection, *, call_id: UUID, viewer: User
) -> HearingRight | None:
    """None: he may not, or there is no such call."""
    call = (
        await connection.execute(
            select(
                actions.c.user_id, actions.c.project_id, _is_example(call_id).label("example")
            ).where(actions.c.id == call_id, actions.c.kind == "call")
        )
    ).first()
    if call is None:
        return None
    # Each range that a player asks for comes through here: who manages none needs no groups.
    groups = (
        await connection.scalars(
            select(user_workgroups.c.workgroup_id).where(user_workgroups.c.user_id == call.user_id)
        )
        if viewer.managed_workgroup_ids
        else ()
    )
    listener = Listener(
        viewer.id,
        viewer.acts_as_admin,
        viewer.sees_project(call.project_id),
        viewer.managed_workgroup_ids,
    )
    return hearing_right(listener, Spoken(call.user_id, frozenset(groups), call.example))


async def heard_of(
    connection: AsyncConnection, action_ids: Collection[UUID], viewer: User
) -> frozenset[UUID]:
    """Those of the actions that are calls that `viewer` may hear."""
    query = select(actions.c.id).where(
        actions.c.id.in_(action_ids), actions.c.kind == "call", hearable(viewer)
    )
    return frozenset(await connection.scalars(query)) if action_ids else frozenset()


def hearable(viewer: User) -> ColumnElement[bool]:
    """Of `actions`: the calls that `viewer` may hear. Equal to the rule by a test."""
    if viewer.acts_as_admin:
        return true()
    return and_(
        actions.c.project_id.in_(viewer.project_ids),
        or_(
            actions.c.user_id == viewer.id,
            _by_members(viewer.managed_workgroup_ids),
            _is_example(actions.c.id),
        ),
    )


def _by_members(managed: frozenset[int]) -> ColumnElement[bool]:
    if not managed:
        return false()
    members = select(user_workgroups.c.user_id).where(user_workgroups.c.workgroup_id.in_(managed))
    return actions.c.user_id.in_(members)


def _is_example(call_id: Any) -> ColumnElement[bool]:
    return exists().where(good_examples.c.call_id == call_id, good_examples.c.removed_at.is_(None))
