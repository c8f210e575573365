"""Saved views of the lead table: what an address shows, under a name.

A view is a user's own, or shared with everybody who sees the project. Besides, each user
has what the table opens with: a row of the same table without a name.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.storage.tables import saved_views, users
from dialer.users import NotAllowed, User

LONGEST_NAME = 100
LONGEST_QUERY = 20_000
MOST_VIEWS = 100  # of one user in one project
_START = ""


class ViewError(Exception):
    """What was asked of a view cannot be done; the message says why."""


class BadViewName(ViewError):
    """The name is empty or too long."""


class TooManyViews(ViewError):
    """A user keeps `MOST_VIEWS` views of a project."""


class UnknownView(ViewError):
    """There is no such view (any more), or the user may not see it."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """`query` is that of the page's address; `mine` those that the viewer may change."""

    id: int
    name: str
    query: str
    shared: bool
    user_id: int
    user_name: str
    mine: bool


async def list_views(
    connection: AsyncConnection, *, project_id: int, viewer: User
) -> list[SavedView]:
    """The viewer's own and those that are shared, by name; none of a project he may not see."""
    if not viewer.sees_project(project_id):
        return []
    rows = await connection.execute(
        select(saved_views, users.c.name.label("user_name"))
        .join(users, users.c.id == saved_views.c.user_id)
        .where(
            saved_views.c.project_id == project_id,
            saved_views.c.name != _START,
            or_(saved_views.c.user_id == viewer.id, saved_views.c.shared.is_(True)),
        )
        .order_by(saved_views.c.name, saved_views.c.id)
    )
    return [_view(row, viewer) for row in rows]


async def save_view(
    connection: AsyncConnection,
    *,
    project_id: int,
    name: str,
    query: str,
    shared: bool,
    by: User,
    now: datetime,
) -> int:
    """Saves a view, in the place of the user's own of the same name; its id.

    Raises BadViewName, TooManyViews, and UnknownView for a project that he may not see.
    """
    name = _checked(name)
    if not by.sees_project(project_id):
        raise UnknownView(f"no project {project_id} that {by.name} may see")
    views = await list_views(connection, project_id=project_id, viewer=by)
    others = [one for one in views if one.user_id == by.id and one.name != name]
    if len(others) >= MOST_VIEWS:
        raise TooManyViews(f"{by.name} has {MOST_VIEWS} views already; delete one first")
    return await _put(connection, project_id, by, name, query, shared, now)


async def change_view(
    connection: AsyncConnection, *, view_id: int, name: str, shared: bool, by: User
) -> int:
    """Renames it, and shares it or not; its project's id.

    Raises BadViewName, UnknownView, and NotAllowed for another user's view.
    """
    view = await _of_his(connection, view_id, by)
    name = _checked(name)
    taken = await connection.execute(
        select(saved_views.c.id).where(
            saved_views.c.project_id == view.project_id,
            saved_views.c.user_id == view.user_id,
            saved_views.c.name == name,
            saved_views.c.id != view_id,
        )
    )
    if taken.first() is not None:
        raise BadViewName(f"another view is called {name!r}")
    await connection.execute(
        update(saved_views).where(saved_views.c.id == view_id).values(name=name, shared=shared)
    )
    return int(view.project_id)


async def delete_view(connection: AsyncConnection, *, view_id: int, by: User) -> int:
    """Its project's id. Raises UnknownView, and NotAllowed for another user's view."""
    view = await _of_his(connection, view_id, by)
    await connection.execute(delete(saved_views).where(saved_views.c.id == view_id))
    return int(view.project_id)


async def start_query(connection: AsyncConnection, *, project_id: int, user_id: int) -> str:
    """What the table opens with for a user; empty: as usual."""
    found = await connection.execute(
        select(saved_views.c.query).where(
            saved_views.c.project_id == project_id,
            saved_views.c.user_id == user_id,
            saved_views.c.name == _START,
        )
    )
    return str(found.scalar_one_or_none() or "")


async def set_start(
    connection: AsyncConnection, *, project_id: int, query: str, by: User, now: datetime
) -> None:
    """What the table opens with from now on. Raises UnknownView for a project not to be seen."""
    if not by.sees_project(project_id):
        raise UnknownView(f"no project {project_id} that {by.name} may see")
    await _put(connection, project_id, by, _START, query, False, now)


async def start_with(connection: AsyncConnection, *, view_id: int, by: User, now: datetime) -> int:
    """The table opens with this view; its project's id. Raises UnknownView."""
    view = await _visible(connection, view_id, by)
    project_id = int(view.project_id)
    await _put(connection, project_id, by, _START, view.query, False, now)
    return project_id


async def _put(
    connection: AsyncConnection,
    project_id: int,
    by: User,
    name: str,
    query: str,
    shared: bool,
    now: datetime,
) -> int:
    values = {"query": query[:LONGEST_QUERY], "shared": shared}
    there = await connection.execute(
        update(saved_views)
        .where(
            saved_views.c.project_id == project_id,
            saved_views.c.user_id == by.id,
            saved_views.c.name == name,
        )
        .values(values)
        .returning(saved_views.c.id)
    )
    view_id = there.scalar_one_or_none()
    if view_id is None:
        row = {"project_id": project_id, "user_id": by.id, "name": name, "created_at": now}
        made = await connection.execute(
            insert(saved_views).values({**row, **values}).returning(saved_views.c.id)
        )
        view_id = made.scalar_one()
    return int(view_id)


async def _of_his(connection: AsyncConnection, view_id: int, by: User) -> Row[Any]:
    row = await _visible(connection, view_id, by)
    if row.user_id != by.id and not by.acts_as_admin:
        raise NotAllowed("only its owner or an admin changes a shared view")
    return row


async def _visible(connection: AsyncConnection, view_id: int, viewer: User) -> Row[Any]:
    found = await connection.execute(select(saved_views).where(saved_views.c.id == view_id))
    row = found.first()
    if (
        row is None
        or row.name == _START
        or not viewer.sees_project(row.project_id)
        or not (row.shared or row.user_id == viewer.id)
    ):
        raise UnknownView(f"no view {view_id} that {viewer.name} may see")
    return row


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise BadViewName(f"a view needs a name of at most {LONGEST_NAME} characters")
    return name


def _view(row: Row[Any], viewer: User) -> SavedView:
    return SavedView(
        id=row.id,
        name=row.name,
        query=row.query,
        shared=row.shared,
        user_id=row.user_id,
        user_name=row.user_name,
        mine=row.user_id == viewer.id or viewer.acts_as_admin,
    )
