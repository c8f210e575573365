"""Where finished files lie: folders of a disk, or a bucket. One contract for both."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from dialer.ports import AudioFile


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that lies in a place; `path` is relative to the place's root."""

    path: str
    size_bytes: int
    written_at: datetime


class Place(Protocol):
    """All raise RecordingStoreError when the place cannot be reached or refuses."""

    async def open(self, path: str) -> AudioFile:
        """Raises FileNotFoundError when there is none, or it lies outside."""

    async def put(self, file: Path, path: str, sha256: str) -> None:
        """Stores a copy; it is durable, and was read back, when this returns.

        A file of that name is replaced in one step. Raises RecordingStoreError when what was
        read back is not `sha256`.
        """

    async def remove(self, path: str) -> None:
        """Nothing where it is gone already."""

    def files(self, prefix: str) -> AsyncIterator[StoredFile]:
        """Finished files whose path begins so, in the order of their paths."""

    async def close(self) -> None:
        """Ends connections, where there are any."""
