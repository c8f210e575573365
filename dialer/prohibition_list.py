"""禁止リスト: what is and was prohibited, newest first."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.paging import LARGEST_PAGE, PAGE_SIZE, Page, bounded, decode_key, page_of
from dialer.rules.phone_number import national_format
from dialer.rules.search_text import number_beginning
from dialer.storage.engine import Database
from dialer.storage.search import begins_with
from dialer.storage.tables import prohibitions, users, workgroups
from dialer.users import User

ProhibitionState = Literal["standing", "lifted", "all"]
# For whom: a workgroup by its id, the whole company, or any that the viewer is shown.
ForWhom = int | Literal["company", "any"]


@dataclass(frozen=True, slots=True)
class ProhibitionFilter:
    """`number` is a number, or the beginning of one, in any writing; empty: every number."""

    for_whom: ForWhom = "any"
    number: str = ""
    state: ProhibitionState = "standing"


@dataclass(frozen=True, slots=True)
class ProhibitionRow:
    """`workgroup_id` None is the whole company. Names are empty for the program itself."""

    id: int
    e164: str
    number: str  # as people write it
    workgroup_id: int | None
    workgroup: str
    reason: str
    prohibited_at: datetime
    prohibited_by: str
    lifted_at: datetime | None
    lifted_by: str
    lift_reason: str


async def list_prohibitions(
    connection: AsyncConnection,
    *,
    viewer: User | None,
    wanted: ProhibitionFilter,
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[ProhibitionRow]:
    """A user is shown those of the company and of his workgroups, an admin all.

    `viewer` None is the program itself. A text that is no number finds nothing. Raises
    BadPageKey.
    """
    conditions = _conditions(viewer, wanted)
    if conditions is None:
        return Page((), None)
    lifted_by = users.alias("lifters")
    query = (
        select(
            prohibitions,
            workgroups.c.name.label("workgroup"),
            users.c.name.label("by_name"),
            lifted_by.c.name.label("lifted_by_name"),
        )
        .outerjoin(workgroups, workgroups.c.id == prohibitions.c.workgroup_id)
        .outerjoin(users, users.c.id == prohibitions.c.prohibited_by)
        .outerjoin(lifted_by, lifted_by.c.id == prohibitions.c.lifted_by)
        .where(*conditions)
        .order_by(prohibitions.c.id.desc())
        .limit(bounded(limit) + 1)
    )
    if after:
        query = query.where(prohibitions.c.id < decode_key(after, int)[0])
    found = (await connection.execute(query)).all()
    page = page_of(found, limit=bounded(limit), key=lambda row: (row.id,))
    return Page(tuple(_row(row) for row in page.rows), page.next_key)


async def all_prohibitions(
    database: Database, *, viewer: User | None, wanted: ProhibitionFilter
) -> AsyncIterator[Sequence[ProhibitionRow]]:
    """The whole list, some hundreds at a time, each in a moment of its own."""
    after: str | None = None
    while True:
        async with database.read() as connection:
            page = await list_prohibitions(
                connection, viewer=viewer, wanted=wanted, after=after, limit=LARGEST_PAGE
            )
        if page.rows:
            yield page.rows
        after = page.next_key
        if after is None:
            return


def _conditions(
    viewer: User | None, wanted: ProhibitionFilter
) -> Sequence[ColumnElement[bool]] | None:
    """None when nothing can match."""
    conditions: list[ColumnElement[bool]] = []
    group = prohibitions.c.workgroup_id
    if viewer is not None and not viewer.acts_as_admin:
        conditions.append(group.is_(None) | group.in_(sorted(viewer.workgroup_ids)))
    if wanted.for_whom == "company":
        conditions.append(group.is_(None))
    elif wanted.for_whom != "any":
        conditions.append(group == wanted.for_whom)
    if wanted.state == "standing":
        conditions.append(prohibitions.c.lifted_at.is_(None))
    elif wanted.state == "lifted":
        conditions.append(prohibitions.c.lifted_at.is_not(None))
    if wanted.number.strip():
        beginning = number_beginning(wanted.number)
        if beginning is None:
            return None
        conditions.append(begins_with(prohibitions.c.e164, beginning))
    return conditions


def _row(row: Row[Any]) -> ProhibitionRow:
    return ProhibitionRow(
        id=row.id,
        e164=row.e164,
        number=national_format(row.e164),
        workgroup_id=row.workgroup_id,
        workgroup=row.workgroup or "",
        reason=row.reason,
        prohibited_at=row.prohibited_at,
        prohibited_by=row.by_name or "",
        lifted_at=row.lifted_at,
        lifted_by=row.lifted_by_name or "",
        lift_reason=row.lift_reason or "",
    )
