"""Legal holds: conversations, or all with a number, of which nothing may be erased."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.paging import PAGE_SIZE, Page, bounded, decode_key, page_of
from dialer.storage.tables import actions, calls, leads, legal_holds, users
from dialer.users import User, require_admin

LONGEST_REASON = 1000  # characters


class HoldError(Exception):
    """What was asked cannot be done; the message says why."""


class NoReason(HoldError):
    """A hold needs a reason: who comes later must know why."""


class NothingToHold(HoldError):
    """There is no such call."""


class NotStanding(HoldError):
    """There is no such hold, or it was lifted already."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Of one call (then with its lead), or of a number."""

    id: int
    call_id: UUID | None
    lead_name: str
    e164: str | None
    reason: str
    placed_by: str
    placed_at: datetime


async def hold_call(
    connection: AsyncConnection, *, call_id: UUID, reason: str, by: User, now: datetime
) -> int:
    """Returns the hold's id. Raises NotAllowed, NoReason, NothingToHold."""
    if await connection.scalar(select(calls.c.id).where(calls.c.id == call_id)) is None:
        raise NothingToHold(f"there is no call {call_id}")
    return await _place(connection, f"call:{call_id}", reason, by, now, call_id=call_id)


async def hold_number(
    connection: AsyncConnection, *, e164: str, reason: str, by: User, now: datetime
) -> int:
    """All calls with the number, those to come too. Raises NotAllowed, NoReason."""
    return await _place(connection, f"number:{e164}", reason, by, now, e164=e164)


async def lift(
    connection: AsyncConnection, *, hold_id: int, by: User, now: datetime, reason: str = ""
) -> None:
    """What its time is over for is erased within the hour. Raises NotAllowed, NotStanding."""
    require_admin(by, "lifts legal holds")
    lifted = await connection.execute(
        update(legal_holds)
        .where(legal_holds.c.id == hold_id, legal_holds.c.lifted_at.is_(None))
        .values(lifted_by=by.id, lifted_at=now)
        .returning(legal_holds.c.call_id, legal_holds.c.e164)
    )
    row = lifted.first()
    if row is None:
        raise NotStanding(f"there is no standing hold {hold_id}")
    subject = f"call:{row.call_id}" if row.call_id else f"number:{row.e164}"
    await audit.record_by(
        connection,
        "hold.lift",
        subject,
        by,
        now,
        hold=hold_id,
        reason=reason.strip()[:LONGEST_REASON],
    )


async def list_holds(
    connection: AsyncConnection, *, after: str | None = None, limit: int = PAGE_SIZE
) -> Page[Hold]:
    """Those that stand, the newest first. Raises BadPageKey."""
    query = (
        select(legal_holds, leads.c.name.label("lead_name"), users.c.name.label("placed_by_name"))
        .join(users, users.c.id == legal_holds.c.placed_by)
        .outerjoin(actions, actions.c.id == legal_holds.c.call_id)
        .outerjoin(leads, leads.c.id == actions.c.lead_id)
        .where(legal_holds.c.lifted_at.is_(None))
        .order_by(legal_holds.c.id.desc())
        .limit(bounded(limit) + 1)
    )
    if after:
        query = query.where(legal_holds.c.id < decode_key(after, int)[0])
    found = [
        Hold(
            id=row.id,
            call_id=row.call_id,
            lead_name=row.lead_name or "",
            e164=row.e164,
            reason=row.reason,
            placed_by=row.placed_by_name,
            placed_at=row.placed_at,
        )
        for row in await connection.execute(query)
    ]
    return page_of(found, limit=bounded(limit), key=lambda hold: (hold.id,))


def held() -> ColumnElement[bool]:
    """Of `calls`: a hold of the call or of its number stands."""
    stands = legal_holds.c.lifted_at.is_(None)
    meant = or_(legal_holds.c.call_id == calls.c.id, legal_holds.c.e164 == calls.c.e164)
    return exists().where(stands, meant)


async def _place(
    connection: AsyncConnection,
    subject: str,
    reason: str,
    by: User,
    now: datetime,
    **what: object,
) -> int:
    require_admin(by, "places legal holds")
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise NoReason("say why: who comes later must know")
    values = {"reason": reason, "placed_by": by.id, "placed_at": now, **what}
    row = insert(legal_holds).values(values).returning(legal_holds.c.id)
    hold_id: int = (await connection.execute(row)).scalar_one()
    await audit.record_by(connection, "hold.place", subject, by, now, hold=hold_id, reason=reason)
    return hold_id
