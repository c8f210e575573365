"""Actions newest first, along the index that leaves fewest, and never far for one page.

A way reads places (time and id of actions) in order. Where some conditions are looked at row by
row it ends after some thousand rows (`Reach`), and says how far it came: a page may be short, and
the next one goes on from there. So no question, however odd, keeps a database busy for long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    and_,
    cast,
    literal,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts as words
from dialer.rules.search_grams import needles_of, searchable
from dialer.storage.search import BesideIndex, HasPart
from dialer.storage.tables import action_texts, actions, calls

_TIES = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_ID = UUID(int=0)

Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an action stands in the history."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Seen:
    """What a way came across, newest first. It looked down to `end`; None: to its own end."""

    places: list[Place]
    end: Place | None


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one page looks. What is at most `few` actions is fetched rather than looked for.

    Of `texts` of PostgreSQL a word is common that `common` have; `hits` have the words.
    """

    rows: int = 3_000
    hits: int = 1_500
    texts: int = 3_000
    common: int = 60
    few: int = 2_000
    compared: int = 5_000  # rows of an index that are counted to compare it with another


@dataclass(frozen=True, slots=True)
class Span:
    """Where to look: from `since` on, before `until`, and after `start` in the list."""

    since: datetime | None = None
    until: datetime | None = None
    start: Place | None = None
    reach: Reach = Reach()

    def conditions(
        self, at: Any, id_: Any, bottom: Place | None = None
    ) -> list[ColumnElement[bool]]:
        """One bound at each end, the nearer: SQLite walks to the first that it reads.

        `bottom` lies within the span.
        """
        found: list[ColumnElement[bool]] = []
        if bottom is not None:
            found.append(tuple_(at, id_) >= tuple_(bottom.at, bottom.id))
        elif self.since is not None:
            found.append(at >= self.since)
        if self.start is not None and (self.until is None or self.start.at < self.until):
            found.append(tuple_(at, id_) < tuple_(self.start.at, self.start.id))
        elif self.until is not None:
            found.append(at < self.until)
        return found


class Way(Protocol):
    """Some of the actions, in their order."""

    async def look(self, connection: AsyncConnection, span: Span, limit: int) -> Seen:
        """At most `limit` places; `end` is the last of them where there were as many."""


@dataclass(frozen=True, slots=True)
class AlongIndex:
    """`own` is what an index answers whose order is that of `at`; `rest` is looked at on rows."""

    at: Any = actions.c.at
    id: Any = actions.c.id
    own: Conditions = ()
    rest: Conditions = ()

    async def look(self, connection: AsyncConnection, span: Span, limit: int) -> Seen:
        order = (self.at.desc(), self.id.desc())
        bottom: Place | None = None
        source: FromClause = self.at.table
        if self.rest:
            inside = [*self.own, *span.conditions(self.at, self.id)]
            far = select(self.at, self.id).where(*inside).order_by(*order)
            far = far.offset(span.reach.rows).limit(1)
            bottom = _place((await connection.execute(far)).first())
            source = _both(from_calls=source is calls)
        inside = [*self.own, *self.rest, *span.conditions(self.at, self.id, bottom)]
        query = select(self.at, self.id).select_from(source).where(*inside).order_by(*order)
        return _seen(await _places(connection, query.limit(limit)), limit, bottom)


@dataclass(frozen=True, slots=True)
class OfFew:
    """Actions that are known; `rest` must hold of each."""

    ids: frozenset[UUID]
    rest: Conditions

    async def look(self, connection: AsyncConnection, span: Span, limit: int) -> Seen:
        if not self.ids:
            return Seen([], None)
        at, id_ = BesideIndex(actions.c.at), actions.c.id
        query = (
            select(actions.c.at, id_)
            .select_from(_both(from_calls=False))
            .where(id_.in_(self.ids), *span.conditions(at, BesideIndex(id_)), *self.rest)
            .order_by(at.desc(), id_.desc())
        )
        return _seen(await _places(connection, query.limit(limit)), limit, None)


@dataclass(frozen=True, slots=True)
class WithWords:
    """Actions in which something was written or said.

    Of a conversation that the viewer may not hear (`hearable` does not hold) only the memo
    counts: what was said in it must not show by being found. `known`: no others can match.
    """

    typed: str
    rest: Conditions
    hearable: ColumnElement[bool]
    known: frozenset[UUID] | None = None

    async def look(self, connection: AsyncConnection, span: Span, limit: int) -> Seen:
        needles = needles_of(self.typed)
        if not needles or self.known == frozenset():
            return Seen([], None)
        source, matches, key, bottom = await self._where(connection, needles, span)
        inside = [matches, *_moments(key, span)]
        if bottom is not None:
            inside.append(key >= bottom - bottom % _TIES)
        query = (
            select(key.label("doc_id"), actions.c.id, actions.c.memo, self.hearable.label("heard"))
            .select_from(_with_actions(source))
            .where(*inside, *self.rest)
            .order_by(key.desc())
        )
        rows = list(await connection.execute(query.limit(limit)))
        full = len(rows) == limit
        if full:
            # All of the last moment, within which the order is another.
            last = rows[-1].doc_id
            moment = [key >= last - last % _TIES, key < last]
            rows += await connection.execute(query.where(*moment))
        places = [
            Place(_moment(row.doc_id), row.id)
            for row in rows
            if row.heard or _in_memo(row.memo, needles)
        ]
        if span.start is not None:
            places = [place for place in places if place < span.start]
        places.sort(reverse=True)
        if full:
            return Seen(places, Place(_moment(rows[-1].doc_id), _NO_ID))
        return Seen(places, None if bottom is None else Place(_moment(bottom), _NO_ID))

    async def _where(
        self, connection: AsyncConnection, needles: Sequence[str], span: Span
    ) -> tuple[FromClause, ColumnElement[bool], Any, int | None]:
        """Where to look, for what, along which key, and how far down it; None: to its end."""
        is_sqlite = connection.dialect.name == "sqlite"
        texts, key = action_texts.c.text, action_texts.c.doc_id
        has_all = and_(*(HasPart(texts, needle) for needle in needles))
        if self.known is not None:
            known = and_(action_texts.c.action_id.in_(self.known), has_all)
            return action_texts, known, BesideIndex(key), None
        source, matches, indexed = words.found(self.typed, is_sqlite=is_sqlite)
        if is_sqlite:
            far = _far(source, [matches, *_moments(indexed, span)], indexed, span.reach.hits)
            bottom = (await connection.execute(far)).scalar() if self.rest else None
            return source, matches, indexed, bottom
        # PostgreSQL collects and sorts all that its index knows of a word: what many of the
        # newest texts have is better looked for in the texts themselves.
        newest = _moments(key, span)
        bottom = (
            await connection.execute(_far(action_texts, newest, key, span.reach.texts))
        ).scalar()
        if bottom is None:
            return action_texts, has_all, key, None
        recent = select(key).where(key >= bottom, *newest, has_all).limit(span.reach.common)
        if len((await connection.execute(recent)).all()) == span.reach.common:
            return action_texts, has_all, key, bottom
        return source, matches, indexed, None


def joined(seen: Sequence[Seen], limit: int) -> tuple[list[Place], Place | None]:
    """The first `limit` of what several ways saw, and where to go on; None: that is all."""
    ends = [one.end for one in seen if one.end is not None]
    bottom = max(ends) if ends else None
    places = sorted({place for one in seen for place in one.places}, reverse=True)
    # Below that, one of the ways has not looked yet.
    shown = [place for place in places if bottom is None or place >= bottom]
    if len(shown) > limit:
        return shown[:limit], shown[limit - 1]
    return shown, bottom


# --- statements -------------------------------------------------------------------------


def _both(*, from_calls: bool) -> FromClause:
    same = calls.c.id == actions.c.id
    return calls.join(actions, same) if from_calls else actions.outerjoin(calls, same)


def _with_actions(source: FromClause) -> FromClause:
    of_text = source.join(actions, actions.c.id == action_texts.c.action_id)
    return of_text.outerjoin(calls, calls.c.id == actions.c.id)


async def _places(connection: AsyncConnection, query: Select[Any]) -> list[Place]:
    return [Place(*row) for row in await connection.execute(query)]


def _far(source: FromClause, inside: Conditions, key: Any, number: int) -> Select[Any]:
    rows = select(key).select_from(source).where(*inside)
    return rows.order_by(key.desc()).offset(number).limit(1)


def _place(row: Any) -> Place | None:
    return None if row is None else Place(*row)


def _seen(places: list[Place], limit: int, bottom: Place | None) -> Seen:
    return Seen(places, places[-1] if len(places) == limit else bottom)


def _moments(key: Any, span: Span) -> list[ColumnElement[bool]]:
    found = []
    if span.since is not None:
        found.append(key >= _number(span.since))
    if span.until is not None:
        found.append(key < _number(span.until))
    if span.start is not None:
        # Where a page ended with a moment, that is done with.
        rest_of_moment = _TIES if span.start.id != _NO_ID else 0
        found.append(key < _number(span.start.at) + rest_of_moment)
    return found


def _number(at: datetime) -> ColumnElement[int]:
    return cast(literal((at - _EPOCH) // timedelta(microseconds=1) * _TIES), BigInteger)


def _moment(doc_id: int) -> datetime:
    return _EPOCH + timedelta(microseconds=doc_id // _TIES)


def _in_memo(memo: str, needles: Sequence[str]) -> bool:
    text = searchable(memo.splitlines())
    return all(needle in text for needle in needles)
