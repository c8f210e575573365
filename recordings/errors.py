"""What can go wrong with recordings.

    RecordingStoreError      audio cannot be written, or is still being written; nothing was lost

A missing or forbidden file is the built-in FileNotFoundError.
"""

import errno
from pathlib import Path

from dialer.ports import RecordingFault


class RecordingStoreError(RecordingFault):
    """A recording cannot be stored now; the message names the place and the remedy."""


def store_error(place: Path, error: OSError) -> RecordingStoreError:
    """The error to raise when `place` could not be written because of `error`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RecordingStoreError(f"recordings: no space left for {place}: free some space")
    if error.errno == errno.EROFS:
        return RecordingStoreError(f"recordings: {place} is on a read-only disk")
    return RecordingStoreError(
        f"recordings: cannot write {place}: {error.strerror or error}; "
        "give this user the right to write there, or choose another folder"
    )
