"""`kakeru asterisk …`"""

import asyncio
from pathlib import Path

from ari_app.commands.failures import CommandFailed
from ari_app.commands.installation import settings_of
from ari_app.commands.only_one import only_one
from ari_app.runtime import programs
from ari_app.runtime.asterisk_process import AsteriskProcess


def stop(config: Path) -> str:
    """Ends the managed Asterisk, and with it every call; says what was done."""
    settings = settings_of(config)
    if settings.asterisk.mode == "external":
        raise CommandFailed("asterisk.mode is external: that Asterisk is not Kakeru's to stop")
    with only_one(settings.run_folder):
        return asyncio.run(_stop(settings.run_folder / "asterisk"))


async def _stop(run_folder: Path) -> str:
    asterisk = AsteriskProcess("Kakeru's Asterisk", run_folder, programs.asterisk())
    pid = await asterisk.running_already()
    if pid is None:
        return "Asterisk is not running."
    asterisk.adopt(pid)
    await asterisk.stop()
    return f"Asterisk (process {pid}) has ended."
