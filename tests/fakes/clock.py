"""dialer.ports.Clock on the event loop's time, which may be virtual."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from dialer.ports import Timer

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # in Tokyo, a Tuesday


class FakeClock:
    """It is `start` when the loop's time is 0. A program that was killed has no timers left."""

    def __init__(self, start: datetime = NOON) -> None:
        self._start = start
        self._dead = False

    def now(self) -> datetime:
        return self._start + timedelta(seconds=asyncio.get_running_loop().time())

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, self._unless_dead, action)

    def kill(self) -> None:
        self._dead = True

    def _unless_dead(self, action: Callable[[], None]) -> None:
        if not self._dead:
            action()
