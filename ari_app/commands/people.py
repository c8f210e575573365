"""`kakeru user add`, `kakeru workgroup add` and `kakeru project add`"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_urlsafe
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.commands.failures import CommandFailed
from ari_app.commands.installation import database_of, settings_of
from ari_app.settings import Settings
from dialer import projects, result_sets, users, workgroups
from dialer.users import User

Language = Literal["ja", "en"]


@dataclass(frozen=True, slots=True)
class NewUser:
    """What the command line says about a user."""

    login: str
    name: str
    may_administer: bool
    may_call: bool
    workgroups: Sequence[str]
    projects: Sequence[str]
    phone: str | None
    phone_mode: users.PhoneMode


def add_user(config: Path, new: NewUser, password: str) -> list[str]:
    """Adds the user; what to tell, among it the password of his phone."""
    settings = settings_of(config)
    # Typed into a phone once, so it may be as long as a machine likes.
    phone_password = token_urlsafe(18) if new.phone else None
    asyncio.run(_add_user(settings, new, password, phone_password))
    told = [f"User {new.login} added."]
    if new.phone:
        address = f"{settings.asterisk.sip_host}:{settings.asterisk.sip_port}"
        told.append(f"Phone: account {new.phone}, password {phone_password}, server {address}.")
    return told


async def _add_user(
    settings: Settings, new: NewUser, password: str, phone_password: str | None
) -> None:
    now = datetime.now(UTC)
    async with database_of(settings) as database, database.write() as connection:
        groups = [await _workgroup(connection, name) for name in new.workgroups]
        assigned = [await projects.project_by_name(connection, name) for name in new.projects]
        user = await users.create_user(
            connection,
            login=new.login,
            name=new.name,
            password=password,
            now=now,
            may_administer=new.may_administer,
            may_call=new.may_call,
            workgroups=[group.id for group in groups],
            phone_account=new.phone,
            phone_password=phone_password,
            phone_mode=new.phone_mode,
        )
        for project in assigned:
            await projects.assign_users(
                connection, project_id=project.id, user_ids=[user.id], now=now
            )


async def _workgroup(connection: AsyncConnection, name: str) -> workgroups.Workgroup:
    found = await workgroups.workgroup_by_name(connection, name)
    if found is None:
        known = ", ".join(group.name for group in await workgroups.list_workgroups(connection))
        raise CommandFailed(
            f"no workgroup {name!r} (workgroups: {known or 'there is none yet'}); "
            "`kakeru workgroup add` adds one"
        )
    return found


def add_workgroup(config: Path, name: str) -> str:
    """Adds a workgroup and says so."""
    asyncio.run(_add_workgroup(settings_of(config), name))
    return f"Workgroup {name} added."


async def _add_workgroup(settings: Settings, name: str) -> None:
    async with database_of(settings) as database, database.write() as connection:
        await workgroups.create_workgroup(connection, name=name, now=datetime.now(UTC))


def add_project(
    config: Path, name: str, *, time_zone: str | None, language: Language | None, logins: list[str]
) -> str:
    """Adds a project with action results to begin with, and says so."""
    settings = settings_of(config)
    asyncio.run(
        _add_project(
            settings,
            name,
            time_zone=time_zone or settings.time_zone,
            language=language or settings.language,
            logins=logins,
        )
    )
    return f"Project {name} added."


async def _add_project(
    settings: Settings, name: str, *, time_zone: str, language: Language, logins: list[str]
) -> None:
    now = datetime.now(UTC)
    async with database_of(settings) as database, database.write() as connection:
        assigned = [await _user(connection, login) for login in logins]
        project = await projects.create_project(
            connection,
            name=name,
            now=now,
            time_zone=time_zone,
            result_set_id=await result_sets.create_default_result_set(
                connection, language=language, now=now
            ),
        )
        await projects.assign_users(
            connection, project_id=project.id, user_ids=[user.id for user in assigned], now=now
        )


async def _user(connection: AsyncConnection, login: str) -> User:
    found = await users.user_by_login(connection, login)
    if found is None:
        raise CommandFailed(f"no user {login!r}; `kakeru user add` adds one")
    return found
