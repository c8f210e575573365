"""`kakeru carrier`: the simulated telephone network for an installation without a trunk."""

from collections.abc import Callable
from pathlib import Path

import uvloop

from ari_app.commands.failures import CommandFailed
from ari_app.commands.installation import database_of, settings_of
from ari_app.runtime.carrier import Carrier
from ari_app.settings import Settings
from ari_app.signals import stop_on_signals
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
    async with database_of(settings) as database, database.read() as connection:
        # A phone in the browser is a browser's own.
        phones = [
            (one.account, one.password)
            for one in await phone_accounts(connection)
            if one.password is not None
        ]
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
            f"The simulated carrier answers at {process.sip_address} and plays {len(phones)} "
            "phones (Ctrl-C stops it). Name it as a trunk: "
            f"{{host: 127.0.0.1, port: {port}}}"
        )
        await stop.wait()
    finally:
        await process.stop()
