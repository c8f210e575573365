"""A filter of ヒストリー as SQL: what each part asks of an action, and which index knows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    func,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.history_ways import AlongIndex
from dialer.rules.history_filter import HistoryFilter
from dialer.rules.phone_number import PhoneNumber, parse_phone_number
from dialer.rules.search_text import MOST_TERMS, fold, number_beginning
from dialer.storage.search import BesideIndex, HasPart, begins_with
from dialer.storage.tables import (
    action_results,
    actions,
    calls,
    comments,
    leads,
    projects,
    recordings,
    transcripts,
    user_workgroups,
)
from dialer.storage.tables.history import TALK_MS
from dialer.users import User

# As many indexes are read side by side; more are not worth it.
MOST_SIDES = 8

Look = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Part:
    """`asks` of a row, its columns as a `Look` shows them.

    `sides`: indexes in the order of time that together know all such actions. `ids`: an index in
    another order knows them. Neither: only the rows themselves tell.
    """

    asks: Callable[[Look], ColumnElement[bool]]
    sides: Sequence[AlongIndex] = field(default=())
    ids: Select[Any] | None = None

    def on_row(self) -> ColumnElement[bool]:
        """Asked row by row, while another index gives the order."""
        return self.asks(BesideIndex)


async def parts_of(
    connection: AsyncConnection, wanted: HistoryFilter, viewer: User
) -> list[Part] | None:
    """All parts but the words; None: nothing can match."""
    seen = seen_projects(wanted, viewer)
    users = await _users(connection, wanted)
    number = _with_number(wanted.number)
    if seen == [] or users == [] or (number is None and wanted.number.strip()):
        return None
    parts = [_at_one_of(actions.c.project_id, seen), _at_one_of(actions.c.user_id, users)]
    if wanted.result_id is not None:
        parts.append(await _with_result(connection, wanted.result_id, seen))
    parts += [number, *_of_calls(wanted), _of_kind(wanted), *_with_more(wanted)]
    return [part for part in parts if part is not None]


def seen_projects(wanted: HistoryFilter, viewer: User) -> list[int] | None:
    """Of which projects; None: of all."""
    if wanted.project_id is None:
        return None if viewer.acts_as_admin else sorted(viewer.project_ids)
    return [wanted.project_id] if viewer.sees_project(wanted.project_id) else []


async def _users(connection: AsyncConnection, wanted: HistoryFilter) -> list[int] | None:
    if wanted.workgroup_id is None:
        return None if wanted.user_id is None else [wanted.user_id]
    members = await connection.scalars(
        select(user_workgroups.c.user_id)
        .where(user_workgroups.c.workgroup_id == wanted.workgroup_id)
        .order_by(user_workgroups.c.user_id)
    )
    return [one for one in members if wanted.user_id in (None, one)]


def _at_one_of(column: Any, values: Sequence[int] | None) -> Part | None:
    """`column` has an index in the order of time."""
    if values is None:
        return None
    sides = [AlongIndex(own=[column == value]) for value in values]
    return Part(lambda look: look(column).in_(values), sides if len(sides) <= MOST_SIDES else ())


async def _with_result(
    connection: AsyncConnection, result_id: int, seen: Sequence[int] | None
) -> Part:
    one = action_results.c
    ids = list(
        await connection.scalars(
            select(one.id).where(or_(one.id == result_id, one.parent_id == result_id))
        )
    )
    if seen is None:
        seen = list(await connection.scalars(select(projects.c.id)))
    sides = [
        AlongIndex(own=[actions.c.project_id == project, actions.c.result_id == one])
        for project in seen
        for one in ids
    ]
    few = len(sides) <= MOST_SIDES
    known = select(actions.c.id).where(
        actions.c.project_id.in_(seen), actions.c.result_id.in_(ids or [result_id])
    )
    return Part(
        lambda look: look(actions.c.result_id).in_(ids or [result_id]),
        sides if few else (),
        None if few else known,
    )


# --- of calls ---------------------------------------------------------------------------


def _of_calls(wanted: HistoryFilter) -> list[Part]:
    parts = []
    for column, value in (
        (calls.c.campaign_id, wanted.campaign_id),
        (calls.c.outcome, wanted.outcome),
    ):
        if value is not None:
            parts.append(_on_calls(column, value))
    if wanted.direction == "inbound":
        parts.append(_on_calls(calls.c.direction, literal_column("'inbound'")))
    elif wanted.direction is not None:
        parts.append(Part(lambda look: look(calls.c.direction) == wanted.direction))
    if wanted.talk_least is not None or wanted.talk_most is not None:
        parts.append(_with_talk(wanted.talk_least, wanted.talk_most))
    return parts


def _on_calls(column: Any, value: Any) -> Part:
    side = AlongIndex(calls.c.claimed_at, calls.c.id, own=[column == value])
    return Part(lambda look: look(column) == value, [side])


def _with_talk(least: int | None, most: int | None) -> Part:
    def asks(look: Look) -> ColumnElement[bool]:
        talked = look(TALK_MS)
        bounds = [] if least is None else [talked >= least * 1000]
        return and_(*bounds, *([] if most is None else [talked <= most * 1000]))

    ended = and_(calls.c.connected_at.is_not(None), calls.c.ended_at.is_not(None))
    # In this order it is read from the index, whatever a database thinks of the numbers in it.
    return Part(asks, ids=select(calls.c.id).where(ended, asks(_as_it_is)).order_by(TALK_MS))


def _with_number(text: str) -> Part | None:
    number = parse_phone_number(text)
    if isinstance(number, PhoneNumber):
        return _on_calls(calls.c.e164, number.e164)
    beginning = number_beginning(text)
    if beginning is None:
        return None
    known = select(calls.c.id).where(begins_with(calls.c.e164, beginning)).order_by(calls.c.e164)
    return Part(lambda look: begins_with(look(calls.c.e164), beginning), ids=known)


# --- of actions -------------------------------------------------------------------------


def _of_kind(wanted: HistoryFilter) -> Part | None:
    kind = wanted.kind
    if kind is None:
        return None
    if kind == "call":
        return Part(lambda look: look(actions.c.kind) == kind)
    # In words that the partial index knows.
    no_call = actions.c.kind != literal_column("'call'")
    side = AlongIndex(own=[no_call, actions.c.kind == kind])
    return Part(lambda look: look(actions.c.kind) == kind, [side])


def _with_more(wanted: HistoryFilter) -> list[Part]:
    ready = recordings.c.state == "ready"
    stands = comments.c.deleted_at.is_(None)
    return [
        _there(column, condition, asked)
        for column, condition, asked in (
            (recordings.c.call_id, ready, wanted.has_recording),
            (transcripts.c.call_id, None, wanted.has_transcript),
            (comments.c.action_id, stands, wanted.has_comment),
        )
        if asked is not None
    ]


def _there(column: Any, condition: ColumnElement[bool] | None, asked: bool) -> Part:
    """Whether there is a row for the action. Not EXISTS, for which PostgreSQL reads all rows."""
    some = select(column) if condition is None else select(column).where(condition)
    own = some.where(column == actions.c.id).limit(1).correlate(actions).scalar_subquery()
    if not asked:
        return Part(lambda look: own.is_(None))
    return Part(lambda look: own.is_not(None), ids=some.distinct())


# --- names of leads ---------------------------------------------------------------------


def with_names(text: str, seen: Sequence[int] | None, *, is_sqlite: bool) -> Part:
    """Actions toward leads with all the words in their names. `ids` are those of leads."""
    terms = fold(text.replace("\0", " ")).split()[:MOST_TERMS]
    key = select(leads.c.search_key).where(leads.c.id == actions.c.lead_id)
    own = key.correlate(actions).scalar_subquery()
    return Part(
        lambda look: and_(*(HasPart(own, term) for term in terms)),
        ids=_leads_named(terms, seen, is_sqlite=is_sqlite),
    )


def _leads_named(
    terms: Sequence[str], seen: Sequence[int] | None, *, is_sqlite: bool
) -> Select[Any] | None:
    conditions: list[ColumnElement[bool]] = [HasPart(leads.c.search_key, term) for term in terms]
    if seen is not None:
        conditions.append(BesideIndex(leads.c.project_id).in_(seen))
    found = select(leads.c.id).where(*conditions)
    if not is_sqlite:
        return found
    # The index of pairs of characters knows nothing of single ones.
    pairs = dict.fromkeys(one + other for term in terms for one, other in pairwise(term))
    if not pairs:
        return None
    asked = " AND ".join(pair.encode().hex() for pair in pairs)
    grams = table("lead_grams")
    source = grams.join(leads, leads.c.id == literal_column("lead_grams.rowid"))
    return found.select_from(source).where(literal_column("lead_grams").op("MATCH")(asked))


def number_of(query: Select[Any]) -> Select[int]:
    """How many rows a query with a limit has."""
    return select(func.count()).select_from(query.subquery())


def _as_it_is(value: Any) -> Any:
    return value
