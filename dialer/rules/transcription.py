"""Which conversations are turned into words."""

from dataclasses import dataclass
from uuid import UUID

_SHARES = 2**32  # the last bits of a random id, which are all random (RFC 9562)


@dataclass(frozen=True, slots=True)
class TranscriptionPolicy:
    """`share`: 0 (none) to 1 (all) of the conversations that last `longer_than_seconds`."""

    share: float = 1.0
    longer_than_seconds: float = 0.0


NONE = TranscriptionPolicy(share=0.0)


def is_transcribed(policy: TranscriptionPolicy, call_id: UUID, seconds: float) -> bool:
    """The answer of a call never changes: its id, which is random, decides about the share."""
    if seconds <= policy.longer_than_seconds:
        return False
    return call_id.int % _SHARES < policy.share * _SHARES
