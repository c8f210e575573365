"""The real time, for the shells."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from dialer.ports import Timer


class SystemClock:
    """dialer.ports.Clock on the machine's clock and the running event loop."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, action)
