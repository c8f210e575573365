"""重複: leads of a project that look like one, by a number they share or by name and place.

Both ways walk an index and stop after a page; nothing is read but what lies on the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.paging import Page, decode_key, encode_key
from dialer.rules.phone_number import national_format
from dialer.rules.search_text import fold
from dialer.storage.tables import contact_points, leads

By = Literal["number", "name"]
GROUPS_AT_ONCE = 20
_NUMBERS_AT_ONCE = 500  # shared numbers, of any project
_LEADS_AT_ONCE = 20_000  # in the order of names
_SHOWN = 10  # of one group


@dataclass(frozen=True, slots=True)
class DuplicateLead:
    id: int
    name: str
    name_kana: str
    contact_person: str
    prefecture: str
    city: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Leads with one number, or with one name and place; `what` they share. The first ten."""

    what: str
    leads: tuple[DuplicateLead, ...]
    more: int = 0


async def duplicates(
    connection: AsyncConnection, *, project_id: int, by: By, after: str | None = None
) -> Page[Duplicates]:
    """A page of groups; it may hold few, or none, and yet have a next one: the walk is bounded.

    Raises BadPageKey.
    """
    if by == "number":
        return await _by_number(connection, project_id, after)
    return await _by_name(connection, project_id, after)


async def _by_number(
    connection: AsyncConnection, project_id: int, after: str | None
) -> Page[Duplicates]:
    start = decode_key(after, str)[0] if after else ""
    shared = (
        await connection.scalars(
            select(contact_points.c.e164)
            .where(contact_points.c.e164 > start)
            .group_by(contact_points.c.e164)
            .having(func.count() > 1)
            .order_by(contact_points.c.e164)
            .limit(_NUMBERS_AT_ONCE)
        )
    ).all()
    rows = await connection.execute(
        select(contact_points.c.e164, *_COLUMNS)
        .join(leads, leads.c.id == contact_points.c.lead_id)
        .where(
            contact_points.c.e164.in_(shared),
            leads.c.project_id == project_id,
            leads.c.deleted_at.is_(None),
        )
        .order_by(contact_points.c.e164, leads.c.id)
    )
    groups: list[Duplicates] = []
    last = ""
    for e164, some in groupby(rows, key=lambda row: str(row.e164)):
        of_number = list({row.id: row for row in some}.values())
        if len(of_number) < 2:
            continue
        if len(groups) == GROUPS_AT_ONCE:
            return Page(tuple(groups), encode_key(last))
        groups.append(_group(national_format(e164), of_number))
        last = e164
    more = len(shared) == _NUMBERS_AT_ONCE
    return Page(tuple(groups), encode_key(str(shared[-1])) if more else None)


async def _by_name(
    connection: AsyncConnection, project_id: int, after: str | None
) -> Page[Duplicates]:
    """Alike in name and city, however either is written; they stand together by their kana."""
    start = tuple_(*decode_key(after, str, int)) if after else None
    query = (
        select(leads.c.search_key, *_COLUMNS)
        .where(leads.c.project_id == project_id, leads.c.deleted_at.is_(None))
        .order_by(leads.c.search_key, leads.c.id)
        .limit(_LEADS_AT_ONCE)
    )
    if start is not None:
        query = query.where(tuple_(leads.c.search_key, leads.c.id) > start)
    rows: Sequence[Any] = (await connection.execute(query)).all()
    places = [list(some) for _line, some in groupby(rows, key=_first_line)]
    more = len(rows) == _LEADS_AT_ONCE
    if more and len(places) > 1:
        places.pop()  # it may go on beyond the last row
    groups: list[Duplicates] = []
    for place, some in enumerate(places, start=1):
        alike: dict[tuple[str, str], list[Any]] = {}
        for row in some:
            alike.setdefault((fold(row.name), fold(row.city)), []).append(row)
        groups += [_group(one[0].name, one) for one in alike.values() if len(one) > 1]
        if len(groups) >= GROUPS_AT_ONCE and place < len(places):
            return Page(tuple(groups), encode_key(some[-1].search_key, some[-1].id))
    if not more:
        return Page(tuple(groups), None)
    last = places[-1][-1]
    return Page(tuple(groups), encode_key(last.search_key, last.id))


_COLUMNS = (
    leads.c.id,
    leads.c.name,
    leads.c.name_kana,
    leads.c.contact_person,
    leads.c.prefecture,
    leads.c.city,
    leads.c.attempts,
)


def _first_line(row: Any) -> str:
    """The kana, or the name of a lead without any."""
    return str(row.search_key).partition("\n")[0]


def _group(what: str, rows: Sequence[Any]) -> Duplicates:
    return Duplicates(
        what,
        tuple(
            DuplicateLead(
                row.id,
                row.name,
                row.name_kana,
                row.contact_person,
                row.prefecture,
                row.city,
                row.attempts,
            )
            for row in rows[:_SHOWN]
        ),
        max(0, len(rows) - _SHOWN),
    )
