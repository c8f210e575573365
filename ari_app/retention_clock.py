"""Erases conversations whose time is over, every hour while the program runs."""

import asyncio
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dialer.ports import Clock, RecordingFault, RecordingStore
from dialer.retention import erase_due
from dialer.rules.retention import Policies
from dialer.storage.engine import Database

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 3600.0


async def keep_retention(
    database: Database,
    store: RecordingStore,
    policies: Policies,
    clock: Clock,
    *,
    every_seconds: float = EVERY_SECONDS,
) -> None:
    """Until cancelled; what cannot be erased now is tried again an hour later."""
    while True:
        try:
            erased = await erase_due(database, store, policies, clock.now())
            if erased.audio or erased.words:
                log.info("retention_erased", audio=erased.audio, words=erased.words)
        except (RecordingFault, SQLAlchemyError) as error:
            log.error("retention_failed", error=str(error))
        await asyncio.sleep(every_seconds)
