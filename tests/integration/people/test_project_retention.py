"""How long a project keeps its conversations: said by admins, within bounds, and on record."""

import pytest
from sqlalchemy import select

from dialer.project_retention import (
    UnusableDays,
    retention_by_project,
    retention_of,
    set_retention,
)
from dialer.projects import UnknownProject
from dialer.rules.retention import Retention
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log
from tests.small_world import NOON, SmallWorld, build_small_world


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def test_what_is_said_stands_and_is_on_record_once(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        assert await retention_of(connection, world.project_id) == Retention()
        assert await retention_by_project(connection) == []
        for _ in range(2):
            await set_retention(
                connection, world.project_id, Retention(90, 365), now=NOON, by=world.sato
            )
        ((_id, _name, own),) = await retention_by_project(connection)
        assert own == await retention_of(connection, world.project_id) == Retention(90, 365)
        lines = await connection.execute(
            select(audit_log.c.detail).where(audit_log.c.action == "project.retention")
        )
        assert list(lines.scalars()) == [{"recordings_days": 90, "transcripts_days": 365}]
        await set_retention(connection, world.project_id, Retention(), now=NOON)
        assert await retention_by_project(connection) == []


async def test_no_days_too_many_and_no_project(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        for wanted in (Retention(0, None), Retention(None, -1), Retention(36_501, None)):
            with pytest.raises(UnusableDays):
                await set_retention(connection, world.project_id, wanted, now=NOON)
        with pytest.raises(UnknownProject):
            await set_retention(connection, 999, Retention(), now=NOON)
