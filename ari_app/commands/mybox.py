"""`kakeru mybox list` and `kakeru mybox move`"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.commands.failures import CommandFailed
from ari_app.commands.installation import database_of, settings_of
from ari_app.settings import Settings
from dialer import mybox, users
from dialer.lead_facts import box_stands
from dialer.lead_rows import names_of
from dialer.storage.tables import leads, mybox_entries, projects
from dialer.storage.tables import users as users_table
from dialer.users import User

_SHOWN = 20  # refused leads that are named

Lines = tuple[Sequence[str], list[Sequence[str]]]
"""The heads of the columns, and the rows."""


def holders(config: Path) -> Lines:
    """Each user who holds leads, with how many."""
    return asyncio.run(_holders(settings_of(config)))


def held_by(config: Path, login: str) -> Lines:
    """The leads that a user holds, the latest first."""
    return asyncio.run(_held_by(settings_of(config), login))


def move(config: Path, from_login: str, to_login: str | None) -> tuple[list[str], bool]:
    """What to tell, and whether all went; `to_login` None: is released.

    Raises CommandFailed for an unknown user, and when both are the same one.
    """
    return asyncio.run(_move(settings_of(config), from_login, to_login))


async def _holders(settings: Settings) -> Lines:
    query = (
        select(users_table.c.login, users_table.c.name, users_table.c.active, func.count())
        .join(mybox_entries, mybox_entries.c.user_id == users_table.c.id)
        .where(box_stands(datetime.now(UTC)))
        .group_by(users_table.c.id, users_table.c.login, users_table.c.name, users_table.c.active)
        .order_by(users_table.c.login)
    )
    async with database_of(settings) as database, database.read() as connection:
        rows = (await connection.execute(query)).all()
    return ("login", "name", "leads", ""), [
        (login, name, str(n), "" if active else "may no longer log in")
        for login, name, active, n in rows
    ]


async def _held_by(settings: Settings, login: str) -> Lines:
    zone = ZoneInfo(settings.time_zone)

    def written(at: datetime | None) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""

    async with database_of(settings) as database, database.read() as connection:
        user = await _user(connection, login)
        rows = await connection.execute(
            select(
                leads.c.id,
                leads.c.name,
                projects.c.name.label("project"),
                mybox_entries.c.since,
                mybox_entries.c.expires_at,
            )
            .join(leads, leads.c.id == mybox_entries.c.lead_id)
            .join(projects, projects.c.id == leads.c.project_id)
            .where(mybox_entries.c.user_id == user.id, box_stands(datetime.now(UTC)))
            .order_by(mybox_entries.c.id.desc())
        )
        return ("lead", "name", "project", "since", "until"), [
            (str(row.id), row.name, row.project, written(row.since), written(row.expires_at))
            for row in rows
        ]


async def _move(
    settings: Settings, from_login: str, to_login: str | None
) -> tuple[list[str], bool]:
    async with database_of(settings) as database, database.write() as connection:
        giver = await _user(connection, from_login)
        taker = await _user(connection, to_login) if to_login else None
        if taker == giver:
            raise CommandFailed(f"--from and --to are both {giver.login}; name two users")
        try:
            report = await mybox.move_all(
                connection,
                from_user_id=giver.id,
                to_user_id=taker.id if taker else None,
                now=datetime.now(UTC),
                policy=settings.mybox.policy,
            )
        except mybox.MyBoxError as error:
            raise CommandFailed(str(error)) from error
        names = await names_of(connection, list(report.refused)[:_SHOWN])
    where = f"are in the MyBox of {taker.name} now" if taker else "are in nobody's MyBox now"
    told = [f"{len(report.done)} leads of {giver.name} {where}."]
    if report.refused:
        told.append(f"{len(report.refused)} leads stayed:")
        told += [f"  {names.get(one, one)}: {report.refused[one]}" for one in names]
        if len(report.refused) > _SHOWN:
            told.append(f"  … and {len(report.refused) - _SHOWN} more")
    return told, not report.refused


async def _user(connection: AsyncConnection, login: str) -> User:
    found = await users.user_by_login(connection, login)
    if found is None:
        raise CommandFailed(f"no user {login!r}")
    return found
