"""`kakeru model …`: names and options; the work is in `model`."""

from pathlib import Path
from typing import Annotated

import typer

from ari_app.commands.terminal import DEFAULT_CONFIG, Config

model = typer.Typer(
    help="The model that recognises speech.", no_args_is_help=True, rich_markup_mode=None
)


@model.command("check")
def check(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="A model; left out: that of the settings."),
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="vosk or sherpa-onnx; left out: that of the settings.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Loads the model and lets it hear a second of silence; says where it lies and its size."""
    from ari_app.commands.model import check_model

    for line in check_model(config, path, engine):
        typer.echo(line)
