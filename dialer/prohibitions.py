"""禁止: numbers that a workgroup, or the whole company, must not call."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.users import User


class ProhibitionError(Exception):
    """What was asked cannot be done; the message says why."""


class NoNumber(ProhibitionError):
    """The lead has no phone number that could be prohibited."""


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


async def prohibit(
    connection: AsyncConnection,
    *,
    e164s: Collection[str],
    workgroup_ids: Collection[int] | None,
    now: datetime,
    reason: str = "",
    by: User | None = None,
) -> list[str]:
    """Prohibits numbers for workgroups, or with None for the whole company.

    Returns the numbers that were not prohibited there before. `by` None is the program
    itself. Raises NotAllowed when a user names workgroups that are not his own.
    """
    raise NotImplementedError


async def prohibit_lead(
    connection: AsyncConnection,
    *,
    lead_id: int,
    now: datetime,
    reason: str = "",
    by: User,
    workgroup_ids: Collection[int] | None = (),
) -> list[str]:
    """Prohibits every number of a lead: for all workgroups of `by`, unless others are named.

    Returns the numbers that were not prohibited there before. Raises NoNumber, NotAllowed.
    """
    raise NotImplementedError


async def lift(
    connection: AsyncConnection,
    *,
    e164: str,
    workgroup_id: int | None,
    now: datetime,
    reason: str,
    by: User | None = None,
) -> None:
    """Ends a prohibition (workgroup None: the company-wide one); it stays on record.

    Raises NotAllowed unless `by` acts as admin; NotStanding.
    """
    raise NotImplementedError


async def standing(
    connection: AsyncConnection,
    *,
    e164s: Collection[str],
    workgroup_ids: Collection[int] | None = None,
) -> list[StandingProhibition]:
    """The prohibitions of these numbers: company-wide and of these workgroups, None: of all."""
    raise NotImplementedError
