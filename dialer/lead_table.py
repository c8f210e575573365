"""リード: the leads of a project as a table, filtered, sorted and page by page."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_conditions import Asking, narrow
from dialer.lead_orders import BOXED, DELETED, PROHIBITED, Order
from dialer.lead_rows import LeadRow, lead_rows
from dialer.lead_tabs import Within
from dialer.lead_walk import Place, Stretch, count, part_of, read_place, walk
from dialer.paging import PAGE_SIZE, bounded
from dialer.rules.custom_field import CustomField
from dialer.rules.lead_view import USUAL_VIEW, LeadView, Sort
from dialer.storage.engine import Database
from dialer.storage.tables import leads
from dialer.users import User

MOST_COUNTED = 10_000
_AT_ONCE = 500  # leads of a list that is read to its end


@dataclass(frozen=True, slots=True)
class TableRequest:
    """Which leads of which project, for whom; `deleted` are those of 削除リスト.

    `time_zone` is where the filter's days begin; `custom` are the project's fields by id;
    `within` are the leads of マイボックス or 禁止 alone.
    """

    project_id: int
    viewer: User
    now: datetime
    time_zone: str = "Asia/Tokyo"
    view: LeadView = USUAL_VIEW
    custom: Mapping[int, CustomField] | None = None
    deleted: bool = False
    within: Within | None = None


@dataclass(frozen=True, slots=True)
class LeadPage:
    """A page; the keys ask for the pages before and after it, None: there is none."""

    rows: tuple[LeadRow, ...]
    previous_key: str | None
    next_key: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """`number` of leads, or more than that when `more`."""

    number: int
    more: bool


async def list_leads(
    connection: AsyncConnection,
    request: TableRequest,
    *,
    after: str | None = None,
    before: str | None = None,
    last: bool = False,
    limit: int = PAGE_SIZE,
) -> LeadPage:
    """A page of the table: the first, the last, or the one `after` or `before` a key.

    Empty when the viewer may not see the project. Raises BadPageKey.
    """
    if not request.viewer.sees_project(request.project_id):
        return LeadPage((), None, None)
    back = last or before is not None
    key = None if last else before or after
    start = read_place(key) if key else None
    found = await _Reading.of(connection, request)
    places = await found.some(limit=bounded(limit) + 1, start=start, back=back)
    shown, more = places[: bounded(limit)], len(places) > bounded(limit)
    if back:
        shown.reverse()
    # Coming from a page, there is that page.
    came = start is not None and bool(shown)
    rows = await _rows(connection, shown, request)
    return LeadPage(
        rows,
        previous_key=shown[0].key() if (more if back else came) else None,
        next_key=shown[-1].key() if (came if back else more) else None,
    )


async def count_leads(
    connection: AsyncConnection, request: TableRequest, *, most: int = MOST_COUNTED
) -> Count:
    """How many leads the table shows, counted up to `most`."""
    if not request.viewer.sees_project(request.project_id):
        return Count(0, more=False)
    # In whichever order is read fastest.
    unsorted = replace(request, view=replace(request.view, sort=None))
    number = await (await _Reading.of(connection, unsorted)).number(most + 1)
    return Count(min(number, most), more=number > most)


async def lot_of(
    connection: AsyncConnection, request: TableRequest, *, after: str | None, limit: int
) -> tuple[list[int], str | None]:
    """`limit` ids of what the table shows after a key, and the key of the next lot, if any.

    Raises BadPageKey.
    """
    if not request.viewer.sees_project(request.project_id):
        return [], None
    found = await _Reading.of(connection, request)
    places = await found.some(limit=limit + 1, start=read_place(after) if after else None)
    ids = [place.id for place in places[:limit]]
    return ids, places[limit - 1].key() if len(places) > limit else None


async def every_lead(
    database: Database, request: TableRequest, *, at_once: int = _AT_ONCE
) -> AsyncIterator[Sequence[Row[Any]]]:
    """Rows of `leads`, some at a time in the table's order, each lot in a transaction of its own.

    A lead that is moved in the order meanwhile may be missed or come twice.
    """
    start: Place | None = None
    while request.viewer.sees_project(request.project_id):
        async with database.read() as connection:
            found = await _Reading.of(connection, request)
            places = await found.some(limit=at_once, start=start)
            rows = await _leads_at(connection, places)
        if rows:
            yield rows
        if len(places) < at_once:
            return
        start = places[-1]


# --- reading ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reading:
    """The leads of a request: a few that are known, or stretches of indexes."""

    connection: AsyncConnection
    sort: Sort
    known: list[Place] | None
    stretches: Sequence[Stretch]

    @classmethod
    async def of(cls, connection: AsyncConnection, request: TableRequest) -> "_Reading":
        asking = Asking(
            request.project_id,
            request.viewer,
            request.now,
            request.time_zone,
            request.custom or {},
            request.within,
        )
        wanted = request.view.filter
        view = replace(request.view, sort=DELETED) if request.deleted else request.view
        order = await Order.of(connection, view, asking)
        # In its own order a tab is read from its entries, however few they are.
        by_tab = order.sort not in (BOXED, PROHIBITED)
        narrowed = await narrow(connection, wanted, asking, by_tab=by_tab)
        if narrowed.ids is not None:
            known = await order.places(narrowed.ids, narrowed)
            return cls(connection, order.sort, known, ())
        return cls(connection, order.sort, None, order.stretches(wanted, narrowed))

    async def some(
        self, *, limit: int, start: Place | None = None, back: bool = False
    ) -> list[Place]:
        if self.known is not None:
            down = self.sort.descending
            return part_of(self.known, descending=down, limit=limit, start=start, back=back)
        return await walk(self.connection, self.stretches, limit=limit, start=start, back=back)

    async def number(self, most: int) -> int:
        if self.known is not None:
            return min(len(self.known), most)
        return await count(self.connection, self.stretches, most)


async def _leads_at(connection: AsyncConnection, places: Sequence[Place]) -> list[Row[Any]]:
    """The leads of these places in their order."""
    ids = [place.id for place in places]
    found = await connection.execute(select(leads).where(leads.c.id.in_(ids)))
    by_id = {row.id: row for row in found}
    return [by_id[one] for one in ids if one in by_id]


async def _rows(
    connection: AsyncConnection, places: Sequence[Place], request: TableRequest
) -> tuple[LeadRow, ...]:
    found = await _leads_at(connection, places)
    return await lead_rows(connection, found, request.viewer, request.now)
