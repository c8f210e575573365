"""The timeline of a lead: everything that happened to it, newest first, whatever table it is in.

Each source is asked for a page of its own by an index of the lead; the newest of all make
the page. Entries of one moment are ordered by their source and then by their id there.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.history import HistoryRow, actions_before
from dialer.lead_changes import Change
from dialer.lead_facts import numbers_of
from dialer.mybox_holders import knows_holder
from dialer.paging import Page, bounded, decode_key, page_of
from dialer.prohibitions import binding_for
from dialer.rules.phone_number import national_format
from dialer.storage.tables import (
    callbacks,
    lead_changes,
    lead_imports,
    leads,
    mybox_entries,
    prohibitions,
    users,
    workgroups,
)
from dialer.users import User

TIMELINE_PAGE = 30

Kind = Literal["calls", "notes", "changes", "mybox", "prohibitions", "callbacks"]
What = Literal[
    "action",
    "changed",
    "imported",
    "boxed",
    "handed_over",
    "unboxed",
    "prohibited",
    "lifted",
    "callback_set",
    "callback_closed",
]
# Changes of the lead as a whole, not of a field.
WHOLE = frozenset({"created", "deleted", "restored", "project", "merged", "merged_into"})
# Changes that one person makes within this time are one entry.
_TOGETHER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. What only some kinds have is empty for the others.

    `who` did it, empty: the program, or somebody whom the viewer may not know. `whom` is
    the box's holder, or who calls back; `until` when a box ends, or when the callback is due.
    `text` is a number, the reason or the name of a list, as `what` says.
    """

    what: What
    at: datetime
    who: str = ""
    whom: str = ""
    of_whom: str = ""
    until: datetime | None = None
    text: str = ""
    note: str = ""
    action: HistoryRow | None = None
    changes: tuple[Change, ...] = ()
    rank: int = field(default=0, kw_only=True)
    id: int | UUID = field(default=0, kw_only=True)


async def timeline_page(
    connection: AsyncConnection,
    *,
    lead_id: int,
    viewer: User,
    now: datetime,
    kind: Kind | None = None,
    after: str | None = None,
    limit: int = TIMELINE_PAGE,
) -> Page[Entry]:
    """A page of what happened to the lead, of one kind or of all. Raises BadPageKey.

    The lead must be one that the viewer may see. Prohibitions and names of holders are
    shown as far as he may know them.
    """
    limit = bounded(limit)
    asked = _Asked(connection, lead_id, viewer, now, _key(after), limit + 1)
    found: list[Entry] = []
    for rank, (of_kind, source) in enumerate(_SOURCES):
        if kind is None or kind == of_kind or (kind == "notes" and of_kind == "calls"):
            entries = await source(asked, rank, kind)
            found += [replace(entry, rank=rank) for entry in entries]
    found.sort(key=lambda one: (one.at, -one.rank, _comparable(one.id)), reverse=True)
    page = page_of(found, limit=limit, key=lambda one: (one.at, one.rank, str(one.id)))
    return Page(tuple(_together(page.rows)), page.next_key)


# --- pages ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Key:
    at: datetime
    rank: int
    id: str


@dataclass(frozen=True, slots=True)
class _Asked:
    connection: AsyncConnection
    lead_id: int
    viewer: User
    now: datetime
    after: _Key | None
    limit: int

    def older(
        self, rank: int, at: ColumnElement[datetime], id_: ColumnElement[Any]
    ) -> ColumnElement[bool]:
        """What stands after the last entry of the page before."""
        key = self.after
        if key is None:
            return at.is_not(None)
        if rank > key.rank:
            return at <= key.at
        if rank < key.rank:
            return at < key.at
        known: Any = UUID(key.id) if rank == _ACTIONS else int(key.id)
        return or_(at < key.at, and_(at == key.at, id_ < known))


def _key(after: str | None) -> _Key | None:
    return _Key(*decode_key(after, datetime, int, str)) if after else None


def _comparable(id_: int | UUID) -> int:
    return id_.int if isinstance(id_, UUID) else id_


def _together(entries: Sequence[Entry]) -> list[Entry]:
    """Changes that one person made within a few minutes are told as one.

    What happened to the lead as a whole is told by itself.
    """
    told: list[Entry] = []
    for entry in entries:
        last = told[-1] if told else None
        if (
            last is not None
            and last.what == entry.what == "changed"
            and last.who == entry.who
            and last.text == entry.text
            and last.at - entry.at <= _TOGETHER
            and not any(map(_is_whole, (*last.changes, *entry.changes)))
        ):
            told[-1] = replace(last, changes=(*last.changes, *entry.changes))
        else:
            told.append(entry)
    return told


def _is_whole(change: Change) -> bool:
    return change.field.partition(":")[0] in WHOLE


# --- sources ----------------------------------------------------------------------------

_holder = users.alias("holder")
_doer = users.alias("doer")


async def _actions(asked: _Asked, rank: int, kind: Kind | None) -> list[Entry]:
    rows = await actions_before(
        asked.connection,
        lead_id=asked.lead_id,
        older=lambda at, id_: asked.older(rank, at, id_),
        calls={"calls": True, "notes": False}.get(kind or ""),
        limit=asked.limit,
    )
    return [Entry("action", row.at, who=row.user_name, action=row, id=row.id) for row in rows]


async def _changes(asked: _Asked, rank: int, _kind: Kind | None) -> list[Entry]:
    """One entry for all that one user, or one list, changed in one moment."""
    log, last = lead_changes.c, func.max(lead_changes.c.id)
    groups = (
        select(log.at, log.user_id, log.import_id, last.label("last"))
        .where(log.lead_id == asked.lead_id)
        .group_by(log.at, log.user_id, log.import_id)
        .having(asked.older(rank, log.at, last))
        .order_by(log.at.desc(), last.desc())
        .limit(asked.limit)
        .subquery()
    )
    rows = await asked.connection.execute(
        select(
            lead_changes,
            groups.c.last,
            users.c.name.label("who"),
            lead_imports.c.file_name,
        )
        .select_from(
            groups.join(
                lead_changes,
                and_(
                    log.lead_id == asked.lead_id,
                    log.at == groups.c.at,
                    func.coalesce(log.user_id, 0) == func.coalesce(groups.c.user_id, 0),
                    func.coalesce(log.import_id, 0) == func.coalesce(groups.c.import_id, 0),
                ),
            )
            .outerjoin(users, users.c.id == log.user_id)
            .outerjoin(lead_imports, lead_imports.c.id == log.import_id)
        )
        .order_by(groups.c.at.desc(), groups.c.last.desc(), log.id)
    )
    entries: dict[int, Entry] = {}
    for row in rows:
        entry = entries.setdefault(
            row.last,
            Entry("changed", row.at, who=row.who or "", text=row.file_name or "", id=row.last),
        )
        change = Change(row.field, row.old, row.new)
        entries[row.last] = replace(entry, changes=(*entry.changes, change))
    return list(entries.values())


async def _imported(asked: _Asked, rank: int, _kind: Kind | None) -> list[Entry]:
    query = (
        select(leads.c.id, leads.c.created_at, lead_imports.c.file_name, users.c.name)
        .join(lead_imports, lead_imports.c.id == leads.c.import_id)
        .outerjoin(users, users.c.id == lead_imports.c.created_by)
        .where(leads.c.id == asked.lead_id, asked.older(rank, leads.c.created_at, leads.c.id))
    )
    return [
        Entry("imported", row.created_at, who=row.name or "", text=row.file_name, id=row.id)
        for row in await asked.connection.execute(query)
    ]


async def _boxed(asked: _Asked, rank: int, _kind: Kind | None) -> list[Entry]:
    """Into a box; from another's, when that ended in the same moment."""
    before, giver = mybox_entries.alias("before"), users.alias("giver")
    since = mybox_entries.c.since
    query = (
        _boxes(asked, before.c.id.label("before_id"), giver.c.name.label("giver"))
        .outerjoin(
            before,
            and_(
                before.c.lead_id == mybox_entries.c.lead_id,
                before.c.released_at == since,
                before.c.id < mybox_entries.c.id,
            ),
        )
        .outerjoin(giver, giver.c.id == before.c.user_id)
        .where(asked.older(rank, since, mybox_entries.c.id))
        .order_by(since.desc(), mybox_entries.c.id.desc())
        .limit(asked.limit)
    )
    return [
        Entry(
            "boxed" if row.before_id is None else "handed_over",
            row.since,
            whom=row.holder if row.known else "",
            of_whom=(row.giver or "") if row.known else "",
            until=row.expires_at,
            id=row.id,
        )
        for row in await asked.connection.execute(query)
    ]


async def _unboxed(asked: _Asked, rank: int, _kind: Kind | None) -> list[Entry]:
    """Out of a box, by somebody or because its time was over; not when it was handed over."""
    then = mybox_entries.alias("then")
    ended = func.coalesce(mybox_entries.c.released_at, mybox_entries.c.expires_at)
    handed_over = exists().where(
        then.c.lead_id == mybox_entries.c.lead_id,
        then.c.since == mybox_entries.c.released_at,
        then.c.id > mybox_entries.c.id,
    )
    query = (
        _boxes(asked, ended.label("ended"), _doer.c.name.label("doer"))
        .outerjoin(_doer, _doer.c.id == mybox_entries.c.released_by)
        .where(ended <= asked.now, ~handed_over, asked.older(rank, ended, mybox_entries.c.id))
        .order_by(ended.desc(), mybox_entries.c.id.desc())
        .limit(asked.limit)
    )
    return [
        Entry(
            "unboxed",
            row.ended,
            who=(row.doer or "") if row.known else "",
            whom=row.holder if row.known else "",
            id=row.id,
        )
        for row in await asked.connection.execute(query)
    ]


def _boxes(asked: _Asked, *more: ColumnElement[Any]) -> Select[Any]:
    return (
        select(
            mybox_entries.c.id,
            mybox_entries.c.since,
            mybox_entries.c.expires_at,
            _holder.c.name.label("holder"),
            knows_holder(asked.viewer).label("known"),
            *more,
        )
        .select_from(mybox_entries)
        .join(_holder, _holder.c.id == mybox_entries.c.user_id)
        .where(mybox_entries.c.lead_id == asked.lead_id)
    )


async def _prohibited(asked: _Asked, rank: int, _kind: Kind | None) -> list[Entry]:
    column = prohibitions.c.prohibited_at
    return [
        Entry(
            "prohibited",
            row.prohibited_at,
            who=row.doer or "",
            whom=row.workgroup or "",
            text=national_format(row.e164),
            note=row.reason,
            id=row.id,
        )
        for row in await _of_numbers(asked, rank, column, prohibitions.c.prohibited_by)
    ]


async def _lifted(asked: _Asked, rank: int, _kind: Kind | None) -> list[Entry]:
    column = prohibitions.c.lifted_at
    return [
        Entry(
            "lifted",
            row.lifted_at,
            who=row.doer or "",
            whom=row.workgroup or "",
            text=national_format(row.e164),
            note=row.lift_reason or "",
            id=row.id,
        )
        for row in await _of_numbers(asked, rank, column, prohibitions.c.lifted_by)
    ]


async def _of_numbers(
    asked: _Asked, rank: int, at: Column[datetime], by: Column[int]
) -> Sequence[Any]:
    """Prohibitions of the numbers that the lead has now, as far as they concern the viewer."""
    numbers = await numbers_of(asked.connection, [asked.lead_id])
    groups = binding_for(asked.viewer)
    known = (
        or_(prohibitions.c.workgroup_id.is_(None), prohibitions.c.workgroup_id.in_(groups))
        if groups is not None
        else prohibitions.c.id.is_not(None)
    )
    query = (
        select(prohibitions, workgroups.c.name.label("workgroup"), _doer.c.name.label("doer"))
        .outerjoin(workgroups, workgroups.c.id == prohibitions.c.workgroup_id)
        .outerjoin(_doer, _doer.c.id == by)
        .where(
            prohibitions.c.e164.in_(numbers) if numbers else false(),
            known,
            asked.older(rank, at, prohibitions.c.id),
        )
        .order_by(at.desc(), prohibitions.c.id.desc())
        .limit(asked.limit)
    )
    return (await asked.connection.execute(query)).all()


async def _callbacks(asked: _Asked, rank: int, _kind: Kind | None) -> list[Entry]:
    at = callbacks.c.created_at
    query = (
        select(callbacks, _holder.c.name.label("caller"), _doer.c.name.label("doer"))
        .outerjoin(_holder, _holder.c.id == callbacks.c.user_id)
        .outerjoin(_doer, _doer.c.id == callbacks.c.created_by)
        .where(callbacks.c.lead_id == asked.lead_id, asked.older(rank, at, callbacks.c.id))
        .order_by(at.desc(), callbacks.c.id.desc())
        .limit(asked.limit)
    )
    return [
        Entry(
            "callback_set",
            row.created_at,
            who=row.doer or "",
            whom=row.caller or "",
            until=row.due_at,
            note=row.note,
            id=row.id,
        )
        for row in await asked.connection.execute(query)
    ]


async def _callbacks_closed(asked: _Asked, rank: int, _kind: Kind | None) -> list[Entry]:
    """Those that no other one took the place of."""
    at, then = callbacks.c.closed_at, callbacks.alias("then")
    replaced = exists().where(
        then.c.lead_id == callbacks.c.lead_id,
        then.c.created_at == callbacks.c.closed_at,
        then.c.id > callbacks.c.id,
    )
    query = (
        select(callbacks)
        .where(
            callbacks.c.lead_id == asked.lead_id,
            ~replaced,
            asked.older(rank, at, callbacks.c.id),
        )
        .order_by(at.desc(), callbacks.c.id.desc())
        .limit(asked.limit)
    )
    return [
        Entry("callback_closed", row.closed_at, until=row.due_at, id=row.id)
        for row in await asked.connection.execute(query)
    ]


_Source = Callable[[_Asked, int, Kind | None], Awaitable[list[Entry]]]
_ACTIONS = 5  # the rank of the source whose ids are UUIDs
# Of one moment the later in this list stand below: what led to a call below the call.
_SOURCES: tuple[tuple[Kind, _Source], ...] = (
    ("callbacks", _callbacks_closed),
    ("callbacks", _callbacks),
    ("prohibitions", _lifted),
    ("prohibitions", _prohibited),
    ("changes", _changes),
    ("calls", _actions),
    ("mybox", _boxed),
    ("mybox", _unboxed),
    ("changes", _imported),
)
