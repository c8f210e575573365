"""ヒストリー: everything that was done toward leads, newest first, filtered and page by page."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.hearing import hearable
from dialer.history import HistoryRow, rows_of
from dialer.history_parts import Part, number_of, parts_of, seen_projects, with_names
from dialer.history_ways import AlongIndex, OfFew, Place, Reach, Span, Way, WithWords, joined
from dialer.paging import PAGE_SIZE, Page, bounded, decode_key, encode_key
from dialer.rules.history_filter import HistoryFilter
from dialer.storage.engine import Database
from dialer.storage.tables import actions
from dialer.users import User

USUAL_REACH = Reach()
_EXPORTED_AT_ONCE = 500


async def list_history(
    connection: AsyncConnection,
    *,
    wanted: HistoryFilter,
    viewer: User,
    after: str | None = None,
    limit: int = PAGE_SIZE,
    reach: Reach = USUAL_REACH,
) -> Page[HistoryRow]:
    """Actions in the projects that `viewer` may see. Raises BadPageKey.

    A page with a next key may be short, and even empty: what was asked for is rare, and is
    looked for further by the next page.
    """
    start = Place(*decode_key(after, datetime, UUID)) if after else None
    span = Span(wanted.since, wanted.until, start, reach)
    ways = await _ways(connection, wanted, viewer, span)
    seen = [await way.look(connection, span, bounded(limit) + 1) for way in ways]
    places, end = joined(seen, bounded(limit))
    rows = await rows_of(connection, [place.id for place in places]) if places else {}
    shown = tuple(rows[place.id] for place in places if place.id in rows)
    return Page(shown, encode_key(end.at, end.id) if end else None)


async def every_action(
    database: Database, *, wanted: HistoryFilter, viewer: User
) -> AsyncIterator[Sequence[HistoryRow]]:
    """All that the list shows, some at a time, each lot in a transaction of its own."""
    after: str | None = None
    while True:
        async with database.read() as connection:
            page = await list_history(
                connection, wanted=wanted, viewer=viewer, after=after, limit=_EXPORTED_AT_ONCE
            )
        if page.rows:
            yield page.rows
        if page.next_key is None:
            return
        after = page.next_key


# --- where to look ----------------------------------------------------------------------


async def _ways(
    connection: AsyncConnection, wanted: HistoryFilter, viewer: User, span: Span
) -> Sequence[Way]:
    parts = await parts_of(connection, wanted, viewer)
    if parts is None:
        return ()
    if not wanted.text.strip():
        return await _along(connection, parts, span)
    known = await _known(connection, parts, span)
    rest = [part.on_row() for part in parts]
    heard = literal(True) if viewer.acts_as_admin else hearable(viewer)
    in_words = WithWords(wanted.text, rest, heard, known)
    names = with_names(
        wanted.text,
        seen_projects(wanted, viewer),
        is_sqlite=connection.dialect.name == "sqlite",
    )
    if known is not None:
        return in_words, OfFew(known, [*rest, names.on_row()])
    few = await _of_few_leads(connection, names, span)
    if few is not None:
        return in_words, OfFew(few, rest)
    return in_words, *await _along(connection, [*parts, Part(names.asks)], span)


async def _known(
    connection: AsyncConnection, parts: Sequence[Part], span: Span
) -> frozenset[UUID] | None:
    """All actions that some part leaves, when they are few."""
    for part in parts:
        few = None if part.ids is None else await _if_few(connection, part.ids, span)
        if few is not None:
            return few
        if part.sides:
            sides = [
                select(one.id)
                .where(*one.own, *span.conditions(one.at, one.id))
                .limit(span.reach.few + 1)
                for one in part.sides
            ]
            found = [id_ for one in sides for id_ in await connection.scalars(one)]
            if len(found) <= span.reach.few:
                return frozenset(found)
    return None


async def _along(connection: AsyncConnection, parts: Sequence[Part], span: Span) -> Sequence[Way]:
    """By what is known to be rare; or else along the index that leaves fewest."""
    for part in parts:
        few = None if part.ids is None else await _if_few(connection, part.ids, span)
        if few is not None:
            return [OfFew(few, _rest(parts, part))]
    ordered = [part for part in parts if part.sides]
    if not ordered:
        return [AlongIndex(rest=_rest(parts))]
    best = await _smallest(connection, ordered, span) if len(ordered) > 1 else ordered[0]
    rest = _rest(parts, best)
    return [AlongIndex(side.at, side.id, side.own, rest) for side in best.sides]


async def _smallest(connection: AsyncConnection, parts: Sequence[Part], span: Span) -> Part:
    sizes: list[int] = []
    for part in parts:
        size = 0
        for side in part.sides:
            inside = select(side.id).where(*side.own, *span.conditions(side.at, side.id))
            # One that is larger than another need not be counted to its end.
            most = min([span.reach.compared, *sizes]) - size + 1
            counted = await connection.execute(number_of(inside.limit(most)))
            size += int(counted.scalar_one())
            if size > min([span.reach.compared, *sizes]):
                break
        sizes.append(size)
    return parts[sizes.index(min(sizes))]


def _rest(parts: Sequence[Part], known: Part | None = None) -> list[ColumnElement[bool]]:
    return [part.on_row() for part in parts if part is not known]


async def _of_few_leads(
    connection: AsyncConnection, names: Part, span: Span
) -> frozenset[UUID] | None:
    if names.ids is None:
        return None
    lead_ids = await _if_few(connection, names.ids, span)
    if lead_ids is None:
        return None
    if not lead_ids:
        return frozenset()
    toward = select(actions.c.id).where(actions.c.lead_id.in_(lead_ids))
    return await _if_few(connection, toward, span)


async def _if_few(
    connection: AsyncConnection, query: Select[Any], span: Span
) -> frozenset[Any] | None:
    found = (await connection.execute(query.limit(span.reach.few + 1))).scalars().all()
    return frozenset(found) if len(found) <= span.reach.few else None
