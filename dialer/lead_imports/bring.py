"""A file comes into the folder of imports, and there becomes an import."""

import hashlib
import os
import secrets
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.lead_imports.jobs import create_import, unneeded_files
from dialer.lead_imports.workshop import Workshop
from dialer.rules.import_choices import ImportChoices
from dialer.users import User

_BLOCK = 1 << 20
_PART = ".part"  # after the name of a file that is still arriving


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the folder of imports. `digest` is its SHA-256 in hexadecimal."""

    name: str
    digest: str
    size_bytes: int


async def store(shop: Workshop, blocks: AsyncIterable[bytes], file_name: str) -> StoredFile:
    """Writes what arrives to disk, block by block, readable by this user only.

    A file that breaks off or is too large leaves nothing. Raises LeadFileError.
    """
    shop.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = secrets.token_hex(16)
    part = shop.folder / f"{name}{_PART}"
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            async for block in blocks:
                size += len(block)
                if size > shop.limits.file_bytes:
                    raise LeadFileError(
                        FileProblem.TOO_LARGE, file_name, most=shop.limits.file_bytes // 1024**2
                    )
                digest.update(block)
                await shop.in_thread(file.write, block)
        if not size:
            raise LeadFileError(FileProblem.EMPTY, file_name)
        part.rename(shop.folder / name)
    finally:
        part.unlink(missing_ok=True)
    return StoredFile(name, digest.hexdigest(), size)


async def bring_file(
    shop: Workshop,
    path: Path,
    *,
    project_id: int,
    choices: ImportChoices,
    by: User | None = None,
) -> int:
    """A new import of a file on this machine, which is copied; its id. Raises LeadFileError."""
    try:
        stored = await store(shop, _blocks(path), path.name)
    except OSError as error:
        raise LeadFileError(
            FileProblem.UNREADABLE, str(path), error=error.strerror or str(error)
        ) from error
    async with shop.database.write() as connection:
        return await create_import(
            connection,
            project_id=project_id,
            file_name=path.name,
            stored_as=stored.name,
            file_hash=stored.digest,
            choices=choices,
            now=shop.now(),
            by=by,
        )


async def remove_old_files(shop: Workshop, kept: timedelta) -> int:
    """Removes files of imports that were made longer than `kept` ago and are not at work.

    They hold personal data; what became of their rows stays. Returns how many.
    """
    async with shop.database.read() as connection:
        names = await unneeded_files(connection, before=shop.now() - kept)
    there = [shop.folder / name for name in names if (shop.folder / name).is_file()]
    for path in there:
        path.unlink(missing_ok=True)
    return len(there)


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
