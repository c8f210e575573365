"""A project of any size, written by the database itself: 1 % prohibited, 5 % in a MyBox.

A few leads have a callback tomorrow.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from sqlalchemy import Index, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes, projects, users, workgroups
from dialer.campaign_state import ensure_campaign
from dialer.claiming import ClaimRequest
from dialer.messages import UserId
from dialer.rules.calling_hours import WEEKDAYS, CallingHours
from dialer.rules.lane import Lane
from dialer.storage.engine import Database, open_database
from dialer.storage.migrate import upgrade
from dialer.storage.tables import contact_points, leads
from dialer.users import User
from tests.postgres_server import PostgresServer

HOLDERS = 50
_HISTORY = 20_000  # calls of before
_PROMISED = "n % 500 = 77"  # have a callback tomorrow
ALWAYS = CallingHours("Asia/Tokyo", dict.fromkeys(WEEKDAYS, (time(0), time.max)))


@dataclass(frozen=True, slots=True)
class BigProject:
    """`holders` have every twentieth lead in their boxes, each the same number."""

    project_id: int
    workgroup_id: int
    holders: tuple[User, ...]
    request: ClaimRequest


@asynccontextmanager
async def sqlite_database(folder: Path) -> AsyncIterator[Database]:
    """An empty one in this folder."""
    async with _opened(f"sqlite:///{folder / 'kakeru.db'}") as database:
        yield database


@asynccontextmanager
async def postgresql_database(server: PostgresServer, name: str) -> AsyncIterator[Database]:
    """An empty one on this server, removed at the end."""
    await server.run(f"CREATE DATABASE {name}")
    async with _opened(server.url(name)) as database:
        yield database
    await server.run(f"DROP DATABASE {name}")


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    await upgrade(url)
    database = open_database(url)
    try:
        yield database
    finally:
        await database.close()


async def build(database: Database, number: int, now: datetime) -> BigProject:
    """`number` leads with a telephone each; indexes are made after the rows."""
    async with database.write() as connection:
        project = await _people(connection, now)
        secondary = [*_indexes(leads), *_indexes(contact_points)]
        for index in secondary:
            await connection.run_sync(index.drop)
        await _leads(connection, project, number, now)
        for index in secondary:
            await connection.run_sync(index.create)
        await _boxes_and_prohibitions(connection, project, number, now)
        await _callbacks(connection, project, number, now)
        await _history(connection, project, min(number, _HISTORY), now)
    await _count(database)
    return project


def _indexes(table: Table) -> list[Index]:
    return sorted(table.indexes, key=lambda index: str(index.name))


async def _people(connection: AsyncConnection, now: datetime) -> BigProject:
    group = await workgroups.create_workgroup(connection, name="東京", now=now)
    project = await projects.create_project(connection, name="光回線", now=now)
    holders = [
        await users.create_user(
            connection,
            login=f"holder{number}",
            name=f"担当{number}",
            password="only for this run",
            workgroups=[group.id],
            now=now,
        )
        for number in range(HOLDERS)
    ]
    await projects.assign_users(
        connection, project_id=project.id, user_ids=[user.id for user in holders], now=now
    )
    campaign_id = await ensure_campaign(connection, name="autumn", project_id=project.id, now=now)
    request = ClaimRequest(
        campaign_id=campaign_id,
        project_id=project.id,
        workgroup_ids=(group.id,),
        max_attempts=3,
        hours=ALWAYS,
        trunk="carrier",
        caller_ids=("0312345678",),
    )
    return BigProject(project.id, group.id, tuple(holders), request)


async def _leads(
    connection: AsyncConnection, project: BigProject, number: int, now: datetime
) -> None:
    project_id = project.project_id
    plain = await lanes.lane_id_of(connection, project_id, Lane())
    prohibited = await lanes.lane_id_of(
        connection, project_id, Lane(prohibited_for=frozenset({None}))
    )
    boxed = [
        await lanes.lane_id_of(connection, project_id, Lane(box_user_id=UserId(user.id)))
        for user in project.holders
    ]
    lane = (
        f"CASE WHEN n % 100 = 50 THEN {prohibited} WHEN n % 20 = 1 "
        f"THEN {boxed[0]} + (n / 20) % {HOLDERS} ELSE {plain} END"
    )
    assert boxed == list(range(boxed[0], boxed[0] + HOLDERS))
    await connection.execute(
        text(
            "INSERT INTO leads (id, project_id, lane_id, name, prefecture, city, created_at, "
            f"callback_at) SELECT n, {project_id}, {lane}, '株式会社' || n, '東京都', "
            f"'千代田区丸の内', :now, CASE WHEN {_PROMISED} THEN {_later(connection)} END "
            f"FROM {_numbers(connection, number)}"
        ).bindparams(now=_time(connection, now), due=_time(connection, now + timedelta(days=1)))
    )
    await connection.execute(
        text(
            "INSERT INTO contact_points (id, lead_id, kind, position, raw, e164, number_kind) "
            "SELECT n, n, 'phone', 0, '', '+81' || (3000000000 + n), 'fixed' "
            f"FROM {_numbers(connection, number)}"
        )
    )


async def _boxes_and_prohibitions(
    connection: AsyncConnection, project: BigProject, number: int, now: datetime
) -> None:
    first = project.holders[0].id
    assert [user.id for user in project.holders] == list(range(first, first + HOLDERS))
    at = {"now": _time(connection, now)}
    await connection.execute(
        text(
            "INSERT INTO mybox_entries (lead_id, user_id, since) "
            f"SELECT n, {first} + (n / 20) % {HOLDERS}, :now "
            f"FROM {_numbers(connection, number)} WHERE n % 20 = 1"
        ).bindparams(**at)
    )
    await connection.execute(
        text(
            "INSERT INTO prohibitions (e164, prohibited_at) SELECT '+81' || (3000000000 + n), :now "
            f"FROM {_numbers(connection, number)} WHERE n % 100 = 50"
        ).bindparams(**at)
    )


async def _callbacks(
    connection: AsyncConnection, project: BigProject, number: int, now: datetime
) -> None:
    """One lead in five hundred is to be called again tomorrow."""
    times = {"now": _time(connection, now), "due": _time(connection, now + timedelta(days=1))}
    await connection.execute(
        text(
            "INSERT INTO callbacks (lead_id, project_id, due_at, created_at) "
            f"SELECT n, {project.project_id}, :due, :now "
            f"FROM {_numbers(connection, number)} WHERE {_PROMISED}"
        ).bindparams(**times)
    )


async def _history(
    connection: AsyncConnection, project: BigProject, number: int, now: datetime
) -> None:
    """Calls of yesterday; without any the database would not know how to look calls up."""
    sqlite = connection.dialect.name == "sqlite"
    chance = "lower(hex(randomblob(16)))" if sqlite else "gen_random_uuid()"
    yesterday = {"at": _time(connection, now - timedelta(days=1))}
    await connection.execute(
        text(
            "INSERT INTO actions (id, kind, at, lead_id, project_id) "
            f"SELECT {chance}, 'call', :at, n, {project.project_id} "
            f"FROM {_numbers(connection, number)}"
        ).bindparams(**yesterday)
    )
    await connection.execute(
        text(
            "INSERT INTO calls (id, campaign_id, contact_point_id, e164, trunk, attempt, "
            "claimed_at, dialled_at, ended_at, outcome) "
            f"SELECT id, {project.request.campaign_id}, lead_id, '+81' || (3000000000 + lead_id), "
            "'carrier', 1, at, at, at, 'no_answer' FROM actions"
        )
    )


def _numbers(connection: AsyncConnection, number: int) -> str:
    if connection.dialect.name == "sqlite":
        return (
            "(WITH RECURSIVE counting(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counting "
            f"WHERE n < {number}) SELECT n FROM counting) AS numbers"
        )
    return f"(SELECT n::bigint FROM generate_series(1, {number}) AS n) AS numbers"


def _later(connection: AsyncConnection) -> str:
    return ":due" if connection.dialect.name == "sqlite" else "CAST(:due AS timestamptz)"


def _time(connection: AsyncConnection, now: datetime) -> object:
    if connection.dialect.name == "sqlite":
        return now.strftime("%Y-%m-%d %H:%M:%S.%f")
    return now


async def _count(database: Database) -> None:
    """Statistics, and on PostgreSQL the visibility map, as a database at work has them."""
    if database.is_sqlite:
        async with database.write() as connection:
            await connection.execute(text("ANALYZE"))
        return
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("VACUUM ANALYZE"))
        await connection.execute(text("CHECKPOINT"))
