"""Nothing is said unrecorded by accident when the disk is nearly full."""

import pytest

from dialer.rules.recording_room import Recording, RoomPolicy, WhenFull, recording_of

STOP = RoomPolicy(500, WhenFull.STOP_DIALLING)
WITHOUT = RoomPolicy(500, WhenFull.DIAL_WITHOUT)


@pytest.mark.parametrize(
    ("wanted", "policy", "free", "expected"),
    [
        (True, STOP, 500, Recording.RECORDED),
        (True, STOP, 499, Recording.NOT_CALLED),
        (True, WITHOUT, 499, Recording.NOT_RECORDED),
        (True, WITHOUT, 500, Recording.RECORDED),
        (True, STOP, None, Recording.RECORDED),
        (True, RoomPolicy(), 0, Recording.RECORDED),
        (False, STOP, 0, Recording.NOT_RECORDED),
        (False, WITHOUT, 10_000, Recording.NOT_RECORDED),
    ],
)
def test_what_becomes_of_a_call(
    wanted: bool, policy: RoomPolicy, free: int | None, expected: Recording
) -> None:
    assert recording_of(wanted=wanted, policy=policy, free_bytes=free) is expected
