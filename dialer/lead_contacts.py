"""連絡先: the ways to reach a lead are added, changed, put in order and removed.

A number decides what stands about its leads, so it is locked before the leads, and every
lead that shares it finds its lane again in the same transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes
from dialer.lead_changes import (
    Change,
    LeadChangeError,
    LeadIsDeleted,
    NoSuchLead,
    contact_text,
    lock_leads,
    write_changes,
)
from dialer.lead_facts import TELEPHONES, leads_with
from dialer.rules.contact import Contact, ContactProblem, read_contact
from dialer.rules.eligibility import UNCALLABLE_KINDS
from dialer.rules.lead_zone import zone_to_keep
from dialer.rules.phone_number import UnusableReason
from dialer.storage.number_locks import lock_for_change
from dialer.storage.tables import contact_points, leads, projects
from dialer.users import User

MOST_CONTACTS = 50  # of a lead


@dataclass(frozen=True, slots=True)
class ContactForm:
    """A contact point as a person types it. `region`: where numbers without a country belong."""

    kind: str
    raw: str
    label: str = ""
    note: str = ""
    region: str = "JP"


class ContactDoesNotFit(LeadChangeError):
    """What was typed is no contact point, for this reason."""

    def __init__(self, reason: ContactProblem | UnusableReason) -> None:
        super().__init__(f"this is no contact point: {reason}")
        self.reason = reason


class NoSuchContact(LeadChangeError):
    """The lead has no such contact point (any more)."""


class ContactChanged(LeadChangeError):
    """Somebody else changed the contact point since it was shown."""


class AlreadyThere(LeadChangeError):
    """The lead has this number, or address, already."""


class TooManyContacts(LeadChangeError):
    """A lead takes `MOST_CONTACTS` contact points."""


async def add_contact(
    connection: AsyncConnection, *, lead_id: int, form: ContactForm, by: User, now: datetime
) -> int:
    """A further way to reach the lead, as the last one; returns its id.

    Raises NoSuchLead, LeadIsDeleted, ContactDoesNotFit, AlreadyThere, TooManyContacts.
    """
    contact = read_form(form)
    others = await _hold(connection, lead_id, _numbers(contact.e164), by)
    points = await _points(connection, lead_id)
    if len(points) >= MOST_CONTACTS:
        raise TooManyContacts(f"a lead takes {MOST_CONTACTS} contact points")
    _check_new(contact, points)
    contact_id: int = (
        await connection.execute(
            insert(contact_points)
            .values(
                lead_id=lead_id,
                position=max((point.position for point in points), default=-1) + 1,
                **_columns(contact),
            )
            .returning(contact_points.c.id)
        )
    ).scalar_one()
    await _settle(connection, lead_id, others, now)
    change = Change(f"contact:{contact_id}", "", _text(contact))
    await write_changes(connection, {lead_id: [change]}, by=by, now=now)
    return contact_id


async def change_contact(
    connection: AsyncConnection,
    *,
    lead_id: int,
    contact_id: int,
    form: ContactForm,
    by: User,
    now: datetime,
    was: str | None = None,
) -> bool:
    """Writes a contact point anew; False when it said the same before.

    A number that was not there before counts as never tried. `was` is what the person saw,
    as `text_of_point` gives it. Raises what `add_contact` raises, NoSuchContact, ContactChanged.
    """
    contact = read_form(form)
    before = await _point(connection, lead_id, contact_id)
    others = await _hold(connection, lead_id, _numbers(before.e164, contact.e164), by)
    points = await _points(connection, lead_id)
    point = _held(points, contact_id, before.e164)
    old, new = text_of_point(point), _text(contact)
    if old == new:
        return False
    if was is not None and old != was:
        raise ContactChanged(f"contact point {contact_id} was changed meanwhile")
    _check_new(contact, [one for one in points if one.id != contact_id])
    values = _columns(contact)
    if contact.e164 != point.e164:
        values |= {"attempts": 0, "zero_restored": False}
    await connection.execute(
        update(contact_points).where(contact_points.c.id == contact_id).values(values)
    )
    await _settle(connection, lead_id, others, now)
    change = Change(f"contact:{contact_id}", old, new)
    await write_changes(connection, {lead_id: [change]}, by=by, now=now)
    return True


async def remove_contact(
    connection: AsyncConnection, *, lead_id: int, contact_id: int, by: User, now: datetime
) -> None:
    """The lead is no longer reached this way; calls that were made stay as they are.

    Raises NoSuchLead, LeadIsDeleted, NoSuchContact, ContactChanged.
    """
    before = await _point(connection, lead_id, contact_id)
    others = await _hold(connection, lead_id, _numbers(before.e164), by)
    point = _held(await _points(connection, lead_id), contact_id, before.e164)
    await connection.execute(delete(contact_points).where(contact_points.c.id == contact_id))
    await _settle(connection, lead_id, others, now)
    change = Change(f"contact:{contact_id}", text_of_point(point), "")
    await write_changes(connection, {lead_id: [change]}, by=by, now=now)


async def order_contacts(
    connection: AsyncConnection,
    *,
    lead_id: int,
    contact_ids: Sequence[int],
    by: User,
    now: datetime,
) -> bool:
    """The first number among equals is called first. Ids that are missing keep their order, last.

    False when they stood so before. Raises NoSuchLead, LeadIsDeleted, NoSuchContact.
    """
    await _hold(connection, lead_id, (), by)
    points = await _points(connection, lead_id)
    known = [point.id for point in points]
    if not set(contact_ids) <= set(known):
        raise NoSuchContact("the lead has not all of these contact points")
    wanted = list(dict.fromkeys([*contact_ids, *known]))
    if wanted == known:
        return False
    for position, contact_id in enumerate(wanted):
        await connection.execute(
            update(contact_points)
            .where(contact_points.c.id == contact_id)
            .values(position=position)
        )
    await _settle(connection, lead_id, [lead_id], now)
    raws = {point.id: point.raw for point in points}
    change = Change(
        "contact_order",
        ", ".join(raws[one] for one in known),
        ", ".join(raws[one] for one in wanted),
    )
    await write_changes(connection, {lead_id: [change]}, by=by, now=now)
    return True


def read_form(form: ContactForm) -> Contact:
    """Raises ContactDoesNotFit."""
    read = read_contact(
        kind=form.kind, label=form.label, raw=form.raw, note=form.note, region=form.region
    )
    if not isinstance(read, Contact):
        raise ContactDoesNotFit(read)
    return read


def text_of_point(point: Any) -> str:
    """A row of contact_points, or a view of one, as the change log keeps it."""
    return contact_text(kind=point.kind, label=point.label, raw=point.raw, note=point.note)


def callable_numbers(points: Sequence[Any]) -> list[str]:
    """The numbers of these contact points that a person can be called on, in their order."""
    return [
        point.e164
        for point in points
        if point.e164 and point.kind in TELEPHONES and point.number_kind not in UNCALLABLE_KINDS
    ]


async def keep_zone(connection: AsyncConnection, lead_id: int) -> None:
    """The zone that the lead lives in, as its numbers tell it now."""
    zone = await connection.scalar(
        select(projects.c.time_zone)
        .join(leads, leads.c.project_id == projects.c.id)
        .where(leads.c.id == lead_id)
    )
    numbers = callable_numbers(await _points(connection, lead_id))
    await connection.execute(
        update(leads)
        .where(leads.c.id == lead_id)
        .values(time_zone=zone_to_keep(numbers, str(zone)))
    )


# --- the gate ---------------------------------------------------------------------------


async def _hold(
    connection: AsyncConnection, lead_id: int, e164s: Collection[str], by: User
) -> list[int]:
    """Locks the numbers, and the lead with those that share them, in everyone's order.

    Returns the leads whose lanes may change. Raises NoSuchLead, LeadIsDeleted.
    """
    await lock_for_change(connection, e164s)
    concerned = sorted({lead_id, *await leads_with(connection, e164s)})
    await lock_leads(connection, concerned)
    lead = (
        await connection.execute(
            select(leads.c.project_id, leads.c.deleted_at).where(leads.c.id == lead_id)
        )
    ).one_or_none()
    if lead is None or not by.sees_project(lead.project_id):
        raise NoSuchLead(f"there is no lead {lead_id}")
    if lead.deleted_at is not None:
        raise LeadIsDeleted(f"lead {lead_id} is deleted; restore it first")
    return concerned


async def _settle(
    connection: AsyncConnection, lead_id: int, concerned: Collection[int], now: datetime
) -> None:
    await keep_zone(connection, lead_id)
    await lanes.refresh(connection, concerned, now)


# --- rows -------------------------------------------------------------------------------


async def _points(connection: AsyncConnection, lead_id: int) -> Sequence[Row[Any]]:
    rows = await connection.execute(
        select(contact_points)
        .where(contact_points.c.lead_id == lead_id)
        .order_by(contact_points.c.position, contact_points.c.id)
    )
    return rows.all()


async def _point(connection: AsyncConnection, lead_id: int, contact_id: int) -> Row[Any]:
    """As it is before anything is locked. Raises NoSuchContact."""
    point = (
        await connection.execute(
            select(contact_points).where(
                contact_points.c.id == contact_id, contact_points.c.lead_id == lead_id
            )
        )
    ).one_or_none()
    if point is None:
        raise NoSuchContact(f"lead {lead_id} has no contact point {contact_id}")
    return point


def _held(points: Sequence[Row[Any]], contact_id: int, e164: str | None) -> Row[Any]:
    """The contact point now that it is locked: its number must be the one that was locked."""
    point = next((one for one in points if one.id == contact_id), None)
    if point is None:
        raise NoSuchContact(f"contact point {contact_id} was removed meanwhile")
    if point.e164 != e164:
        raise ContactChanged(f"contact point {contact_id} was changed meanwhile")
    return point


def _check_new(contact: Contact, others: Sequence[Row[Any]]) -> None:
    for other in others:
        same_number = contact.e164 is not None and other.e164 == contact.e164
        if same_number and (contact.kind == "fax") == (other.kind == "fax"):
            raise AlreadyThere(f"the lead has {contact.e164} already")
        if contact.e164 is None and (other.kind, other.raw) == (contact.kind, contact.raw):
            raise AlreadyThere(f"the lead has {contact.raw} already")


def _numbers(*e164s: str | None) -> list[str]:
    return [one for one in dict.fromkeys(e164s) if one]


def _columns(contact: Contact) -> dict[str, Any]:
    return {
        "kind": contact.kind,
        "label": contact.label,
        "raw": contact.raw,
        "e164": contact.e164,
        "number_kind": contact.number_kind,
        "note": contact.note,
    }


def _text(contact: Contact) -> str:
    return contact_text(kind=contact.kind, label=contact.label, raw=contact.raw, note=contact.note)
