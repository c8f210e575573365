"""What `kakeru recordings retention` does."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.status import Status

from ari_app.commands.installation import database_of, settings_of
from ari_app.recording_stores import opened_store
from ari_app.settings import Settings
from dialer.retention import Erased, erase_due


def erase(config: Path, *, dry_run: bool) -> str:
    """What was, or with `dry_run` would be erased, in words. Raises RecordingFault."""
    done = asyncio.run(_erase(settings_of(config), dry_run=dry_run))
    return f"{'would erase' if dry_run else 'erased'}: {_told(done)}"


async def _erase(settings: Settings, *, dry_run: bool) -> Erased:
    async with database_of(settings) as database, opened_store(settings) as store:
        with Console(stderr=True).status("looking") as status:
            return await erase_due(
                database,
                store,
                settings.retention_policies,
                datetime.now(UTC),
                dry_run=dry_run,
                progress=lambda erased: _show(status, erased),
            )


def _show(status: Status, erased: Erased) -> None:
    status.update(_told(erased))


def _told(erased: Erased) -> str:
    return f"the audio of {erased.audio} conversations, the words of {erased.words}"
