"""Who may do a thing that only one may do: the contract.

A lease is held for a time and renewed before it is over. A holder that dies loses it by
itself, and a holder that could not renew in time must stop by itself: `seconds` after the
last successful `acquire` or `renew`, another may hold it.
"""

from dataclasses import dataclass
from typing import Protocol


class CoordinationUnavailable(ConnectionError):
    """Nobody can be asked who holds what; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to `name`, proven by a token that nobody else knows."""

    name: str
    token: str


class Leases(Protocol):
    """All methods raise CoordinationUnavailable when the answer cannot be had."""

    async def acquire(self, name: str, *, seconds: float) -> Lease | None:
        """Takes the lease for that long; None when another holds it (or we do already)."""

    async def renew(self, lease: Lease, *, seconds: float) -> bool:
        """Holds it that long from now; False when it was lost, and then it is not ours."""

    async def release(self, lease: Lease) -> bool:
        """Gives it up; False when it was lost before. What another holds is left alone."""
