"""Leads in an order, page by page: along indexes, or of a few known ones in memory.

An order is made of stretches that one index each holds: those with a value, then those
without, which come last whichever way the others go. `dialer.lead_orders` says which.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    func,
    literal,
    select,
    tuple_,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.paging import BadPageKey, decode_key, encode_key
from dialer.storage.types import UTCDateTime


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a lead stands: the number of its stretch, its value there as text, its id."""

    stretch: int
    value: str
    id: int

    def key(self) -> str:
        """As it stands in an address."""
        return encode_key(self.stretch, self.value, self.id)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of `source` by `value` and the lead's id; without a value by the id alone.

    Of `alternatives` one must hold, and each is read by itself in the order. `unless` tells
    at once that there are no such rows, where looking for them would read all others. They
    are read by their `number`.
    """

    source: FromClause
    lead_id: ColumnElement[int]
    value: ColumnElement[Any] | None
    conditions: Sequence[ColumnElement[bool]]
    descending: bool = False
    alternatives: Sequence[ColumnElement[bool]] = ()
    unless: ColumnElement[bool] | None = None
    number: int = 0
    exclusive: bool = False  # no row answers two of the alternatives

    def apart(self) -> Sequence["Stretch"]:
        """The same rows in as many stretches as can be told apart."""
        if not self.exclusive:
            return [self]
        return [replace(self, alternatives=(one,)) for one in self.alternatives]

    def select(self, limit: int, start: Place | None = None, *, back: bool = False) -> Select[Any]:
        """At most `limit` rows (value, id), after `start` or, going back, before it."""
        down = self.descending != back
        some = [
            self._one(condition, limit, start, down) for condition in self.alternatives or (None,)
        ]
        if len(some) == 1:
            return some[0]
        # A lead may be found by several of them.
        both = union(*(select(one.subquery()) for one in some)).subquery()
        order = [both.c.value, both.c.id]
        return select(both).order_by(*_directed(order, down)).limit(limit)

    def _one(
        self, condition: ColumnElement[bool] | None, limit: int, start: Place | None, down: bool
    ) -> Select[Any]:
        order: list[ColumnElement[Any]] = [self.lead_id]
        value: ColumnElement[Any] = literal("")
        if self.value is not None:
            value = self.value
            order.insert(0, value)
        query = (
            select(value.label("value"), self.lead_id.label("id"))
            .select_from(self.source)
            .where(*self.conditions)
            .order_by(*_directed(order, down))
            .limit(limit)
        )
        if condition is not None:
            query = query.where(condition)
        if start is not None:
            here = tuple_(*order)
            there = tuple_(*([self._read(start)] if self.value is not None else []), start.id)
            query = query.where(here < there if down else here > there)
        return query

    def _read(self, place: Place) -> Any:
        kind = self.value.type if self.value is not None else None
        try:
            if isinstance(kind, UTCDateTime):
                at = datetime.fromisoformat(place.value)
                return literal(at if at.tzinfo else at.replace(tzinfo=UTC), kind)
            return _integer(place.value) if isinstance(kind, Integer) else place.value
        except ValueError as error:
            raise BadPageKey(f"not a page key: {place.value!r}") from error


def _integer(text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise ValueError(text)
    return value


def read_place(key: str) -> Place:
    """Raises BadPageKey."""
    return Place(*decode_key(key, int, str, int))


def text_of(value: Any) -> str:
    """A value of a stretch as a place keeps it; it sorts alike."""
    if isinstance(value, int):
        return f"{value:020}"  # none is negative
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def walk(
    connection: AsyncConnection,
    stretches: Sequence[Stretch],
    *,
    limit: int,
    start: Place | None = None,
    back: bool = False,
) -> list[Place]:
    """At most `limit` places after `start` in the order; going back, those before, backwards."""
    found: list[Place] = []
    for stretch in _line(stretches, start, back=back):
        here = start if start is not None and start.stretch == stretch.number else None
        if here is None and await _is_void(connection, stretch):
            continue
        query = stretch.select(limit - len(found), here, back=back)
        for row in await connection.execute(query):
            found.append(Place(stretch.number, text_of(row.value), row.id))
        if len(found) == limit:
            break
    return found


async def count(connection: AsyncConnection, stretches: Sequence[Stretch], most: int) -> int:
    """How many there are, at most `most`."""
    total = 0
    for stretch in stretches:
        if total < most and not await _is_void(connection, stretch):
            total += await _number(connection, stretch, most - total)
    return total


async def _number(connection: AsyncConnection, stretch: Stretch, most: int) -> int:
    """Of alternatives that exclude each other one after another: nothing needs sorting then."""
    found = 0
    for one in stretch.apart():
        if found < most:
            some = one.select(most - found).subquery()
            query = select(func.count()).select_from(some)
            found += (await connection.execute(query)).scalar_one()
    return found


async def _is_void(connection: AsyncConnection, stretch: Stretch) -> bool:
    if stretch.unless is None:
        return False
    return bool((await connection.execute(select(stretch.unless))).scalar_one())


def _line(stretches: Sequence[Stretch], start: Place | None, *, back: bool) -> list[Stretch]:
    line = sorted(stretches, key=lambda one: one.number, reverse=back)
    if start is None:
        return line
    if back:
        return [one for one in line if one.number <= start.stretch]
    return [one for one in line if one.number >= start.stretch]


def _directed(order: Sequence[ColumnElement[Any]], down: bool) -> list[ColumnElement[Any]]:
    return [one.desc() if down else one for one in order]


# --- a few known leads ------------------------------------------------------------------


def part_of(
    places: Sequence[Place],
    *,
    descending: bool,
    limit: int,
    start: Place | None = None,
    back: bool = False,
) -> list[Place]:
    """As `walk`, of all places in their order; `descending` as their stretches are."""
    line = list(reversed(places)) if back else list(places)
    if start is None:
        return line[:limit]
    ranks = [rank(one, descending=descending) for one in line]
    wanted = rank(start, descending=descending)
    beyond = [
        one
        for one, place in zip(line, ranks, strict=True)
        if (place < wanted if back else place > wanted)
    ]
    return beyond[:limit]


def rank(place: Place, *, descending: bool) -> tuple[int, "_Turned"]:
    """What places sort by: their stretches in order, in each the one way or the other."""
    return place.stretch, _Turned((place.value, place.id), descending)


@dataclass(frozen=True, slots=True)
class _Turned:
    """Compares the other way round where the order descends."""

    value: tuple[str, int]
    turned: bool

    def __lt__(self, other: "_Turned") -> bool:
        return self.value > other.value if self.turned else self.value < other.value

    def __gt__(self, other: "_Turned") -> bool:
        return other < self
