"""Leads in an order, page by page: along an index, or of a few known ones in memory.

An order is made of stretches that one index each holds: those with a value, then those
without, which come last whichever way the others go.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    func,
    literal,
    select,
    tuple_,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_conditions import (
    Asking,
    Narrowed,
    exact_keys,
    in_field,
    key_conditions,
    words_of,
)
from dialer.paging import BadPageKey, decode_key, encode_key
from dialer.rules.custom_field import sort_keys
from dialer.rules.lead_filter import FieldFilter, LeadFilter
from dialer.rules.lead_view import Sort
from dialer.storage.batches import batches
from dialer.storage.tables import custom_values, leads
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
    at once that there are no such rows, where looking for them would read all others.
    """

    source: FromClause
    lead_id: ColumnElement[int]
    value: ColumnElement[Any] | None
    conditions: Sequence[ColumnElement[bool]]
    descending: bool = False
    alternatives: Sequence[ColumnElement[bool]] = ()
    unless: ColumnElement[bool] | None = None

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
        if self.value is not None and isinstance(self.value.type, UTCDateTime):
            try:
                at = datetime.fromisoformat(place.value)
                return literal(at if at.tzinfo else at.replace(tzinfo=UTC), self.value.type)
            except ValueError as error:
                raise BadPageKey(f"not a page key: {place.value!r}") from error
        return place.value


def read_place(key: str) -> Place:
    """Raises BadPageKey."""
    return Place(*decode_key(key, int, str, int))


def text_of(value: Any) -> str:
    """A value of a stretch as a place keeps it; it sorts alike."""
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
    for number in _order(len(stretches), start, back=back):
        here = start if start is not None and start.stretch == number else None
        if here is None and await _is_void(connection, stretches[number]):
            continue
        query = stretches[number].select(limit - len(found), here, back=back)
        for row in await connection.execute(query):
            found.append(Place(number, text_of(row.value), row.id))
        if len(found) == limit:
            break
    return found


async def count(connection: AsyncConnection, stretches: Sequence[Stretch], most: int) -> int:
    """How many there are, at most `most`."""
    total = 0
    for stretch in stretches:
        if total < most and not await _is_void(connection, stretch):
            some = stretch.select(most - total).subquery()
            total += (await connection.execute(select(func.count()).select_from(some))).scalar_one()
    return total


async def _is_void(connection: AsyncConnection, stretch: Stretch) -> bool:
    if stretch.unless is None:
        return False
    return bool((await connection.execute(select(stretch.unless))).scalar_one())


def _order(stretches: int, start: Place | None, *, back: bool) -> range:
    if back:
        return range(start.stretch if start else stretches - 1, -1, -1)
    return range(start.stretch if start else 0, stretches)


def _directed(order: Sequence[ColumnElement[Any]], down: bool) -> list[ColumnElement[Any]]:
    return [one.desc() if down else one for one in order]


# --- orders -----------------------------------------------------------------------------

_BY_ID = Sort("imported")
DELETED = Sort("deleted", descending=True)  # of 削除リスト: what was deleted last comes first


def stretches_of(
    sort: Sort, wanted: LeadFilter, narrowed: Narrowed, asking: Asking
) -> list[Stretch]:
    """How to read the leads in this order along indexes."""
    here, down = _of_project(asking, sort), sort.descending
    if sort.field_id is not None:
        return _by_field(sort.field_id, wanted, narrowed, asking, down)
    conditions = [*here, *narrowed.conditions()]
    match sort.key:
        case "name":
            return [_by_name(wanted, narrowed, asking, down)]
        case "tried":
            tried = leads.c.last_attempt_at
            return [
                Stretch(leads, leads.c.id, tried, [tried.is_not(None), *conditions], down),
                Stretch(leads, leads.c.id, None, [tried.is_(None), *conditions], down),
            ]
        case "deleted":
            return [Stretch(leads, leads.c.id, leads.c.deleted_at, conditions, down)]
        case _:
            exact = next((one for one in wanted.fields if one.any_of), None)
            if exact is not None:
                return [_by_exact_value(exact, narrowed, asking, down)]
            return [Stretch(leads, leads.c.id, None, conditions, down)]


def _of_project(asking: Asking, sort: Sort) -> list[ColumnElement[bool]]:
    gone = sort.key == DELETED.key
    deleted = leads.c.deleted_at.is_not(None) if gone else leads.c.deleted_at.is_(None)
    return [leads.c.project_id == asking.project_id, deleted]


def _by_exact_value(exact: FieldFilter, narrowed: Narrowed, asking: Asking, down: bool) -> Stretch:
    """Leads with one exact value of a field lie together in the order of their ids."""
    rest = narrowed.conditions(without=f"f{exact.field_id}")
    return Stretch(
        custom_values,
        custom_values.c.lead_id,
        None,
        [*in_field(asking.project_id, exact.field_id), _whose_lead(asking, rest)],
        down,
        [custom_values.c.sort_key == key for key in exact_keys(exact, asking)],
    )


def _whose_lead(asking: Asking, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """A custom value whose lead is shown: looked up value by value, in their order.

    The offset keeps PostgreSQL from making it a join, which it would begin at the first
    lead of all, wherever those with the value lie.
    """
    return (
        select(leads.c.id)
        .where(leads.c.id == custom_values.c.lead_id, *_of_project(asking, _BY_ID), *conditions)
        .correlate(custom_values)
        .offset(0)
        .exists()
    )


def _by_name(wanted: LeadFilter, narrowed: Narrowed, asking: Asking, down: bool) -> Stretch:
    keys = leads.alias("keys")
    words = words_of(wanted, keys.c.search_key)
    if not words:
        conditions = [*_of_project(asking, _BY_ID), *narrowed.conditions()]
        return Stretch(leads, leads.c.id, leads.c.search_key, conditions, down)
    # The index alone is read until the words are found; only then the lead's row.
    rest = [*_of_project(asking, _BY_ID), *narrowed.conditions(without="words")]
    return Stretch(
        keys.join(leads, leads.c.id == keys.c.id),
        keys.c.id,
        keys.c.search_key,
        [keys.c.project_id == asking.project_id, *words, *rest],
        down,
    )


def _by_field(
    field_id: int, wanted: LeadFilter, narrowed: Narrowed, asking: Asking, down: bool
) -> list[Stretch]:
    asked = next((one for one in wanted.fields if one.field_id == field_id), None)
    with_value = Stretch(
        custom_values,
        custom_values.c.lead_id,
        custom_values.c.sort_key,
        [
            *in_field(asking.project_id, field_id),
            *(key_conditions(asked, asking) if asked else ()),
            # That there is none, an empty stretch of values tells by itself.
            _whose_lead(asking, narrowed.conditions(without=f"f{field_id}")),
        ],
        down,
    )
    if asked is not None and asked.wants_a_value:
        return [with_value]
    value = leads.c.custom[asking.custom[field_id].key].as_string()
    conditions = [value.is_(None), *_of_project(asking, _BY_ID), *narrowed.conditions()]
    every = _number_of(leads, leads.c.project_id == asking.project_id)
    valued = _number_of(custom_values, *in_field(asking.project_id, field_id))
    return [
        with_value,
        Stretch(leads, leads.c.id, None, conditions, down, unless=valued >= every),
    ]


def _number_of(table: FromClause, *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(table).where(*conditions).scalar_subquery()


# --- a few known leads ------------------------------------------------------------------


async def places_of(
    connection: AsyncConnection,
    ids: Collection[int],
    sort: Sort,
    narrowed: Narrowed,
    asking: Asking,
) -> list[Place]:
    """Those of the leads that match, all of them in their order."""
    conditions = [*_of_project(asking, sort), *narrowed.conditions()]
    column = _column_of(sort)
    found: list[Place] = []
    for some in batches(sorted(ids)):
        rows = await connection.execute(
            select(leads.c.id, column.label("value")).where(leads.c.id.in_(some), *conditions)
        )
        found += [_place(row.id, row.value, sort, asking) for row in rows]
    first = sorted((one for one in found if not one.stretch), reverse=sort.descending)
    return first + sorted((one for one in found if one.stretch), reverse=sort.descending)


def _column_of(sort: Sort) -> ColumnElement[Any]:
    columns: Mapping[str, ColumnElement[Any]] = {
        "imported": literal(""),
        "name": leads.c.search_key,
        "tried": leads.c.last_attempt_at,
        "deleted": leads.c.deleted_at,
    }
    return columns.get(sort.key, leads.c.custom)


def _place(lead_id: int, value: Any, sort: Sort, asking: Asking) -> Place:
    if sort.field_id is not None:
        field = asking.custom[sort.field_id]
        kept = value.get(field.key)
        value = None if kept is None else sort_keys(field.kind, kept)[0]
    return Place(1, "", lead_id) if value is None else Place(0, text_of(value), lead_id)


def part_of(
    places: Sequence[Place],
    sort: Sort,
    *,
    limit: int,
    start: Place | None = None,
    back: bool = False,
) -> list[Place]:
    """As `walk`, of all places in their order."""
    line = list(reversed(places)) if back else list(places)
    if start is None:
        return line[:limit]
    wanted = _rank(start, sort)
    beyond = [
        one for one in line if (_rank(one, sort) < wanted if back else _rank(one, sort) > wanted)
    ]
    return beyond[:limit]


def _rank(place: Place, sort: Sort) -> tuple[int, "_Turned"]:
    return place.stretch, _Turned((place.value, place.id), sort.descending)


@dataclass(frozen=True, slots=True)
class _Turned:
    """Compares the other way round where the order descends."""

    value: tuple[str, int]
    turned: bool

    def __lt__(self, other: "_Turned") -> bool:
        return self.value > other.value if self.turned else self.value < other.value

    def __gt__(self, other: "_Turned") -> bool:
        return other < self
