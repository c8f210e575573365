"""`kakeru recordings …`: names and options; the work is in the neighbours."""

from typing import Annotated

import typer

from ari_app.commands.terminal import DEFAULT_CONFIG, Config

recordings = typer.Typer(
    help="Recordings of conversations.", no_args_is_help=True, rich_markup_mode=None
)


@recordings.command("retention")
def retention(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be erased.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Erases conversations whose time is over, as settings and projects say."""
    from ari_app.commands.retention import erase

    typer.echo(erase(config, dry_run=dry_run))
