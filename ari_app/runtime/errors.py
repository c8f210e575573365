"""What can go wrong when real parts are fetched or started.

    RuntimeFault
    ├── PartUnavailable          a program is neither installed nor could be fetched
    │   ├── NoDebianSource       the machine's apt sources name no mirror to fetch from
    │   ├── KeyringMissing       the packages cannot be verified with the keys that are here
    │   └── FetchFailed          apt or dpkg-deb said no
    ├── ProgramTooOld            found, but older than needed
    ├── FolderUnwritable         a folder cannot be created or written
    ├── DiskFull                 no space left
    ├── PortInUse                an address is taken by another process
    └── StartFailed              the process ended, or did not answer in time

Every message names the thing and the remedy, so that it can be shown to a person as it is.
"""

import errno
from pathlib import Path


class RuntimeFault(Exception):
    """Base of all errors of ari_app.runtime."""


class PartUnavailable(RuntimeFault):
    """A program is neither installed nor could be fetched."""


class NoDebianSource(PartUnavailable):
    """The machine's apt sources name no mirror that has the part."""


class KeyringMissing(PartUnavailable):
    """The packages cannot be verified with the keys on this machine."""


class FetchFailed(PartUnavailable):
    """apt or dpkg-deb failed; the message ends with what it said."""


class ProgramTooOld(RuntimeFault):
    """The program was found but is older than needed."""


class FolderUnwritable(RuntimeFault):
    """A folder cannot be created or written."""


class DiskFull(RuntimeFault):
    """No space is left where something has to be written."""


class PortInUse(RuntimeFault):
    """An address is already taken by another process."""


class StartFailed(RuntimeFault):
    """The process ended by itself or did not answer in time."""


def folder_fault(folder: Path, error: OSError) -> RuntimeFault:
    """The error to raise when `folder` could not be written because of `error`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"{folder}: the disk is full. Free some space, or choose another folder.")
    return FolderUnwritable(
        f"{folder}: cannot be written ({error.strerror or error}). "
        "Give this user the right to write there, or choose another folder."
    )
