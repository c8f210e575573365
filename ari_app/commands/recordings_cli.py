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


@recordings.command("sweep")
def sweep(
    repair: Annotated[
        bool, typer.Option("--repair", help="Put right what can safely be put right.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Compares files and catalogue, both ways; ends with 1 when something is left to look at."""
    from ari_app.commands.recordings_sweep import look

    lines, all_well = look(config, repair=repair)
    for line in lines:
        typer.echo(line)
    if not all_well:
        raise typer.Exit(1)


@recordings.command("keep")
def keep(config: Config = DEFAULT_CONFIG) -> None:
    """Brings all recordings into the form, place and key that the settings say now."""
    from ari_app.commands.recordings_sweep import keep as queue

    typer.echo(queue(config))
