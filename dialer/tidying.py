"""What time alone changes: boxes expire, and claims of the dead go back. Once a second."""

from collections.abc import Collection
from datetime import datetime

import structlog
from sqlalchemy import exists, select

from dialer import mybox
from dialer.dead_claims import has_dead_claims, release_dead_claims
from dialer.messages import CallId
from dialer.storage.engine import Database
from dialer.storage.tables import mybox_entries

log = structlog.get_logger(__name__)


async def tidy(database: Database, now: datetime, *, alive: Collection[CallId]) -> None:
    """Writes only where there is something to write. `alive` are this controller's calls.

    Raises SQLAlchemyError.
    """
    over = mybox_entries.c.released_at.is_(None) & (mybox_entries.c.expires_at <= now)
    async with database.read() as connection:
        dead = await has_dead_claims(connection, now, alive=alive)
        expired = await connection.scalar(select(exists().where(over)))
    if expired:
        async with database.write() as connection:
            await mybox.end_expired(connection, now)
    if dead:
        async with database.write() as connection:
            released = await release_dead_claims(connection, now, alive=alive)
        for call_id in released:
            log.warning("a claim that nobody dialled is given back", call_id=str(call_id))
