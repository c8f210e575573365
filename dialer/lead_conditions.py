"""A filter of leads as SQL: conditions on a row of `leads`, and the few leads that some leave.

Most of what people look for leaves few leads among a million: a number, a customer's
name, an uncommon value. Those are fetched by the index that knows them; what leaves many
is checked on the rows while they are read in their order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Float,
    Select,
    and_,
    cast,
    exists,
    literal_column,
    or_,
    select,
    table,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_facts import box_stands
from dialer.lead_tabs import Within, entries_of, is_within
from dialer.prohibitions import binding_for
from dialer.rules.custom_field import CustomField, FieldKind, sort_keys
from dialer.rules.lead_filter import (
    NO_STAGE,
    Days,
    FieldFilter,
    Filled,
    LeadFilter,
    LeadState,
)
from dialer.rules.search_text import (
    MOST_TERMS,
    alike,
    fold,
    number_beginning,
    number_end,
    spellings_of_digits,
    without_forms,
)
from dialer.storage.search import HasPart, begins_with, contains, ends_with, has_digits
from dialer.storage.tables import (
    actions,
    contact_points,
    custom_values,
    gate_lanes,
    leads,
    mybox_entries,
)
from dialer.users import User

FEW = 2000  # leads that are better fetched than looked for
_LAST_CHARACTER = "\U0010ffff"

Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Asking:
    """Whose leads are looked at, by whom and when; `time_zone` is where its days begin.

    `within` are the leads of a tab alone.
    """

    project_id: int
    viewer: User
    now: datetime
    time_zone: str
    custom: Mapping[int, CustomField]
    within: Within | None = None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is left of a filter once the parts that leave few leads were looked up.

    `ids`: no other leads can match (None: too many to say). The rest must hold on their rows
    of `leads`: each condition with what it is about, ``words``, ``tab``, ``area``, ``f12`` or
    nothing.
    """

    ids: frozenset[int] | None
    rest: tuple[tuple[str, ColumnElement[bool]], ...]

    def conditions(self, *, without: str = "") -> Conditions:
        """Those on the row, but for what somebody sees to already."""
        return [condition for about, condition in self.rest if not about or about != without]


async def narrow(
    connection: AsyncConnection, wanted: LeadFilter, asking: Asking, *, by_tab: bool = True
) -> Narrowed:
    """Looks which parts of the filter leave few leads; `by_tab` whether the tab does, too."""
    ids: frozenset[int] | None = None
    rest = [("", condition) for condition in _on_the_row(wanted, asking)]
    paired = connection.dialect.name == "sqlite"
    parts = [*_parts(wanted, asking), *_with_words(wanted, asking, paired=paired)]
    if asking.within is not None:
        parts.append(_within(connection, asking.within, asking, ask=by_tab))
    for part in parts:
        few = None if part.ids is None else await _if_few(connection, part.ids)
        if few is None:
            rest.append((part.about, part.otherwise))
        else:
            ids = few if ids is None else ids & few
    return Narrowed(ids, tuple(rest))


async def _if_few(
    connection: AsyncConnection, query: Select[Any] | CompoundSelect[Any]
) -> frozenset[int] | None:
    found = (await connection.execute(query.limit(FEW + 1))).scalars().all()
    return frozenset(found) if len(found) <= FEW else None


@dataclass(frozen=True, slots=True)
class _Part:
    """Part of a filter: the leads that it leaves, None when no index tells them at once."""

    ids: Select[Any] | CompoundSelect[Any] | None
    otherwise: ColumnElement[bool]
    about: str = ""


def _parts(wanted: LeadFilter, asking: Asking) -> list[_Part]:
    parts = []
    if beginning := number_beginning(wanted.text):
        parts.append(_with_number(beginning, number_end(wanted.text)))
    if wanted.asks_for_actions:
        parts.append(_with_action(wanted, asking))
    if wanted.holder is not None:
        held = select(mybox_entries.c.lead_id).where(
            mybox_entries.c.user_id == wanted.holder, box_stands(asking.now)
        )
        parts.append(_Part(held, leads.c.id.in_(held)))
    if wanted.stages:
        parts.append(_in_stages(wanted.stages, asking))
    if wanted.tried:
        tried = within(leads.c.last_attempt_at, wanted.tried, asking.time_zone)
        parts.append(_on_project(asking, *tried))
    if wanted.prefectures or wanted.city:
        parts += _in_area(wanted, asking)
    if wanted.attempts_least is not None or wanted.attempts_most is not None:
        parts.append(_on_project(asking, *_attempts(wanted)))
    if wanted.created:
        created = within(leads.c.created_at, wanted.created, asking.time_zone)
        parts.append(_on_project(asking, *created))
    parts += [_with_value(field, asking) for field in wanted.fields]
    return parts


def _on_project(asking: Asking, *conditions: ColumnElement[bool]) -> _Part:
    """Conditions on the row that an index of the project's leads answers."""
    ids = select(leads.c.id).where(leads.c.project_id == asking.project_id, *conditions)
    return _Part(ids, and_(*conditions))


def _in_area(wanted: LeadFilter, asking: Asking) -> list[_Part]:
    prefecture = [leads.c.prefecture.in_(wanted.prefectures)] if wanted.prefectures else []
    city = [_in_city(wanted.city)] if wanted.city else []
    ids = select(leads.c.id).where(leads.c.project_id == asking.project_id, *prefecture, *city)
    # In this order the index alone is read until the city is found.
    ids = ids.order_by(leads.c.prefecture, leads.c.id)
    if not prefecture:
        return [_Part(ids, city[0])]
    return [_Part(ids, prefecture[0], "area"), *(_Part(None, one) for one in city)]


def _in_city(text: str) -> ColumnElement[bool]:
    """Part of the city, in whichever case and width it is written."""
    spellings = spellings_of_digits(text)
    if any(one.isalpha() for one in spellings[0] if one.isascii()):
        return contains(text, leads.c.city)
    return or_(*(HasPart(leads.c.city, one) for one in spellings))


def _attempts(wanted: LeadFilter) -> Conditions:
    least, most = wanted.attempts_least, wanted.attempts_most
    conditions: Conditions = [] if least is None else [leads.c.attempts >= least]
    return conditions if most is None else [*conditions, leads.c.attempts <= most]


def _within(connection: AsyncConnection, within: Within, asking: Asking, *, ask: bool) -> _Part:
    entries = entries_of(connection, within, asking.project_id, asking.viewer, asking.now)
    own = is_within(within, asking.viewer, asking.now)
    return _Part(entries.lead_ids() if ask else None, own, "tab")


def _with_words(wanted: LeadFilter, asking: Asking, *, paired: bool) -> list[_Part]:
    """Where there is an index of pairs of characters, by that; it knows nothing of single ones."""
    own = words_of(wanted, leads.c.search_key)
    if not own:
        return []
    words = [part for word in _words(wanted.text) for part in without_forms(word)]
    pairs = dict.fromkeys(one + other for word in words if paired for one, other in pairwise(word))
    if not pairs:
        return [_Part(None, and_(*own), "words")]
    in_index = table("lead_grams").join(leads, leads.c.id == literal_column("lead_grams.rowid"))
    asked = " AND ".join(one.encode().hex() for one in pairs)
    ids = (
        select(leads.c.id)
        .select_from(in_index)
        .where(
            literal_column("lead_grams").op("MATCH")(asked),
            # Not by the project's own indexes, which tell all of its leads.
            leads.c.project_id + 0 == asking.project_id,
            *own,
        )
    )
    return [_Part(ids, and_(*own), "words")]


def _with_number(beginning: str, end: str) -> _Part:
    """By its beginning, or by its last digits; each has an index of its own."""
    asked = [begins_with(contact_points.c.e164, beginning)]
    if end:
        asked.append(ends_with(contact_points.c.e164, end))
    own = exists().where(contact_points.c.lead_id == leads.c.id, or_(*asked))
    return _Part(union_all(*(select(contact_points.c.lead_id).where(one) for one in asked)), own)


def _with_action(wanted: LeadFilter, asking: Asking) -> _Part:
    asked = [
        actions.c.project_id == asking.project_id,
        *within(actions.c.at, wanted.acted, asking.time_zone),
    ]
    if wanted.results:
        asked.append(actions.c.result_id.in_(wanted.results))
    if wanted.acted_by is not None:
        asked.append(actions.c.user_id == wanted.acted_by)
    own = exists().where(actions.c.lead_id == leads.c.id, *asked)
    return _Part(select(actions.c.lead_id).where(*asked), own)


def _in_stages(stages: Sequence[int], asking: Asking) -> _Part:
    chosen = [one for one in stages if one != NO_STAGE]
    in_one = leads.c.stage_id == chosen[0] if len(chosen) == 1 else leads.c.stage_id.in_(chosen)
    if NO_STAGE in stages:
        return _Part(None, or_(leads.c.stage_id.is_(None), in_one))
    return _on_project(asking, in_one)


# --- on the row -------------------------------------------------------------------------


def _on_the_row(wanted: LeadFilter, asking: Asking) -> Conditions:
    conditions: Conditions = []
    if wanted.states:
        conditions.append(or_(*(_in_state(one, asking) for one in wanted.states)))
    if wanted.import_id is not None:
        conditions.append(leads.c.import_id == wanted.import_id)
    return conditions


def words_of(wanted: LeadFilter, key: ColumnElement[str]) -> Conditions:
    """The words that are looked for, in a search key: none when it is a number."""
    return [] if number_beginning(wanted.text) else has_words(wanted.text, key)


def has_words(text: str, key: ColumnElement[str]) -> Conditions:
    """Every word of `text` in a search key, whatever their kana, width and case."""
    return [or_(*(HasPart(key, one) for one in alike(word))) for word in _words(text)]


def _words(text: str) -> list[str]:
    """The longest first: it leaves fewest."""
    words = fold(text.replace("\0", " ")).split()[:MOST_TERMS]
    return sorted(words, key=len, reverse=True)


def within(column: Column[datetime], days: Days, time_zone: str) -> list[ColumnElement[bool]]:
    """A moment within days, as they begin in a time zone."""
    conditions: Conditions = []
    if days.since is not None:
        conditions.append(column >= _start(days.since, time_zone))
    if days.until is not None:
        conditions.append(column < _start(days.until + timedelta(days=1), time_zone))
    return conditions


def _start(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(time_zone))


def _in_state(state: LeadState, asking: Asking) -> ColumnElement[bool]:
    in_play = and_(leads.c.finished_at.is_(None), leads.c.callback_at.is_(None))
    now = asking.now
    match state:
        case LeadState.FINISHED:
            return leads.c.finished_at.is_not(None)
        case LeadState.CALLBACK:
            return and_(leads.c.finished_at.is_(None), leads.c.callback_at.is_not(None))
        case LeadState.WAITING:
            return and_(in_play, leads.c.next_attempt_at > now)
        case LeadState.BOXED:
            return _in_lane(asking, gate_lanes.c.box_user_id.is_not(None))
        case LeadState.PROHIBITED:
            return _in_lane(asking, _prohibited_for(asking.viewer))
        case LeadState.CALLABLE:
            due = or_(leads.c.next_attempt_at.is_(None), leads.c.next_attempt_at <= now)
            free = and_(
                gate_lanes.c.box_user_id.is_(None),
                gate_lanes.c.undialable == "",
                ~_prohibited_for(asking.viewer),
            )
            return and_(in_play, due, _in_lane(asking, free))


def _in_lane(asking: Asking, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A project has few lanes, and every lead is in the one that its numbers and box put it in."""
    lanes = select(gate_lanes.c.id).where(gate_lanes.c.project_id == asking.project_id, condition)
    return leads.c.lane_id.in_(lanes)


def _prohibited_for(viewer: User) -> ColumnElement[bool]:
    groups = binding_for(viewer)
    if groups is None:
        return gate_lanes.c.prohibited_for != ""
    named = " " + gate_lanes.c.prohibited_for + " "
    return or_(
        gate_lanes.c.prohibited_for == "*",
        *(named.contains(f" {group} ", autoescape=True) for group in sorted(groups)),
    )


# --- custom fields ----------------------------------------------------------------------


def _with_value(wanted: FieldFilter, asking: Asking) -> _Part:
    field = asking.custom[wanted.field_id]
    value = leads.c.custom[field.key].as_string()
    if wanted.filled is Filled.NO:
        return _Part(None, value.is_(None))
    # Under a name of its own: the walk may read the values of another field.
    values = custom_values.alias("asked")
    where = key_conditions(wanted, asking, values.c.sort_key)
    if not where:
        return _Part(None, value.is_not(None), f"f{field.id}")
    of_field = [
        values.c.project_id == asking.project_id,
        values.c.field_id == field.id,
        *where,
    ]
    ids = select(values.c.lead_id).where(*of_field)
    if wanted.any_of:
        own = exists().where(values.c.lead_id == leads.c.id, *of_field)
        return _Part(ids, own, f"f{field.id}")
    if wanted.least or wanted.most:
        return _Part(ids, and_(*_in_range(wanted, field, value)), f"f{field.id}")
    return _Part(ids, leads.c.id.in_(ids), f"f{field.id}")


def _in_range(wanted: FieldFilter, field: CustomField, value: ColumnElement[str]) -> Conditions:
    """A number or a day within bounds, read from the lead itself."""
    if field.kind is FieldKind.NUMBER:
        number = cast(value, Float)
        least = [number >= float(wanted.least)] if wanted.least else []
        return least + ([number <= float(wanted.most)] if wanted.most else [])
    least = [value >= wanted.least] if wanted.least else []
    return least + ([value < f"{wanted.most}T99"] if wanted.most else [])


def in_field(project_id: int, field_id: int) -> Conditions:
    """Rows of `custom_values` of one field."""
    return [custom_values.c.project_id == project_id, custom_values.c.field_id == field_id]


def exact_keys(wanted: FieldFilter, asking: Asking) -> list[str]:
    """The keys of the chosen values."""
    kind = asking.custom[wanted.field_id].kind
    return [key for one in wanted.any_of for key in sort_keys(kind, one)]


def key_conditions(
    wanted: FieldFilter, asking: Asking, key: ColumnElement[str] = custom_values.c.sort_key
) -> Conditions:
    """What the `key` of a custom value must say; nothing when any value will do."""
    field = asking.custom[wanted.field_id]
    conditions: Conditions = []
    if wanted.any_of:
        conditions.append(key.in_(exact_keys(wanted, asking)))
    if wanted.begins:
        begins = _beginnings(field, wanted.begins)
        conditions.append(or_(*(between(key, one, one) for one in begins)))
    if wanted.contains:
        part = wanted.contains
        is_number = field.kind is FieldKind.PHONE
        conditions.append(has_digits(key, part) if is_number else HasPart(key, fold(part)))
    if wanted.least:
        conditions.append(key >= sort_keys(_kind_of_bound(field), wanted.least)[0])
    if wanted.most:
        # A time sorts after the day that it begins with, and before that day's end.
        most = sort_keys(_kind_of_bound(field), wanted.most)[0]
        conditions.append(key < most + _LAST_CHARACTER)
    return conditions


def between(key: ColumnElement[str], first: str, last: str) -> ColumnElement[bool]:
    """From `first` to whatever begins with `last`, by an index of bytes."""
    return and_(key >= first, key < last + _LAST_CHARACTER)


def _beginnings(field: CustomField, text: str) -> list[str]:
    plain = fold(text)
    if field.kind is FieldKind.PHONE:
        return [number_beginning(text, shortest=1) or plain]
    if field.kind is FieldKind.URL and "://" not in plain:
        return [f"{scheme}://{www}{plain}" for scheme in ("http", "https") for www in ("", "www.")]
    return [plain]


def _kind_of_bound(field: CustomField) -> FieldKind:
    return FieldKind.DATE if field.kind is FieldKind.DATE_TIME else field.kind
