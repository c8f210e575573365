"""Duplicates become one lead: a choice for each field, and everything else united.

The survivor gets what was done, callbacks and boxes. The others keep their fields and contact
points in the list of deleted leads: restored, each is a lead again, without its history.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes
from dialer.custom_values import ValueChange, replace_values
from dialer.lead_changes import (
    Change,
    LeadChangeError,
    LeadIsDeleted,
    NoSuchLead,
    lock_leads,
    write_changes,
)
from dialer.lead_contacts import keep_zone, text_of_point
from dialer.lead_editing import Fields, field_text, fields_in
from dialer.lead_facts import leads_with, numbers_of, open_call_to_the_lead
from dialer.lead_moving import IsBeingCalled
from dialer.mybox_holders import holders_of
from dialer.rules.custom_field import Value
from dialer.rules.lead_fields import BASIC_FIELDS, CUSTOM, SEARCHED
from dialer.rules.lead_merge import ALL, Calling, joined, proposed, united
from dialer.rules.search_text import lead_key
from dialer.storage.number_locks import lock_for_change
from dialer.storage.tables import actions, callbacks, contact_points, leads, mybox_entries
from dialer.users import NotAllowed, User

MOST_AT_ONCE = 10  # leads that become one


class OtherProjects(LeadChangeError):
    """Leads of different projects do not become one: move one first."""


class BoxesOfSeveral(LeadChangeError):
    """Different users hold these leads; `names` are empty for whom one may not know."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"held by {', '.join(names)}")
        self.names = tuple(names)


class NothingToMerge(LeadChangeError):
    """Two leads at least, and `MOST_AT_ONCE` at most, become one."""


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """What stands in one field of each lead, in their order, and whose is proposed."""

    field: str
    texts: tuple[str, ...]
    proposed: int  # the place, from 0

    @property
    def differs(self) -> bool:
        return len(set(self.texts)) > 1


async def field_choices(
    connection: AsyncConnection, *, lead_ids: Sequence[int], viewer: User
) -> tuple[tuple[FieldChoice, ...], Fields]:
    """For each field that one of the leads has, whose to take; the first lead's where it says
    something. Raises what `merge_leads` refuses, boxes and calls apart."""
    found = await _leads(connection, lead_ids, viewer)
    fields = await fields_in(connection, found[0].project_id)
    choices = []
    for name in _names(fields):
        texts = tuple(field_text(lead, name, fields) for lead in found)
        if any(texts):
            choices.append(FieldChoice(name, texts, proposed(texts)))
    return tuple(choices), fields


async def merge_leads(
    connection: AsyncConnection,
    *,
    survivor_id: int,
    other_ids: Collection[int],
    choices: Mapping[str, int],
    by: User,
    now: datetime,
) -> None:
    """Makes the survivor of these leads one for all.

    `choices` gives for a field the id of the lead whose words are taken, or `ALL` for notes;
    a field that is not named is taken from the first that says something.

    Raises NotAllowed unless `by` acts as admin; NothingToMerge, NoSuchLead, LeadIsDeleted,
    OtherProjects, IsBeingCalled, and BoxesOfSeveral when different users hold them.
    """
    if not by.acts_as_admin:
        raise NotAllowed("only an admin merges leads")
    ids = list(dict.fromkeys([survivor_id, *other_ids]))
    numbers = await numbers_of(connection, ids)
    await lock_for_change(connection, numbers)
    concerned = {*ids, *await leads_with(connection, numbers)}
    await lock_leads(connection, list(concerned))
    found = await _leads(connection, ids, by)
    for lead in found:
        if lead.in_call:
            raise IsBeingCalled(f"lead {lead.id} is being called")
    holders = await holders_of(connection, lead_ids=ids, now=now, viewer=by)
    if len({holder.user_id for holder in holders.values()}) > 1:
        raise BoxesOfSeveral(list({one.user_id: one.name for one in holders.values()}.values()))
    survivor, others = found[0], found[1:]
    changes = {
        lead.id: [Change(f"merged_into:{survivor.id}", "", survivor.name)] for lead in others
    }
    merged = [Change(f"merged:{lead.id}", "", lead.name) for lead in others]
    merged += await _unite_fields(connection, found, choices)
    merged += await _unite_contacts(connection, survivor, others)
    await _unite_boxes(connection, ids, by, now)
    due_at = await _unite_callbacks(connection, ids, now)
    await _unite_calling(connection, found, due_at)
    await connection.execute(
        update(actions)
        .where(actions.c.lead_id.in_([lead.id for lead in others]))
        .values(lead_id=survivor.id)
    )
    await connection.execute(
        update(leads)
        .where(leads.c.id.in_([lead.id for lead in others]))
        .values(deleted_at=now, merged_into_id=survivor.id, callback_at=None)
    )
    await keep_zone(connection, survivor.id)
    await lanes.refresh(connection, concerned, now)
    changes[survivor.id] = merged
    await write_changes(connection, changes, by=by, now=now, action="lead.merge")


# --- fields -----------------------------------------------------------------------------


def _names(fields: Fields) -> list[str]:
    custom = [f"{CUSTOM}{field_id}" for field_id in fields.custom]
    return [*BASIC_FIELDS, *(["stage"] if fields.stages else []), *custom]


async def _unite_fields(
    connection: AsyncConnection, found: Sequence[Row[Any]], choices: Mapping[str, int]
) -> list[Change]:
    survivor = found[0]
    fields = await fields_in(connection, survivor.project_id)
    columns: dict[str, Any] = {}
    custom: dict[str, Value] = {
        key: value for key, value in survivor.custom.items() if int(key) not in fields.custom
    }
    changes: list[Change] = []
    for name in _names(fields):
        texts = [field_text(lead, name, fields) for lead in found]
        if name == "notes" and choices.get(name) == ALL:
            columns["notes"] = new = joined(texts)
        else:
            place = next(
                (place for place, lead in enumerate(found) if lead.id == choices.get(name)),
                proposed(texts),
            )
            new = texts[place]
            if name.startswith(CUSTOM):
                key = name.removeprefix(CUSTOM)
                if key in found[place].custom:
                    custom[key] = found[place].custom[key]
            elif name == "stage":
                columns["stage_id"] = found[place].stage_id
            else:
                columns[name] = new
        if new != texts[0]:
            old = texts[0]
            if name == "stage":
                old, new = (fields.stages.get(int(one or 0), "") for one in (old, new))
            changes.append(Change(name, old, new))
    extra = {name: value for lead in reversed(found) for name, value in lead.extra.items()}
    await connection.execute(
        update(leads)
        .where(leads.c.id == survivor.id)
        .values(
            **columns,
            custom=custom,
            extra=extra,
            search_key=lead_key(**{name: columns[name] for name in sorted(SEARCHED)}),
        )
    )
    await replace_values(
        connection,
        project_id=survivor.project_id,
        fields=fields.custom,
        changes=[ValueChange(survivor.id, survivor.custom, custom)],
    )
    return changes


async def _unite_contacts(
    connection: AsyncConnection, survivor: Row[Any], others: Sequence[Row[Any]]
) -> list[Change]:
    """The survivor gets a copy of each way to reach one that it does not have.

    Attempts by one number are added up; the others keep theirs.
    """
    points: dict[int, list[Row[Any]]] = {}
    for point in await connection.execute(
        select(contact_points)
        .where(contact_points.c.lead_id.in_([survivor.id, *(lead.id for lead in others)]))
        .order_by(contact_points.c.position, contact_points.c.id)
    ):
        points.setdefault(point.lead_id, []).append(point)
    known = {_identity(point): point.id for point in points.get(survivor.id, [])}
    position = max((point.position for point in points.get(survivor.id, [])), default=-1)
    changes: list[Change] = []
    for lead in others:
        for point in points.get(lead.id, []):
            if (same := known.get(_identity(point))) is not None:
                await connection.execute(
                    update(contact_points)
                    .where(contact_points.c.id == same)
                    .values(attempts=contact_points.c.attempts + point.attempts)
                )
                continue
            position += 1
            copied = {
                name: value
                for name, value in point._mapping.items()
                if name not in ("id", "lead_id", "position")
            }
            new_id = await connection.scalar(
                insert(contact_points)
                .values(lead_id=survivor.id, position=position, **copied)
                .returning(contact_points.c.id)
            )
            known[_identity(point)] = new_id
            changes.append(Change(f"contact:{new_id}", "", text_of_point(point)))
    return changes


def _identity(point: Row[Any]) -> tuple[str, str]:
    """Alike are telephones with one number, fax machines with one, and equal addresses."""
    if point.e164:
        return ("fax" if point.kind == "fax" else "number", point.e164)
    return (point.kind, point.raw)


# --- boxes, callbacks, calling ----------------------------------------------------------


async def _unite_boxes(
    connection: AsyncConnection, ids: Sequence[int], by: User, now: datetime
) -> None:
    """All are of one user: one entry stands on, as long as the longest of them would have."""
    survivor_id = ids[0]
    held = (
        await connection.execute(
            select(mybox_entries)
            .where(mybox_entries.c.lead_id.in_(ids), mybox_entries.c.released_at.is_(None))
            .order_by(mybox_entries.c.id)
        )
    ).all()
    over = [entry for entry in held if entry.expires_at is not None and entry.expires_at <= now]
    standing = [entry for entry in held if entry not in over]
    kept = next((one for one in standing if one.lead_id == survivor_id), None) or next(
        iter(standing), None
    )
    for entry in held:
        if entry is kept:
            continue
        ended = (
            {"released_at": entry.expires_at}
            if entry in over
            else {"released_at": now, "released_by": by.id}
        )
        await connection.execute(
            update(mybox_entries).where(mybox_entries.c.id == entry.id).values(ended)
        )
    if kept is not None:
        ends = [entry.expires_at for entry in standing]
        longest = None if None in ends else max(ends)
        await connection.execute(
            update(mybox_entries).where(mybox_entries.c.id == kept.id).values(expires_at=longest)
        )
    await connection.execute(
        update(mybox_entries)
        .where(mybox_entries.c.lead_id.in_(ids[1:]))
        .values(lead_id=survivor_id)
    )


async def _unite_callbacks(
    connection: AsyncConnection, ids: Sequence[int], now: datetime
) -> datetime | None:
    """The earliest promise is kept; when it is due, None without any."""
    standing = (
        await connection.execute(
            select(callbacks)
            .where(callbacks.c.lead_id.in_(ids), callbacks.c.closed_at.is_(None))
            .order_by(callbacks.c.due_at, callbacks.c.id)
        )
    ).all()
    for later in standing[1:]:
        await connection.execute(
            update(callbacks).where(callbacks.c.id == later.id).values(closed_at=now)
        )
    await connection.execute(
        update(callbacks).where(callbacks.c.lead_id.in_(ids[1:])).values(lead_id=ids[0])
    )
    return standing[0].due_at if standing else None


async def _unite_calling(
    connection: AsyncConnection, found: Sequence[Row[Any]], due_at: datetime | None
) -> None:
    calling = united(
        [
            Calling(
                lead.priority,
                lead.attempts,
                lead.last_attempt_at,
                lead.next_attempt_at,
                lead.finished_at,
            )
            for lead in found
        ],
        with_callback=due_at is not None,
    )
    await connection.execute(
        update(leads)
        .where(leads.c.id == found[0].id)
        .values(
            priority=calling.priority,
            attempts=calling.attempts,
            last_attempt_at=calling.last_attempt_at,
            next_attempt_at=calling.next_attempt_at,
            finished_at=calling.finished_at,
            callback_at=due_at,
        )
    )


async def _leads(
    connection: AsyncConnection, lead_ids: Sequence[int], viewer: User
) -> list[Row[Any]]:
    """In the order that was asked for. Raises what none of them may be."""
    if not 2 <= len(set(lead_ids)) <= MOST_AT_ONCE:
        raise NothingToMerge(f"from 2 to {MOST_AT_ONCE} leads become one")
    query: Select[Any] = select(leads, open_call_to_the_lead().label("in_call"))
    rows = await connection.execute(query.where(leads.c.id.in_(lead_ids)))
    known = {row.id: row for row in rows if viewer.sees_project(row.project_id)}
    for lead_id in lead_ids:
        if lead_id not in known:
            raise NoSuchLead(f"there is no lead {lead_id}")
        if known[lead_id].deleted_at is not None:
            raise LeadIsDeleted(f"lead {lead_id} is deleted; restore it first")
    if len({lead.project_id for lead in known.values()}) > 1:
        raise OtherProjects("leads of different projects do not become one")
    return [known[lead_id] for lead_id in dict.fromkeys(lead_ids)]
