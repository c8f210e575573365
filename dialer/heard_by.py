"""Who heard, downloaded or read a conversation, and when: out of the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.hearing import right_to_hear
from dialer.rules.hearing import HearingRight, may_see_who_heard
from dialer.storage.tables import audit_log, users
from dialer.users import NotAllowed, User

HEARD: Final = ("recording.play", "recording.download", "transcript.view")
"""What the audit log calls each of them."""
MOST_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Hearing:
    """`what` is one of `HEARD`; `right` is what allowed it, None where it was not written down."""

    at: datetime
    user_id: int | None
    user: str
    what: str
    right: HearingRight | None


async def heard_by(
    connection: AsyncConnection, *, call_id: UUID, viewer: User
) -> Sequence[Hearing]:
    """The newest first, `MOST_SHOWN` at most. By an index.

    Raises NotAllowed for who may not see it (`dialer.rules.hearing`), or no such call.
    """
    right = await right_to_hear(connection, call_id=call_id, viewer=viewer)
    if not may_see_who_heard(right):
        raise NotAllowed("only admins and managers see who heard a conversation")
    query = (
        select(audit_log, users.c.name.label("user"))
        .outerjoin(users, users.c.id == audit_log.c.user_id)
        .where(audit_log.c.subject == f"call:{call_id}", audit_log.c.action.in_(HEARD))
        .order_by(audit_log.c.id.desc())
        .limit(MOST_SHOWN)
    )
    return [
        Hearing(row.at, row.user_id, row.user or "", row.action, _right(row.detail.get("right")))
        for row in await connection.execute(query)
    ]


def _right(word: object) -> HearingRight | None:
    return next((right for right in HearingRight if right == word), None)
