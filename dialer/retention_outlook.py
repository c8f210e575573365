"""What the retention will erase, before it does: for those who answer for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dialer.retention import Erased, OldConversation, older_conversations
from dialer.rules.retention import Policies
from dialer.storage.engine import Database

MOST_LOOKED_AT = 10_000  # conversations


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is erased within so many days; `held`: what only legal holds keep by then."""

    days: int
    erased: Erased
    held: int


@dataclass(frozen=True, slots=True)
class Outlooks:
    """`is_more`: there is more than was looked at, so each figure means *at least*."""

    within: tuple[Outlook, ...]
    is_more: bool


async def outlook(
    database: Database,
    policies: Policies,
    now: datetime,
    *,
    days: Sequence[int] = (0, 7, 30),
    most: int = MOST_LOOKED_AT,
) -> Outlooks:
    """Looks at the `most` oldest conversations and no more."""
    within = tuple(Outlook(one, Erased(), 0) for one in days)
    looked_at = 0
    async for some in older_conversations(database, policies, now + timedelta(days=max(days))):
        looked_at += len(some)
        within = tuple(_with(one, some, now + timedelta(days=one.days)) for one in within)
        if looked_at >= most:
            return Outlooks(within, is_more=True)
    return Outlooks(within, is_more=False)


def _with(known: Outlook, some: Sequence[OldConversation], at: datetime) -> Outlook:
    free = [replace(one, held=False) for one in some]
    return Outlook(
        known.days,
        Erased(
            known.erased.audio + sum(one.has_audio and one.loses_audio(at) for one in some),
            known.erased.words + sum(one.has_words and one.loses_words(at) for one in some),
        ),
        known.held
        + sum(
            one.held and is_free.loses_audio(at) for one, is_free in zip(some, free, strict=True)
        ),
    )
