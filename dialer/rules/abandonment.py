"""The abandonment ledger: the share of answered calls for which no agent was free in time.

Rate = abandoned ÷ answered by a person, over a window (24 hours here). A call
counts as answered by a person when it was connected or abandoned.
"""

from collections import deque
from datetime import datetime, timedelta

WINDOW = timedelta(hours=24)

# One unlucky call among the first few says nothing yet; the limit holds from
# here on.
MINIMUM_ANSWERED = 20


class AbandonmentLedger:
    """Counts over a sliding window; one entry an answered call, oldest first."""

    def __init__(self, window: timedelta = WINDOW) -> None:
        self._window = window
        self._entries: deque[tuple[datetime, bool]] = deque()
        self._abandoned = 0

    def add(self, at: datetime, *, abandoned: bool) -> None:
        self._entries.append((at, abandoned))
        self._abandoned += abandoned

    def rate(self, now: datetime) -> float:
        """Abandoned ÷ answered within the window, 0.0 where nothing was answered."""
        self._forget_before(now - self._window)
        return self._abandoned / len(self._entries) if self._entries else 0.0

    def over_limit(self, limit_percent: float, now: datetime) -> bool:
        rate = self.rate(now)
        if len(self._entries) < MINIMUM_ANSWERED:
            return False
        return rate * 100 >= limit_percent

    def _forget_before(self, oldest: datetime) -> None:
        while self._entries and self._entries[0][0] < oldest:
            _, abandoned = self._entries.popleft()
            self._abandoned -= abandoned
