"""The orders of the lead table: which stretches of which indexes hold the leads in them.

Areas and stages have an order of their own, which is not that of their names or ids: their
leads are read value by value, of the few values that there are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, ScalarSelect, and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_conditions import (
    Asking,
    Narrowed,
    exact_keys,
    in_field,
    key_conditions,
    words_of,
)
from dialer.lead_tabs import InBoxes, entries_of, entry_of
from dialer.lead_walk import Place, Stretch, rank, text_of
from dialer.rules.custom_field import sort_keys
from dialer.rules.lead_filter import FieldFilter, LeadFilter
from dialer.rules.lead_view import LeadView, Sort, order_of
from dialer.rules.prefectures import NAMES as PREFECTURES
from dialer.storage.batches import batches
from dialer.storage.tables import custom_values, leads, projects, stages

_BY_ID = Sort("imported")
DELETED = Sort("deleted", descending=True)  # of 削除リスト: what was deleted last comes first
BOXED = Sort("boxed", descending=True)  # of マイボックス: what was put away last
PROHIBITED = Sort("prohibited", descending=True)  # of 禁止

_MOST_GROUPS = 100
_REST, _WITHOUT = 1000, 2000  # numbers of stretches: values beyond those, and none
_MOST_AT_ONCE = 10  # prefectures that are each read by themselves
_VALUES: Mapping[str, ColumnElement[Any]] = {
    "name": leads.c.search_key,
    "attempts": leads.c.attempts,
    "created": leads.c.created_at,
    "deleted": leads.c.deleted_at,
    # Leads may have none of these, and come last then.
    "tried": leads.c.last_attempt_at,
    "callback": leads.c.callback_at,
    # Of these every value is a stretch.
    "area": leads.c.prefecture,
    "stage": leads.c.stage_id,
}
_MAY_LACK = frozenset({"tried", "callback"})
_GROUPED: Mapping[str, ColumnElement[Any]] = {name: _VALUES[name] for name in ("area", "stage")}


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the leads of a question; `of` reads what it needs to know.

    `groups` are the numbers of values that are a stretch each; `last` is the greatest of them
    when there are more values than that.
    """

    sort: Sort
    asking: Asking
    connection: AsyncConnection
    groups: Mapping[Any, int] = field(default_factory=dict)
    last: Any = None

    @classmethod
    async def of(cls, connection: AsyncConnection, view: LeadView, asking: Asking) -> "Order":
        order = cls(_sort_of(view, asking), asking, connection)
        column = _GROUPED.get(order.sort.key)
        if column is None:
            return order
        found = await _distinct(connection, column, asking.project_id)
        known: Sequence[Any] = PREFECTURES
        if order.sort.key == "stage":
            known = await _stages(connection, asking.project_id)
        line = [one for one in known if one in found]
        line += [one for one in found if one not in line and one != ""]
        if order.sort.descending:
            line.reverse()
        groups = {one: number for number, one in enumerate(line)}
        if "" in found:
            groups[""] = _WITHOUT
        return replace(order, groups=groups, last=found[-1] if len(found) == _MOST_GROUPS else None)

    # --- along indexes ----------------------------------------------------------------

    def stretches(self, wanted: LeadFilter, narrowed: Narrowed) -> list[Stretch]:
        """How to read the leads along indexes."""
        key, down = self.sort.key, self.sort.descending
        if self.sort.field_id is not None:
            return _by_field(self.sort.field_id, wanted, narrowed, self.asking, down)
        here = _of_project(self.asking, self.sort)
        conditions = [*here, *narrowed.conditions()]
        if key in _GROUPED:
            return self._by_groups(wanted, narrowed)
        if key in (BOXED.key, PROHIBITED.key):
            return [self._by_entries(narrowed)]
        if key == "name":
            return [_by_name(wanted, narrowed, self.asking, down)]
        if key in _MAY_LACK:
            value = _VALUES[key]
            return [
                Stretch(leads, leads.c.id, value, [value.is_not(None), *conditions], down),
                Stretch(leads, leads.c.id, None, [value.is_(None), *conditions], down, number=1),
            ]
        if key in _VALUES:
            return [Stretch(leads, leads.c.id, _VALUES[key], conditions, down)]
        exact = next((one for one in wanted.fields if one.any_of), None)
        if exact is not None:
            return [_by_exact_value(exact, narrowed, self.asking, down)]
        if 0 < len(wanted.prefectures) <= _MOST_AT_ONCE:
            conditions = [*here, *narrowed.conditions(without="area")]
            # Leads of each lie together in the order of ids.
            each = [leads.c.prefecture == one for one in wanted.prefectures]
            return [Stretch(leads, leads.c.id, None, conditions, down, each, exclusive=True)]
        return [Stretch(leads, leads.c.id, None, conditions, down)]

    def _by_groups(self, wanted: LeadFilter, narrowed: Narrowed) -> list[Stretch]:
        key, down, project = self.sort.key, self.sort.descending, self.asking.project_id
        column, here = _GROUPED[key], _of_project(self.asking, self.sort)
        asked = wanted.prefectures if key == "area" else ()
        conditions = [*here, *narrowed.conditions(without=key)]
        found = [
            Stretch(leads, leads.c.id, None, [column == one, *conditions], down, number=number)
            for one, number in self.groups.items()
            if not asked or one in asked
        ]
        every = [*here, *narrowed.conditions()]
        if self.last is not None:
            rest = [column > self.last, *every]
            found.append(Stretch(leads, leads.c.id, column, rest, down, number=_REST))
        if key == "stage":
            valued = _number_of(leads, leads.c.project_id == project, column.is_not(None))
            unless = valued >= _number_of(leads, leads.c.project_id == project)
            none = [column.is_(None), *every]
            found.append(
                Stretch(leads, leads.c.id, None, none, down, unless=unless, number=_WITHOUT)
            )
        return found

    def _by_entries(self, narrowed: Narrowed) -> Stretch:
        asking = self.asking
        assert asking.within is not None
        entries = entries_of(
            self.connection, asking.within, asking.project_id, asking.viewer, asking.now
        )
        conditions = [*entries.conditions, *narrowed.conditions(without="tab")]
        down = self.sort.descending
        return Stretch(entries.source, entries.lead_id, entries.value, conditions, down)

    # --- a few known leads ------------------------------------------------------------

    async def places(self, ids: Collection[int], narrowed: Narrowed) -> list[Place]:
        """Those of the leads that match, all of them in their order."""
        conditions = [*_of_project(self.asking, self.sort), *narrowed.conditions()]
        column = self._value()
        found: list[Place] = []
        for some in batches(sorted(ids)):
            rows = await self.connection.execute(
                select(leads.c.id, column.label("value")).where(leads.c.id.in_(some), *conditions)
            )
            found += [self._place(row.id, row.value) for row in rows]
        down = self.sort.descending
        return sorted(found, key=lambda place: rank(place, descending=down))

    def _value(self) -> ColumnElement[Any]:
        if self.sort.field_id is not None:
            return leads.c.custom
        if self.sort.key in (BOXED.key, PROHIBITED.key):
            assert self.asking.within is not None
            return entry_of(self.asking.within, self.asking.viewer, self.asking.now)
        return _VALUES.get(self.sort.key, literal(""))

    def _place(self, lead_id: int, value: Any) -> Place:
        if self.sort.field_id is not None:
            custom = self.asking.custom[self.sort.field_id]
            kept = value.get(custom.key)
            value = None if kept is None else sort_keys(custom.kind, kept)[0]
        if self.sort.key in _GROUPED:
            if value in self.groups:
                return Place(self.groups[value], "", lead_id)
            if value is not None:
                return Place(_REST, text_of(value), lead_id)
            return Place(_WITHOUT, "", lead_id)
        return Place(1, "", lead_id) if value is None else Place(0, text_of(value), lead_id)


def _sort_of(view: LeadView, asking: Asking) -> Sort:
    """The order that was chosen, or that of the tab, or the one that suits the filter."""
    if view.sort is not None or asking.within is None:
        return order_of(view, asking.custom)
    return BOXED if isinstance(asking.within, InBoxes) else PROHIBITED


async def _distinct(
    connection: AsyncConnection, column: ColumnElement[Any], project_id: int
) -> list[Any]:
    """The values of a column in a project, each by one step in its index, up to a bound."""
    of_project = and_(leads.c.project_id == project_id, column.is_not(None))
    first = select(select(func.min(column)).where(of_project).scalar_subquery().label("value"))
    values = first.cte("found", recursive=True)
    following = (
        select(func.min(column))
        .where(of_project, column > values.c.value)
        .correlate(values)
        .scalar_subquery()
    )
    values = values.union_all(select(following).where(values.c.value.is_not(None)))
    query = select(values.c.value).where(values.c.value.is_not(None)).limit(_MOST_GROUPS)
    return list(await connection.scalars(query))


async def _stages(connection: AsyncConnection, project_id: int) -> Sequence[int]:
    """The project's stages in their order."""
    found = await connection.scalars(
        select(stages.c.id)
        .join(projects, projects.c.result_set_id == stages.c.result_set_id)
        .where(projects.c.id == project_id)
        .order_by(stages.c.position, stages.c.id)
    )
    return found.all()


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
        Stretch(leads, leads.c.id, None, conditions, down, unless=valued >= every, number=1),
    ]


def _number_of(table: FromClause, *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(table).where(*conditions).scalar_subquery()
