"""カスタム項目: sets of typed fields that an admin adds to the leads of projects.

What a change of a field does to values that leads hold already stands in
`dialer.custom_field_values`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.rules.custom_field import CustomField, FieldKind, Misfit, read_value, sort_keys
from dialer.rules.field_change import CHOICE_KINDS
from dialer.rules.search_text import fold
from dialer.storage.tables import custom_field_sets, custom_fields, projects
from dialer.users import User

MOST_FIELDS = 100  # of a set
MOST_CHOICES = 200  # of a field
LONGEST_SET_NAME = 200
LONGEST_NAME = 100  # of a field, and of a choice


class CustomFieldError(Exception):
    """What was asked of a field or a set cannot be done; the message says why."""


class UnknownSet(CustomFieldError):
    """There is no such set (any more)."""


class UnknownField(CustomFieldError):
    """There is no such field (any more)."""


class BadName(CustomFieldError):
    """The name is empty or too long."""


class NameTaken(CustomFieldError):
    """Another set, or another field of the set, is called so."""


class TooMany(CustomFieldError):
    """A set takes `MOST_FIELDS` fields, a field `MOST_CHOICES` choices."""


class BadChoices(CustomFieldError):
    """A choice is empty or too long, two are alike, or there are none to choose from."""


class BadDefault(CustomFieldError):
    """The default is no value of the field; `misfit` says why."""

    def __init__(self, misfit: Misfit) -> None:
        super().__init__(f"the default does not fit: {misfit}")
        self.misfit = misfit


class ImportAtWork(CustomFieldError):
    """A list is being imported, or taken back, with the fields as they are."""


class SetInUse(CustomFieldError):
    """Projects use the set; `projects` are their names."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"projects use the set: {', '.join(names)}")
        self.projects = tuple(names)


@dataclass(frozen=True, slots=True)
class FieldSet:
    """A set with how many fields it has and the names of the projects that use it."""

    id: int
    name: str
    fields: int = 0
    projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldDraft:
    """A field before it has an id and a place; `default` as a person types it."""

    name: str
    kind: FieldKind
    required: bool = False
    default: str = ""
    choices: tuple[str, ...] = ()


# --- reading --------------------------------------------------------------------------


async def fields_of_project(
    connection: AsyncConnection, project_id: int, *, keep: bool = False
) -> tuple[CustomField, ...]:
    """The fields of the project's leads in their order; none without a set.

    Who writes values sets `keep`, before locking leads: the fields then stay what they are
    until his transaction ends.
    """
    if keep:
        await connection.execute(
            select(custom_field_sets.c.id)
            .join(projects, projects.c.custom_field_set_id == custom_field_sets.c.id)
            .where(projects.c.id == project_id)
            .with_for_update(read=True, of=custom_field_sets)
        )
    found = await connection.execute(
        select(custom_fields)
        .join(projects, projects.c.custom_field_set_id == custom_fields.c.set_id)
        .where(projects.c.id == project_id)
        .order_by(custom_fields.c.position, custom_fields.c.id)
    )
    return tuple(_field(row) for row in found)


async def fields_by_id(
    connection: AsyncConnection, project_id: int, *, keep: bool = False
) -> dict[int, CustomField]:
    """The same by id, as `dialer.custom_values` wants them."""
    fields = await fields_of_project(connection, project_id, keep=keep)
    return {field.id: field for field in fields}


async def fields_of_set(connection: AsyncConnection, set_id: int) -> tuple[CustomField, ...]:
    """The fields of a set in their order."""
    found = await connection.execute(
        select(custom_fields)
        .where(custom_fields.c.set_id == set_id)
        .order_by(custom_fields.c.position, custom_fields.c.id)
    )
    return tuple(_field(row) for row in found)


async def field_of_set(connection: AsyncConnection, set_id: int, field_id: int) -> CustomField:
    """Raises UnknownField."""
    row = (
        await connection.execute(
            select(custom_fields).where(
                custom_fields.c.id == field_id, custom_fields.c.set_id == set_id
            )
        )
    ).one_or_none()
    if row is None:
        raise UnknownField(f"there is no field {field_id} in set {set_id}")
    return _field(row)


async def list_sets(connection: AsyncConnection) -> list[FieldSet]:
    """All sets by name."""
    counts: dict[int, int] = {
        row.set_id: row.fields
        for row in await connection.execute(
            select(custom_fields.c.set_id, func.count().label("fields")).group_by(
                custom_fields.c.set_id
            )
        )
    }
    users: dict[int, list[str]] = {}
    for set_id, name in await connection.execute(
        select(projects.c.custom_field_set_id, projects.c.name)
        .where(projects.c.custom_field_set_id.is_not(None))
        .order_by(projects.c.name)
    ):
        users.setdefault(set_id, []).append(name)
    found = await connection.execute(
        select(custom_field_sets).order_by(custom_field_sets.c.name, custom_field_sets.c.id)
    )
    return [
        FieldSet(row.id, row.name, counts.get(row.id, 0), tuple(users.get(row.id, ())))
        for row in found
    ]


# --- sets -----------------------------------------------------------------------------


async def create_set(
    connection: AsyncConnection, *, name: str, now: datetime, by: User | None = None
) -> int:
    """The new set's id. Raises BadName and NameTaken."""
    return await _create_set(connection, name, by, now)


async def _create_set(
    connection: AsyncConnection, name: str, by: User | None, now: datetime, **detail: object
) -> int:
    name = await _free_set_name(connection, name)
    set_id: int = (
        await connection.execute(
            insert(custom_field_sets).values(name=name).returning(custom_field_sets.c.id)
        )
    ).scalar_one()
    subject = f"custom_field_set:{set_id}"
    await audit.record_by(
        connection, "custom_field_set.create", subject, by, now, name=name, **detail
    )
    return set_id


async def rename_set(
    connection: AsyncConnection, set_id: int, *, name: str, now: datetime, by: User | None = None
) -> None:
    """Raises UnknownSet, BadName and NameTaken."""
    old = await set_name(connection, set_id)
    name = await _free_set_name(connection, name, but=set_id)
    if name == old:
        return
    await connection.execute(
        update(custom_field_sets).where(custom_field_sets.c.id == set_id).values(name=name)
    )
    await audit.record_by(
        connection,
        "custom_field_set.rename",
        f"custom_field_set:{set_id}",
        by,
        now,
        old=old,
        name=name,
    )


async def copy_set(
    connection: AsyncConnection, set_id: int, *, name: str, now: datetime, by: User | None = None
) -> int:
    """A set with the same fields, which no project uses yet; its id.

    Raises UnknownSet, BadName and NameTaken.
    """
    await set_name(connection, set_id)
    copy_id = await _create_set(connection, name, by, now, copy_of=set_id)
    for field in await fields_of_set(connection, set_id):
        await connection.execute(insert(custom_fields).values(set_id=copy_id, **_values(field)))
    return copy_id


# --- fields ---------------------------------------------------------------------------


async def add_field(
    connection: AsyncConnection,
    set_id: int,
    draft: FieldDraft,
    *,
    now: datetime,
    by: User | None = None,
) -> CustomField:
    """The new field, last of the set.

    Raises UnknownSet, BadName, NameTaken, TooMany, BadChoices and BadDefault.
    """
    await lock_set(connection, set_id)
    others = await fields_of_set(connection, set_id)
    if len(others) >= MOST_FIELDS:
        raise TooMany(f"a set takes {MOST_FIELDS} fields")
    position = max((other.position for other in others), default=-1) + 1
    field = checked(draft, others, CustomField(0, "", draft.kind, position=position))
    field_id: int = (
        await connection.execute(
            insert(custom_fields)
            .values(set_id=set_id, **_values(field))
            .returning(custom_fields.c.id)
        )
    ).scalar_one()
    await audit.record_by(
        connection,
        "custom_field.add",
        f"custom_field:{field_id}",
        by,
        now,
        name=field.name,
        kind=field.kind.value,
        set_id=set_id,
    )
    return replace(field, id=field_id)


async def order_fields(
    connection: AsyncConnection,
    set_id: int,
    field_ids: Sequence[int],
    *,
    now: datetime,
    by: User | None = None,
) -> None:
    """Puts the fields of a set into this order; those not named follow as they were."""
    await lock_set(connection, set_id)
    old = [field.id for field in await fields_of_set(connection, set_id)]
    named = [one for one in dict.fromkeys(field_ids) if one in old]
    new = [*named, *(one for one in old if one not in named)]
    if new == old:
        return
    for position, field_id in enumerate(new):
        await connection.execute(
            update(custom_fields).where(custom_fields.c.id == field_id).values(position=position)
        )
    await audit.record_by(connection, "custom_field.order", f"custom_field_set:{set_id}", by, now)


async def lock_set(connection: AsyncConnection, set_id: int) -> None:
    """Whoever changes fields of the set waits for the other. Raises UnknownSet."""
    found = await connection.scalar(
        select(custom_field_sets.c.id).where(custom_field_sets.c.id == set_id).with_for_update()
    )
    if found is None:
        raise UnknownSet(f"there is no set {set_id}")


def checked(draft: FieldDraft, others: Sequence[CustomField], old: CustomField) -> CustomField:
    """`old` as `draft` wants it. Raises BadName, NameTaken, TooMany, BadChoices, BadDefault.

    Fields whose names differ only in width, case or kind of kana would be one column of a
    list, so they count as the same name.
    """
    name = _clean(draft.name, LONGEST_NAME)
    if any(fold(name) == fold(other.name) for other in others if other.id != old.id):
        raise NameTaken(f"there is a field {name!r} already")
    field = replace(
        old,
        name=name,
        kind=draft.kind,
        required=draft.required,
        default=draft.default.strip(),
        choices=clean_choices(draft.choices) if draft.kind in CHOICE_KINDS else (),
    )
    default = read_value(replace(field, required=False), field.default)
    if isinstance(default, Misfit):
        raise BadDefault(default)
    return field


def clean_choices(choices: Sequence[str]) -> tuple[str, ...]:
    """Raises TooMany, and BadChoices for none, an empty or long one, and two that are alike."""
    clean = tuple(" ".join(one.split()) for one in choices)
    if len(clean) > MOST_CHOICES:
        raise TooMany(f"a field takes {MOST_CHOICES} choices")
    if not clean:
        raise BadChoices("there is nothing to choose from")
    for one in clean:
        if not fold(one) or len(one) > LONGEST_NAME:
            raise BadChoices(f"a choice has 1 to {LONGEST_NAME} characters: {one!r}")
    # By what they are found: alike in that, a filter could not tell them apart.
    if len({key for one in clean for key in sort_keys(FieldKind.TEXT, one)}) < len(clean):
        raise BadChoices("two choices are alike")
    return clean


async def set_name(connection: AsyncConnection, set_id: int) -> str:
    """Raises UnknownSet."""
    name: str | None = await connection.scalar(
        select(custom_field_sets.c.name).where(custom_field_sets.c.id == set_id)
    )
    if name is None:
        raise UnknownSet(f"there is no set {set_id}")
    return name


async def write_field(connection: AsyncConnection, field: CustomField) -> None:
    """The definition of a field that is there; its leads' values are left as they are."""
    await connection.execute(
        update(custom_fields).where(custom_fields.c.id == field.id).values(**_values(field))
    )


# --- rows -----------------------------------------------------------------------------


def _field(row: Row[Any]) -> CustomField:
    return CustomField(
        id=row.id,
        name=row.name,
        kind=FieldKind(row.kind),
        required=row.required,
        position=row.position,
        default=row.default_value,
        choices=tuple(row.choices),
    )


def _values(field: CustomField) -> dict[str, object]:
    return {
        "name": field.name,
        "kind": field.kind.value,
        "required": field.required,
        "position": field.position,
        "default_value": field.default,
        "choices": list(field.choices),
    }


def _clean(name: str, longest: int) -> str:
    name = " ".join(name.split())
    if not fold(name) or len(name) > longest:
        raise BadName(f"a name has 1 to {longest} characters")
    return name


async def _free_set_name(connection: AsyncConnection, name: str, *, but: int | None = None) -> str:
    name = _clean(name, LONGEST_SET_NAME)
    taken = await connection.scalar(
        select(custom_field_sets.c.id).where(custom_field_sets.c.name == name)
    )
    if taken is not None and taken != but:
        raise NameTaken(f"there is a set {name!r} already")
    return name
