"""How long to wait before the next attempt to connect."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential, with jitter so that several processes do not knock in step.

    The n-th wait is `first · 2ⁿ⁻¹` seconds, at most `longest`, of which a random part between a
    half and the whole is taken.
    """

    first: float = 0.15
    longest: float = 5.0

    def seconds(self, attempt: int, *, share: float | None = None) -> float:
        """The wait after the `attempt`-th failure in a row (from 1); `share` 0…1 is the chance."""
        drawn = random.random() if share is None else share
        whole = min(self.longest, self.first * 2.0 ** min(attempt - 1, 30))
        return whole * (0.5 + drawn / 2)
