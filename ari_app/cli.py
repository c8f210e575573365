"""The command line `kakeru`: names, options and exit codes; the work is in `ari_app.commands`.

Exit codes: 0 done, 1 could not be done, 2 called wrongly, 130 stopped by Ctrl-C.
What goes wrong is told in a sentence on the error output; a traceback goes to the log only.
"""

import os
import sys
from asyncio import CancelledError
from collections.abc import Sequence
from dataclasses import astuple
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from ari_app.commands import (
    gate_cli,
    lead_cli,
    model_cli,
    people_cli,
    person_cli,
    project_cli,
    recordings_cli,
    set_up_cli,
)
from ari_app.commands.failures import WrongUsage, explanation
from ari_app.commands.terminal import DEFAULT_CONFIG, Config

app = typer.Typer(
    name="kakeru",
    help="Outbound sales calling on Asterisk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _group(name: str, help_text: str) -> typer.Typer:
    group = typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(group, name=name)
    return group


database = _group("db", "The database.")
asterisk = _group("asterisk", "Kakeru's own Asterisk.")
campaign = _group("campaign", "Campaigns: start, pause, stop.")

app.add_typer(lead_cli.lead, name="lead")
app.add_typer(people_cli.user, name="user")
app.add_typer(people_cli.workgroup, name="workgroup")
app.add_typer(project_cli.project, name="project")
app.add_typer(set_up_cli.setup, name="setup")
app.add_typer(gate_cli.prohibition, name="prohibition")
app.add_typer(gate_cli.mybox, name="mybox")
app.add_typer(model_cli.model, name="model")
app.add_typer(person_cli.person, name="person")
app.add_typer(recordings_cli.recordings, name="recordings")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and ends the process with its exit code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; its exit code."""
    try:
        typed = sys.argv[1:] if arguments is None else list(arguments)
        code = app(args=typed, prog_name="kakeru", standalone_mode=False)
    except TyperException as error:
        return _told_wrong_usage(error)
    except WrongUsage as error:
        _complain(str(error))
        return 2
    except (Abort, KeyboardInterrupt, CancelledError):
        _complain("stopped")
        return 130
    except BrokenPipeError:
        # Whoever read the output has gone (`kakeru … | head`): nothing is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 -- the last resort: the traceback goes to the log
        return _told_failure(error)
    return code if isinstance(code, int) else 0


def _told_wrong_usage(error: TyperException) -> int:
    message = error.format_message()
    context = getattr(error, "ctx", None)
    if context is not None and message.startswith("Usage:"):
        typer.echo(message, err=True)  # called without a command: its help
    else:
        hint = f" (see {context.command_path} --help)" if context is not None else ""
        _complain(f"{message.rstrip('.')}{hint}")
    return error.exit_code


def _told_failure(error: Exception) -> int:
    explained = explanation(error)
    if explained is None:
        from ari_app.logging import log_unexpected

        place = log_unexpected(error)
        explained = (
            f"something happened that should not ({type(error).__name__}); "
            f"{place} tells where, please report it"
        )
    _complain(explained)
    return 1


def _complain(message: str) -> None:
    typer.echo("\n".join(f"kakeru: {line}" for line in message.splitlines()), err=True)


@app.callback(invoke_without_command=True)
def _options(
    show_version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if show_version:
        typer.echo(f"kakeru {version('kakeru')}")
        raise typer.Exit


# --- running ------------------------------------------------------------------------------


@app.command(short_help="The whole system with simulated people.")
def demo(
    calls: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Stop after N finished calls; else at Ctrl-C."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the figures there at the end.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the web pages; else a free one.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another course of events.")] = 1,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the folder of the installation afterwards.")
    ] = False,
) -> None:
    """The whole system on this machine with simulated people; nobody's phone rings."""
    from rich.console import Console

    from ari_app import logging as logs
    from ari_app.demo import DemoFailed, DemoOptions, run_demo

    logs.configure(file=logs.default_log_file())
    options = DemoOptions(calls=calls, json_file=json, port=port, seed=seed, keep=keep)
    try:
        code = run_demo(options, Console(highlight=False))
    except DemoFailed as error:
        _complain(f"{error}; {logs.default_log_file()} tells more")
        code = 1
    raise typer.Exit(code)


@app.command(short_help="The web pages and the campaigns.")
def serve(config: Config = DEFAULT_CONFIG) -> None:
    """The web pages and the campaigns, with the trunks of the settings, until Ctrl-C."""
    from ari_app.commands.serve import serve as work

    work(config, lambda text: typer.echo(text, err=True))


@app.command(short_help="The simulated telephone network.")
def carrier(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="UDP port that it answers calls on.")
    ] = 5080,
    seed: Annotated[int, typer.Option(help="Another seed, other people.")] = 0,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """The simulated telephone network and the agents' phones, to try things without a trunk."""
    from ari_app.commands.carrier import carrier as work

    work(config, port, seed, lambda text: typer.echo(text, err=True))


@app.command(short_help="What is wrong with the settings.")
def check(config: Config = DEFAULT_CONFIG) -> None:
    """Reads every settings file and lists all that is wrong, as file:line: key: message."""
    from ari_app.commands.check import check as work

    typer.echo(work(config))


@app.command(short_help="What is found on this machine.")
def doctor(config: Config = DEFAULT_CONFIG) -> None:
    """What is found on this machine: programs, versions, ports, and what is wrong."""
    from ari_app.commands.doctor import doctor as work

    text, well = work(config)
    typer.echo(text)
    if not well:
        raise typer.Exit(1)


@database.command("upgrade")
def upgrade_database(config: Config = DEFAULT_CONFIG) -> None:
    """Brings the database to the tables of this version; does nothing if they are there."""
    from ari_app.commands.database import upgrade

    typer.echo(upgrade(config))


@database.command("reindex")
def reindex_database(config: Config = DEFAULT_CONFIG) -> None:
    """Compares what is written and said in every action with the index of words, and mends it."""
    from ari_app.commands.database import reindex

    typer.echo(reindex(config))


@asterisk.command("stop")
def stop_asterisk(config: Config = DEFAULT_CONFIG) -> None:
    """Ends Kakeru's Asterisk and every call in it; `kakeru serve` starts it again."""
    from ari_app.commands.asterisk import stop

    typer.echo(stop(config))


@app.command(short_help="Why a lead or a number is called, or not.")
def why(
    subject: Annotated[
        str, typer.Argument(metavar="NUMBER|LEAD", help="A phone number in any writing, or an id.")
    ],
    campaign: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="By this campaign; else by each of the lead's project."),
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="LOGIN", help="For a call that this user places by hand.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs: one line of JSON.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Why a lead is called, or not: the answer now, every rule with its facts, and past calls."""
    from ari_app.commands.tables import console
    from ari_app.commands.why import why as work

    answer = work(config, subject, campaign, user)
    if json:
        typer.echo(answer.as_json())
    else:
        answer.print_to(console())


# --- campaigns ----------------------------------------------------------------------------

CampaignName = Annotated[
    str, typer.Argument(metavar="NAME", help="Its file in config/campaigns/, without .yaml.")
]


@campaign.command("start")
def start_campaign(name: CampaignName, config: Config = DEFAULT_CONFIG) -> None:
    """Starts a campaign, or goes on after a pause."""
    from ari_app.commands import campaigns

    typer.echo(campaigns.set_state(config, name, "running"))


@campaign.command("pause")
def pause_campaign(name: CampaignName, config: Config = DEFAULT_CONFIG) -> None:
    """No new calls; what rings is ended, conversations go on."""
    from ari_app.commands import campaigns

    typer.echo(campaigns.set_state(config, name, "paused"))


@campaign.command("stop")
def stop_campaign(name: CampaignName, config: Config = DEFAULT_CONFIG) -> None:
    """Ends a campaign: as pause, and it counts as not begun."""
    from ari_app.commands import campaigns

    typer.echo(campaigns.set_state(config, name, "stopped"))


@campaign.command("list")
def list_campaigns(config: Config = DEFAULT_CONFIG) -> None:
    """Every campaign with its project, its state and what holds its leads back."""
    from ari_app.commands import campaigns
    from ari_app.commands.tables import print_table

    lines = campaigns.list_campaigns(config)
    if not lines:
        typer.echo("No campaigns: there is no file in config/campaigns/.")
        return
    columns = ("campaign", "project", "state", "since", "by", "callable now", "held back", "next")
    print_table(columns, map(astuple, lines))


if __name__ == "__main__":
    main()
