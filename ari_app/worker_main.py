"""The inside of a process that `worker_processes` starts: told by its standard input, and woken."""

import asyncio
import json
import os
import random
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ari_app import logging as logs

log = structlog.get_logger(__name__)

_GROUP = Path("/proc/self/autogroup")
_GROUP_TRIES = 30

IDLE_SECONDS = 30.0  # without work; then a worker ends and is started again when there is some

News = Mapping[str, Any]

Work = Callable[[Mapping[str, Any], asyncio.Event], Awaitable[None]]
"""Gets what the worker was told and what is set when it is woken; returns when it is idle."""


def run_worker(work: Work, *, niceness: int = 0) -> None:
    """Works until there is nothing left to do for a while, or nobody left to do it for.

    What is told must name a ``log_file``. `niceness`: how far others go first, 0 to 19.
    """
    told = json.loads(sys.stdin.buffer.readline())
    if niceness:
        _give_way(niceness)
    logs.configure(file=Path(told["log_file"]))
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(work, told))


def _give_way(niceness: int) -> None:
    """Linux may share processors among sessions first and heed niceness only within each one.

    So the worker gets a session of its own, and that is made nice too (sched(7), autogroup). Else
    a few busy workers would count as much as all of the program that they work for.
    """
    os.nice(niceness)
    with suppress(PermissionError):  # it has one already
        os.setsid()
    tries = _GROUP_TRIES if os.getsid(0) == os.getpid() else 0
    for _ in range(tries):
        try:
            _GROUP.write_text(str(niceness), encoding="ascii")
        except BlockingIOError:
            # Taken from one process each 0.1 s, and several workers may begin at once.
            time.sleep(random.uniform(0.1, 0.3))
        except OSError:
            return  # this Linux shares otherwise
        else:
            return


def tell(news: News) -> None:
    """Tells the program that started this worker."""
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(dict(news)) + "\n")
        sys.stdout.flush()


async def work_off(
    step: Callable[[], Awaitable[News | None]],
    next_due: Callable[[], Awaitable[datetime | None]],
    woken: asyncio.Event,
) -> None:
    """Takes one step after the other, and tells of each, until nothing waits any more.

    A step returns None when nothing is due; `next_due` tells when something will be.
    """
    while True:
        woken.clear()
        while (news := await step()) is not None:
            tell(news)
        due_at = await next_due()
        if due_at is None:
            return
        pause = min(max((due_at - datetime.now(UTC)).total_seconds(), 0.1), IDLE_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await woken.wait()


async def _run(work: Work, told: Mapping[str, Any]) -> None:
    woken, orphaned = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(target=_listen, args=(loop, woken, orphaned), daemon=True).start()
    working = asyncio.ensure_future(work(told, woken))
    alone = asyncio.create_task(orphaned.wait())
    done, _ = await asyncio.wait({working, alone}, return_when=asyncio.FIRST_COMPLETED)
    alone.cancel()
    if working not in done:
        working.cancel()
    try:
        await working
    except asyncio.CancelledError:
        log.info("worker_stopped")
    except (SQLAlchemyError, OSError) as error:
        # It dies, and is started again after a pause: the database may be back by then.
        log.error("worker_interrupted", error=str(error).splitlines()[0])
        os._exit(1)
    sys.stdout.flush()
    # The thread that listens waits for a line that may never come, and an orderly end would
    # wait for it. What must be on disk is there: every step is committed.
    os._exit(0)


def _listen(loop: asyncio.AbstractEventLoop, woken: asyncio.Event, orphaned: asyncio.Event) -> None:
    for _ in sys.stdin.buffer:
        loop.call_soon_threadsafe(woken.set)
    loop.call_soon_threadsafe(orphaned.set)
