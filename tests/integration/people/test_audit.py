"""監査ログ: it only grows, admins read it, and every filter finds what it says."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from dialer import audit
from dialer.audit_list import PROGRAM, AuditFilter, all_audit, list_audit
from dialer.paging import BadPageKey
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log
from dialer.users import NotAllowed
from tests.small_world import NOON, SmallWorld, build_small_world


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        world = await build_small_world(connection)
        for hour, (user, action, subject) in enumerate(
            (
                (world.suzuki, "mybox.put", "lead:17"),
                (world.suzuki, "prohibition.add", "number:+81352540001"),
                (world.sato, "mybox.release", "lead:17"),
                (None, "mybox.put", "lead:18"),
            ),
            start=1,
        ):
            await audit.record(
                connection,
                user_id=user.id if user else None,
                action=action,
                subject=subject,
                detail={"hour": hour},
                address="192.0.2.7",
                now=NOON + timedelta(hours=hour),
            )
    return world


async def test_nobody_changes_or_removes_a_line(database: Database, world: SmallWorld) -> None:
    statements = [
        update(audit_log).values(subject="nothing"),
        update(audit_log).where(audit_log.c.id == 1).values(user_id=None),
        delete(audit_log),
        delete(audit_log).where(audit_log.c.action == "mybox.put"),
    ]
    if not database.is_sqlite:
        statements.append(text("TRUNCATE audit_log"))  # type: ignore[arg-type]
    for statement in statements:
        with pytest.raises(DBAPIError, match="the audit log only grows"):
            async with database.write() as connection:
                await connection.execute(statement)


@pytest.mark.parametrize(
    ("wanted", "hours"),
    [
        (AuditFilter(action="mybox"), [4, 3, 1]),
        (AuditFilter(action="mybox.put"), [4, 1]),
        (AuditFilter(action="mybox_"), []),
        (AuditFilter(subject="lead:17"), [3, 1]),
        (AuditFilter(subject=" ０３－５２５４－０００１ "), [2]),
        (AuditFilter(user_id=PROGRAM, action="mybox"), [4]),
        (
            AuditFilter(since=NOON + timedelta(hours=2), until=NOON + timedelta(hours=4)),
            [3, 2],
        ),
    ],
)
async def test_each_filter(
    database: Database, world: SmallWorld, wanted: AuditFilter, hours: list[int]
) -> None:
    async with database.read() as connection:
        page = await list_audit(connection, viewer=world.sato, wanted=wanted)
    assert [row.detail["hour"] for row in page.rows] == hours


async def test_a_line_says_who_when_what_and_from_where(
    database: Database, world: SmallWorld
) -> None:
    async with database.read() as connection:
        page = await list_audit(
            connection, viewer=world.sato, wanted=AuditFilter(user_id=world.suzuki.id)
        )
    row = page.rows[-1]
    assert (row.user, row.action, row.subject) == ("鈴木", "mybox.put", "lead:17")
    assert (row.at, row.address) == (NOON + timedelta(hours=1), "192.0.2.7")


async def test_only_an_admin_reads_it(database: Database, world: SmallWorld) -> None:
    async with database.read() as connection:
        for viewer in (world.suzuki, world.sato.as_user()):
            with pytest.raises(NotAllowed):
                await list_audit(connection, viewer=viewer, wanted=AuditFilter())


async def test_it_goes_on_page_by_page(database: Database, world: SmallWorld) -> None:
    async with database.read() as connection:
        seen: list[int] = []
        after: str | None = None
        while True:
            page = await list_audit(
                connection, viewer=world.sato, wanted=AuditFilter(), after=after, limit=2
            )
            seen += [row.id for row in page.rows]
            after = page.next_key
            if after is None:
                break
        whole = [
            row.id
            async for rows in all_audit(database, viewer=world.sato, wanted=AuditFilter())
            for row in rows
        ]
        with pytest.raises(BadPageKey):
            await list_audit(connection, viewer=world.sato, wanted=AuditFilter(), after="x")
    assert seen == whole == sorted(whole, reverse=True)
    assert len(seen) > 4
