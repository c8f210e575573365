"""How long a lead may stay in a MyBox, and how many one user may hold."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class MyBoxPolicy:
    """The installation's rules; None: entries never expire, boxes hold any number of leads."""

    expires_after: timedelta | None = None
    limit_per_user: int | None = None

    def expiry(self, now: datetime) -> datetime | None:
        """When an entry that is made now ends by itself."""
        return None if self.expires_after is None else now + self.expires_after


NO_POLICY = MyBoxPolicy()
