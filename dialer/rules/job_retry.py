"""When background work that failed is tried again."""

from datetime import datetime, timedelta

MOST_TRIES = 10
_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(hours=1)


def next_try(tries: int, now: datetime) -> datetime | None:
    """After `tries` (1 or more) that failed; None: it is given up, somebody must look.

    15 s, 30 s, 1 min … up to an hour, so that an absence of some hours is outlived.
    """
    if tries >= MOST_TRIES:
        return None
    return now + min(_FIRST_PAUSE * (1 << (tries - 1)), _LONGEST_PAUSE)
