"""Whether a conversation may begin when the disk of the recordings is nearly full."""

from dataclasses import dataclass
from enum import StrEnum


class WhenFull(StrEnum):
    STOP_DIALLING = "stop_dialling"
    DIAL_WITHOUT = "dial_without"


class Recording(StrEnum):
    """What becomes of a call that is about to be made."""

    RECORDED = "recorded"
    NOT_RECORDED = "not_recorded"
    NOT_CALLED = "not_called"


@dataclass(frozen=True, slots=True)
class RoomPolicy:
    """`min_free_bytes` 0: recordings go on until the disk takes no more."""

    min_free_bytes: int = 0
    when_full: WhenFull = WhenFull.STOP_DIALLING


def is_nearly_full(policy: RoomPolicy, free_bytes: int | None) -> bool:
    """`free_bytes` None: nobody could look, and nothing is stopped for that."""
    return free_bytes is not None and free_bytes < policy.min_free_bytes


def recording_of(*, wanted: bool, policy: RoomPolicy, free_bytes: int | None) -> Recording:
    """`wanted`: the campaign records its conversations; one that does not needs no room."""
    if not wanted:
        return Recording.NOT_RECORDED
    if not is_nearly_full(policy, free_bytes):
        return Recording.RECORDED
    if policy.when_full is WhenFull.DIAL_WITHOUT:
        return Recording.NOT_RECORDED
    return Recording.NOT_CALLED
