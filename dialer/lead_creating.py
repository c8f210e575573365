"""A new lead by hand, and the leads that have one of its numbers already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes
from dialer.custom_values import ValueChange, replace_values
from dialer.lead_changes import Change, LeadChangeError, write_changes
from dialer.lead_contacts import ContactDoesNotFit, ContactForm, callable_numbers, read_form
from dialer.lead_editing import fields_in
from dialer.rules.contact import Contact, ContactProblem
from dialer.rules.custom_field import Misfit, Value, read_input
from dialer.rules.lane import Lane
from dialer.rules.lead_fields import BASIC_FIELDS, CUSTOM, SEARCHED, read_basic
from dialer.rules.lead_zone import zone_to_keep
from dialer.rules.phone_number import PhoneNumber, UnusableReason, parse_phone_number
from dialer.rules.search_text import lead_key
from dialer.storage.number_locks import lock_for_change
from dialer.storage.tables import contact_points, leads, projects
from dialer.users import NotAllowed, User


class DoesNotFitTogether(LeadChangeError):
    """Some of what was typed does not fit: why, by field, and by the contact's place from 0."""

    def __init__(
        self,
        fields: Mapping[str, Misfit],
        contacts: Mapping[int, ContactProblem | UnusableReason],
    ) -> None:
        super().__init__(f"does not fit: {', '.join([*fields, *map(str, contacts)])}")
        self.fields = fields
        self.contacts = contacts


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A lead that has the number already."""

    lead_id: int
    name: str
    e164: str
    project: str
    deleted: bool


async def duplicates_of(
    connection: AsyncConnection, *, numbers: Sequence[str], viewer: User, but: int | None = None
) -> list[Duplicate]:
    """Leads with one of these numbers, in any writing, in projects that the viewer may see.

    At most ten, the oldest first; `but` is left out.
    """
    read = [parse_phone_number(number) for number in numbers]
    e164s = {number.e164 for number in read if isinstance(number, PhoneNumber)}
    if not e164s:
        return []
    rows = await connection.execute(
        select(
            leads.c.id,
            leads.c.name,
            leads.c.deleted_at,
            leads.c.project_id,
            projects.c.name.label("project"),
            contact_points.c.e164,
        )
        .select_from(
            contact_points.join(leads, leads.c.id == contact_points.c.lead_id).join(
                projects, projects.c.id == leads.c.project_id
            )
        )
        .where(contact_points.c.e164.in_(sorted(e164s)))
        .order_by(leads.c.id)
        .limit(50)
    )
    found = [
        Duplicate(row.id, row.name, row.e164, row.project, row.deleted_at is not None)
        for row in rows
        if viewer.sees_project(row.project_id) and row.id != but
    ]
    return found[:10]


async def create_lead(
    connection: AsyncConnection,
    *,
    project_id: int,
    texts: Mapping[str, Sequence[str]],
    contacts: Sequence[ContactForm],
    by: User,
    now: datetime,
) -> int:
    """A lead with these fields (`BASIC_FIELDS` and ``custom:12``) and contact points; its id.

    Fields that are not named are empty. Raises DoesNotFitTogether; NotAllowed when `by` may
    not see the project.
    """
    if not by.sees_project(project_id):
        raise NotAllowed("only who is assigned to a project adds leads to it")
    columns, values, points = await _read(connection, project_id, texts, contacts)
    numbers = [point.e164 for point in points if point.e164]
    await lock_for_change(connection, numbers)
    zone = await connection.scalar(select(projects.c.time_zone).where(projects.c.id == project_id))
    lead_id: int = (
        await connection.execute(
            insert(leads)
            .values(
                project_id=project_id,
                lane_id=await lanes.lane_id_of(connection, project_id, Lane()),
                created_at=now,
                custom=values,
                search_key=lead_key(**{name: columns[name] for name in sorted(SEARCHED)}),
                time_zone=zone_to_keep(callable_numbers(points), str(zone)),
                **columns,
            )
            .returning(leads.c.id)
        )
    ).scalar_one()
    rows = [
        {
            "lead_id": lead_id,
            "position": position,
            "kind": point.kind,
            "label": point.label,
            "raw": point.raw,
            "e164": point.e164,
            "number_kind": point.number_kind,
            "note": point.note,
        }
        for position, point in enumerate(points)
    ]
    if rows:
        await connection.execute(insert(contact_points), rows)
    fields = await fields_in(connection, project_id)
    await replace_values(
        connection,
        project_id=project_id,
        fields=fields.custom,
        changes=[ValueChange(lead_id, {}, values)],
    )
    await lanes.refresh(connection, [lead_id], now)
    await write_changes(
        connection,
        {lead_id: [Change("created", "", "")]},
        by=by,
        now=now,
        action="lead.create",
    )
    return lead_id


async def _read(
    connection: AsyncConnection,
    project_id: int,
    texts: Mapping[str, Sequence[str]],
    contacts: Sequence[ContactForm],
) -> tuple[dict[str, str], dict[str, Value], list[Contact]]:
    misfits: dict[str, Misfit] = {}
    columns: dict[str, str] = {}
    for name, basic in BASIC_FIELDS.items():
        read = read_basic(basic, "".join(texts.get(name, ())))
        if isinstance(read, Misfit):
            misfits[name] = read
        else:
            columns[name] = read
    values: dict[str, Value] = {}
    for field in (await fields_in(connection, project_id)).custom.values():
        value: Any = read_input(field, texts.get(f"{CUSTOM}{field.id}", ()))
        if isinstance(value, Misfit):
            misfits[f"{CUSTOM}{field.id}"] = value
        elif value is not None:
            values[field.key] = value
    points: list[Contact] = []
    problems: dict[int, ContactProblem | UnusableReason] = {}
    for place, form in enumerate(contacts):
        try:
            points.append(read_form(form))
        except ContactDoesNotFit as error:
            problems[place] = error.reason
    if misfits or problems:
        raise DoesNotFitTogether(misfits, problems)
    return columns, values, points
