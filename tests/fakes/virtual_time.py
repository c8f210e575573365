"""An event loop whose time jumps to the next timer, so that an hour passes in seconds.

Work of other threads (SQLite's) takes no time: while any is `pending`, time stands still.
"""

import asyncio
import selectors
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# What a thread does for a test takes milliseconds; longer than this it hangs.
_HANGS_SECONDS = 30.0


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Starts at time 0. A test that waits for what can never happen fails at once."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    @contextmanager
    def pending(self) -> Iterator[None]:
        """Time stands still until the block is left."""
        self._jumping.pending += 1
        try:
            yield
        finally:
            self._jumping.pending -= 1


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.pending = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        if self.pending:
            ready = super().select(_HANGS_SECONDS if timeout is None or timeout > 0 else 0)
            if not ready and timeout != 0:
                raise RuntimeError(f"a thread has not answered for {_HANGS_SECONDS} s")
            return ready
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            # A thread that ends (a closing database's) may still have to say so.
            ready = super().select(1.0)
            if not ready:
                raise RuntimeError("everybody waits, and nothing will ever happen")
            return ready
        self.now += max(timeout, 0.0)
        return ready
