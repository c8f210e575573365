"""What an admin changes about users: roles, workgroups, phones; letting them go and back in.

Each change is on record, and one that takes something away ends the web sessions it concerns.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import and_, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit, mybox
from dialer.lead_facts import box_stands
from dialer.managers import set_managed
from dialer.mybox import NO_POLICY, BoxReport, MyBoxPolicy
from dialer.storage.tables import (
    callbacks,
    leads,
    mybox_entries,
    user_workgroups,
    users,
    workgroups,
)
from dialer.user_names import (
    BROWSER_PHONE,
    browser_phone_account,
    refuse_taken_login,
    refuse_taken_phone,
    usable_login,
    usable_name,
    usable_phone_account,
)
from dialer.users import (
    Language,
    LastAdmin,
    NoRole,
    PhoneMode,
    PhoneTaken,
    UnknownUser,
    User,
    UserError,
    list_users,
    require_admin,
    user_by_id,
)

# Typed into a phone once, so it may be as long as a machine likes.
_PHONE_PASSWORD_BYTES = 18


class HoldsLeads(UserError):
    """The user holds `leads` in his MyBox: somebody must get them, or they are released."""

    def __init__(self, leads: int) -> None:
        super().__init__(f"{leads} leads are in his MyBox: say who gets them, or release them all")
        self.leads = leads


class LeadsStay(UserError):
    """What is in his MyBox cannot all go to the other one, so nothing was done."""

    def __init__(self, report: BoxReport) -> None:
        super().__init__(
            f"{len(report.refused)} leads of his MyBox cannot go there: "
            f"{next(iter(report.refused.values()))}"
        )
        self.report = report


class UnknownGroup(UserError):
    """There is no such workgroup."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be changed; what is None stays as it is."""

    login: str | None = None
    name: str | None = None
    may_administer: bool | None = None
    may_call: bool | None = None
    workgroup_ids: Collection[int] | None = None
    managed_workgroup_ids: Collection[int] | None = None
    language: Language | None = None


async def edit_user(
    connection: AsyncConnection, *, user_id: int, edit: Edit, now: datetime, by: User | None
) -> User:
    """The user as he is afterwards. A role less ends his web sessions.

    `by` None is the program itself. Raises UnknownUser, NotAllowed, LoginTaken,
    UnusableLogin, NoRole, LastAdmin, UnknownGroup, NotAMember.
    """
    require_admin(by, "changes users")
    user = await _user(connection, user_id)
    await _edit_texts(connection, user, edit, now, by)
    await _edit_roles(connection, user, edit, now, by)
    if edit.workgroup_ids is not None:
        await _edit_workgroups(connection, user, frozenset(edit.workgroup_ids), now, by)
    if edit.managed_workgroup_ids is not None:
        user = await _user(connection, user_id)
        await set_managed(
            connection, user=user, workgroup_ids=edit.managed_workgroup_ids, now=now, by=by
        )
    return await _user(connection, user_id)


async def set_own_name(
    connection: AsyncConnection, *, user: User, name: str, now: datetime
) -> None:
    """Anybody may change how he is called. Raises UnusableLogin."""
    await _edit_texts(connection, user, Edit(name=name), now, user)


async def deactivate(
    connection: AsyncConnection,
    *,
    user_id: int,
    now: datetime,
    by: User | None,
    leads_to: int | None = None,
    release_leads: bool = False,
    policy: MyBoxPolicy = NO_POLICY,
) -> None:
    """He cannot log in any more, his web sessions end and his phone gets no calls.

    His MyBox goes to the user `leads_to`, or is released; promised callbacks go to the same
    user where he may call the lead, else to anyone. `by` None is the program itself.
    Raises UnknownUser, NotAllowed, LastAdmin, HoldsLeads, LeadsStay, and MyBoxError for a
    taker who is unknown, inactive or himself.
    """
    require_admin(by, "lets users go")
    user = await _user(connection, user_id)
    held = await leads_held(connection, user_id, now)
    if held and leads_to is None and not release_leads:
        raise HoldsLeads(held)
    if leads_to == user_id:
        raise mybox.MyBoxError("the MyBox is his own: choose somebody else")
    if held:
        report = await mybox.move_all(
            connection, from_user_id=user_id, to_user_id=leads_to, now=now, by=by, policy=policy
        )
        if report.refused:
            raise LeadsStay(report)
    await _pass_on_callbacks(connection, user_id, leads_to)
    if user.may_administer and user.active:
        await _require_another_admin(connection, user_id)
    await _change(connection, user_id, active=False, session_epoch=users.c.session_epoch + 1)
    await audit.record_by(connection, "user.deactivate", f"user:{user_id}", by, now)


async def activate(
    connection: AsyncConnection, *, user_id: int, now: datetime, by: User | None
) -> None:
    """He may log in again, with his old password. Raises UnknownUser, NotAllowed."""
    require_admin(by, "lets users in")
    await _change(connection, user_id, active=True, session_epoch=users.c.session_epoch + 1)
    await audit.record_by(connection, "user.activate", f"user:{user_id}", by, now)


async def leads_held(connection: AsyncConnection, user_id: int, now: datetime) -> int:
    """How many leads are in his MyBox."""
    query = (
        select(func.count())
        .select_from(mybox_entries)
        .where(mybox_entries.c.user_id == user_id, box_stands(now))
    )
    return int(await connection.scalar(query) or 0)


async def box_takers(connection: AsyncConnection, user_id: int, now: datetime) -> list[User]:
    """Who can get his whole MyBox: works in the project of each lead in it, and has come."""
    held = (
        select(leads.c.project_id)
        .distinct()
        .join(mybox_entries, mybox_entries.c.lead_id == leads.c.id)
        .where(mybox_entries.c.user_id == user_id, box_stands(now))
    )
    needed = set(await connection.scalars(held))
    return [
        one
        for one in await list_users(connection)
        if one.active and not one.invited and one.id != user_id and needed <= one.project_ids
    ]


# --- phones -------------------------------------------------------------------------------


async def set_phone(
    connection: AsyncConnection,
    *,
    user_id: int,
    account: str | None,
    mode: PhoneMode,
    now: datetime,
    by: User | None,
) -> str | None:
    """The password of a new SIP account, which nobody can look up later; None: no new account.

    An empty account takes the phone away; `BROWSER_PHONE` is a phone in his browser, which has
    no password that could be told. `by` None is the program itself. Raises UnknownUser,
    NotAllowed, UnusablePhone, PhoneTaken.
    """
    require_admin(by, "changes phones")
    user = await _user(connection, user_id)
    account, in_browser = _phone_wanted(user, account), is_browser_phone(account)
    password = None
    values: dict[str, Any] = {"phone_mode": mode}
    if account != user.phone_account:
        if account:
            await refuse_taken_phone(connection, account, but=user_id)
        if account and not in_browser:
            password = token_urlsafe(_PHONE_PASSWORD_BYTES)
        values |= {"phone_account": account, "phone_password": password}
    try:
        await _change(connection, user_id, **values)
    except IntegrityError as error:  # another process was faster
        raise PhoneTaken(f"the phone account {account} is taken") from error
    if account != user.phone_account or mode != user.phone_mode:
        await audit.record_by(
            connection, "user.phone", f"user:{user_id}", by, now, account=account, phone_mode=mode
        )
    return password


def is_browser_phone(account: str | None) -> bool:
    """Whether somebody who says this instead of an account means a phone in the browser."""
    return account is not None and account.strip() == BROWSER_PHONE


def phone_of(user: User) -> str:
    """His phone as `set_phone` takes it: an account, `BROWSER_PHONE`, or empty."""
    return BROWSER_PHONE if user.phone_in_browser else user.phone_account or ""


def _phone_wanted(user: User, account: str | None) -> str | None:
    if account is None or not account.strip():
        return None
    if is_browser_phone(account):
        return browser_phone_account(user.id)
    return usable_phone_account(account)


async def new_phone_password(
    connection: AsyncConnection, *, user_id: int, now: datetime, by: User | None
) -> str:
    """The old one lets no phone in any more. Raises UnknownUser, NotAllowed, UserError."""
    require_admin(by, "changes phones")
    user = await _user(connection, user_id)
    if not user.phone_account:
        raise UserError(f"{user.login} has no phone account")
    if user.phone_in_browser:
        raise UserError(f"the phone in the browser of {user.login} makes its passwords itself")
    password = token_urlsafe(_PHONE_PASSWORD_BYTES)
    await _change(connection, user_id, phone_password=password)
    await audit.record_by(
        connection, "user.phone_password", f"user:{user_id}", by, now, account=user.phone_account
    )
    return password


# --- parts of an edit -----------------------------------------------------------------------


async def _edit_texts(
    connection: AsyncConnection, user: User, edit: Edit, now: datetime, by: User | None
) -> None:
    wanted: dict[str, Any] = {}
    if edit.login is not None and usable_login(edit.login) != user.login:
        wanted["login"] = usable_login(edit.login)
        await refuse_taken_login(connection, wanted["login"], but=user.id)
    if edit.name is not None and usable_name(edit.name) != user.name:
        wanted["name"] = usable_name(edit.name)
    if edit.language is not None and edit.language != user.language:
        await _change(connection, user.id, language=edit.language)
    if wanted:
        await _change(connection, user.id, **wanted)
        await audit.record_by(connection, "user.edit", f"user:{user.id}", by, now, **wanted)


async def _edit_roles(
    connection: AsyncConnection, user: User, edit: Edit, now: datetime, by: User | None
) -> None:
    admin = user.may_administer if edit.may_administer is None else edit.may_administer
    calls = user.may_call if edit.may_call is None else edit.may_call
    if (admin, calls) == (user.may_administer, user.may_call):
        return
    if not (admin or calls):
        raise NoRole(f"{user.login} must be an admin, or call, or both")
    if user.may_administer and not admin and user.active:
        await _require_another_admin(connection, user.id)
    roles: Mapping[str, bool] = {"may_administer": admin, "may_call": calls}
    await _change(connection, user.id, **roles)
    if (user.may_administer and not admin) or (user.may_call and not calls):
        await _change(connection, user.id, session_epoch=users.c.session_epoch + 1)
    await audit.record_by(connection, "user.roles", f"user:{user.id}", by, now, **roles)


async def _edit_workgroups(
    connection: AsyncConnection,
    user: User,
    wanted: frozenset[int],
    now: datetime,
    by: User | None,
) -> None:
    added, removed = sorted(wanted - user.workgroup_ids), sorted(user.workgroup_ids - wanted)
    if not added and not removed:
        return
    await _require_groups(connection, added)
    if removed:
        await connection.execute(
            delete(user_workgroups).where(
                user_workgroups.c.user_id == user.id, user_workgroups.c.workgroup_id.in_(removed)
            )
        )
    if added:
        rows = [{"user_id": user.id, "workgroup_id": group} for group in added]
        await connection.execute(insert(user_workgroups), rows)
    await audit.record_by(
        connection, "user.workgroups", f"user:{user.id}", by, now, added=added, removed=removed
    )


async def _require_groups(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Kept until the transaction ends, so that none is deleted in between."""
    query = (
        select(workgroups.c.id)
        .where(workgroups.c.id.in_(ids), workgroups.c.deleted_at.is_(None))
        .order_by(workgroups.c.id)
        .with_for_update(key_share=True)
    )
    known = set((await connection.execute(query)).scalars())
    if missing := set(ids) - known:
        raise UnknownGroup(f"no workgroup {min(missing)}")


async def _require_another_admin(connection: AsyncConnection, user_id: int) -> None:
    """Raises LastAdmin. Two admins who let each other go at once wait for one another here."""
    admins = and_(users.c.may_administer, users.c.active, users.c.password_hash != "")
    query = select(users.c.id).where(admins).order_by(users.c.id).with_for_update(key_share=True)
    if not set((await connection.execute(query)).scalars()) - {user_id}:
        raise LastAdmin("he is the last admin who can log in: make another one first")


async def _pass_on_callbacks(
    connection: AsyncConnection, user_id: int, to_user_id: int | None
) -> None:
    """What he promised is kept by the other one where he works in the project, or by anyone."""
    taker = await user_by_id(connection, to_user_id) if to_user_id is not None else None
    theirs = sorted(taker.project_ids) if taker and taker.may_call else []
    by_whom = case((callbacks.c.project_id.in_(theirs), to_user_id), else_=None)
    await connection.execute(
        update(callbacks)
        .where(callbacks.c.user_id == user_id, callbacks.c.closed_at.is_(None))
        .values(user_id=by_whom if theirs else None)
    )


# --- rows -----------------------------------------------------------------------------------


async def _user(connection: AsyncConnection, user_id: int) -> User:
    found = await user_by_id(connection, user_id)
    if found is None:
        raise UnknownUser(f"no user {user_id}")
    return found


async def _change(connection: AsyncConnection, user_id: int, **values: Any) -> None:
    changed = await connection.execute(update(users).where(users.c.id == user_id).values(**values))
    if changed.rowcount == 0:
        raise UnknownUser(f"no user {user_id}")
