"""マイボックス: one user holds a lead, and nobody else may contact it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit, lanes
from dialer.lead_facts import box_stands, leads_with, numbers_of
from dialer.mybox_errors import (
    BoxFull,
    BoxReport,
    ExpiresTooLate,
    HeldByAnother,
    MyBoxError,
    NotAssigned,
    NotHeld,
    UnknownLead,
)
from dialer.mybox_holders import Holder, holder_of, holders_of
from dialer.mybox_takers import allowed_expiry, taker_of, unsuitable, with_room
from dialer.rules.mybox import NO_POLICY, MyBoxPolicy
from dialer.storage.batches import batches
from dialer.storage.dialects import insert_if_new
from dialer.storage.number_locks import lock_for_change
from dialer.storage.tables import mybox_entries
from dialer.users import NotAllowed, User

__all__ = [
    "NO_POLICY",
    "BoxFull",
    "BoxReport",
    "ExpiresTooLate",
    "HeldByAnother",
    "Holder",
    "MyBoxError",
    "MyBoxPolicy",
    "NotAssigned",
    "NotHeld",
    "UnknownLead",
    "end_expired",
    "hand_over",
    "hand_over_many",
    "holder_of",
    "holders_of",
    "move_all",
    "put",
    "put_many",
    "release",
    "release_many",
    "set_expiry",
]

# --- one lead -----------------------------------------------------------------------------


async def put(
    connection: AsyncConnection,
    *,
    lead_id: int,
    user_id: int,
    now: datetime,
    policy: MyBoxPolicy = NO_POLICY,
    expires_at: datetime | None = None,
    by: User | None = None,
) -> None:
    """`put_many` of one lead. Raises what that refuses."""
    _raise_refused(
        await put_many(
            connection,
            lead_ids=[lead_id],
            user_id=user_id,
            now=now,
            policy=policy,
            expires_at=expires_at,
            by=by,
        )
    )


async def release(
    connection: AsyncConnection, *, lead_id: int, now: datetime, by: User | None = None
) -> bool:
    """`release_many` of one lead; False when it was in no box. Raises HeldByAnother."""
    report = await release_many(connection, lead_ids=[lead_id], now=now, by=by)
    if isinstance(report.refused.get(lead_id), NotHeld):
        return False
    _raise_refused(report)
    return True


async def hand_over(
    connection: AsyncConnection,
    *,
    lead_id: int,
    to_user_id: int,
    now: datetime,
    by: User,
    policy: MyBoxPolicy = NO_POLICY,
) -> None:
    """`hand_over_many` of one lead. Raises what that refuses."""
    _raise_refused(
        await hand_over_many(
            connection, lead_ids=[lead_id], to_user_id=to_user_id, now=now, by=by, policy=policy
        )
    )


async def set_expiry(
    connection: AsyncConnection,
    *,
    lead_id: int,
    expires_at: datetime | None,
    now: datetime,
    by: User,
    policy: MyBoxPolicy = NO_POLICY,
) -> None:
    """When the entry ends by itself; None: never. The holder or an admin sets it.

    Raises NotHeld; HeldByAnother; ExpiresTooLate for a holder who passes over the setting.
    """
    await _still(connection, [lead_id])
    holder = (await holders_of(connection, lead_ids=[lead_id], now=now, viewer=by)).get(lead_id)
    if holder is None:
        raise NotHeld(f"lead {lead_id} is in nobody's MyBox")
    if not by.acts_as_admin:
        if by.id != holder.user_id:
            raise HeldByAnother(lead_id, holder.user_id, holder.name)
        latest = policy.expiry(now)
        if latest is not None and (expires_at is None or expires_at > latest):
            raise ExpiresTooLate(f"an entry may stand until {latest:%Y-%m-%d %H:%M} UTC at most")
    await connection.execute(
        update(mybox_entries).where(_of([lead_id])).values(expires_at=expires_at)
    )
    await _refresh(connection, [lead_id], now)
    until = expires_at.isoformat() if expires_at else None
    await _record(connection, "mybox.expiry", {lead_id: {"expires_at": until}}, by, now)


# --- many leads ---------------------------------------------------------------------------


async def put_many(
    connection: AsyncConnection,
    *,
    lead_ids: Collection[int],
    user_id: int,
    now: datetime,
    policy: MyBoxPolicy = NO_POLICY,
    expires_at: datetime | None = None,
    by: User | None = None,
) -> BoxReport:
    """Puts leads into the box of `user_id`, in their order as far as there is room.

    Those that he holds already only get the new expiry. `expires_at` None: as the policy
    says. `by` None is the program itself.

    Refused are UnknownLead, NotAssigned, HeldByAnother and BoxFull. Raises NotAllowed when
    `by` is not an admin and the box is not his own; MyBoxError for an unknown or inactive
    user; ExpiresTooLate.
    """
    if by and not by.acts_as_admin and by.id != user_id:
        raise NotAllowed("only an admin puts leads into another user's MyBox")
    ends = allowed_expiry(expires_at, policy, now, by)
    await _still(connection, lead_ids)
    taker = await taker_of(connection, user_id)
    holders = await holders_of(connection, lead_ids=lead_ids, now=now, viewer=by)
    refused = await unsuitable(connection, lead_ids, taker, by)
    again: list[int] = []
    new: list[int] = []
    for lead_id in dict.fromkeys(lead_ids):
        holder = holders.get(lead_id)
        if lead_id in refused:
            continue
        if holder is None:
            new.append(lead_id)
        elif holder.user_id == user_id:
            again.append(lead_id)
        else:
            refused[lead_id] = HeldByAnother(lead_id, holder.user_id, holder.name)
    new = await with_room(connection, new, taker, policy, now, refused)
    for some in batches(again):
        await connection.execute(update(mybox_entries).where(_of(some)).values(expires_at=ends))
    new = await _start(connection, dict.fromkeys(new, ends), user_id, now, refused, by)
    done = [*again, *new]
    await _refresh(connection, done, now)
    await _record(connection, "mybox.put", {one: {"user_id": user_id} for one in done}, by, now)
    return _report(lead_ids, done, refused)


async def release_many(
    connection: AsyncConnection,
    *,
    lead_ids: Collection[int],
    now: datetime,
    by: User | None = None,
) -> BoxReport:
    """Takes leads out of whose box they are in: the holder or an admin may.

    Refused are NotHeld and HeldByAnother. `by` None is the program itself.
    """
    await _still(connection, lead_ids)
    holders = await holders_of(connection, lead_ids=lead_ids, now=now, viewer=by)
    refused: dict[int, MyBoxError] = {}
    released: dict[int, dict[str, object]] = {}
    for lead_id in dict.fromkeys(lead_ids):
        holder = holders.get(lead_id)
        if holder is None:
            refused[lead_id] = NotHeld(f"lead {lead_id} is in nobody's MyBox")
        elif by and not by.acts_as_admin and by.id != holder.user_id:
            refused[lead_id] = HeldByAnother(lead_id, holder.user_id, holder.name)
        else:
            released[lead_id] = {"user_id": holder.user_id}
    await _end(connection, list(released), now, by)
    await _refresh(connection, released, now)
    await _record(connection, "mybox.release", released, by, now)
    return _report(lead_ids, released, refused)


async def hand_over_many(
    connection: AsyncConnection,
    *,
    lead_ids: Collection[int],
    to_user_id: int,
    now: datetime,
    by: User | None,
    policy: MyBoxPolicy = NO_POLICY,
) -> BoxReport:
    """Moves held leads into another user's box; when they expire stays as it was.

    The holder, a member of one of his workgroups or an admin may. Refused are UnknownLead,
    NotHeld, HeldByAnother, NotAssigned and BoxFull. Raises MyBoxError for an unknown or
    inactive user. `by` None is the program itself.
    """
    await _still(connection, lead_ids)
    taker = await taker_of(connection, to_user_id)
    holders = await holders_of(connection, lead_ids=lead_ids, now=now, viewer=by)
    refused = await unsuitable(connection, lead_ids, taker, by)
    already: list[int] = []
    moving: list[int] = []
    for lead_id in dict.fromkeys(lead_ids):
        holder = holders.get(lead_id)
        if holder is None:
            refused.setdefault(lead_id, NotHeld(f"lead {lead_id} is in nobody's MyBox"))
        elif not holder.name:  # hidden: no colleague of the holder
            refused[lead_id] = HeldByAnother(lead_id, holder.user_id, "")
        elif lead_id not in refused:
            (already if holder.user_id == to_user_id else moving).append(lead_id)
    moving = await with_room(connection, moving, taker, policy, now, refused)
    await _end(connection, moving, now, by)
    ends = {lead_id: holders[lead_id].expires_at for lead_id in moving}
    moved = await _start(connection, ends, to_user_id, now, refused, by)
    await _refresh(connection, moved, now)
    details = {
        lead_id: {"from_user_id": holders[lead_id].user_id, "to_user_id": to_user_id}
        for lead_id in moved
    }
    await _record(connection, "mybox.hand_over", details, by, now)
    return _report(lead_ids, [*already, *moved], refused)


async def move_all(
    connection: AsyncConnection,
    *,
    from_user_id: int,
    to_user_id: int | None,
    now: datetime,
    by: User | None = None,
    policy: MyBoxPolicy = NO_POLICY,
) -> BoxReport:
    """Everything that a leaving user holds goes to another user; None: is released.

    What cannot go (the other is not assigned to the project, his box is full) stays and is
    refused in the report. Raises NotAllowed unless `by` acts as admin; MyBoxError.
    """
    if by and not by.acts_as_admin:
        raise NotAllowed("only an admin moves all that a user holds")
    held = select(mybox_entries.c.lead_id).where(
        mybox_entries.c.user_id == from_user_id, box_stands(now)
    )
    lead_ids = (await connection.execute(held.order_by(mybox_entries.c.id))).scalars().all()
    if to_user_id is None:
        return await release_many(connection, lead_ids=lead_ids, now=now, by=by)
    return await hand_over_many(
        connection, lead_ids=lead_ids, to_user_id=to_user_id, now=now, by=by, policy=policy
    )


_ENDED_AT_ONCE = 500  # the next claim goes on with the rest


async def end_expired(connection: AsyncConnection, now: datetime) -> None:
    """Writes down that boxes whose time is over have ended; claims do this when they meet one."""
    over = and_(mybox_entries.c.released_at.is_(None), mybox_entries.c.expires_at <= now)
    lead_ids = list(
        (
            await connection.execute(
                select(mybox_entries.c.lead_id)
                .where(over)
                .order_by(mybox_entries.c.expires_at)
                .limit(_ENDED_AT_ONCE)
            )
        ).scalars()
    )
    if not lead_ids:
        return
    # The numbers first, then rows: the order in which everyone locks.
    await _still(connection, lead_ids)
    await connection.execute(
        update(mybox_entries)
        .where(over, mybox_entries.c.lead_id.in_(lead_ids))
        .values(released_at=mybox_entries.c.expires_at)
    )
    await _refresh(connection, lead_ids, now)


# --- the gate ---------------------------------------------------------------------------


async def _still(connection: AsyncConnection, lead_ids: Collection[int]) -> None:
    """No claim relies on these leads' boxes, and none will until the transaction ends."""
    await lock_for_change(connection, await numbers_of(connection, lead_ids))


async def _refresh(connection: AsyncConnection, lead_ids: Collection[int], now: datetime) -> None:
    """A box also concerns other leads with the same numbers."""
    others = await leads_with(connection, await numbers_of(connection, lead_ids))
    await lanes.refresh(connection, {*lead_ids, *others}, now)


# --- rows -------------------------------------------------------------------------------


def _of(lead_ids: Collection[int]) -> ColumnElement[bool]:
    if not lead_ids:
        return false()
    return and_(mybox_entries.c.lead_id.in_(lead_ids), mybox_entries.c.released_at.is_(None))


async def _start(
    connection: AsyncConnection,
    expiries: Mapping[int, datetime | None],
    user_id: int,
    now: datetime,
    refused: dict[int, MyBoxError],
    by: User | None,
) -> list[int]:
    """New entries for these leads; those that somebody else put away meanwhile are refused."""
    started: set[int] = set()
    for some in batches(list(expiries)):
        # An entry that expired still stands in the index until somebody needs its place.
        await connection.execute(
            update(mybox_entries)
            .where(_of(some), mybox_entries.c.expires_at <= now)
            .values(released_at=mybox_entries.c.expires_at)
        )
        entries = [
            {"lead_id": one, "user_id": user_id, "since": now, "expires_at": expiries[one]}
            for one in some
        ]
        inserted = await connection.execute(
            insert_if_new(connection, mybox_entries)
            .values(entries)
            .returning(mybox_entries.c.lead_id)
        )
        started.update(inserted.scalars())
    lost = [lead_id for lead_id in expiries if lead_id not in started]
    holders = await holders_of(connection, lead_ids=lost, now=now, viewer=by)
    for lead_id in lost:
        holder = holders.get(lead_id)
        refused[lead_id] = (
            HeldByAnother(lead_id, holder.user_id, holder.name)
            if holder and holder.user_id != user_id
            else MyBoxError(f"lead {lead_id} was put into a MyBox in the same moment; look again")
        )
    return [lead_id for lead_id in expiries if lead_id in started]


async def _end(
    connection: AsyncConnection, lead_ids: Sequence[int], now: datetime, by: User | None
) -> None:
    for some in batches(lead_ids):
        await connection.execute(
            update(mybox_entries)
            .where(_of(some))
            .values(released_at=now, released_by=by.id if by else None)
        )


async def _record(
    connection: AsyncConnection,
    action: str,
    details: Mapping[int, Mapping[str, object]],
    by: User | None,
    now: datetime,
) -> None:
    await audit.record_each(
        connection,
        user_id=by.id if by else None,
        action=action,
        details={f"lead:{lead_id}": detail for lead_id, detail in details.items()},
        now=now,
    )


def _report(
    asked: Collection[int], done: Collection[int], refused: Mapping[int, MyBoxError]
) -> BoxReport:
    known = set(done)
    return BoxReport(tuple(one for one in dict.fromkeys(asked) if one in known), dict(refused))


def _raise_refused(report: BoxReport) -> None:
    for error in report.refused.values():
        raise error
