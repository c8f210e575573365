"""Workgroups, users and projects, as a file describes them."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.commands.people import link_address
from ari_app.commands.set_up_work import Work
from ari_app.settings.set_up import ProjectEntry, UserEntry
from ari_app.settings.validate import did_you_mean
from dialer import (
    custom_fields,
    project_changes,
    projects,
    result_sets,
    user_changes,
    user_links,
    users,
    workgroups,
)
from dialer.project_changes import General
from dialer.projects import Project
from dialer.user_changes import Edit
from dialer.users import User


async def apply_workgroups(connection: AsyncConnection, work: Work) -> None:
    known = {group.name for group in await workgroups.list_workgroups(connection)}
    for index, name in enumerate(work.wanted.workgroups):
        with work.at("workgroups", index):
            if name not in known:
                await workgroups.create_workgroup(connection, name=name, now=work.now)
                work.changed(f"workgroup {name!r}: added")


# --- users ------------------------------------------------------------------------------


async def apply_users(connection: AsyncConnection, work: Work) -> None:
    """New users get the password of the environment, or are invited by a link."""
    groups = {group.name: group.id for group in await workgroups.list_workgroups(connection)}
    for login, entry in work.wanted.users.items():
        for index, name in enumerate(entry.manages or ()):
            if name not in entry.workgroups:
                place = ("users", login, "manages", index)
                work.complain(place, f"he does not belong to {name!r}: name it in workgroups too")
        unknown = [name for name in entry.workgroups if name not in groups]
        for name in unknown:
            place = ("users", login, "workgroups", entry.workgroups.index(name))
            work.complain(place, f"there is no workgroup {name!r}{did_you_mean(name, groups)}")
        if unknown or not set(entry.manages or ()) <= set(entry.workgroups):
            continue
        with work.at("users", login):
            ids = frozenset(groups[name] for name in entry.workgroups)
            user = await users.user_by_login(connection, login)
            if user is None:
                user = await _add(connection, work, login, entry, ids)
            else:
                await _change(connection, work, user, entry, ids)
            await _set_managed(connection, work, user, entry, groups)
            await _set_phone(connection, work, user, entry)


async def _add(
    connection: AsyncConnection, work: Work, login: str, entry: UserEntry, ids: frozenset[int]
) -> User:
    password = work.passwords.get(login)
    user = await users.create_user(
        connection,
        login=login,
        name=entry.name,
        password=password.get_secret_value() if password else None,
        may_administer="admin" in entry.roles,
        may_call="user" in entry.roles,
        workgroups=ids,
        now=work.now,
    )
    work.changed(f"user {login}: added")
    if password is None:
        link = await user_links.make_link(connection, user_id=user.id, now=work.now, by=None)
        work.told.append(f"{login}: invitation, good once: {link_address(work.settings, link)}")
    return user


async def _change(
    connection: AsyncConnection, work: Work, user: User, entry: UserEntry, ids: frozenset[int]
) -> None:
    stands = (user.name, user.may_administer, user.may_call, user.workgroup_ids)
    wanted = (entry.name, "admin" in entry.roles, "user" in entry.roles, ids)
    if stands == wanted:
        return
    edit = Edit(name=wanted[0], may_administer=wanted[1], may_call=wanted[2], workgroup_ids=ids)
    await user_changes.edit_user(connection, user_id=user.id, edit=edit, now=work.now, by=None)
    work.changed(f"user {user.login}: changed")


async def _set_managed(
    connection: AsyncConnection,
    work: Work,
    user: User,
    entry: UserEntry,
    groups: Mapping[str, int],
) -> None:
    """What the file does not say stays."""
    wanted = frozenset(groups[name] for name in entry.manages or ())
    his = frozenset(groups[name] for name in entry.workgroups)
    if entry.manages is None or wanted == user.managed_workgroup_ids & his:
        return
    edit = Edit(managed_workgroup_ids=wanted)
    await user_changes.edit_user(connection, user_id=user.id, edit=edit, now=work.now, by=None)
    work.changed(f"user {user.login}: manages {', '.join(entry.manages) or 'nothing'}")


async def _set_phone(connection: AsyncConnection, work: Work, user: User, entry: UserEntry) -> None:
    """A phone that the file does not name stays."""
    stands = (user_changes.phone_of(user), user.phone_mode)
    wanted = (entry.phone, entry.phone_mode)
    if entry.phone is None or stands == wanted:
        return
    password = await user_changes.set_phone(
        connection,
        user_id=user.id,
        account=entry.phone,
        mode=entry.phone_mode,
        now=work.now,
        by=None,
    )
    work.changed(f"user {user.login}: phone {entry.phone}")
    if password:
        work.told.append(f"{user.login}: SIP account {entry.phone}, password {password}")


# --- projects ---------------------------------------------------------------------------


async def apply_projects(connection: AsyncConnection, work: Work) -> None:
    """Settings, script and hours become those of the file; users are added, none is removed."""
    results = {one.name: one.id for one in await result_sets.list_sets(connection)}
    fields = {one.name: one.id for one in await custom_fields.list_sets(connection)}
    for name, entry in work.wanted.projects.items():
        missing = False
        for key, wanted, known in (
            ("result_set", entry.result_set, results),
            ("custom_fields", entry.custom_fields, fields),
        ):
            if wanted is not None and wanted not in known:
                hint = did_you_mean(wanted, known)
                work.complain(("projects", name, key), f"there is no set {wanted!r}{hint}")
                missing = True
        if missing:
            continue
        with work.at("projects", name):
            project = await _project(connection, work, name, entry)
            general = General(
                name=project.name,
                result_set_id=_or(results.get(entry.result_set or ""), project.result_set_id),
                result_required=(
                    project.result_required
                    if entry.result_required is None
                    else entry.result_required
                ),
                custom_field_set_id=_or(
                    fields.get(entry.custom_fields or ""), project.custom_field_set_id
                ),
            )
            await _settle(connection, work, project, general, entry)
            await _assign(connection, work, project, entry)


def _or(wanted: int | None, stands: int | None) -> int | None:
    return stands if wanted is None else wanted


async def _project(
    connection: AsyncConnection, work: Work, name: str, entry: ProjectEntry
) -> Project:
    try:
        project = await projects.project_by_name(connection, name, closed_too=True)
    except projects.UnknownProject:
        zone = entry.time_zone or work.settings.time_zone
        work.changed(f"project {name!r}: added")
        return await projects.create_project(connection, name=name, time_zone=zone, now=work.now)
    if entry.time_zone and entry.time_zone != project.time_zone:
        projects.check_time_zone(entry.time_zone)
        work.zones.append((project.id, entry.time_zone))
        work.changed(f"project {name!r}: time zone {entry.time_zone}")
    return project


async def _settle(
    connection: AsyncConnection, work: Work, project: Project, general: General, entry: ProjectEntry
) -> None:
    stands = General(
        project.name, project.result_set_id, project.result_required, project.custom_field_set_id
    )
    if general != stands:
        await project_changes.set_general(connection, project.id, general, now=work.now)
        work.changed(f"project {project.name!r}: settings changed")
    if entry.script is not None and entry.script.strip() != project.script.strip():
        await project_changes.set_script(connection, project.id, entry.script, now=work.now)
        work.changed(f"project {project.name!r}: script changed")
    hours = await project_changes.hours_of(connection, project.id)
    if entry.hours is not None and entry.hours != hours:
        await project_changes.set_hours(connection, project.id, entry.hours, now=work.now)
        work.changed(f"project {project.name!r}: calling hours changed")


async def _assign(
    connection: AsyncConnection, work: Work, project: Project, entry: ProjectEntry
) -> None:
    everybody = {user.login: user for user in await users.list_users(connection)}
    new = []
    for index, login in enumerate(entry.users):
        user = everybody.get(login)
        if user is None:
            place = ("projects", project.name, "users", index)
            work.complain(place, f"there is no user {login!r}{did_you_mean(login, everybody)}")
        elif project.id not in user.project_ids:
            new.append(user)
    if new:
        await projects.assign_users(
            connection, project_id=project.id, user_ids=[user.id for user in new], now=work.now
        )
        logins = ", ".join(user.login for user in new)
        work.changed(f"project {project.name!r}: users {logins}")
