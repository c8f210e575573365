"""`kakeru lead import`: a progress bar while it runs, then what was taken and what was not."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ari_app.commands.installation import COMMAND_LINE
from dialer import audit
from dialer.lead_file_errors import LeadFileError
from dialer.lead_files import LeadFile, load_lead_file, parse_mapping
from dialer.lead_import import (
    ImportReport,
    ImportStep,
    LeadImportError,
    import_leads,
    write_problems,
)
from dialer.projects import UnknownProject
from dialer.rules.lead_field import LeadField
from dialer.rules.lead_problem import RowNote
from dialer.storage import migrate
from dialer.storage.engine import StorageError, check_database, open_database

_SHOWN = 20  # refused rows on the terminal; all of them are in the file that --problems names


def run_lead_import(
    *,
    database_url: str,
    project: str,
    file: Path,
    mapping: Sequence[str] = (),
    encoding: str | None = None,
    sheet: str | None = None,
    problems: Path | None = None,
    region: str = "JP",
    language: str = "en",
    console: Console | None = None,
) -> int:
    """Imports `file` into `project` and says what happened; the exit code of the command.

    0 when at least one lead was taken, 1 when none was or the import could not be made;
    then nothing is stored. `mapping` holds ``COLUMN=FIELD``, `region` is ISO 3166-1
    alpha-2, `language` ``ja`` or ``en``. Refused rows go to `problems` as CSV.
    """
    console = console or Console(highlight=False)
    try:
        overrides = parse_mapping(mapping)
        _check_writable(problems)
        leads = load_lead_file(file, overrides=overrides, encoding=encoding, sheet=sheet)
        _say_file(console, leads, language)
        report = asyncio.run(_import(database_url, project, leads, region, console, language))
    except LeadFileError as error:
        return _fail(console, error.text(language), language)
    except (UnknownProject, LeadImportError, StorageError) as error:
        return _fail(console, str(error), language)
    _say_report(console, report, language)
    written = problems is None or _write_problems(console, report, problems, language)
    return 0 if report.taken and written else 1


async def _import(
    url: str, project: str, leads: LeadFile, region: str, console: Console, language: str
) -> ImportReport:
    database = open_database(url)
    try:
        await check_database(database)
        found = await migrate.current(url)
        if found != migrate.head():
            raise StorageError(
                f"database {database.engine.url.render_as_string()}: it is not at this version's "
                "tables; run `kakeru db upgrade` first"
            )
        with audit.acting_from(COMMAND_LINE), _progress(console) as bar:
            tasks = {step: bar.add_task(_word(step, language), total=None) for step in ImportStep}

            def show(step: ImportStep, done: int, total: int) -> None:
                bar.update(tasks[step], completed=done, total=total)

            return await import_leads(
                database,
                project=project,
                file=leads,
                now=datetime.now(UTC),
                region=region,
                on_progress=show,
            )
    finally:
        await database.close()


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def _check_writable(problems: Path | None) -> None:
    """Before the import, so that a wrong path stops it instead of losing the report."""
    if problems is None:
        return
    try:
        problems.open("a").close()
    except OSError as error:
        raise LeadImportError(
            f"{problems}: cannot be written ({error.strerror}); name another file with --problems"
        ) from error


def _write_problems(console: Console, report: ImportReport, problems: Path, language: str) -> bool:
    try:
        # With a byte order mark, because Excel takes a CSV without one for CP932.
        with problems.open("w", encoding="utf-8-sig", newline="") as stream:
            write_problems(report, stream, language)
    except OSError as error:
        _fail(console, _word("unwritten", language, path=problems, error=error.strerror), language)
        return False
    _say(console, _word("all_in", language, path=problems))
    return True


# --- what is said -------------------------------------------------------------------------

_WORDS = {
    "checking": ("確認", "Checking"),
    "writing": ("登録", "Writing"),
    "file": ("{name}: {kind}、見出しは{row}行目", "{name}: {kind}, header in row {row}"),
    "columns": ("列: {columns}", "Columns: {columns}"),
    "kept": ("列名のまま保存: {columns}", "Kept under their own name: {columns}"),
    "refused": ("取り込めなかった行: {count}", "Rows that were not taken: {count}"),
    "row": ("  {row}行目: {text}", "  row {row}: {text}"),
    "more": ("  ほか{count}行", "  … and {count} more"),
    "all_in": (
        "取り込めなかった行は {path} に書き出しました",
        "The rows that were not taken are in {path}",
    ),
    "unwritten": (
        "取り込みの後、{path} に書き込めませんでした({error})",
        "after the import, {path} could not be written ({error})",
    ),
    "use_problems": (
        "  --problems FILE ですべてをCSVに書き出せます",
        "  --problems FILE writes all of them as CSV",
    ),
    "check": ("確認してください:", "Worth a look:"),
    "note": ("  {text}: {count}行 ({rows})", "  {text}: {count} rows ({rows})"),
    "taken": (
        "{total}行のうち{taken}件を「{project}」に取り込みました",
        "{taken} of {total} rows are now leads of “{project}”",
    ),
    "none": (
        "取り込めるリードがありませんでした。何も変更していません",
        "No row could be taken; nothing was changed",
    ),
    "error": ("エラー: {text}", "Error: {text}"),
}


def _word(key: str, language: str, **values: object) -> str:
    japanese, english = _WORDS[key]
    return (japanese if language == "ja" else english).format(**values)


def _say(console: Console, text: str, style: str | None = None) -> None:
    # Cells may contain [brackets]: they are text here, not mark-up.
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _fail(console: Console, text: str, language: str) -> int:
    _say(console, _word("error", language, text=text), "bold red")
    return 1


def _say_file(console: Console, leads: LeadFile, language: str) -> None:
    delimiter = {",": "comma", "\t": "tab", ";": "semicolon"}.get(leads.delimiter, "")
    kind = f"CSV ({leads.encoding}, {delimiter})" if delimiter else f"sheet “{leads.sheet}”"
    row = leads.header.row
    _say(console, _word("file", language, name=leads.file_name, kind=kind, row=row))
    mapped = [
        f"{column.name} → {column.field.value}"
        for column in leads.header.columns
        if column.field is not LeadField.EXTRA
    ]
    kept = [column.name for column in leads.header.columns if column.field is LeadField.EXTRA]
    _say(console, _word("columns", language, columns=", ".join(mapped)))
    if kept:
        _say(console, _word("kept", language, columns=", ".join(kept)))


def _say_report(console: Console, report: ImportReport, language: str) -> None:
    _say_notes(console, report, language)
    if report.refused:
        count = len(report.refused)
        _say(console, _word("refused", language, count=count), "yellow")
        for problem in report.refused[:_SHOWN]:
            text = problem.text(language)
            _say(console, _word("row", language, row=problem.row, text=text))
        if count > _SHOWN:
            _say(console, _word("more", language, count=count - _SHOWN))
            _say(console, _word("use_problems", language))
    if not report.taken:
        _say(console, _word("none", language), "bold red")
        return
    total = report.taken + len(report.refused)
    words = _word("taken", language, taken=report.taken, total=total, project=report.project)
    _say(console, words, "bold green")


def _say_notes(console: Console, report: ImportReport, language: str) -> None:
    said = False
    for note in RowNote:
        rows = report.rows_with(note)
        if not rows:
            continue
        if not said:
            _say(console, _word("check", language))
            said = True
        shown = ", ".join(map(str, rows[:_SHOWN])) + (" …" if len(rows) > _SHOWN else "")
        text = note.text(language)
        _say(console, _word("note", language, text=text, count=len(rows), rows=shown))
