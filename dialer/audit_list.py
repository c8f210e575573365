"""監査ログ: what was recorded, newest first, for admins."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.paging import LARGEST_PAGE, PAGE_SIZE, Page, bounded, decode_key, page_of
from dialer.rules.phone_number import PhoneNumber, parse_phone_number
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log, users
from dialer.users import NotAllowed, User

PROGRAM = 0  # as a user id in the filter: done by the program itself


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to list; what is left out narrows nothing.

    `action` is a dotted word or its beginning (``mybox``); `subject` is as it was recorded
    (``lead:17``), or a phone number in any writing; `since` is included, `until` is not.
    """

    user_id: int | None = None
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the log; `user` is empty for the program itself."""

    id: int
    at: datetime
    user_id: int | None
    user: str
    action: str
    subject: str
    detail: dict[str, Any] = field(hash=False)
    address: str = ""


async def list_audit(
    connection: AsyncConnection,
    *,
    viewer: User,
    wanted: AuditFilter,
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[AuditRow]:
    """Raises NotAllowed unless `viewer` acts as admin; BadPageKey."""
    if not viewer.acts_as_admin:
        raise NotAllowed("only an admin reads the audit log")
    query = (
        select(audit_log, users.c.name.label("user"))
        .outerjoin(users, users.c.id == audit_log.c.user_id)
        .where(*_conditions(wanted))
        .order_by(audit_log.c.id.desc())
        .limit(bounded(limit) + 1)
    )
    if after:
        query = query.where(audit_log.c.id < decode_key(after, int)[0])
    found = (await connection.execute(query)).all()
    page = page_of(found, limit=bounded(limit), key=lambda row: (row.id,))
    rows = tuple(
        AuditRow(
            id=row.id,
            at=row.at,
            user_id=row.user_id,
            user=row.user or "",
            action=row.action,
            subject=row.subject,
            detail=row.detail,
            address=row.address,
        )
        for row in page.rows
    )
    return Page(rows, page.next_key)


async def all_audit(
    database: Database, *, viewer: User, wanted: AuditFilter
) -> AsyncIterator[Sequence[AuditRow]]:
    """The whole log, some hundreds of lines at a time. Raises NotAllowed."""
    after: str | None = None
    while True:
        async with database.read() as connection:
            page = await list_audit(
                connection, viewer=viewer, wanted=wanted, after=after, limit=LARGEST_PAGE
            )
        if page.rows:
            yield page.rows
        after = page.next_key
        if after is None:
            return


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.user_id is not None:
        mine = audit_log.c.user_id
        conditions.append(mine.is_(None) if wanted.user_id == PROGRAM else mine == wanted.user_id)
    if wanted.action:
        conditions.append(audit_log.c.action.startswith(wanted.action, autoescape=True))
    if wanted.subject.strip():
        conditions.append(audit_log.c.subject == _subject(wanted.subject.strip()))
    if wanted.since is not None:
        conditions.append(audit_log.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(audit_log.c.at < wanted.until)
    return conditions


def _subject(text: str) -> str:
    number = None if ":" in text else parse_phone_number(text)
    return f"number:{number.e164}" if isinstance(number, PhoneNumber) else text.replace("\0", "")
