"""One controller for an installation: a second would take Asterisk away from the first."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ari_app.commands.failures import CommandFailed


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds the lock ``kakeru.lock`` in `folder`, which ends with the process however it ends.

    Raises CommandFailed when another process holds it, OSError when it cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Not inherited by Asterisk, which may outlive this process.
    descriptor = os.open(folder / "kakeru.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            raise CommandFailed(
                f"Kakeru is already running here (process {holder}, {folder}); stop it first"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
