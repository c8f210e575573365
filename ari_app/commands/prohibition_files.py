"""`kakeru prohibition import` and `lift-file`: a progress bar, then what became of each row."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ari_app.commands.failures import CommandFailed
from ari_app.commands.installation import database_of, settings_of
from ari_app.commands.prohibitions import workgroup_id
from ari_app.settings import Settings
from dialer.lead_file_errors import LeadFileError
from dialer.prohibition_files import NumberList, ProhibitionFileError, load_number_list
from dialer.prohibition_import import (
    ListReport,
    OnProgress,
    ProhibitionImportError,
    RowOutcome,
    lift_list,
    prohibit_list,
    write_report,
)
from dialer.prohibitions import ProhibitionError
from dialer.storage.engine import Database

_SHOWN = 20  # rows that were refused on the terminal; --report has all

Work = Callable[[Database, NumberList, int | None, OnProgress], Awaitable[ListReport]]


def bring(
    config: Path,
    file: Path,
    *,
    for_whom: str | None,
    reason: str,
    check_only: bool,
    report: Path | None,
    encoding: str | None,
    language: str,
) -> int:
    """Prohibits the file's numbers for a workgroup, None: the company; the exit code.

    0 unless the file holds no number at all; a number that is prohibited already counts.
    """

    async def work(
        database: Database, numbers: NumberList, group: int | None, progress: OnProgress
    ) -> ListReport:
        return await prohibit_list(
            database,
            numbers,
            workgroup_ids=None if group is None else [group],
            now=_now,
            reason=reason,
            check_only=check_only,
            on_progress=progress,
        )

    return _run(config, file, work, for_whom, report, encoding, language)


def lift(
    config: Path,
    file: Path,
    *,
    for_whom: str | None,
    reason: str,
    check_only: bool,
    report: Path | None,
    encoding: str | None,
    language: str,
) -> int:
    """Lifts the prohibitions of the file's numbers; the exit code, as `bring` has it."""

    async def work(
        database: Database, numbers: NumberList, group: int | None, progress: OnProgress
    ) -> ListReport:
        return await lift_list(
            database,
            numbers,
            workgroup_id=group,
            now=_now,
            reason=reason,
            check_only=check_only,
            on_progress=progress,
        )

    return _run(config, file, work, for_whom, report, encoding, language)


def _now() -> datetime:
    return datetime.now(UTC)


def _run(
    config: Path,
    file: Path,
    work: Work,
    for_whom: str | None,
    report: Path | None,
    encoding: str | None,
    language: str,
) -> int:
    settings = settings_of(config)
    console = Console(highlight=False)
    try:
        numbers = load_number_list(file, encoding=encoding)
        # Before anything is written, so that a wrong path stops it instead of losing the report.
        if report is not None:
            report.open("a").close()
        done = asyncio.run(_work(settings, numbers, work, for_whom, console, language))
    except (LeadFileError, ProhibitionFileError) as error:
        raise CommandFailed(error.text(language)) from error
    except (ProhibitionError, ProhibitionImportError) as error:
        raise CommandFailed(str(error)) from error
    _say_report(console, done, language)
    if report is not None:
        # With a byte order mark, because Excel takes a CSV without one for CP932.
        with report.open("w", encoding="utf-8-sig", newline="") as stream:
            write_report(done, stream, language)
    return 0 if numbers.numbers else 1


async def _work(
    settings: Settings,
    numbers: NumberList,
    work: Work,
    for_whom: str | None,
    console: Console,
    language: str,
) -> ListReport:
    async with database_of(settings) as database:
        async with database.read() as connection:
            group = await workgroup_id(connection, for_whom) if for_whom else None
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        ) as bar:
            words = "番号" if language == "ja" else "Numbers"
            task = bar.add_task(words, total=len(numbers.numbers))

            def show(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            return await work(database, numbers, group, show)


def _say_report(console: Console, report: ListReport, language: str) -> None:
    japanese = language == "ja"
    for outcome in (RowOutcome.NOT_A_NUMBER, RowOutcome.DUPLICATE):
        lines = report.lines_with(outcome)
        for line in lines[:_SHOWN]:
            place = f"{line.row}行目" if japanese else f"row {line.row}"
            what = " ".join(filter(None, (line.column, f"“{line.value}”")))
            why = line.why(language) or report.outcome_text(outcome, language)
            _say(console, f"  {place}: {what}: {why}", "yellow")
        if len(lines) > _SHOWN:
            more = len(lines) - _SHOWN
            _say(console, f"  ほか{more}行" if japanese else f"  … and {more} more")
    for outcome in RowOutcome:
        if count := report.count(outcome):
            _say(console, f"{report.outcome_text(outcome, language)}: {count}")
    if report.checked_only:
        words = (
            "確認のみで、何も変更していません" if japanese else "Only checked; nothing was changed"
        )
        _say(console, words)


def _say(console: Console, text: str, style: str | None = None) -> None:
    # Cells may contain [brackets]: they are text here, not mark-up.
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
