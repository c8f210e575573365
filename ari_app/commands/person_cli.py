"""`kakeru person …`: names and options; the work is in `person`."""

from pathlib import Path
from typing import Annotated

import typer

from ari_app.commands.terminal import DEFAULT_CONFIG, Config

person = typer.Typer(
    help="What is kept about the person behind a number.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="In any writing.")]


@person.command("export")
def export(
    number: Number,
    to: Annotated[Path, typer.Option(metavar="FILE", help="A zip file that is made there.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Hands over all that is kept about a person: as JSON, as a page to read, and the audio."""
    from ari_app.commands import person as work

    done = work.export(config, number, to)
    typer.echo(f"{done.file}: {done.records} records, {done.recordings} recordings")


@person.command("erase")
def erase(
    number: Number,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; it stays with the prohibition.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how much would be erased.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask back.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Erases all that is kept about a person; the number stays, prohibited for the company."""
    from ari_app.commands import person as work

    if not dry_run and not yes:
        found = work.erase(config, number, reason, dry_run=True)
        typer.echo(found)
        typer.confirm("Erase it for good?", abort=True)
    erased = work.erase(config, number, reason, dry_run=dry_run)
    typer.echo(erased)
