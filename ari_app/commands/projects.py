"""`kakeru project …`: projects for scripted set-up; the pages do the same."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.commands.failures import CommandFailed
from ari_app.commands.installation import database_of, settings_of
from ari_app.settings import Settings
from dialer import custom_fields, project_changes, project_list, projects, result_sets, users
from dialer.campaign_state import campaign_rows
from dialer.project_changes import General, StillHolds
from dialer.project_zone import move_to_zone
from dialer.projects import Project
from dialer.storage.tables import projects as projects_table
from dialer.users import User
from webui.project_words import script_problem
from webui.script import check
from webui.translations import words

Language = Literal["ja", "en"]


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project as the list shows it; numbers with their thousands marked."""

    project: str
    state: str
    users: str
    leads: str
    finished: str
    campaigns: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What the command line changes; None and empty: as it is. Names, not ids."""

    name: str | None = None
    time_zone: str | None = None
    results: str | None = None
    fields: str | None = None
    result_required: bool | None = None
    script: Path | None = None
    add: Sequence[str] = ()
    remove: Sequence[str] = ()


def add(
    config: Path, name: str, *, time_zone: str | None, language: Language | None, logins: list[str]
) -> str:
    """Adds a project with action results to begin with, and says so."""
    settings = settings_of(config)
    zone, spoken = time_zone or settings.time_zone, language or settings.language
    asyncio.run(_add(settings, name, time_zone=zone, language=spoken, logins=logins))
    return f"Project {name} added."


async def _add(
    settings: Settings, name: str, *, time_zone: str, language: Language, logins: list[str]
) -> None:
    now = datetime.now(UTC)
    async with database_of(settings) as database, database.write() as connection:
        assigned = [await _user(connection, login) for login in logins]
        results = await result_sets.create_default_result_set(
            connection, language=language, now=now
        )
        project = await projects.create_project(
            connection, name=name, now=now, time_zone=time_zone, result_set_id=results
        )
        await projects.assign_users(
            connection, project_id=project.id, user_ids=[user.id for user in assigned], now=now
        )


def list_projects(config: Path, *, closed_too: bool) -> list[ProjectLine]:
    """Open projects by name, then with `closed_too` the closed ones."""
    return asyncio.run(_list(settings_of(config), closed_too=closed_too))


async def _list(settings: Settings, *, closed_too: bool) -> list[ProjectLine]:
    async with database_of(settings) as database, database.read() as connection:
        rows = await connection.execute(
            select(projects_table.c.id).order_by(
                projects_table.c.closed_at.is_not(None), projects_table.c.name
            )
        )
        found = [await projects.project_by_id(connection, row.id) for row in rows]
        campaigns = await campaign_rows(connection)
        return [
            await _line(
                connection, one, [row.name for row in campaigns if row.project_id == one.id]
            )
            for one in found
            if one is not None and (closed_too or one.closed_at is None)
        ]


async def _line(
    connection: AsyncConnection, project: Project, campaigns: Sequence[str]
) -> ProjectLine:
    counted = await project_list.lead_counts(connection, project.id)
    members = await project_list.members(connection, project.id, datetime.now(UTC))
    return ProjectLine(
        project=project.name,
        state="closed" if project.closed_at else "open",
        users=f"{len(members):,}",
        leads=f"{counted.leads:,}",
        finished=f"{counted.finished:,}",
        campaigns=", ".join(campaigns),
    )


def edit(config: Path, name: str, changes: Changes) -> str:
    """Changes what the command line says, all of it or nothing; the time zone comes last."""
    asyncio.run(_edit(settings_of(config), name, changes))
    return f"Project {name} changed."


async def _edit(settings: Settings, name: str, changes: Changes) -> None:
    now = datetime.now(UTC)
    if changes.time_zone is not None:
        projects.check_time_zone(changes.time_zone)
    async with database_of(settings) as database:
        async with database.write() as connection:
            project = await projects.project_by_name(connection, name, closed_too=True)
            await project_changes.set_general(
                connection, project.id, await _general(connection, project, changes), now=now
            )
            if changes.script is not None:
                text = changes.script.read_text(encoding="utf-8-sig")
                await _check_script(connection, project, text, changes.script, settings.language)
                await project_changes.set_script(connection, project.id, text, now=now)
            await _change_users(connection, project, changes, now)
        if changes.time_zone is not None:
            await move_to_zone(database, project.id, changes.time_zone, now=now)


async def _general(connection: AsyncConnection, project: Project, changes: Changes) -> General:
    wanted = General(
        name=changes.name or project.name,
        result_set_id=project.result_set_id,
        result_required=(
            project.result_required if changes.result_required is None else changes.result_required
        ),
        custom_field_set_id=project.custom_field_set_id,
    )
    if changes.results is not None:
        known = {one: number for number, one in await project_list.result_set_names(connection)}
        wanted = replace(wanted, result_set_id=_named("result set", changes.results, known))
    if changes.fields is not None:
        sets = {one.name: one.id for one in await custom_fields.list_sets(connection)}
        set_id = _named("set of custom fields", changes.fields, sets)
        wanted = replace(wanted, custom_field_set_id=set_id)
    return wanted


async def _check_script(
    connection: AsyncConnection, project: Project, text: str, file: Path, language: Language
) -> None:
    fields = await custom_fields.fields_of_project(connection, project.id)
    problem = check(text.strip(), tuple(field.name for field in fields))
    if problem is not None:
        raise CommandFailed(f"{file}: {script_problem(problem, words(language))}")


async def _change_users(
    connection: AsyncConnection, project: Project, changes: Changes, now: datetime
) -> None:
    added = [(await _user(connection, login)).id for login in changes.add]
    await projects.assign_users(connection, project_id=project.id, user_ids=added, now=now)
    for login in changes.remove:
        user = await _user(connection, login)
        try:
            await project_changes.remove_user(connection, project.id, user.id, now=now)
        except StillHolds as error:
            raise CommandFailed(
                f"{login} holds {error.held[user.id]} leads of the project in his MyBox; "
                f"`kakeru mybox move --from {login} --to LOGIN` moves all he holds"
            ) from error


def close(config: Path, name: str) -> str:
    """Closes a project and says so."""
    changed = asyncio.run(_open_or_close(settings_of(config), name, closing=True))
    return f"Project {name} {'closed' if changed else 'was closed already'}."


def reopen(config: Path, name: str) -> str:
    """Opens a closed project again and says so."""
    changed = asyncio.run(_open_or_close(settings_of(config), name, closing=False))
    return f"Project {name} {'opened again' if changed else 'was open already'}."


async def _open_or_close(settings: Settings, name: str, *, closing: bool) -> bool:
    change = project_changes.close_project if closing else project_changes.reopen_project
    async with database_of(settings) as database, database.write() as connection:
        project = await projects.project_by_name(connection, name, closed_too=True)
        return await change(connection, project.id, now=datetime.now(UTC))


def copy(config: Path, name: str, new_name: str) -> str:
    """Makes a project with the same settings and users, and says so."""
    asyncio.run(_copy(settings_of(config), name, new_name))
    return f"Project {new_name} added, as a copy of {name}."


async def _copy(settings: Settings, name: str, new_name: str) -> None:
    async with database_of(settings) as database, database.write() as connection:
        project = await projects.project_by_name(connection, name, closed_too=True)
        now = datetime.now(UTC)
        await project_changes.copy_project(connection, project.id, name=new_name, now=now)


async def _user(connection: AsyncConnection, login: str) -> User:
    found = await users.user_by_login(connection, login)
    if found is None:
        raise CommandFailed(f"no user {login!r}; `kakeru user add` adds one")
    return found


def _named(what: str, name: str, known: dict[str, int]) -> int:
    if name not in known:
        there_are = ", ".join(known) or "there is none yet"
        raise CommandFailed(f"no {what} {name!r} ({there_are})")
    return known[name]
