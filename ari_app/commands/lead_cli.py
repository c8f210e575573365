"""`kakeru lead …`: names and options; the work is in `lead_imports`."""

from pathlib import Path
from typing import Annotated

import typer

from ari_app.commands.terminal import DEFAULT_CONFIG, Config, terminal_language
from dialer.rules.import_choices import InFile, InProject, Known

lead = typer.Typer(help="Lead lists.", no_args_is_help=True, rich_markup_mode=None)


@lead.command("import")
def import_leads(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV (UTF-8, CP932) or xlsx.")],
    project: Annotated[str, typer.Option(metavar="NAME", help="Whose leads they become.")],
    check: Annotated[
        bool, typer.Option("--check", help="Only say what would become of each row.")
    ] = False,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="What a column means; may be repeated."),
    ] = None,
    duplicates: Annotated[
        InProject, typer.Option(help="A lead that the project has: what to do with the row.")
    ] = InProject.SKIP,
    in_file: Annotated[
        InFile, typer.Option(help="A lead that an earlier row made: what to do with the row.")
    ] = InFile.CREATE,
    elsewhere: Annotated[
        Known, typer.Option(help="Numbers that another project has: take or skip the row.")
    ] = Known.TAKE,
    prohibited: Annotated[
        Known, typer.Option(help="Prohibited numbers: take (nobody calls them) or skip.")
    ] = Known.TAKE,
    boxed: Annotated[
        Known, typer.Option(help="Numbers of a lead in a MyBox: take or skip the row.")
    ] = Known.TAKE,
    key: Annotated[
        str | None,
        typer.Option(metavar="FIELD", help="Custom field that tells a lead; else its numbers do."),
    ] = None,
    rows: Annotated[
        str | None, typer.Option(metavar="A-B", help="Only these rows, as a spreadsheet counts.")
    ] = None,
    header: Annotated[
        str | None, typer.Option(metavar="A-B", help="Rows of the header, if found wrong; 0: none.")
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", help="Sheet of an xlsx file; else the first.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="Encoding of a CSV file, if guessed wrong.")
    ] = None,
    area_code: Annotated[
        str | None, typer.Option(metavar="CODE", help="For numbers without one, as 0265.")
    ] = None,
    problems: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the refused rows there: .xlsx, else CSV."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs: one line of JSON.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Takes a list into a project, and reports each row that it could not take."""
    from ari_app.commands.lead_imports import Asked, import_list

    asked = Asked(
        file=file,
        project=project,
        check_only=check,
        mapping=tuple(mapping or ()),
        in_project=duplicates,
        in_file=in_file,
        elsewhere=elsewhere,
        prohibited=prohibited,
        boxed=boxed,
        key=key,
        rows=rows,
        header=header,
        sheet=sheet,
        encoding=encoding,
        area_code=area_code,
        problems=problems,
        json=json,
    )
    raise typer.Exit(import_list(config, asked, terminal_language()))


@lead.command("imports")
def list_imports(
    project: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only those of this project.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs: one line of JSON.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """The imports, newest first, with their state and their figures."""
    from ari_app.commands.lead_imports import list_all

    list_all(config, project, json=json, language=terminal_language())


@lead.command("resume")
def resume_import(
    import_id: Annotated[int, typer.Argument(metavar="ID", help="From kakeru lead imports.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Goes on with an import that was interrupted, or that failed on its way."""
    from ari_app.commands.lead_imports import resume

    raise typer.Exit(resume(config, import_id, terminal_language()))


@lead.command("undo")
def undo_import(
    import_id: Annotated[int, typer.Argument(metavar="ID", help="From kakeru lead imports.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Takes a whole import back, as long as nobody has worked with its leads."""
    from ari_app.commands.lead_imports import undo

    raise typer.Exit(undo(config, import_id, terminal_language()))
