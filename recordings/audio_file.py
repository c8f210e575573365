"""Finished audio opened for reading; implements `dialer.ports.AudioFile`."""

import asyncio
import os
from pathlib import Path


class LocalAudioFile:
    """A plain file of a local disk. Raises FileNotFoundError when there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._size_bytes = os.fstat(self._descriptor).st_size

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    @property
    def local_path(self) -> Path:
        return self._path

    async def read(self, start: int, length: int) -> bytes:
        return await asyncio.to_thread(os.pread, self._descriptor, length, start)

    async def close(self) -> None:
        os.close(self._descriptor)
