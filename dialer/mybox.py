"""マイボックス: one user holds a lead, and nobody else may contact it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.users import User


class MyBoxError(Exception):
    """What was asked cannot be done; the message says why."""


class HeldByAnother(MyBoxError):
    """Another user holds the lead."""

    def __init__(self, lead_id: int, holder_id: int, holder_name: str) -> None:
        super().__init__(f"lead {lead_id} is in the MyBox of {holder_name}")
        self.lead_id = lead_id
        self.holder_id = holder_id
        self.holder_name = holder_name


class NotAssigned(MyBoxError):
    """The user who should hold the lead is not assigned to its project."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lead, since when, and until when (None: until released)."""

    user_id: int
    name: str
    since: datetime
    expires_at: datetime | None


async def put(
    connection: AsyncConnection,
    *,
    lead_id: int,
    user_id: int,
    now: datetime,
    expires_at: datetime | None = None,
    by: User | None = None,
) -> None:
    """Puts a lead into the box of `user_id`; putting it there again only moves `expires_at`.

    `by` None is the program itself. Raises HeldByAnother; NotAssigned; NotAllowed when
    `by` is not an admin and the box is not his own.
    """
    raise NotImplementedError


async def release(
    connection: AsyncConnection, *, lead_id: int, now: datetime, by: User | None = None
) -> bool:
    """Takes a lead out of whose box it is in; False when it was in none.

    Raises HeldByAnother when `by` neither holds it nor acts as admin.
    """
    raise NotImplementedError


async def hand_over(
    connection: AsyncConnection, *, lead_id: int, to_user_id: int, now: datetime, by: User
) -> None:
    """Moves a held lead into another user's box.

    The holder, a member of one of his workgroups or an admin may do it.
    Raises HeldByAnother for others; NotAssigned; MyBoxError when nobody holds it.
    """
    raise NotImplementedError


async def holder_of(connection: AsyncConnection, *, lead_id: int, now: datetime) -> Holder | None:
    raise NotImplementedError
