"""What every command shares: which settings, and the language of the terminal."""

import os
from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path,
    typer.Option("--config", envvar="KAKERU_CONFIG", metavar="FILE", help="The settings."),
]
DEFAULT_CONFIG = Path("config/kakeru.yaml")


def terminal_language() -> str:
    """``ja`` or ``en``, as the terminal's settings say."""
    wanted = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    return "ja" if (wanted or "").startswith("ja") else "en"
