"""ユーザー: the list of the people who log in, for admins."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.paging import PAGE_SIZE, Page, bounded, decode_key, page_of
from dialer.storage.search import contains
from dialer.storage.tables import user_workgroups, users
from dialer.users import User, require_admin, users_by_id


class RoleWanted(StrEnum):
    """Which roles to list."""

    ANY = ""
    ADMIN = "admin"
    USER = "user"


class StateWanted(StrEnum):
    """Which users to list."""

    ACTIVE = "active"  # invited ones too
    INVITED = "invited"
    DEACTIVATED = "deactivated"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class UserFilter:
    """What is left out narrows nothing; `text` is part of a name or a login."""

    text: str = ""
    workgroup_id: int | None = None
    role: RoleWanted = RoleWanted.ANY
    state: StateWanted = StateWanted.ACTIVE


async def list_users_page(
    connection: AsyncConnection,
    *,
    viewer: User,
    wanted: UserFilter,
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[User]:
    """By name. Raises NotAllowed unless `viewer` acts as admin; BadPageKey."""
    require_admin(viewer, "lists users")
    query = (
        select(users.c.name, users.c.id)
        .where(*_conditions(wanted))
        .order_by(users.c.name, users.c.id)
        .limit(bounded(limit) + 1)
    )
    if after:
        query = query.where(tuple_(users.c.name, users.c.id) > decode_key(after, str, int))
    found = (await connection.execute(query)).all()
    page = page_of(found, limit=bounded(limit), key=lambda row: (row.name, row.id))
    people = await users_by_id(connection, [row.id for row in page.rows])
    return Page(tuple(people), page.next_key)


def _conditions(wanted: UserFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [contains(wanted.text, users.c.name, users.c.login)]
    if wanted.workgroup_id is not None:
        conditions.append(
            exists().where(
                user_workgroups.c.user_id == users.c.id,
                user_workgroups.c.workgroup_id == wanted.workgroup_id,
            )
        )
    match wanted.role:
        case RoleWanted.ADMIN:
            conditions.append(users.c.may_administer)
        case RoleWanted.USER:
            conditions.append(users.c.may_call)
    conditions += _STATES[wanted.state]
    return conditions


_STATES: dict[StateWanted, list[Any]] = {
    StateWanted.ACTIVE: [users.c.active],
    StateWanted.INVITED: [users.c.active, users.c.password_hash == ""],
    StateWanted.DEACTIVATED: [~users.c.active],
    StateWanted.ALL: [],
}
