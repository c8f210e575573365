"""Finished files in folders of a local disk; implements `recordings.place.Place`."""

import asyncio
import contextlib
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from secrets import token_hex

from recordings.audio_file import LocalAudioFile
from recordings.errors import RecordingStoreError, store_error
from recordings.place import StoredFile

FINISHED = (".wav", ".flac", ".opus", ".enc")


class LocalPlace:
    """The folder `root`, with a folder for each year, month and day."""

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.abspath(root))

    @property
    def root(self) -> Path:
        return self._root

    def find(self, path: str) -> Path:
        """Absolute path of a finished file.

        Raises FileNotFoundError when there is none, or when `path` leads out of the root
        by any way: absolute, through ``..`` or through a symbolic link.
        """
        try:
            root = self._root.resolve()
            found = (root / path).resolve()
            inside = found.is_relative_to(root) and not os.path.isabs(path)
            if inside and found.suffix in FINISHED and found.is_file():
                return found
        except (OSError, ValueError) as error:  # a name too long, a zero byte
            raise FileNotFoundError(f"no recording {path!r}") from error
        raise FileNotFoundError(f"no recording {path!r}")

    async def open(self, path: str) -> LocalAudioFile:
        return LocalAudioFile(self.find(path))

    async def put(self, file: Path, path: str, sha256: str) -> None:
        await asyncio.to_thread(self._put, file, self._root / path, sha256)

    async def remove(self, path: str) -> None:
        try:
            self.find(path).unlink(missing_ok=True)
        except FileNotFoundError:
            return
        except OSError as error:
            raise store_error(self._root / path, error) from error

    async def files(self, prefix: str) -> AsyncIterator[StoredFile]:
        for one in await asyncio.to_thread(lambda: list(self._files(prefix))):
            yield one

    async def close(self) -> None:
        """Nothing is held open."""

    def siblings(self, path: str) -> list[Path]:
        """All that lies in the root under the name of this recording, whatever its form: other
        forms, drawings, half-written files. Nothing for a path that leads out of the root."""
        root = self._root.resolve()
        stem = PurePosixPath(path).name.partition(".")[0]
        try:
            folder = (root / path).resolve().parent
        except (OSError, ValueError):
            return []
        if not stem or not folder.is_relative_to(root) or not folder.is_dir():
            return []
        return [
            one for one in folder.iterdir() if one.name.removeprefix(".").startswith(f"{stem}.")
        ]

    def make_folder(self, folder: Path) -> None:
        """Makes folders below the root with the root's own rights, whatever the umask.

        So the one who made the root decides who may listen, and an Asterisk that runs as
        another user can write where the root's group may. Raises RecordingStoreError.
        """
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            missing = [one for one in (folder, *folder.parents) if not one.exists()]
            for one in reversed(missing):
                one.mkdir(exist_ok=True)
                one.chmod(self.mode())
            if not folder.is_dir():
                raise NotADirectoryError(20, "a file of that name is in the way", str(folder))
        except OSError as error:
            raise store_error(folder, error) from error

    def mode(self) -> int:
        """The rights of the root."""
        return self._root.stat().st_mode & 0o7777

    def _put(self, file: Path, target: Path, sha256: str) -> None:
        part = target.with_name(f".{target.name}.{token_hex(4)}.part")
        try:
            self.make_folder(target.parent)
            with file.open("rb") as source, new_file(part, self.mode() & 0o666) as descriptor:
                with open(descriptor, "wb", closefd=False) as copy:
                    shutil.copyfileobj(source, copy, 1024 * 1024)
                os.fsync(descriptor)
            with part.open("rb") as copied:
                if hashlib.file_digest(copied, "sha256").hexdigest() != sha256:
                    raise RecordingStoreError(f"recordings: {target} was not written as given")
            os.replace(part, target)
            flush_folder(target.parent)
        except OSError as error:
            raise store_error(target, error) from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def _files(self, prefix: str) -> Iterator[StoredFile]:
        years = (one for one in self._children(self._root) if one.name.isdigit())
        for year in years:
            for path in self._below(year, prefix):
                with contextlib.suppress(FileNotFoundError):  # gone meanwhile
                    status = path.stat()
                    written_at = datetime.fromtimestamp(status.st_mtime, UTC)
                    name = path.relative_to(self._root).as_posix()
                    yield StoredFile(name, status.st_size, written_at)

    def _below(self, folder: Path, prefix: str) -> Iterator[Path]:
        for child in self._children(folder):
            name = child.relative_to(self._root).as_posix()
            if child.is_dir():
                if name.startswith(prefix) or prefix.startswith(f"{name}/"):
                    yield from self._below(child, prefix)
            elif child.suffix in FINISHED and name.startswith(prefix):
                yield child

    def _children(self, folder: Path) -> list[Path]:
        try:
            return sorted(one for one in folder.iterdir() if not one.is_symlink())
        except FileNotFoundError:
            return []


@contextlib.contextmanager
def new_file(path: Path, mode: int) -> Iterator[int]:
    """The descriptor of a file that was not there before."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def flush_folder(folder: Path) -> None:
    """A name in it that was just made or replaced outlives a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
