"""When to propose that somebody is called again."""

from datetime import datetime, timedelta

from dialer.rules.calling_hours import CallingHours

USUAL_DELAY = timedelta(days=1)  # of a result that says nothing else
_STEP = timedelta(minutes=5)


def proposed_time(now: datetime, delay: timedelta | None, hours: CallingHours) -> datetime:
    """`delay` (None: a day) after `now`, in full five minutes, within calling hours.

    Hours that never open within a year move nothing.
    """
    at = now + (USUAL_DELAY if delay is None else delay)
    full = at.replace(minute=at.minute - at.minute % 5, second=0, microsecond=0)
    at = full if full == at else full + _STEP
    return hours.next_opening(at) or at
