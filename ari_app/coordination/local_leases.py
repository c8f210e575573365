"""Leases among the tasks of this process."""

import time
from collections.abc import Callable
from secrets import token_hex

from ari_app.coordination.leases import Lease


class LocalLeases:
    """Implements `Leases` in memory; `clock` gives seconds that never run backwards."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[str, tuple[str, float]] = {}

    async def acquire(self, name: str, *, seconds: float) -> Lease | None:
        if self._holder(name) is not None:
            return None
        lease = Lease(name, token_hex(16))
        self._held[name] = (lease.token, self._clock() + seconds)
        return lease

    async def renew(self, lease: Lease, *, seconds: float) -> bool:
        if self._holder(lease.name) != lease.token:
            return False
        self._held[lease.name] = (lease.token, self._clock() + seconds)
        return True

    async def release(self, lease: Lease) -> bool:
        if self._holder(lease.name) != lease.token:
            return False
        del self._held[lease.name]
        return True

    def _holder(self, name: str) -> str | None:
        token, until = self._held.get(name, (None, 0.0))
        if token is not None and until <= self._clock():
            del self._held[name]
            return None
        return token
