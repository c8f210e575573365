"""What `kakeru recordings sweep` and `kakeru recordings keep` do."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from ari_app.commands.installation import database_of, settings_of
from ari_app.recording_stores import opened_store
from ari_app.settings import Settings
from dialer.recording_keeping import queue_unkept
from dialer.recording_sweep import Swept, sweep
from dialer.rules.recording_sweep import Finding

_WORDS = {
    Finding.UNFINISHED: ("audio that was not in the catalogue yet", "finished"),
    Finding.LEFT_OVER: ("another file of a recording that is catalogued", "removed"),
    Finding.ERASED: ("a file of a recording that was erased", "removed"),
    Finding.UNKNOWN: ("a recording of no call that we know", "put into set-aside"),
    Finding.FOREIGN: ("not a name of ours", ""),
    Finding.EMPTY: ("audio of a call that has ended, without a sample", "removed"),
    Finding.HALF_MADE: ("half written when somebody was killed", "removed"),
    Finding.MISSING: ("in the catalogue, but not there", ""),
}


def look(config: Path, *, repair: bool) -> tuple[list[str], bool]:
    """What was found, line by line, and whether all is as it should be now.

    Raises RecordingFault when a place cannot be reached.
    """
    swept = asyncio.run(_sweep(settings_of(config), repair=repair))
    return list(_lines(swept)), not swept.left


def keep(config: Path) -> str:
    """What was queued, in words."""
    count = asyncio.run(_queue(settings_of(config)))
    return f"{count} recordings are brought into the form that the settings say"


async def _sweep(settings: Settings, *, repair: bool) -> Swept:
    async with database_of(settings) as database, opened_store(settings) as store:
        with Console(stderr=True).status("looking") as status:
            return await sweep(
                database,
                store,
                datetime.now(UTC),
                repair=repair,
                progress=lambda count: status.update(f"{count} files"),
            )


async def _queue(settings: Settings) -> int:
    async with database_of(settings) as database, opened_store(settings) as store:
        return await queue_unkept(database, store, datetime.now(UTC))


def _lines(swept: Swept) -> Iterator[str]:
    for one in swept.found:
        what, done = _WORDS[one.finding]
        yield f"{one.place}:{one.path}: {what}{f'; {done}' if one.repaired else ''}"
    counts = Counter(one.repaired for one in swept.found)
    yield (
        f"{swept.files} recordings lie as the catalogue says; "
        f"{counts[True]} findings repaired, {counts[False]} left"
    )
