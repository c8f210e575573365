"""`kakeru serve`: everything at work until a signal asks for the end."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog
import uvloop

from ari_app import logging as logs
from ari_app.bootstrap import Kakeru, running
from ari_app.commands.failures import CommandFailed
from ari_app.commands.installation import settings_of
from ari_app.commands.only_one import only_one
from ari_app.runtime import ports
from ari_app.settings import Settings
from ari_app.signals import stop_on_signals
from dialer.user_links import make_first_link

log = structlog.get_logger(__name__)


def serve(config: Path, say: Callable[[str], None]) -> None:
    """Runs until SIGINT or SIGTERM; live calls in Asterisk go on afterwards.

    Raises SettingsError, RuntimeFault, StorageError, AriError and CommandFailed.
    """
    settings = settings_of(config)
    with only_one(settings.run_folder):
        logs.configure(stream=logs.stream_for_people(), file=settings.log_folder / "kakeru.log")
        # Before anything else: a page that cannot be shown must not cost a running call.
        for own, purpose in ((settings.web, "the web pages"), (settings.health, "monitoring")):
            ports.require_free(own.host, own.port, "tcp", purpose=purpose)
        uvloop.run(_serve(settings, say))


async def _serve(settings: Settings, say: Callable[[str], None]) -> None:
    stop = stop_on_signals()
    async with running(settings, say=lambda part: say(f"starting: {part}")) as kakeru:
        say(f"Kakeru is at work: {kakeru.address} (Ctrl-C stops it)")
        log.info("started", address=kakeru.address, campaigns=len(settings.campaigns))
        await _invite_the_first(kakeru, say)
        await _until_stopped(kakeru, stop)
        say("stopping; conversations go on")
    log.info("stopped")


async def _invite_the_first(kakeru: Kakeru, say: Callable[[str], None]) -> None:
    """Where nobody can log in yet, a link makes the first admin. It is told, never logged.

    In one piece, last of all: log lines before and behind it must not hide it.
    """
    async with kakeru.database.write() as connection:
        link = await make_first_link(connection, now=datetime.now(UTC))
    if link is not None:
        say(
            f"\n{_RULE}\n"
            "  Nobody can log in yet. Open this to become the first administrator\n"
            "  (good once, for 72 hours):\n\n"
            f"  {kakeru.address}/welcome/{link.token}\n"
            f"{_RULE}\n"
        )


_RULE = "─" * 72


async def _until_stopped(kakeru: Kakeru, stop: asyncio.Event) -> None:
    stopping = asyncio.create_task(stop.wait())
    failing = asyncio.create_task(kakeru.controller.failed())
    done, pending = await asyncio.wait({stopping, failing}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    if failing in done and stopping not in done:
        log.critical("controller_failed", part=failing.result())
        raise CommandFailed(
            f"a part of the controller has ended: {failing.result()}; "
            f"see {kakeru.settings.log_folder / 'kakeru.log'}, and start it again"
        )
