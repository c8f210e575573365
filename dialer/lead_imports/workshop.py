"""What the work on an import is done with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

from dialer.rules.list_shape import ListLimits
from dialer.storage.engine import Database

P = ParamSpec("P")
T = TypeVar("T")

OnProgress = Callable[[int, int], None]
"""Called with the rows done and the rows in all."""


def nobody_watches(done: int, total: int) -> None:
    """No progress is wanted."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """The database, the folder of the files, the clock, and who watches."""

    database: Database
    folder: Path
    now: Callable[[], datetime]
    limits: ListLimits = field(default_factory=ListLimits)
    progress: OnProgress = nobody_watches

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Work that computes for long, so that the lease is kept meanwhile."""
        return await asyncio.to_thread(work, *args, **kwargs)
