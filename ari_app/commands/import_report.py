"""What `kakeru lead import` says: how the list is built, what the check found, what came of it."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from ari_app.commands.list_remarks import remarks_of
from dialer.lead_imports.blockers import Blocker, Obstacle
from dialer.lead_imports.jobs import ImportJob
from dialer.lead_imports.problems import notes_about
from dialer.rules.import_choices import ImportState
from dialer.rules.import_fate import Fate
from dialer.rules.lead_field import LeadField
from dialer.rules.lead_problem import RowNote, RowReason
from dialer.rules.list_shape import ListShape
from dialer.storage.engine import Database

_SHOWN = 20  # rows of each kind on the terminal; the file that --problems names has all

_WORDS = {
    "checking": ("確認", "Checking"),
    "writing": ("登録", "Writing"),
    "undoing": ("取り消し", "Taking back"),
    "file": ("{name}: {kind}、見出しは{row}行目", "{name}: {kind}, header in row {row}"),
    "no_header": ("{name}: {kind}、見出しなし", "{name}: {kind}, no header"),
    "columns": ("列: {columns}", "Columns: {columns}"),
    "kept": ("列名のまま保存: {columns}", "Kept under their own name: {columns}"),
    "refused": ("取り込めない行: {count}", "Rows that cannot be taken: {count}"),
    "row": ("  {row}行目: {text}", "  row {row}: {text}"),
    "more": ("  ほか{count}行", "  … and {count} more"),
    "all_in": (
        "取り込めない行は {path} に書き出しました",
        "The rows that cannot be taken are in {path}",
    ),
    "use_problems": (
        "  --problems FILE ですべて書き出せます",
        "  --problems FILE writes all of them",
    ),
    "look": ("確認してください:", "Worth a look:"),
    "note": ("  {text}: {count}行 ({rows})", "  {text}: {count} rows ({rows})"),
    "checked": (
        "確認のみで、何も変更していません。登録 {create}件、更新 {update}件、スキップ {skip}件",
        "Only checked, nothing was changed: {create} would be new, {update} updated, "
        "{skip} skipped",
    ),
    "done": (
        "{total}行のうち{created}件を「{project}」に取り込みました",
        "{created} of {total} rows are now leads of “{project}”",
    ),
    "updated": ("更新したリードの行: {count}", "Rows that updated a lead: {count}"),
    "skipped": ("スキップした行: {count}", "Rows that were skipped: {count}"),
    "none": (
        "取り込めるリードがありませんでした。何も変更していません",
        "No row could be taken; nothing was changed",
    ),
    "undone": (
        "インポート{id}を元に戻しました({count}件)",
        "Import {id} is undone ({count} leads)",
    ),
    "number": (
        "インポート{id}として記録しました(元に戻す: kakeru lead undo {id})",
        "It is import {id}; to take it back: kakeru lead undo {id}",
    ),
    "at_work": (
        "インポート{id}は別の処理が実行中です",
        "import {id}: somebody else is at work on it",
    ),
    "no_imports": ("インポートはまだありません", "No imports yet."),
    "blocked": (
        "インポート{id}は元に戻せません。取り込み後に使われたリードがあります: {reasons}",
        "import {id} cannot be undone, people have worked with its leads: {reasons}",
    ),
    "id": ("番号", "id"),
    "project": ("プロジェクト", "project"),
    "list": ("ファイル", "file"),
    "state": ("状態", "state"),
    "at": ("日時", "at"),
    "new": ("登録", "new"),
    "changed": ("更新", "updated"),
    "skip": ("スキップ", "skipped"),
    "bad": ("不可", "refused"),
}
COLUMNS = ("id", "at", "project", "list", "state", "new", "changed", "skip", "bad")

_STATES = {
    ImportState.UPLOADED: ("確認前", "uploaded"),
    ImportState.CHECKING: ("確認中", "checking"),
    ImportState.CHECKED: ("確認済み", "checked"),
    ImportState.IMPORTING: ("取り込み中", "importing"),
    ImportState.DONE: ("完了", "done"),
    ImportState.CANCELLED: ("中止", "cancelled"),
    ImportState.FAILED: ("失敗", "failed"),
    ImportState.UNDOING: ("取り消し中", "undoing"),
    ImportState.UNDONE: ("取り消し済み", "undone"),
}
_OBSTACLES = {
    Obstacle.CALLED: ("架電済み", "called"),
    Obstacle.MEMO: ("メモあり", "written about"),
    Obstacle.BOXED: ("マイボックス", "put into a MyBox"),
    Obstacle.CALLBACK: ("再コール予定", "to be called back"),
    Obstacle.CHANGED: ("変更済み", "changed"),
    Obstacle.MERGED: ("統合済み", "merged"),
}


def word(key: str, language: str, **values: object) -> str:
    """A text of this command in the terminal's language."""
    japanese, english = _WORDS[key]
    return (japanese if language == "ja" else english).format(**values)


def state(job: ImportJob, language: str) -> str:
    """Its state in words."""
    return _STATES[job.state][language != "ja"]


def rows_taken(job: ImportJob) -> int:
    """How many rows became, or would become, a lead or a change of one."""
    if job.state in (ImportState.UPLOADED, ImportState.CHECKED):
        return job.fates.total() - job.fates[Fate.SKIP]
    return job.created + job.updated


def as_dict(job: ImportJob) -> dict[str, Any]:
    """An import for programs."""
    return {
        "id": job.id,
        "project": job.project,
        "file": job.file_name,
        "state": job.state.value,
        "at": job.created_at.isoformat(),
        "rows": job.total_rows,
        "created": job.created,
        "updated": job.updated,
        "skipped": job.skipped,
        "refused": job.refused,
        "warned": job.warned,
        "reasons": job.summary.get("reasons", {}),
        "notes": job.summary.get("notes", {}),
        "check": {fate.value: count for fate, count in job.fates.items()},
        "error": job.why("en"),
    }


def as_json(job: ImportJob) -> str:
    """The same as one line."""
    return json.dumps(as_dict(job), ensure_ascii=False)


def line(job: ImportJob, language: str) -> list[str]:
    """The same as a row under `COLUMNS`."""
    at = job.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
    counts = (job.created, job.updated, job.skipped, job.refused)
    return [str(job.id), at, job.project, job.file_name, state(job, language), *map(str, counts)]


def blocked(import_id: int, found: Sequence[Blocker], language: str) -> str:
    """Why an import cannot be undone, with the leads that stand in the way."""
    reasons = "; ".join(
        f"{_OBSTACLES[one.obstacle][language != 'ja']} {one.leads} "
        f"({', '.join(f'{lead_id} {name}' for lead_id, name in one.first)}"
        f"{' …' if one.leads > len(one.first) else ''})"
        for one in found
    )
    return word("blocked", language, id=import_id, reasons=reasons)


def say_shape(console: Console, shape: ListShape, language: str) -> None:
    """How the list is read."""
    delimiter = {",": "comma", "\t": "tab", ";": "semicolon"}.get(shape.delimiter, "")
    kind = f"CSV ({shape.encoding}, {delimiter})" if delimiter else f"sheet “{shape.sheet}”"
    first, last = shape.header_rows
    row = f"{first}-{last}" if last > first else str(first)
    key = "file" if first else "no_header"
    _say(console, word(key, language, name=shape.file_name, kind=kind, row=row))
    mapped = [
        f"{column.name} → {column.target}"
        for column in shape.columns
        if column.target != LeadField.EXTRA
    ]
    kept = [column.name for column in shape.columns if column.target == LeadField.EXTRA]
    _say(console, word("columns", language, columns=", ".join(mapped)))
    if kept:
        _say(console, word("kept", language, columns=", ".join(kept)))
    for remark in remarks_of(shape, language):
        _say(console, f"  {remark}", "yellow")


async def say_check(console: Console, database: Database, job: ImportJob, language: str) -> None:
    """What the check found: rows worth a look by reason, then those that cannot be taken."""
    notes: dict[str, int] = job.summary.get("notes", {})
    if notes:
        _say(console, word("look", language))
    for note in (one for one in RowNote if one.value in notes):
        async with database.read() as connection:
            some = await notes_about(connection, job.id, note, language, most=_SHOWN)
        rows = ", ".join(dict.fromkeys(str(one.row) for one in some))
        shown = f"{rows} …" if notes[note.value] > len(some) else rows
        text = note.text(language)
        _say(console, word("note", language, text=text, count=notes[note.value], rows=shown))
    reasons: dict[str, int] = job.summary.get("reasons", {})
    if reasons:
        _say(console, word("refused", language, count=job.refused), "yellow")
    for reason in (one for one in RowReason if one.value in reasons):
        async with database.read() as connection:
            some = await notes_about(connection, job.id, reason, language, most=_SHOWN)
        for one in some:
            _say(console, word("row", language, row=one.row, text=one.words))
        if (more := reasons[reason.value] - len(some)) > 0:
            _say(console, word("more", language, count=more))
            _say(console, word("use_problems", language))


def say_checked(console: Console, job: ImportJob, language: str) -> None:
    """What an import would do."""
    create, skip = job.fates[Fate.CREATE], job.fates[Fate.SKIP]
    update = job.fates.total() - create - skip
    _say(console, word("checked", language, create=create, update=update, skip=skip), "bold")


def say_done(console: Console, job: ImportJob, language: str) -> None:
    """What an import, or its undoing, has done."""
    if job.state is ImportState.UNDONE:
        _say(console, word("undone", language, id=job.id, count=job.done_rows), "bold green")
        return
    if job.updated:
        _say(console, word("updated", language, count=job.updated))
    if job.skipped:
        _say(console, word("skipped", language, count=job.skipped))
    if not rows_taken(job):
        _say(console, word("none", language), "bold red")
        return
    total = job.created + job.updated + job.skipped + job.refused
    words = word("done", language, created=job.created, total=total, project=job.project)
    _say(console, words, "bold green")
    if job.state is ImportState.DONE:
        _say(console, word("number", language, id=job.id))


def _say(console: Console, text: str, style: str | None = None) -> None:
    # Cells may contain [brackets]: they are text here, not mark-up.
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
