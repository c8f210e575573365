"""`kakeru prohibition …` and `kakeru mybox …`: names and options; the work is in the neighbours."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ari_app.commands.failures import WrongUsage
from ari_app.commands.terminal import DEFAULT_CONFIG, Config, terminal_language

prohibition = typer.Typer(
    help="Numbers that nobody may call.", no_args_is_help=True, rich_markup_mode=None
)
mybox = typer.Typer(
    help="Leads that one user keeps for himself.", no_args_is_help=True, rich_markup_mode=None
)

Workgroup = Annotated[
    str | None, typer.Option(metavar="NAME", help="For this workgroup (or --company).")
]
Company = Annotated[bool, typer.Option("--company", help="For the whole company.")]
ListFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV (UTF-8, CP932) or xlsx with numbers.")
]
CheckOnly = Annotated[
    bool, typer.Option("--check-only", help="Only say what would become of each row.")
]
ReportFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write what became of each row there, as CSV.")
]
Encoding = Annotated[
    str | None, typer.Option(metavar="NAME", help="Encoding of a CSV file, if guessed wrong.")
]


class State(StrEnum):
    """Which prohibitions a list shows."""

    STANDING = "standing"
    LIFTED = "lifted"
    ALL = "all"


def _for_whom(workgroup: str | None, company: bool) -> str | None:
    """The workgroup's name, None: the company."""
    if (workgroup is None) is not company:
        raise WrongUsage("say for whom: --workgroup NAME or --company")
    return workgroup


@prohibition.command("add")
def add(
    numbers: Annotated[list[str], typer.Argument(metavar="NUMBER…", help="In any writing.")],
    workgroup: Workgroup = None,
    company: Company = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it stays on record.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Prohibits numbers: nobody for whom they are prohibited calls them from now on."""
    from ari_app.commands import prohibitions

    for line in prohibitions.add(config, numbers, _for_whom(workgroup, company), reason):
        typer.echo(line)


@prohibition.command("lift")
def lift(
    numbers: Annotated[list[str], typer.Argument(metavar="NUMBER…", help="In any writing.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it stays on record.")],
    workgroup: Workgroup = None,
    company: Company = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Lifts the prohibitions of numbers; who, when and why stay on record."""
    from ari_app.commands import prohibitions

    for line in prohibitions.lift(config, numbers, _for_whom(workgroup, company), reason):
        typer.echo(line)


@prohibition.command("list")
def list_prohibitions(
    workgroup: Workgroup = None,
    company: Company = False,
    number: Annotated[
        str, typer.Option(metavar="NUMBER", help="Only this number, or those that begin so.")
    ] = "",
    state: Annotated[State, typer.Option(help="In force, lifted, or both.")] = State.STANDING,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most N, newest first.")] = 100,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """What is prohibited, newest first, with who, when and why."""
    from ari_app.commands import prohibitions
    from ari_app.commands.tables import print_table

    if workgroup is not None and company:
        raise WrongUsage("name a workgroup or --company, not both")
    lines, more = prohibitions.listed(
        config, workgroup=workgroup, company=company, number=number, state=state.value, limit=limit
    )
    if not lines:
        typer.echo("No such prohibition.")
        return
    header = ("number", "for", "reason", "prohibited", "by", "lifted", "by", "why")
    print_table(header, lines)
    if more:
        typer.echo(f"There are more; --limit shows more than {limit}.")


@prohibition.command("import")
def bring(
    file: ListFile,
    workgroup: Workgroup = None,
    company: Company = False,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why, for rows that give no reason.")
    ] = "",
    check_only: CheckOnly = False,
    report: ReportFile = None,
    encoding: Encoding = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Prohibits the numbers of a file and reports each row; may be repeated."""
    from ari_app.commands import prohibition_files

    code = prohibition_files.bring(
        config,
        file,
        for_whom=_for_whom(workgroup, company),
        reason=reason,
        check_only=check_only,
        report=report,
        encoding=encoding,
        language=terminal_language(),
    )
    raise typer.Exit(code)


@prohibition.command("lift-file")
def lift_file(
    file: ListFile,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it stays on record.")],
    workgroup: Workgroup = None,
    company: Company = False,
    check_only: CheckOnly = False,
    report: ReportFile = None,
    encoding: Encoding = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Lifts the prohibitions of the numbers of a file and reports each row."""
    from ari_app.commands import prohibition_files

    code = prohibition_files.lift(
        config,
        file,
        for_whom=_for_whom(workgroup, company),
        reason=reason,
        check_only=check_only,
        report=report,
        encoding=encoding,
        language=terminal_language(),
    )
    raise typer.Exit(code)


@mybox.command("list")
def list_boxes(
    user: Annotated[
        str | None, typer.Option(metavar="LOGIN", help="Only what this user holds.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """What each user holds: how many leads, or with --user which ones."""
    from ari_app.commands import mybox as work
    from ari_app.commands.tables import print_table

    header, lines = work.held_by(config, user) if user else work.holders(config)
    if not lines:
        typer.echo("No lead is in a MyBox.")
        return
    print_table(header, lines)


@mybox.command("move")
def move(
    from_login: Annotated[str, typer.Option("--from", metavar="LOGIN", help="Who gives it up.")],
    to_login: Annotated[
        str | None, typer.Option("--to", metavar="LOGIN", help="Who gets it.")
    ] = None,
    release: Annotated[bool, typer.Option("--release", help="Nobody gets it.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Moves all that a (leaving) user holds to another one, or releases it."""
    from ari_app.commands import mybox as work

    if (to_login is None) is not release:
        raise WrongUsage("say where it goes: --to LOGIN or --release")
    told, whole = work.move(config, from_login, to_login)
    for line in told:
        typer.echo(line)
    if not whole:
        raise typer.Exit(1)
