"""The settings and the database that a command works with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ari_app.settings import Settings, load_settings
from dialer import audit
from dialer.storage import migrate
from dialer.storage.engine import Database, StorageError, check_database, open_database

DEFAULT_CONFIG = Path("config/kakeru.yaml")
COMMAND_LINE = "cli"  # from where, in the audit log


def settings_of(config: Path) -> Settings:
    """Raises SettingsError."""
    return load_settings(config)


def check_data_folder(settings: Settings) -> None:
    """Raises StorageError when the database would lie in a folder that is not there yet."""
    if not settings.database.url and not settings.data_folder.is_dir():
        raise StorageError(
            f"database: no folder {settings.data_folder} yet; `kakeru db upgrade` makes it"
        )


async def make_database(settings: Settings) -> None:
    """Makes the database of a new installation; one that is there stays as it is.

    Raises StorageError when it cannot be made or asked."""
    settings.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if await migrate.current(settings.database_url) is None:
        await migrate.upgrade(settings.database_url)


@asynccontextmanager
async def database_of(settings: Settings) -> AsyncIterator[Database]:
    """The database, open, with this version's tables. Raises StorageError otherwise."""
    check_data_folder(settings)
    database = open_database(settings.database_url)
    try:
        if await migrate.current(settings.database_url) != migrate.head():
            raise StorageError(
                f"database {database.engine.url.render_as_string()}: it has not this version's "
                "tables; run `kakeru db upgrade` first"
            )
        await check_database(database)
        with audit.acting_from(COMMAND_LINE):
            yield database
    finally:
        await database.close()
