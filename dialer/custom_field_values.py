"""Changes of custom fields that leads hold values of: their type and their choices.

The values change together with the definition, in one transaction, and only when all of
them fit; before that, `check_change` and `misfits` tell what does not. The set is locked
first, then leads by ascending id.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.custom_field_holders import (
    SET_VALUES,
    leads_with_value,
    locked_leads,
    project_ids,
    refuse_during_imports,
    values_of,
)
from dialer.custom_fields import (
    CustomFieldError,
    FieldDraft,
    checked,
    field_of_set,
    fields_of_set,
    lock_set,
    write_field,
)
from dialer.custom_values import replace_keys
from dialer.rules.custom_field import CustomField, FieldKind, Misfit, Value, sort_keys
from dialer.rules.field_change import CHOICE_KINDS, changed_value, keeps_values, written
from dialer.storage.batches import batches
from dialer.storage.tables import (
    custom_values,
    leads,
    projects,
)
from dialer.users import User

_MOST_SHOWN = 50


class ChoiceInUse(CustomFieldError):
    """Leads hold a choice that is to be removed."""

    def __init__(self, choice: str, leads: int) -> None:
        super().__init__(f"{leads} leads hold the choice {choice!r}")
        self.choice = choice
        self.leads = leads


class DoesNotFit(CustomFieldError):
    """Values of leads do not fit the new type; nothing was changed."""

    def __init__(self, misfits: int) -> None:
        super().__init__(f"{misfits} values do not fit the new type")
        self.misfits = misfits


@dataclass(frozen=True, slots=True)
class MisfitRow:
    """A value that does not fit: whose it is, and why."""

    lead_id: int
    lead_name: str
    project: str
    text: str
    misfit: Misfit


@dataclass(frozen=True, slots=True)
class ChangeCheck:
    """What a change would do to the values of leads: all of them, those it would change,
    and those that do not fit, with the first of them."""

    values: int
    changed: int
    misfits: int
    reasons: Mapping[Misfit, int]
    first: tuple[MisfitRow, ...]

    @property
    def fits(self) -> bool:
        return not self.misfits


# --- looking ---------------------------------------------------------------------------


async def count_choice(connection: AsyncConnection, field_id: int, choice: str) -> int:
    """How many leads have chosen it, alone or with others."""
    (key,) = sort_keys(FieldKind.SINGLE_CHOICE, choice)
    total = 0
    for project_id in await project_ids(connection):
        counted = (
            select(func.count())
            .select_from(custom_values)
            .where(values_of(project_id, field_id), custom_values.c.sort_key == key)
        )
        total += await connection.scalar(counted) or 0
    return total


async def values_found(connection: AsyncConnection, field_id: int, most: int) -> tuple[str, ...]:
    """The different values that leads hold, as they are written, at most `most`."""
    found: dict[str, None] = {}
    async for some in _held(connection, field_id):
        for held in some:
            found.update(dict.fromkeys(_list(held.value)))
        if len(found) > most:
            break
    return tuple(found)[:most]


async def check_change(
    connection: AsyncConnection,
    set_id: int,
    field_id: int,
    draft: FieldDraft,
    *,
    renamed: Mapping[str, str] | None = None,
) -> ChangeCheck:
    """What `change_field` would do; nothing is written.

    Raises UnknownField, and what `custom_fields.checked` raises.
    """
    old, new = await _old_and_new(connection, set_id, field_id, draft)
    values = changed = 0
    reasons: Counter[Misfit] = Counter()
    first: list[MisfitRow] = []
    async for some in _held(connection, field_id):
        values += len(some)
        for held in some:
            value = changed_value(held.value, old, new, renamed=renamed)
            if not isinstance(value, Misfit):
                changed += value != held.value
                continue
            reasons[value] += 1
            if len(first) < _MOST_SHOWN:
                first.append(held.misfit(old, value))
    return ChangeCheck(values, changed, reasons.total(), dict(reasons), tuple(first))


async def misfits(
    connection: AsyncConnection, set_id: int, field_id: int, draft: FieldDraft
) -> AsyncIterator[list[MisfitRow]]:
    """All values that do not fit, some at a time, by project and lead."""
    old, new = await _old_and_new(connection, set_id, field_id, draft)
    async for some in _held(connection, field_id):
        rows = [
            held.misfit(old, why)
            for held in some
            if isinstance(why := changed_value(held.value, old, new), Misfit)
        ]
        if rows:
            yield rows


# --- changing --------------------------------------------------------------------------


async def change_field(
    connection: AsyncConnection,
    set_id: int,
    field_id: int,
    draft: FieldDraft,
    *,
    now: datetime,
    renamed: Mapping[str, str] | None = None,
    by: User | None = None,
) -> CustomField:
    """Makes the field what `draft` says, and its values with it.

    `renamed` says what choices are called now; they are renamed in the leads that hold
    them. Raises UnknownSet, UnknownField, what `custom_fields.checked` raises, ChoiceInUse
    when a choice that is missing is held, DoesNotFit when a new type does not fit all
    values, and ImportAtWork when values would change while a list brings others.
    """
    await lock_set(connection, set_id)
    old, new = await _old_and_new(connection, set_id, field_id, draft)
    renamed = dict(renamed or {}) if old.kind in CHOICE_KINDS else {}
    if old.kind is not new.kind or renamed:
        await refuse_during_imports(connection, set_id)
    if old.kind is new.kind:
        await _keep_held_choices(connection, old, new, renamed)
    await write_field(connection, new)
    changed = 0
    if renamed or (old.kind is not new.kind and not keeps_values(old.kind, new.kind)):
        changed = await _change_values(connection, old, new, renamed)
    detail: dict[str, object] = {"name": new.name, "values": changed}
    if old.kind is not new.kind:
        detail |= {"from": old.kind.value, "to": new.kind.value}
    await audit.record_by(
        connection, "custom_field.change", f"custom_field:{field_id}", by, now, **detail
    )
    return new


async def _old_and_new(
    connection: AsyncConnection, set_id: int, field_id: int, draft: FieldDraft
) -> tuple[CustomField, CustomField]:
    old = await field_of_set(connection, set_id, field_id)
    return old, checked(draft, await fields_of_set(connection, set_id), old)


async def _keep_held_choices(
    connection: AsyncConnection, old: CustomField, new: CustomField, renamed: Mapping[str, str]
) -> None:
    for choice in old.choices:
        if renamed.get(choice, choice) not in new.choices:
            held = await count_choice(connection, old.id, choice)
            if held:
                raise ChoiceInUse(choice, held)


async def _change_values(
    connection: AsyncConnection, old: CustomField, new: CustomField, renamed: Mapping[str, str]
) -> int:
    """How many values are others now. Raises DoesNotFit, having looked at all of them."""
    misfits = changed = 0
    # Of a choice that is renamed only those who hold it; of another type everybody's.
    keys = None
    if old.kind is new.kind:
        keys = {key for choice in renamed for key in sort_keys(old.kind, choice)}
    for project_id in await project_ids(connection):
        lead_ids = await leads_with_value(connection, project_id, old.id, keys)
        # At once, because the index is not in the order of the leads.
        await connection.execute(delete(custom_values).where(values_of(project_id, old.id, keys)))
        for some in batches(lead_ids):
            rows = await locked_leads(connection, project_id, some)
            values = [(row, row.custom[old.key]) for row in rows if old.key in row.custom]
            after = [changed_value(value, old, new, renamed=renamed) for _, value in values]
            misfits += sum(isinstance(value, Misfit) for value in after)
            if misfits:
                continue  # nothing is kept any more; only the count is wanted
            pairs = [
                (row, before, value)
                for (row, before), value in zip(values, after, strict=True)
                if not isinstance(value, Misfit)
            ]
            await _write_values(connection, old.key, pairs)
            await _write_keys(connection, project_id, old, new, pairs, keys)
            changed += sum(before != value for _, before, value in pairs)
    if misfits:
        raise DoesNotFit(misfits)
    return changed


async def _write_values(
    connection: AsyncConnection, key: str, pairs: Sequence[tuple[Row[int, Any], Value, Value]]
) -> None:
    changes = [
        {"lead": row.id, "values": {**row.custom, key: value}}
        for row, before, value in pairs
        if before != value
    ]
    if changes:
        await connection.execute(SET_VALUES, changes)


async def _write_keys(
    connection: AsyncConnection,
    project_id: int,
    old: CustomField,
    new: CustomField,
    pairs: Sequence[tuple[Row[int, Any], Value, Value]],
    deleted: Collection[str] | None,
) -> None:
    """Puts the new keys where all old ones, or those of `deleted`, were removed."""
    come: list[tuple[int, str, int]] = []
    for row, before, value in pairs:
        still = set() if deleted is None else set(sort_keys(old.kind, before)) - set(deleted)
        come += [(old.id, key, row.id) for key in sort_keys(new.kind, value) if key not in still]
    await replace_keys(connection, project_id=project_id, gone=(), come=come)


# --- rows ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Held:
    lead_id: int
    lead_name: str
    project: str
    value: Value

    def misfit(self, old: CustomField, why: Misfit) -> MisfitRow:
        text = written(self.value, old.kind)
        return MisfitRow(self.lead_id, self.lead_name, self.project, text, why)


async def _held(connection: AsyncConnection, field_id: int) -> AsyncIterator[list[_Held]]:
    """The values of all leads that hold one, a batch at a time."""
    named = await connection.execute(select(projects.c.id, projects.c.name))
    names = {row.id: row.name for row in named}
    for project_id in await project_ids(connection):
        for some in batches(await leads_with_value(connection, project_id, field_id)):
            rows = await connection.execute(
                select(leads.c.id, leads.c.name, leads.c.custom[str(field_id)].label("value"))
                .where(leads.c.id.in_(some))
                .order_by(leads.c.id)
            )
            yield [
                _Held(row.id, row.name, names[project_id], row.value)
                for row in rows
                if row.value is not None
            ]


def _list(value: Value) -> list[str]:
    return value if isinstance(value, list) else [value]
