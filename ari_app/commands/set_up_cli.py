"""`kakeru setup …`: names and options; the work is in `set_up`."""

from pathlib import Path
from typing import Annotated

import typer

from ari_app.commands.terminal import DEFAULT_CONFIG, Config

setup = typer.Typer(
    help="A whole set-up from one file.", no_args_is_help=True, rich_markup_mode=None
)


@setup.callback()
def _group() -> None:
    """Keeps `apply` a command of its own, though it is the only one."""


@setup.command("apply")
def apply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The YAML file that describes it.")],
    check: Annotated[bool, typer.Option("--check", help="Only tell what would change.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Makes workgroups, fields, results, users and projects what FILE says."""
    from ari_app.commands import set_up

    done = set_up.apply(config, file, check=check)
    for change in done.changes:
        typer.echo(change)
    for line in done.told:
        typer.echo(line)
    if not done.changes:
        typer.echo("Nothing to change.")
    elif check:
        typer.echo(f"{len(done.changes)} changes; nothing was written.")
