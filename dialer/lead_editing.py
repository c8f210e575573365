"""Writing into the fields of leads: one of a lead on its page, or one of many at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.custom_fields import fields_by_id
from dialer.custom_values import ValueChange, replace_values
from dialer.lead_changes import (
    Change,
    LeadChangeError,
    LeadIsDeleted,
    NoSuchLead,
    lock_leads,
    write_changes,
)
from dialer.rules.custom_field import CustomField, Misfit, Value, read_input
from dialer.rules.lead_fields import (
    BASIC_FIELDS,
    CUSTOM,
    SEARCHED,
    read_basic,
    read_priority,
    text_of,
)
from dialer.rules.search_text import lead_key
from dialer.storage.batches import batches
from dialer.storage.tables import lead_changes, leads, projects, stages, users
from dialer.users import User


@dataclass(frozen=True, slots=True)
class Edit:
    """`field` is one of `BASIC_FIELDS`, ``priority``, ``stage`` (by its id) or ``custom:12``.

    `texts` is what the input sent: one text, of a multiple choice one for each that is chosen.
    `was` is what the person saw before, as `field_text` gives it; None: whatever is there.
    """

    field: str
    texts: Sequence[str]
    was: str | None = None

    @property
    def text(self) -> str:
        """Of all fields but a multiple choice."""
        return self.texts[-1] if self.texts else ""


class UnknownField(LeadChangeError):
    """The project's leads have no such field."""


class DoesNotFit(LeadChangeError):
    """The text is no value of the field."""

    def __init__(self, field: str, misfit: Misfit) -> None:
        super().__init__(f"{field}: {misfit}")
        self.field = field
        self.misfit = misfit


class ChangedMeanwhile(LeadChangeError):
    """Somebody else has written into the field since; `now_is` is what stands there."""

    def __init__(self, field: str, now_is: str, by_name: str) -> None:
        super().__init__(f"{field} was changed meanwhile")
        self.field = field
        self.now_is = now_is
        self.by_name = by_name


@dataclass(frozen=True, slots=True)
class EditReport:
    """What became of many leads: changed, already as wanted, or refused with the reason."""

    changed: tuple[int, ...]
    same: tuple[int, ...]
    refused: Mapping[int, LeadChangeError]


@dataclass(frozen=True, slots=True)
class Fields:
    """What the leads of a project have: custom fields by id, and stages by id."""

    custom: Mapping[int, CustomField]
    stages: Mapping[int, str]


async def fields_in(connection: AsyncConnection, project_id: int) -> Fields:
    """What can be written into the leads of a project besides the basic fields."""
    of_set = select(projects.c.result_set_id).where(projects.c.id == project_id)
    named = await connection.execute(
        select(stages.c.id, stages.c.name)
        .where(stages.c.result_set_id == of_set.scalar_subquery())
        .order_by(stages.c.position, stages.c.id)
    )
    custom = await fields_by_id(connection, project_id)
    return Fields(custom, {row.id: row.name for row in named})


@dataclass(frozen=True, slots=True)
class FieldNow:
    """One field of one lead: its text as `field_text` gives it, of a custom one all about it."""

    text: str
    fields: Fields
    custom: CustomField | None
    value: Value | None


async def field_now(
    connection: AsyncConnection, *, lead_id: int, field: str, viewer: User
) -> FieldNow:
    """What stands in a field. Raises NoSuchLead; UnknownField."""
    lead = (await _leads(connection, [lead_id])).get(lead_id)
    if lead is None or not viewer.sees_project(lead.project_id):
        raise NoSuchLead(f"there is no lead {lead_id}")
    fields = await fields_in(connection, lead.project_id)
    text = field_text(lead, field, fields)
    custom = _custom_field(field, fields) if field.startswith(CUSTOM) else None
    return FieldNow(text, fields, custom, lead.custom.get(custom.key) if custom else None)


async def edit_lead(
    connection: AsyncConnection, *, lead_id: int, edit: Edit, by: User | None, now: datetime
) -> bool:
    """Writes one field; False when it said the same before.

    Raises NoSuchLead, LeadIsDeleted, UnknownField, DoesNotFit, and ChangedMeanwhile when
    something else stands there than the person saw, unless it is what he wants.
    """
    report = await edit_leads(connection, lead_ids=[lead_id], edit=edit, by=by, now=now)
    for error in report.refused.values():
        raise error
    return bool(report.changed)


async def edit_leads(
    connection: AsyncConnection,
    *,
    lead_ids: Collection[int],
    edit: Edit,
    by: User | None,
    now: datetime,
) -> EditReport:
    """`edit_lead` of many, a few thousand at most; each is done or refused for itself."""
    await lock_leads(connection, list(lead_ids))
    found = await _leads(connection, lead_ids)
    refused: dict[int, LeadChangeError] = {}
    per_project: dict[int, list[Row[Any]]] = {}
    for lead_id in dict.fromkeys(lead_ids):
        lead = found.get(lead_id)
        if lead is None or (by is not None and not by.sees_project(lead.project_id)):
            refused[lead_id] = NoSuchLead(f"there is no lead {lead_id}")
        elif lead.deleted_at is not None:
            refused[lead_id] = LeadIsDeleted(f"lead {lead_id} is deleted; restore it first")
        else:
            per_project.setdefault(lead.project_id, []).append(lead)
    changed: list[int] = []
    for project_id, some in sorted(per_project.items()):
        fields = await fields_in(connection, project_id)
        changed += await _edit_some(connection, project_id, some, edit, fields, refused, by, now)
    done = set(changed)
    same = [one for one in dict.fromkeys(lead_ids) if one not in done and one not in refused]
    return EditReport(tuple(changed), tuple(same), refused)


def field_text(lead: Any, field: str, fields: Fields) -> str:
    """What stands in a field of a row of `leads`, as a person types it; a stage by its id.

    Raises UnknownField.
    """
    if field in BASIC_FIELDS or field == "priority":
        return str(getattr(lead, field))
    if field == "stage":
        return "" if lead.stage_id is None else str(lead.stage_id)
    return text_of(lead.custom.get(_custom_field(field, fields).key))


# --- one field of some leads of a project -----------------------------------------------


@dataclass(frozen=True, slots=True)
class _Written:
    """What goes into the column; how `field_text` gives it, and the change log."""

    column: str
    value: Any
    text: str
    logged: str


async def _edit_some(
    connection: AsyncConnection,
    project_id: int,
    found: Sequence[Row[Any]],
    edit: Edit,
    fields: Fields,
    refused: dict[int, LeadChangeError],
    by: User | None,
    now: datetime,
) -> list[int]:
    try:
        written = _read(edit, fields)
    except LeadChangeError as error:
        refused.update({lead.id: error for lead in found})
        return []
    changes: dict[int, list[Change]] = {}
    changing: list[Row[Any]] = []
    for lead in found:
        stands = field_text(lead, edit.field, fields)
        if stands == written.text:
            continue
        if edit.was is not None and stands != edit.was:
            name = await _last_writer(connection, lead.id, edit.field)
            refused[lead.id] = ChangedMeanwhile(edit.field, stands, name)
            continue
        old = fields.stages.get(lead.stage_id or 0, "") if edit.field == "stage" else stands
        changes[lead.id] = [Change(edit.field, old, written.logged)]
        changing.append(lead)
    if not changing:
        return []
    if edit.field.startswith(CUSTOM):
        await _write_custom(connection, project_id, changing, edit, written, fields)
    else:
        await _write_column(connection, changing, written)
    await write_changes(connection, changes, by=by, now=now)
    return list(changes)


def _read(edit: Edit, fields: Fields) -> _Written:
    """Raises UnknownField; DoesNotFit."""
    if (basic := BASIC_FIELDS.get(edit.field)) is not None:
        value = _fitting(edit.field, read_basic(basic, edit.text))
        return _Written(edit.field, value, value, value)
    if edit.field == "priority":
        number = str(_fitting(edit.field, read_priority(edit.text)))
        return _Written("priority", int(number), number, number)
    if edit.field == "stage":
        stage = _stage(edit.text, fields)
        return _Written("stage_id", stage, str(stage or ""), fields.stages.get(stage or 0, ""))
    field = _custom_field(edit.field, fields)
    read = _fitting(edit.field, read_input(field, edit.texts))
    return _Written("custom", read, text_of(read), text_of(read))


def _fitting(field: str, read: Any) -> Any:
    if isinstance(read, Misfit):
        raise DoesNotFit(field, read)
    return read


def _stage(text: str, fields: Fields) -> int | None:
    if not text.strip():
        return None
    found = next((one for one in fields.stages if str(one) == text.strip()), None)
    if found is None:
        raise DoesNotFit("stage", Misfit.NOT_A_CHOICE)
    return found


def _custom_field(field: str, fields: Fields) -> CustomField:
    number = field.removeprefix(CUSTOM)
    found = fields.custom.get(int(number)) if number.isascii() and number.isdecimal() else None
    if not field.startswith(CUSTOM) or found is None:
        raise UnknownField(f"there is no field {field!r} in this project")
    return found


# --- rows -------------------------------------------------------------------------------


async def _leads(connection: AsyncConnection, lead_ids: Collection[int]) -> dict[int, Row[Any]]:
    found: dict[int, Row[Any]] = {}
    for some in batches(sorted(set(lead_ids))):
        rows = await connection.execute(select(leads).where(leads.c.id.in_(some)))
        found.update((row.id, row) for row in rows)
    return found


async def _write_column(
    connection: AsyncConnection, changing: Sequence[Row[Any]], written: _Written
) -> None:
    for some in batches([lead.id for lead in changing]):
        await connection.execute(
            update(leads).where(leads.c.id.in_(some)).values({written.column: written.value})
        )
    if written.column not in SEARCHED:
        return
    keys = [
        {
            "of_id": lead.id,
            "key": lead_key(
                **{
                    name: written.value if name == written.column else getattr(lead, name)
                    for name in sorted(SEARCHED)
                }
            ),
        }
        for lead in changing
    ]
    await connection.execute(
        update(leads)
        .where(leads.c.id == bindparam("of_id"))
        .values(search_key=bindparam("key", type_=leads.c.search_key.type)),
        keys,
    )


async def _write_custom(
    connection: AsyncConnection,
    project_id: int,
    changing: Sequence[Row[Any]],
    edit: Edit,
    written: _Written,
    fields: Fields,
) -> None:
    key = edit.field.removeprefix(CUSTOM)
    changes = []
    for lead in changing:
        new = {name: value for name, value in lead.custom.items() if name != key}
        if written.value is not None:
            new[key] = written.value
        changes.append(ValueChange(lead.id, lead.custom, new))
    await connection.execute(
        update(leads)
        .where(leads.c.id == bindparam("of_id"))
        .values(custom=bindparam("values", type_=leads.c.custom.type)),
        [{"of_id": change.lead_id, "values": change.new} for change in changes],
    )
    await replace_values(connection, project_id=project_id, fields=fields.custom, changes=changes)


async def _last_writer(connection: AsyncConnection, lead_id: int, field: str) -> str:
    """Who wrote into the field last; empty when nobody knows."""
    name: str | None = await connection.scalar(
        select(users.c.name)
        .select_from(lead_changes.join(users, users.c.id == lead_changes.c.user_id))
        .where(lead_changes.c.lead_id == lead_id, lead_changes.c.field == field)
        .order_by(lead_changes.c.id.desc())
        .limit(1)
    )
    return name or ""
