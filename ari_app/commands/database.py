"""`kakeru db …`"""

import asyncio
from pathlib import Path

from ari_app.commands.installation import settings_of
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
