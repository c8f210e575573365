"""`kakeru project …`: names and options; the work is in `projects`."""

from dataclasses import astuple
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ari_app.commands.failures import WrongUsage
from ari_app.commands.terminal import DEFAULT_CONFIG, Config

project = typer.Typer(
    help="Projects: bundles of leads.", no_args_is_help=True, rich_markup_mode=None
)


class Language(StrEnum):
    """Languages of the product."""

    JA = "ja"
    EN = "en"


Name = Annotated[str, typer.Argument(metavar="NAME")]


@project.command("add")
def add_project(
    name: Name,
    users: Annotated[
        list[str] | None,
        typer.Option("--user", metavar="LOGIN", help="Who works in it; may be repeated."),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Its time zone; else that of the settings.")
    ] = None,
    language: Annotated[
        Language | None,
        typer.Option(help="Language of its first action results; else that of the settings."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Adds a project, with a set of action results to begin with."""
    from ari_app.commands import projects

    told = projects.add(
        config,
        name,
        time_zone=time_zone,
        language=language.value if language else None,
        logins=users or [],
    )
    typer.echo(told)


@project.command("list")
def list_projects(
    closed: Annotated[bool, typer.Option("--closed", help="Closed ones too.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Every project with its users, leads and campaigns."""
    from ari_app.commands import projects
    from ari_app.commands.tables import print_table

    lines = projects.list_projects(config, closed_too=closed)
    if not lines:
        typer.echo("No projects: `kakeru project add NAME` adds one.")
        return
    columns = ("project", "state", "users", "leads", "finished", "campaigns")
    print_table(columns, map(astuple, lines))


@project.command("edit")
def edit_project(
    name: Name,
    new_name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Another name.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Another time zone; looks at every lead.")
    ] = None,
    results: Annotated[
        str | None, typer.Option(metavar="NAME", help="The result set that agents choose from.")
    ] = None,
    fields: Annotated[
        str | None, typer.Option(metavar="NAME", help="The set of custom fields of its leads.")
    ] = None,
    result_required: Annotated[
        bool | None,
        typer.Option(
            "--result-required/--result-optional", help="Whether a conversation needs a result."
        ),
    ] = None,
    script: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The script, as UTF-8 text.")
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option("--user", metavar="LOGIN", help="Works in it from now on; repeatable."),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="LOGIN", help="Works in it no longer; repeatable."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Changes a project, open or closed; what is left out stays."""
    from ari_app.commands import projects

    changes = projects.Changes(
        name=new_name,
        time_zone=time_zone,
        results=results,
        fields=fields,
        result_required=result_required,
        script=script,
        add=add or (),
        remove=remove or (),
    )
    if changes == projects.Changes():
        raise WrongUsage("say what to change; `kakeru project edit --help` lists the options")
    typer.echo(projects.edit(config, name, changes))


@project.command("close")
def close_project(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Nobody of it is called any more; what rings stops."""
    from ari_app.commands import projects

    typer.echo(projects.close(config, name))


@project.command("reopen")
def reopen_project(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Opens a closed project again."""
    from ari_app.commands import projects

    typer.echo(projects.reopen(config, name))


@project.command("copy")
def copy_project(
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="The name of the copy.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """A new project with the same settings and users, without the leads."""
    from ari_app.commands import projects

    typer.echo(projects.copy(config, name, new_name))
