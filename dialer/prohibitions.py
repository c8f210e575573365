"""禁止: numbers that a workgroup, or the whole company, must not call."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit, lanes
from dialer.lead_facts import leads_with, numbers_of
from dialer.storage.batches import batches
from dialer.storage.dialects import insert_if_new
from dialer.storage.number_locks import lock_for_change
from dialer.storage.tables import prohibitions, users, workgroups
from dialer.users import NotAllowed, User

LONGEST_REASON = 500  # characters


class ProhibitionError(Exception):
    """What was asked cannot be done; the message says why."""


class NoNumber(ProhibitionError):
    """The lead has no phone number that could be prohibited."""


class NoReason(ProhibitionError):
    """Lifting needs a reason."""


class NotStanding(ProhibitionError):
    """The number is not prohibited there."""


@dataclass(frozen=True, slots=True)
class StandingProhibition:
    """`workgroup_id` None is the whole company; `prohibited_by` is empty for an import."""

    e164: str
    workgroup_id: int | None
    workgroup: str
    reason: str
    prohibited_at: datetime
    prohibited_by: str


@dataclass(frozen=True, slots=True)
class ProhibitedLeads:
    """`numbers` were not prohibited before; `without_number` are leads that have none."""

    numbers: tuple[str, ...]
    without_number: tuple[int, ...]


async def prohibit(
    connection: AsyncConnection,
    *,
    e164s: Collection[str],
    workgroup_ids: Collection[int] | None,
    now: datetime,
    reason: str = "",
    by: User | None = None,
) -> list[str]:
    """`prohibit_each` of numbers that have one reason in common."""
    return await prohibit_each(
        connection,
        reasons=dict.fromkeys(e164s, reason),
        workgroup_ids=workgroup_ids,
        now=now,
        by=by,
    )


async def prohibit_each(
    connection: AsyncConnection,
    *,
    reasons: Mapping[str, str],
    workgroup_ids: Collection[int] | None,
    now: datetime,
    by: User | None = None,
) -> list[str]:
    """Prohibits numbers, each with its reason, for workgroups, or with None for the company.

    Returns the numbers that were not prohibited there before. `by` None is the program
    itself. Raises NotAllowed when a user names workgroups that are not his own.
    """
    _check_may_prohibit(by, workgroup_ids)
    await lock_for_change(connection, reasons)
    groups = [None] if workgroup_ids is None else [*sorted(set(workgroup_ids))]
    rows = [
        {
            "e164": e164,
            "workgroup_id": group,
            "reason": reasons[e164][:LONGEST_REASON],
            "prohibited_at": now,
            "prohibited_by": by.id if by else None,
        }
        # In one order, so that two lists at once never wait for each other in a circle.
        for e164 in sorted(reasons)
        for group in groups
    ]
    added: dict[str, None] = {}
    for some in batches(rows):
        inserted = await connection.execute(
            insert_if_new(connection, prohibitions).values(some).returning(prohibitions.c.e164)
        )
        added.update(dict.fromkeys(inserted.scalars()))
    if added:
        await lanes.refresh_numbers(connection, added, now)
        said = {reasons[e164] for e164 in added}
        await audit.record(
            connection,
            user_id=by.id if by else None,
            action="prohibition.add",
            subject=_subject(list(added)),
            detail={
                "e164s": sorted(added),
                "workgroup_ids": groups,
                "reason": said.pop() if len(said) == 1 else "",
            },
            now=now,
        )
    return [e164 for e164 in reasons if e164 in added]


async def prohibit_lead(
    connection: AsyncConnection,
    *,
    lead_id: int,
    now: datetime,
    by: User,
    reason: str = "",
    workgroup_ids: Collection[int] | None = (),
    only: Collection[str] = (),
) -> list[str]:
    """Prohibits a lead's numbers: for all workgroups of `by`, unless others are named.

    `only` are those of its numbers that are meant; without any, all are. Returns the numbers
    that were not prohibited there before. Raises NoNumber; NotAllowed; ProhibitionError when
    `by` belongs to no workgroup and names none.
    """
    e164s = await numbers_of(connection, [lead_id])
    if only:
        e164s = [e164 for e164 in e164s if e164 in only]
    if not e164s:
        raise NoNumber(f"lead {lead_id} has no (such) phone number")
    return await prohibit(
        connection,
        e164s=e164s,
        workgroup_ids=_groups(by, workgroup_ids),
        reason=reason,
        by=by,
        now=now,
    )


async def prohibit_leads(
    connection: AsyncConnection,
    *,
    lead_ids: Collection[int],
    now: datetime,
    by: User,
    reason: str = "",
    workgroup_ids: Collection[int] | None = (),
) -> ProhibitedLeads:
    """`prohibit_lead` of many; those that have no number are told apart."""
    e164s = await numbers_of(connection, lead_ids)
    without = set(lead_ids) - set(await leads_with(connection, e164s))
    if not e164s:
        return ProhibitedLeads((), tuple(sorted(without)))
    added = await prohibit(
        connection,
        e164s=e164s,
        workgroup_ids=_groups(by, workgroup_ids),
        reason=reason,
        by=by,
        now=now,
    )
    return ProhibitedLeads(tuple(added), tuple(sorted(without)))


async def lift(
    connection: AsyncConnection,
    *,
    e164: str,
    workgroup_id: int | None,
    now: datetime,
    reason: str,
    by: User | None = None,
) -> None:
    """`lift_many` of one number. Raises NotStanding when it is not prohibited there."""
    lifted = await lift_many(
        connection, e164s=[e164], workgroup_id=workgroup_id, now=now, reason=reason, by=by
    )
    if not lifted:
        raise NotStanding(f"{e164} is not prohibited there")


async def lift_many(
    connection: AsyncConnection,
    *,
    e164s: Collection[str],
    workgroup_id: int | None,
    now: datetime,
    reason: str,
    by: User | None = None,
) -> list[str]:
    """Ends prohibitions (workgroup None: the company-wide ones); they stay on record.

    Returns the numbers that were prohibited there. `by` None is the program itself.
    Raises NotAllowed unless `by` acts as admin; NoReason.
    """
    if by and not by.acts_as_admin:
        raise NotAllowed("only an admin lifts a prohibition")
    if not reason.strip():
        raise NoReason("lifting a prohibition needs a reason; it stays on record")
    await lock_for_change(connection, e164s)
    lifted: dict[str, None] = {}
    for some in batches(sorted(set(e164s))):
        ended = await connection.execute(
            update(prohibitions)
            .where(
                prohibitions.c.e164.in_(some),
                prohibitions.c.lifted_at.is_(None),
                prohibitions.c.workgroup_id.is_(None)
                if workgroup_id is None
                else prohibitions.c.workgroup_id == workgroup_id,
            )
            .values(
                lifted_at=now,
                lifted_by=by.id if by else None,
                lift_reason=reason.strip()[:LONGEST_REASON],
            )
            .returning(prohibitions.c.e164)
        )
        lifted.update(dict.fromkeys(ended.scalars()))
    if lifted:
        await lanes.refresh_numbers(connection, lifted, now)
        await audit.record(
            connection,
            user_id=by.id if by else None,
            action="prohibition.lift",
            subject=_subject(sorted(lifted)),
            detail={"e164s": sorted(lifted), "workgroup_id": workgroup_id, "reason": reason},
            now=now,
        )
    return [e164 for e164 in dict.fromkeys(e164s) if e164 in lifted]


async def standing(
    connection: AsyncConnection,
    *,
    e164s: Collection[str],
    workgroup_ids: Collection[int] | None = None,
) -> list[StandingProhibition]:
    """The prohibitions of these numbers: company-wide and of these workgroups, None: of all.

    Those of one number stand together, the oldest first.
    """
    found: list[StandingProhibition] = []
    for some in batches(sorted(set(e164s))):
        rows = await connection.execute(
            select(
                prohibitions,
                workgroups.c.name.label("workgroup"),
                users.c.name.label("by_name"),
            )
            .outerjoin(workgroups, workgroups.c.id == prohibitions.c.workgroup_id)
            .outerjoin(users, users.c.id == prohibitions.c.prohibited_by)
            .where(prohibitions.c.e164.in_(some), binding(workgroup_ids))
            .order_by(prohibitions.c.e164, prohibitions.c.id)
        )
        found += [
            StandingProhibition(
                e164=row.e164,
                workgroup_id=row.workgroup_id,
                workgroup=row.workgroup or "",
                reason=row.reason,
                prohibited_at=row.prohibited_at,
                prohibited_by=row.by_name or "",
            )
            for row in rows
        ]
    return found


def binding(
    workgroup_ids: Collection[int] | None, table: FromClause = prohibitions
) -> ColumnElement[bool]:
    """Whether a row of prohibitions stands and binds these workgroups (None: any)."""
    anyone = true() if workgroup_ids is None else table.c.workgroup_id.in_(workgroup_ids)
    return table.c.lifted_at.is_(None) & or_(table.c.workgroup_id.is_(None), anyone)


def binding_for(viewer: User) -> Collection[int] | None:
    """Whose prohibitions `viewer` is shown: his workgroups', an admin all."""
    return None if viewer.acts_as_admin else viewer.workgroup_ids


def _groups(by: User, workgroup_ids: Collection[int] | None) -> Collection[int] | None:
    """None stays the whole company; none named are his own."""
    if workgroup_ids is None or workgroup_ids:
        return workgroup_ids
    if not by.workgroup_ids:
        raise ProhibitionError(f"{by.name} belongs to no workgroup; choose for whom")
    return by.workgroup_ids


def _check_may_prohibit(by: User | None, workgroup_ids: Collection[int] | None) -> None:
    if by is None or by.acts_as_admin:
        return
    if workgroup_ids is None:
        raise NotAllowed("only an admin prohibits for the whole company")
    if not set(workgroup_ids) <= by.workgroup_ids:
        raise NotAllowed("only an admin prohibits for workgroups that are not his own")


def _subject(e164s: list[str]) -> str:
    return f"number:{e164s[0]}" + (f" and {len(e164s) - 1} more" if len(e164s) > 1 else "")
