"""Compares files and catalogue of the recordings, every day while the program runs."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dialer.ports import Clock, KeepingStore, RecordingFault
from dialer.recording_keeper import WhenReady
from dialer.recording_sweep import sweep
from dialer.storage.engine import Database

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 24 * 3600.0
# Not while everything starts.
_FIRST_SECONDS = 600.0


async def keep_swept(
    database: Database,
    store: KeepingStore,
    clock: Clock,
    when_ready: Sequence[WhenReady],
    *,
    first_seconds: float = _FIRST_SECONDS,
    every_seconds: float = EVERY_SECONDS,
) -> None:
    """Until cancelled. Repairs what is safe, and says each finding in the log."""
    await asyncio.sleep(first_seconds)
    while True:
        try:
            swept = await sweep(database, store, clock.now(), repair=True, when_ready=when_ready)
        except (RecordingFault, SQLAlchemyError, OSError) as error:
            log.error("recordings_not_swept", error=str(error))
        else:
            for one in swept.found:
                log.warning(
                    "recordings_finding",
                    finding=one.finding.value,
                    place=one.place,
                    path=one.path,
                    repaired=one.repaired,
                )
            log.info("recordings_swept", files=swept.files, left=len(swept.left))
        await asyncio.sleep(every_seconds)
