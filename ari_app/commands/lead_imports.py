"""`kakeru lead import`, `imports`, `resume` and `undo`: the same imports as in the browser,
worked on by the command's own process.
"""

import asyncio
import json as json_format
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ari_app.commands import import_report
from ari_app.commands.failures import CommandFailed, WrongUsage
from ari_app.commands.import_report import word
from ari_app.commands.installation import database_of, settings_of
from ari_app.commands.tables import print_table
from ari_app.settings import Settings
from dialer.custom_fields import fields_of_project
from dialer.lead_file_errors import LeadFileError
from dialer.lead_imports import whole
from dialer.lead_imports.blockers import blockers
from dialer.lead_imports.jobs import (
    ImportJob,
    LeadImportError,
    begin_import,
    cancel,
    go_on,
    import_by_id,
)
from dialer.lead_imports.jobs import list_imports as all_imports
from dialer.lead_imports.problems import as_csv, write_xlsx
from dialer.lead_imports.work import work_on
from dialer.lead_imports.workshop import Workshop
from dialer.projects import project_by_name
from dialer.rules.custom_field import CustomField
from dialer.rules.import_choices import (
    BY_NUMBER,
    ImportChoices,
    ImportState,
    InFile,
    InProject,
    Known,
)
from dialer.rules.list_shape import ReadingChoices
from dialer.rules.search_text import fold


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says; ranges of rows as ``A-B``."""

    file: Path
    project: str
    check_only: bool = False
    mapping: tuple[str, ...] = ()
    in_project: InProject = InProject.SKIP
    in_file: InFile = InFile.CREATE
    elsewhere: Known = Known.TAKE
    prohibited: Known = Known.TAKE
    boxed: Known = Known.TAKE
    key: str | None = None
    rows: str | None = None
    header: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    area_code: str | None = None
    problems: Path | None = None
    json: bool = False


def import_list(config: Path, asked: Asked, language: str, console: Console | None = None) -> int:
    """Checks the list, imports it unless only a check is wanted, and says what happened.

    0 when at least one row was, or would be, taken; 1 when none was. Raises CommandFailed
    and UnknownProject; then nothing is stored.
    """
    settings = settings_of(config)
    console = console or Console(highlight=False)
    quiet = Console(quiet=True) if asked.json else console
    try:
        _check_writable(asked.problems)
        job = asyncio.run(_import(settings, asked, quiet, language))
    except LeadFileError as error:
        raise CommandFailed(error.text(language)) from error
    except LeadImportError as error:
        raise CommandFailed(error.text(language)) from error
    if asked.json:
        console.print(import_report.as_json(job), markup=False, highlight=False, soft_wrap=True)
    if job.state is ImportState.FAILED:
        raise CommandFailed(job.why(language))
    return 0 if import_report.rows_taken(job) else 1


def list_all(config: Path, project: str | None, *, json: bool, language: str) -> None:
    """Prints the imports. Raises UnknownProject."""

    async def work() -> list[ImportJob]:
        async with database_of(settings_of(config)) as database, database.read() as connection:
            into = await project_by_name(connection, project) if project else None
            return await all_imports(connection, project_id=into.id if into else None)

    jobs = asyncio.run(work())
    if json:
        print(json_format.dumps([import_report.as_dict(job) for job in jobs], ensure_ascii=False))
        return
    if not jobs:
        print(word("no_imports", language))
        return
    columns = [word(name, language) for name in import_report.COLUMNS]
    print_table(columns, [import_report.line(job, language) for job in jobs])


def resume(config: Path, import_id: int, language: str, console: Console | None = None) -> int:
    """Goes on with an import; 0 when it is done then. Raises CommandFailed."""
    console = console or Console(highlight=False)

    async def work() -> ImportJob:
        async with _workshop(settings_of(config)) as shop:
            async with shop.database.write() as connection:
                job = await import_by_id(connection, import_id)
                if job.state is ImportState.FAILED:
                    await go_on(connection, import_id)
                elif not job.at_work:
                    raise LeadImportError(
                        f"import {import_id} is {job.state}: there is nothing to go on with",
                        f"インポート{import_id}は{import_report.state(job, 'ja')}です。"
                        "続きはありません",
                    )
            with _watched(shop, console, word("writing", language)) as watched:
                return await work_on(watched, token_hex(8), import_id)

    job = _run(work(), language)
    if job.at_work:
        raise CommandFailed(word("at_work", language, id=import_id))
    import_report.say_done(console, job, language)
    return 0 if job.state in (ImportState.DONE, ImportState.UNDONE, ImportState.CHECKED) else 1


def undo(config: Path, import_id: int, language: str, console: Console | None = None) -> int:
    """Takes an import back; 0 when it is undone. Raises CommandFailed, with the reasons."""
    console = console or Console(highlight=False)

    async def work() -> ImportJob:
        async with _workshop(settings_of(config)) as shop:
            async with shop.database.read() as connection:
                await import_by_id(connection, import_id)
                in_the_way = await blockers(connection, import_id)
            if in_the_way:
                raise LeadImportError(
                    import_report.blocked(import_id, in_the_way, "en"),
                    import_report.blocked(import_id, in_the_way, "ja"),
                )
            with _watched(shop, console, word("undoing", language)) as watched:
                return await whole.undo(watched, import_id)

    job = _run(work(), language)
    import_report.say_done(console, job, language)
    return 0 if job.state is ImportState.UNDONE else 1


# --- the work -----------------------------------------------------------------------------


async def _import(settings: Settings, asked: Asked, console: Console, language: str) -> ImportJob:
    async with _workshop(settings) as shop:
        async with shop.database.read() as connection:
            into = await project_by_name(connection, asked.project)
            fields = await fields_of_project(connection, into.id)
        import_id, shape = await whole.look_at(
            shop,
            asked.file,
            project=asked.project,
            choices=_choices(asked, fields),
            columns=whole.parse_columns(asked.mapping, fields),
        )
        import_report.say_shape(console, shape, language)
        with _watched(shop, console, word("checking", language)) as watched:
            job = await whole.check(watched, import_id)
        if job.state is not ImportState.CHECKED:
            return job
        await import_report.say_check(console, shop.database, job, language)
        if asked.problems is not None:
            await _write_problems(shop, job, asked.problems, language)
            console.print(word("all_in", language, path=asked.problems), soft_wrap=True)
        if asked.check_only:
            async with shop.database.write() as connection:
                await cancel(connection, import_id, now=shop.now())
            import_report.say_checked(console, job, language)
            return job
        if import_report.rows_taken(job):
            async with shop.database.write() as connection:
                await begin_import(connection, import_id, now=shop.now())
            with _watched(shop, console, word("writing", language)) as watched:
                job = await work_on(watched, token_hex(8), import_id)
        else:
            async with shop.database.write() as connection:
                await cancel(connection, import_id, now=shop.now())
        import_report.say_done(console, job, language)
        return job


def _choices(asked: Asked, fields: Sequence[CustomField]) -> ImportChoices:
    key = BY_NUMBER
    if asked.key is not None:
        found = next((one for one in fields if fold(one.name) == fold(asked.key)), None)
        if found is None:
            names = ", ".join(one.name for one in fields) or "none"
            raise WrongUsage(f"--key: no custom field {asked.key!r} in the project ({names})")
        key = f"custom:{found.id}"
    rows, header = _range("--rows", asked.rows), _range("--header", asked.header)
    return ImportChoices(
        reading=ReadingChoices(
            encoding=asked.encoding or "",
            sheet=asked.sheet or "",
            header_rows=header,
            first_row=rows[0] if rows else None,
            last_row=rows[1] if rows else None,
            area_code=_area_code(asked.area_code),
        ),
        in_file=asked.in_file,
        in_project=asked.in_project,
        elsewhere=asked.elsewhere,
        prohibited=asked.prohibited,
        boxed=asked.boxed,
        key=key,
    )


def _area_code(text: str | None) -> str:
    if text is not None and not (text.isascii() and text.isdigit() and text[:1] == "0"):
        raise WrongUsage(f"--area-code {text}: write it as 0265")
    return text or ""


def _range(option: str, text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, _, last = text.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        raise WrongUsage(f"{option} {text}: write A-B, as 5-1000")
    found = (int(first), int(last or first))
    if found[0] > found[1]:
        raise WrongUsage(f"{option} {text}: the first row comes after the last")
    return found


@asynccontextmanager
async def _workshop(settings: Settings) -> AsyncIterator[Workshop]:
    async with database_of(settings) as database:
        yield Workshop(
            database,
            settings.imports_folder,
            lambda: datetime.now(UTC),
            limits=settings.imports.limits,
        )


def _run(work: Coroutine[None, None, ImportJob], language: str) -> ImportJob:
    try:
        return asyncio.run(work)
    except LeadFileError as error:
        raise CommandFailed(error.text(language)) from error
    except LeadImportError as error:
        raise CommandFailed(error.text(language)) from error


@contextmanager
def _watched(shop: Workshop, console: Console, words: str) -> Iterator[Workshop]:
    """The workshop with a progress bar while the block runs."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as bar:
        task = bar.add_task(words, total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield replace(shop, progress=show)


def _check_writable(problems: Path | None) -> None:
    """Before the import, so that a wrong path stops it instead of losing the report."""
    if problems is None:
        return
    try:
        problems.open("a").close()
    except OSError as error:
        raise CommandFailed(
            f"{problems}: cannot be written ({error.strerror}); name another file with --problems"
        ) from error


async def _write_problems(shop: Workshop, job: ImportJob, path: Path, language: str) -> None:
    if path.suffix.lower() == ".xlsx":
        await write_xlsx(shop.database, job, path, language)
        return
    with path.open("wb") as file:
        async for piece in as_csv(shop.database, job, language):
            file.write(piece)
