"""`kakeru setup apply FILE`: makes the installation what a file says, and says what it did.

Everything is done in one transaction, or nothing; `--check` takes it back at the end. What
the file does not name is left alone, so nothing is ever deleted. Applied twice, the second
time changes nothing.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.commands.installation import database_of, make_database, settings_of
from ari_app.commands.set_up_people import apply_projects, apply_users, apply_workgroups
from ari_app.commands.set_up_sets import apply_field_sets, apply_result_sets
from ari_app.commands.set_up_work import Work
from ari_app.settings import Settings
from ari_app.settings.problems import SettingsError
from ari_app.settings.set_up import load_set_up
from dialer.project_zone import move_to_zone


@dataclass(slots=True)
class Applied:
    """`changes` are what was done, or would be; `told` what nobody can look up later."""

    changes: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


class _OnlyAsked(Exception):
    """Takes back what `--check` did."""


def apply(config: Path, path: Path, *, check: bool) -> Applied:
    """Raises SettingsError with everything that is wrong, in the file or with the database."""
    return asyncio.run(_apply(settings_of(config), path, check=check))


async def _apply(settings: Settings, path: Path, *, check: bool) -> Applied:
    wanted, file, passwords = load_set_up(path)
    work = Work(settings, wanted, file, passwords, datetime.now(UTC))
    if not check:
        await make_database(settings)
    async with database_of(settings) as database:
        try:
            async with database.write() as connection:
                await _do(connection, work)
                if file.problems:
                    raise SettingsError(file.problems)
                if check:
                    raise _OnlyAsked
        except _OnlyAsked:
            return Applied(work.changes)
        for project_id, zone in work.zones:
            await move_to_zone(database, project_id, zone, now=work.now)
    return Applied(work.changes, work.told)


async def _do(connection: AsyncConnection, work: Work) -> None:
    await apply_workgroups(connection, work)
    await apply_field_sets(connection, work)
    await apply_result_sets(connection, work)
    await apply_users(connection, work)
    await apply_projects(connection, work)
