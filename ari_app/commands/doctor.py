"""`kakeru doctor`: what is here, with the ports and the database that the settings name."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from ari_app.commands.installation import database_of
from ari_app.doctor import Address, Finding, State, collect, is_well, render
from ari_app.settings import Settings, SettingsError, load_settings
from dialer.storage.engine import StorageError


def doctor(config: Path) -> tuple[str, bool]:
    """The findings as text, and whether nothing is bad."""
    try:
        settings = load_settings(config)
    except SettingsError as error:
        wrong = [Finding(State.BAD, "settings", str(one)) for one in error.problems]
        findings = [*collect(), *wrong]
    else:
        findings = [
            *collect(_addresses(settings)),
            Finding(State.OK, "settings", f"{config}, campaigns: {len(settings.campaigns)}"),
            asyncio.run(_database(settings)),
        ]
    return render(findings), is_well(findings)


def _addresses(settings: Settings) -> Iterator[Address]:
    asterisk = settings.asterisk
    yield Address(settings.web.host, settings.web.port, "tcp", "the web pages")
    if asterisk.mode == "managed":
        yield Address("127.0.0.1", asterisk.ari_port, "tcp", "ARI")
        yield Address(asterisk.sip_host, asterisk.sip_port, "udp", "SIP")
        yield Address(asterisk.sip_host, asterisk.sip_port, "tcp", "SIP")


async def _database(settings: Settings) -> Finding:
    if not settings.data_folder.exists():
        remedy = "`kakeru serve` makes it, or `kakeru db upgrade`."
        return Finding(State.WARN, "database", f"no folder {settings.data_folder} yet", remedy)
    try:
        async with database_of(settings) as database:
            shown = database.engine.url.render_as_string()
            return Finding(State.OK, "database", f"{shown} answers, and its tables are up to date")
    except StorageError as error:
        return Finding(State.WARN, "database", str(error))
