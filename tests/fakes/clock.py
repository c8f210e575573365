"""dialer.ports.Clock on the event loop's time, which may be virtual."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from dialer.ports import Timer
from tests.fakes.virtual_time import VirtualTimeLoop

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # in Tokyo, a Tuesday


class FakeClock:
    """It is `start` when virtual time begins, or when a real loop is first asked.

    A program that was killed has no timers left.
    """

    def __init__(self, start: datetime = NOON) -> None:
        self._start = start
        self._dead = False

    def now(self) -> datetime:
        loop = asyncio.get_running_loop()
        return self._start + timedelta(seconds=loop.time() - _beginning_of(loop))

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, self._unless_dead, action)

    def kill(self) -> None:
        self._dead = True

    def _unless_dead(self, action: Callable[[], None]) -> None:
        if not self._dead:
            action()


_beginnings: WeakKeyDictionary[asyncio.AbstractEventLoop, float] = WeakKeyDictionary()


def _beginning_of(loop: asyncio.AbstractEventLoop) -> float:
    """A real loop counts from the start of the machine, which may be days ago."""
    if isinstance(loop, VirtualTimeLoop):
        return 0.0
    return _beginnings.setdefault(loop, loop.time())
