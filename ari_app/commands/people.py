"""`kakeru user …` and `kakeru workgroup …`"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.commands.failures import CommandFailed
from ari_app.commands.installation import database_of, settings_of
from ari_app.settings import Settings
from dialer import (
    managers,
    mybox,
    projects,
    second_factor,
    user_changes,
    user_links,
    users,
    workgroups,
)
from dialer.storage.tables import projects as projects_table
from dialer.user_links import NewLink
from dialer.users import User


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


@dataclass(frozen=True, slots=True)
class UserEdit:
    """What the command line changes about a user; what is None stays as it is."""

    login: str | None
    name: str | None
    may_administer: bool | None
    may_call: bool | None
    workgroups: Sequence[str] | None
    phone: str | None
    phone_mode: users.PhoneMode | None
    new_phone_password: bool


@dataclass(frozen=True, slots=True)
class MemberChanges:
    """Logins of those who join a workgroup, leave it, become its managers or cease to be."""

    joining: Sequence[str]
    leaving: Sequence[str]
    managing: Sequence[str]
    released: Sequence[str]


Lines = tuple[Sequence[str], list[Sequence[str]]]
"""The heads of the columns, and the rows."""


# --- users ----------------------------------------------------------------------------------


def add_user(config: Path, new: NewUser, password: str | None) -> list[str]:
    """Adds the user; what to tell, among it the password of his phone.

    Without a password he is invited: the link is told as well.
    """
    settings = settings_of(config)
    return asyncio.run(_add_user(settings, new, password))


async def _add_user(settings: Settings, new: NewUser, password: str | None) -> list[str]:
    now, told = datetime.now(UTC), [f"User {new.login} added."]
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
        )
        for project in assigned:
            await projects.assign_users(
                connection, project_id=project.id, user_ids=[user.id], now=now
            )
        told += await _set_phone(connection, settings, user, new.phone or "", new.phone_mode)
        if password is None:
            link = await user_links.make_link(connection, user_id=user.id, now=now, by=None)
            told += _link_lines(settings, link)
    return told


def list_users(config: Path, in_workgroup: str | None, *, everybody: bool) -> Lines:
    """Every user who may log in, or also the others, by name."""
    return asyncio.run(_list_users(settings_of(config), in_workgroup, everybody))


async def _list_users(settings: Settings, in_workgroup: str | None, everybody: bool) -> Lines:
    async with database_of(settings) as database, database.read() as connection:
        only = await _workgroup(connection, in_workgroup) if in_workgroup else None
        groups = {one.id: one.name for one in await workgroups.list_workgroups(connection)}
        named = await connection.execute(select(projects_table.c.id, projects_table.c.name))
        work = {row.id: row.name for row in named}
        found = await users.list_users(connection)
    rows: list[Sequence[str]] = [
        (
            user.login,
            user.name,
            _roles(user),
            _groups_of(user, groups),
            ", ".join(sorted(work[one] for one in user.project_ids if one in work)),
            user_changes.phone_of(user),
            "deactivated" if not user.active else "invited" if user.invited else "active",
        )
        for user in found
        if (user.active or everybody) and (only is None or only.id in user.workgroup_ids)
    ]
    return ("login", "name", "roles", "workgroups", "projects", "phone", "state"), rows


def edit_user(config: Path, login: str, edit: UserEdit) -> list[str]:
    """Changes the user; what to tell, among it a new password of his phone."""
    return asyncio.run(_edit_user(settings_of(config), login, edit))


async def _edit_user(settings: Settings, login: str, edit: UserEdit) -> list[str]:
    now = datetime.now(UTC)
    async with database_of(settings) as database, database.write() as connection:
        user = await _user(connection, login)
        groups = None
        if edit.workgroups is not None:
            groups = [(await _workgroup(connection, name)).id for name in edit.workgroups]
        changes = user_changes.Edit(
            login=edit.login,
            name=edit.name,
            may_administer=edit.may_administer,
            may_call=edit.may_call,
            workgroup_ids=groups,
        )
        user = await user_changes.edit_user(
            connection, user_id=user.id, edit=changes, now=now, by=None
        )
        account = user_changes.phone_of(user) if edit.phone is None else edit.phone
        told = [f"User {user.login} changed."]
        told += await _set_phone(
            connection, settings, user, account, edit.phone_mode or user.phone_mode
        )
        if edit.new_phone_password and len(told) == 1:
            password = await user_changes.new_phone_password(
                connection, user_id=user.id, now=now, by=None
            )
            told.append(_phone_line(settings, account, password))
    return told


def deactivate_user(config: Path, login: str, *, give_to: str | None, release: bool) -> str:
    """Lets the user go, and says so."""
    asyncio.run(_deactivate(settings_of(config), login, give_to, release))
    return f"User {login} can no longer log in."


async def _deactivate(settings: Settings, login: str, give_to: str | None, release: bool) -> None:
    async with database_of(settings) as database, database.write() as connection:
        user = await _user(connection, login)
        taker = await _user(connection, give_to) if give_to else None
        try:
            await user_changes.deactivate(
                connection,
                user_id=user.id,
                leads_to=taker.id if taker else None,
                release_leads=release,
                policy=settings.mybox.policy,
                now=datetime.now(UTC),
                by=None,
            )
        except user_changes.HoldsLeads as error:
            raise CommandFailed(
                f"{error.leads} leads are in the MyBox of {login}: add --give-to LOGIN or --release"
            ) from error
        except mybox.MyBoxError as error:
            raise CommandFailed(str(error)) from error


def activate_user(config: Path, login: str) -> str:
    """Lets the user in again, and says so."""
    asyncio.run(_activate(settings_of(config), login))
    return f"User {login} can log in again."


async def _activate(settings: Settings, login: str) -> None:
    async with database_of(settings) as database, database.write() as connection:
        user = await _user(connection, login)
        await user_changes.activate(connection, user_id=user.id, now=datetime.now(UTC), by=None)


def reset_link(config: Path, login: str, *, remove_second_factor: bool) -> list[str]:
    """A link for a new password, which is told this once."""
    return asyncio.run(_reset_link(settings_of(config), login, remove_second_factor))


async def _reset_link(settings: Settings, login: str, remove_second_factor: bool) -> list[str]:
    now = datetime.now(UTC)
    async with database_of(settings) as database, database.write() as connection:
        user = await _user(connection, login)
        if remove_second_factor:
            await second_factor.turn_off(connection, user_id=user.id, now=now, by=None)
        link = await user_links.make_link(connection, user_id=user.id, now=now, by=None)
    return _link_lines(settings, link)


def link_address(settings: Settings, link: NewLink) -> str:
    """What is typed into a browser."""
    web = settings.web
    return f"{web.public_url or f'http://{web.host}:{web.port}'}/welcome/{link.token}"


def _link_lines(settings: Settings, link: NewLink) -> list[str]:
    until = link.expires_at.astimezone(ZoneInfo(settings.time_zone))
    return [f"Link, good once and until {until:%Y-%m-%d %H:%M}: {link_address(settings, link)}"]


async def _set_phone(
    connection: AsyncConnection,
    settings: Settings,
    user: User,
    account: str,
    mode: users.PhoneMode,
) -> list[str]:
    password = await user_changes.set_phone(
        connection,
        user_id=user.id,
        account=account,
        mode=mode,
        now=datetime.now(UTC),
        by=None,
    )
    return [_phone_line(settings, account, password)] if password else []


def _phone_line(settings: Settings, account: str, password: str) -> str:
    address = f"{settings.asterisk.sip_host}:{settings.asterisk.sip_port}"
    return f"Phone: account {account}, password {password}, server {address}."


def _groups_of(user: User, names: Mapping[int, str]) -> str:
    told = (
        f"{names[one]} (manager)" if one in user.managed_workgroup_ids else names[one]
        for one in user.workgroup_ids
        if one in names
    )
    return ", ".join(sorted(told))


def _roles(user: User) -> str:
    roles = ("admin" if user.may_administer else "", "user" if user.may_call else "")
    return ", ".join(filter(None, roles))


# --- workgroups -----------------------------------------------------------------------------


def add_workgroup(config: Path, name: str) -> str:
    """Adds a workgroup and says so."""
    asyncio.run(_add_workgroup(settings_of(config), name))
    return f"Workgroup {name} added."


async def _add_workgroup(settings: Settings, name: str) -> None:
    async with database_of(settings) as database, database.write() as connection:
        await workgroups.create_workgroup(connection, name=name, now=datetime.now(UTC))


def list_workgroups(config: Path) -> Lines:
    """Every workgroup with what belongs to it, by name."""
    return asyncio.run(_list_workgroups(settings_of(config)))


async def _list_workgroups(settings: Settings) -> Lines:
    async with database_of(settings) as database, database.read() as connection:
        found = await workgroups.workgroup_figures(connection)
    return ("workgroup", "users", "prohibitions", "campaigns"), [
        (
            one.name,
            str(one.users),
            str(one.prohibitions),
            ", ".join(_campaigns(settings, one.name)),
        )
        for one in found
    ]


def rename_workgroup(config: Path, name: str, new_name: str) -> list[str]:
    """Renames it; what to tell, among it the campaign files that must follow."""
    settings = settings_of(config)
    asyncio.run(_rename_workgroup(settings, name, new_name))
    stale = _campaigns(settings, name)
    told = [f"Workgroup {name} is called {new_name} now."]
    if stale and name != new_name:
        told.append(f"Change the name in the campaigns too: {', '.join(stale)}.")
    return told


async def _rename_workgroup(settings: Settings, name: str, new_name: str) -> None:
    async with database_of(settings) as database, database.write() as connection:
        group = await _workgroup(connection, name)
        await workgroups.rename_workgroup(
            connection, workgroup_id=group.id, name=new_name, now=datetime.now(UTC), by=None
        )


def delete_workgroup(config: Path, name: str) -> str:
    """Deletes it and says so."""
    asyncio.run(_delete_workgroup(settings_of(config), name))
    return f"Workgroup {name} deleted."


async def _delete_workgroup(settings: Settings, name: str) -> None:
    async with database_of(settings) as database, database.write() as connection:
        group = await _workgroup(connection, name)
        await workgroups.delete_workgroup(
            connection,
            workgroup_id=group.id,
            campaigns=_campaigns(settings, name),
            now=datetime.now(UTC),
            by=None,
        )


def members(config: Path, name: str, changes: MemberChanges) -> Lines:
    """Who belongs to the workgroup and manages it, after the changes."""
    return asyncio.run(_members(settings_of(config), name, changes))


async def _members(settings: Settings, name: str, changes: MemberChanges) -> Lines:
    now = datetime.now(UTC)
    async with database_of(settings) as database, database.write() as connection:
        group = await _workgroup(connection, name)
        for change, logins in (
            (workgroups.add_members, changes.joining),
            (workgroups.remove_members, changes.leaving),
            (managers.make_managers, changes.managing),
            (managers.release_managers, changes.released),
        ):
            ids = [(await _user(connection, login)).id for login in logins]
            await change(connection, workgroup_id=group.id, user_ids=ids, now=now, by=None)
        belonging = await workgroups.members_of(connection, group.id)
        found = await users.users_by_id(connection, belonging)
    return ("login", "name", "manager"), [
        (user.login, user.name, "yes" if group.id in user.managed_workgroup_ids else "")
        for user in found
    ]


def _campaigns(settings: Settings, workgroup: str) -> list[str]:
    """Those whose file names it."""
    return [one.name for one in settings.campaigns if workgroup in one.workgroups]


async def _workgroup(connection: AsyncConnection, name: str) -> workgroups.Workgroup:
    found = await workgroups.workgroup_by_name(connection, name)
    if found is None:
        known = ", ".join(group.name for group in await workgroups.list_workgroups(connection))
        raise CommandFailed(
            f"no workgroup {name!r} (workgroups: {known or 'there is none yet'}); "
            "`kakeru workgroup add` adds one"
        )
    return found


# --- projects -------------------------------------------------------------------------------


async def _user(connection: AsyncConnection, login: str) -> User:
    found = await users.user_by_login(connection, login)
    if found is None:
        raise CommandFailed(f"no user {login!r}; `kakeru user add` adds one")
    return found
