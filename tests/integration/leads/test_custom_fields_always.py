"""Whatever is changed in whatever order: the index of custom values is what the leads say."""

import random
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import custom_fields
from dialer.custom_field_holders import count_values
from dialer.custom_field_removal import delete_field
from dialer.custom_field_values import ChoiceInUse, DoesNotFit, change_field, check_change
from dialer.custom_fields import CustomFieldError, FieldDraft
from dialer.custom_values import ValueChange, replace_values
from dialer.rules.custom_field import CustomField, FieldKind, Misfit, keys_of, read_value
from dialer.rules.field_change import written
from dialer.storage.engine import Database
from dialer.storage.tables import custom_values, leads, projects
from tests.small_world import NOON, add_lead, build_small_world

STEPS = 60
CHOICES = ("IT", "製造", "はい", "2026-04-01", "1200")
TEXTS = (
    *("1200", "１，２００", "2026/4/1", "令和8年4月1日", "はい", "IT、製造", "it"),
    *("03-5254-2287", "info@example.jp", "www.example.jp", "どれでもない", ""),
)


class Play:
    """One set that two projects share, six leads, and steps at random."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.chance = random.Random(seed)
        self.done: dict[str, int] = {}

    async def begin(self) -> None:
        async with self.database.write() as connection:
            world = await build_small_world(connection)
            self.set_id = await custom_fields.create_set(connection, name="試し", now=NOON)
            await connection.execute(update(projects).values(custom_field_set_id=self.set_id))
            for project_id in (world.project_id, world.other_project_id) * 3:
                await add_lead(connection, project_id)
            for name in ("あ", "い"):
                draft = FieldDraft(name, FieldKind.TEXT)
                await custom_fields.add_field(connection, self.set_id, draft, now=NOON)

    async def step(self) -> None:
        steps: list[Callable[[], Awaitable[bool]]] = [
            self.write, self.write, self.write, self.change_type, self.rename, self.add, self.end,
        ]  # fmt: skip
        step = self.chance.choice(steps)
        if await step():
            self.done[step.__name__] = self.done.get(step.__name__, 0) + 1

    async def write(self) -> bool:
        """As the page of a lead does: what does not fit is not written."""
        async with self.database.write() as connection:
            ids = (await connection.scalars(select(leads.c.id).order_by(leads.c.id))).all()
            lead_id = self.chance.choice(ids)
            project_id = await connection.scalar(
                select(leads.c.project_id).where(leads.c.id == lead_id)
            )
            assert project_id is not None
            fields = await custom_fields.fields_by_id(connection, project_id, keep=True)
            if not fields:
                return False
            field = self.chance.choice(list(fields.values()))
            value = read_value(field, self.chance.choice(TEXTS))
            if isinstance(value, Misfit):
                return False
            old = await connection.scalar(select(leads.c.custom).where(leads.c.id == lead_id))
            new = {key: one for key, one in (old or {}).items() if key != field.key}
            if value is not None:
                new[field.key] = value
            await connection.execute(update(leads).where(leads.c.id == lead_id).values(custom=new))
            change = ValueChange(lead_id, old or {}, new)
            await replace_values(connection, project_id=project_id, fields=fields, changes=[change])
        return True

    async def change_type(self) -> bool:
        """The look beforehand says what happens: all of it, or nothing."""
        field = await self._some_field()
        if field is None:
            return False
        wanted = FieldDraft(field.name, self.chance.choice(list(FieldKind)), choices=CHOICES)
        async with self.database.read() as connection:
            check = await check_change(connection, self.set_id, field.id, wanted)
            before = await self._values(connection)
        refused: CustomFieldError | None = None
        try:
            async with self.database.write() as connection:
                await change_field(connection, self.set_id, field.id, wanted, now=NOON)
        except (ChoiceInUse, DoesNotFit) as error:
            refused = error
        assert (refused is None) is check.fits
        if refused is None:
            return field.kind is not wanted.kind
        if isinstance(refused, DoesNotFit):
            assert refused.misfits == check.misfits
        async with self.database.read() as connection:
            assert await self._values(connection) == before
        return False

    async def rename(self) -> bool:
        field = await self._some_field()
        if field is None or not field.choices:
            return False
        old = self.chance.choice(field.choices)
        new = self.chance.choice((f"新{old}", *field.choices))
        choices = tuple(new if one == old else one for one in field.choices)
        draft = FieldDraft(field.name, field.kind, choices=choices)
        try:
            async with self.database.write() as connection:
                await change_field(
                    connection, self.set_id, field.id, draft, renamed={old: new}, now=NOON
                )
        except CustomFieldError:
            return False
        return old != new

    async def add(self) -> bool:
        name = self.chance.choice("うえおかきく")
        draft = FieldDraft(name, self.chance.choice(list(FieldKind)), choices=CHOICES)
        try:
            async with self.database.write() as connection:
                await custom_fields.add_field(connection, self.set_id, draft, now=NOON)
        except custom_fields.NameTaken:
            return False
        return True

    async def end(self) -> bool:
        field = await self._some_field()
        if field is None or self.chance.random() < 0.7:
            return False
        async with self.database.read() as connection:
            held = await count_values(connection, field.id)
        assert await delete_field(self.database, self.set_id, field.id, now=NOON) == held
        return True

    async def assert_true(self) -> None:
        async with self.database.read() as connection:
            known = await custom_fields.fields_of_set(connection, self.set_id)
            fields = {field.id: field for field in known}
            rows = await connection.execute(select(leads.c.id, leads.c.project_id, leads.c.custom))
            expected: set[tuple[object, ...]] = set()
            for row in rows:
                for key, value in row.custom.items():
                    field = fields[int(key)]  # no value of a field that is gone
                    assert read_value(field, written(value, field.kind, field.kind)) == value
                expected |= {
                    (row.project_id, field_id, key, row.id)
                    for field_id, key in keys_of(fields, row.custom)
                }
            found = (await connection.execute(select(custom_values))).all()
        assert {tuple(row) for row in found} == expected

    async def _some_field(self) -> CustomField | None:
        async with self.database.read() as connection:
            known = await custom_fields.fields_of_set(connection, self.set_id)
        return self.chance.choice(known) if known else None

    async def _values(self, connection: AsyncConnection) -> list[object]:
        return list(await connection.scalars(select(leads.c.custom).order_by(leads.c.id)))


@pytest.mark.parametrize("seed", range(4))
async def test_the_index_is_always_what_the_leads_say(database: Database, seed: int) -> None:
    play = Play(database, seed)
    await play.begin()
    for _ in range(STEPS):
        await play.step()
        await play.assert_true()
    assert play.done.keys() >= {"write", "change_type", "add"}
