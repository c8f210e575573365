"""`kakeru db …`"""

import asyncio
from pathlib import Path

from rich.console import Console

from ari_app.commands.installation import database_of, settings_of
from ari_app.settings import Settings
from dialer import action_texts
from dialer.storage import migrate


def upgrade(config: Path) -> str:
    """Brings the database to this version's tables; says what was done."""
    settings = settings_of(config)
    settings.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return asyncio.run(_upgrade(settings.database_url))


async def _upgrade(url: str) -> str:
    before = await migrate.current(url)
    after = await migrate.upgrade(url)
    if before == after:
        return f"The database is up to date ({after})."
    return f"The database is now at {after} (it was {before or 'empty'})."


def reindex(config: Path) -> str:
    """Compares the words of every action with their index, and mends what differs."""
    return asyncio.run(_reindex(settings_of(config)))


async def _reindex(settings: Settings) -> str:
    async with database_of(settings) as database:
        with Console(stderr=True).status("looking") as status:
            looked_at = await action_texts.rebuild(
                database, lambda done: status.update(f"{done} actions")
            )
    return f"The index of words is in step with {looked_at} actions."
