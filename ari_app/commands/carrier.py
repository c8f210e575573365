"""`kakeru carrier`: the simulated telephone network for an installation without a trunk."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import uvloop

from ari_app.commands.failures import CommandFailed
from ari_app.commands.installation import database_of, settings_of
from ari_app.runtime.carrier import Carrier
from ari_app.settings import Settings
from ari_app.signals import stop_on_signals
from dialer.storage.engine import Database
from dialer.users import phone_accounts


def carrier(config: Path, port: int, seed: int, say: Callable[[str], None]) -> None:
    """Answers calls on `port` and plays the phones of all agents, until SIGINT or SIGTERM.

    Raises SettingsError, StorageError, RuntimeFault and CommandFailed.
    """
    settings = settings_of(config)
    if settings.asterisk.mode == "external":
        raise CommandFailed("asterisk.mode is external: the simulated phones would not find it")
    uvloop.run(_carrier(settings, port, seed, say))


async def _carrier(settings: Settings, port: int, seed: int, say: Callable[[str], None]) -> None:
    stop = stop_on_signals()
    async with database_of(settings) as database:
        await _play(settings, database, port, seed, say, stop)


async def _play(
    settings: Settings,
    database: Database,
    port: int,
    seed: int,
    say: Callable[[str], None],
    stop: asyncio.Event,
) -> None:
    phones = await _phones(database)
    own = settings.asterisk
    process = Carrier(
        settings.run_folder / "carrier",
        pbx_sip_address=f"{own.sip_host}:{own.sip_port}",
        sip_port=port,
        agents=phones,
        seed=seed,
    )
    await process.start()
    try:
        say(
            f"The simulated carrier answers at {process.sip_address} and plays "
            f"{_counted(phones)} (Ctrl-C stops it); SIP phones that users get later are played as "
            f"well. Name it as a trunk: {{host: 127.0.0.1, port: {port}}}"
        )
        while not await _is_over(stop, seconds=_LOOK_EVERY):
            now = await _phones(database)
            if now != phones:
                phones = now
                await process.set_agents(phones)
                say(f"The simulated carrier plays {_counted(phones)} now.")
    finally:
        await process.stop()


_LOOK_EVERY = 3.0  # seconds: users are made and get phones meanwhile


async def _phones(database: Database) -> list[tuple[str, str]]:
    """Account and password of every SIP phone; a phone in the browser is a browser's own."""
    async with database.read() as connection:
        return [
            (one.account, one.password)
            for one in await phone_accounts(connection)
            if one.password is not None
        ]


async def _is_over(stop: asyncio.Event, *, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True


def _counted(phones: list[tuple[str, str]]) -> str:
    return f"{len(phones)} phone{'' if len(phones) == 1 else 's'}"
