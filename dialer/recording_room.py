"""The room that is left for recordings, as somebody last looked."""

from dataclasses import dataclass, field

from dialer.rules.recording_room import Recording, RoomPolicy, is_nearly_full, recording_of


@dataclass(slots=True)
class RecordingRoom:
    """`free_bytes` is kept up to date from outside; None: not known."""

    policy: RoomPolicy = field(default_factory=RoomPolicy)
    free_bytes: int | None = None

    @property
    def nearly_full(self) -> bool:
        return is_nearly_full(self.policy, self.free_bytes)

    def recording_of(self, *, wanted: bool) -> Recording:
        """What becomes of a call whose campaign wants it recorded, or not."""
        return recording_of(wanted=wanted, policy=self.policy, free_bytes=self.free_bytes)
