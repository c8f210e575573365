"""Imports as people ask for them: made, begun, stopped, taken back, and looked at.

Every step is one transaction that only succeeds from the states it is meant for.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.rules.import_choices import (
    AT_WORK,
    MAY_CHECK,
    MAY_IMPORT,
    MAY_UNDO,
    ImportChoices,
    ImportState,
    choices_from,
)
from dialer.rules.import_fate import Fate, fates_of
from dialer.storage.tables import lead_import_notes, lead_imports, projects, users
from dialer.users import User


class LeadImportError(Exception):
    """What was asked of an import cannot be done; the message says why."""

    def __init__(self, english: str, japanese: str = "") -> None:
        super().__init__(english)
        self.japanese = japanese

    def text(self, language: str = "en") -> str:
        """The message; `language` is ``ja`` or ``en``."""
        return self.japanese if language == "ja" and self.japanese else str(self)


class UnknownImport(LeadImportError):
    """There is no such import."""


class WrongState(LeadImportError):
    """The import is in a state in which this cannot be done; `state` is that."""

    def __init__(self, state: ImportState) -> None:
        super().__init__(f"the import is {state}")
        self.state = state


@dataclass(frozen=True, slots=True)
class ImportJob:
    """An import as it stands. `summary` is what the check found, `made` what it brought along."""

    id: int
    project_id: int
    project: str
    file_name: str
    stored_as: str
    state: ImportState
    choices: ImportChoices
    created_at: datetime
    created_by: str  # the user's name; empty: the command line
    created_by_id: int | None
    total_rows: int
    done_rows: int
    created: int
    updated: int
    skipped: int
    refused: int
    warned: int
    error: str
    cancel_requested: bool
    take_back: bool
    finished_at: datetime | None
    summary: Mapping[str, Any] = field(repr=False)

    @property
    def fates(self) -> Counter[Fate]:
        """What would become of the rows that a check found good, as things are chosen now."""
        return fates_of(self.summary.get("met", {}), self.choices)

    @property
    def at_work(self) -> bool:
        return self.state in AT_WORK

    @property
    def percent(self) -> int:
        """How much of the work of its state is done, 0 to 100."""
        if not self.total_rows:
            return 0
        return min(100, self.done_rows * 100 // self.total_rows)

    def why(self, language: str) -> str:
        """What went wrong, in words; empty when nothing did. `language` is ``ja`` or ``en``."""
        return str(json.loads(self.error)[language]) if self.error else ""

    @property
    def may_be_undone(self) -> bool:
        """As far as its state tells; `undo.blockers` has the last word."""
        made = self.created or self.updated or self.summary.get("made_fields")
        return self.state in MAY_UNDO and bool(made)


def said(japanese: str, english: str) -> str:
    """Two texts as ``lead_imports.error`` keeps them."""
    return json.dumps({"ja": japanese, "en": english}, ensure_ascii=False)


async def create_import(
    connection: AsyncConnection,
    *,
    project_id: int,
    file_name: str,
    stored_as: str,
    file_hash: str,
    choices: ImportChoices,
    now: datetime,
    by: User | None = None,
) -> int:
    """A new import of a file that lies in the folder of imports; its id.

    `file_name` is what people call it, `file_hash` its SHA-256 in hexadecimal.
    """
    import_id: int = (
        await connection.execute(
            insert(lead_imports)
            .values(
                project_id=project_id,
                file_name=file_name[:400],
                stored_as=stored_as,
                file_hash=file_hash,
                state=ImportState.UPLOADED,
                choices=choices.as_json(),
                created_at=now,
                created_by=by.id if by else None,
            )
            .returning(lead_imports.c.id)
        )
    ).scalar_one()
    return import_id


async def import_by_id(connection: AsyncConnection, import_id: int) -> ImportJob:
    """Raises UnknownImport."""
    row = (await connection.execute(_jobs().where(lead_imports.c.id == import_id))).first()
    if row is None:
        raise UnknownImport(f"there is no import {import_id}")
    return _job(row)


async def list_imports(
    connection: AsyncConnection,
    *,
    project_id: int | None = None,
    before: int | None = None,
    most: int = 50,
) -> list[ImportJob]:
    """The newest first, of one project or of all; `before` is the id that they come after."""
    wanted = _jobs().order_by(lead_imports.c.id.desc()).limit(most)
    if project_id is not None:
        wanted = wanted.where(lead_imports.c.project_id == project_id)
    if before is not None:
        wanted = wanted.where(lead_imports.c.id < before)
    return [_job(row) for row in await connection.execute(wanted)]


async def earlier_import_of(connection: AsyncConnection, job: ImportJob) -> ImportJob | None:
    """The last import of the very same file into the same project that was not taken back."""
    same = select(lead_imports.c.file_hash).where(lead_imports.c.id == job.id)
    row = (
        await connection.execute(
            _jobs()
            .where(
                lead_imports.c.project_id == job.project_id,
                lead_imports.c.file_hash == same.scalar_subquery(),
                lead_imports.c.id != job.id,
                lead_imports.c.state == ImportState.DONE,
            )
            .order_by(lead_imports.c.id.desc())
            .limit(1)
        )
    ).first()
    return _job(row) if row else None


async def set_choices(connection: AsyncConnection, import_id: int, choices: ImportChoices) -> None:
    """Reads or maps the file otherwise; what a check found before no longer counts.

    Raises UnknownImport and WrongState.
    """
    await _move(
        connection,
        import_id,
        MAY_CHECK,
        state=ImportState.UPLOADED,
        choices=choices.as_json(),
        summary={},
    )


async def set_decisions(
    connection: AsyncConnection, import_id: int, choices: ImportChoices
) -> None:
    """What happens to duplicates: what a check found counts on, for it only compared.

    Of `choices` nothing else is taken. Raises UnknownImport and WrongState.
    """
    job = await import_by_id(connection, import_id)
    kept = replace(
        job.choices,
        in_file=choices.in_file,
        in_project=choices.in_project,
        elsewhere=choices.elsewhere,
        prohibited=choices.prohibited,
        boxed=choices.boxed,
    )
    await _move(connection, import_id, MAY_CHECK, choices=kept.as_json())


async def begin_check(connection: AsyncConnection, import_id: int) -> None:
    """From now on a worker reads all rows. Raises UnknownImport and WrongState."""
    await _move(connection, import_id, MAY_CHECK, state=ImportState.CHECKING, **_FROM_THE_START)


async def begin_import(
    connection: AsyncConnection, import_id: int, *, now: datetime, by: User | None = None
) -> None:
    """From now on a worker writes leads. Raises UnknownImport and WrongState."""
    await _move(
        connection,
        import_id,
        MAY_IMPORT,
        state=ImportState.IMPORTING,
        refused=0,  # they are counted again, with the others
        **_FROM_THE_START,
    )
    job = await import_by_id(connection, import_id)
    await audit.record(
        connection,
        user_id=by.id if by else None,
        action="lead.import",
        subject=f"project:{job.project_id}",
        now=now,
        detail={"import_id": import_id, "file": job.file_name},
    )


async def begin_undo(
    connection: AsyncConnection, import_id: int, *, now: datetime, by: User | None = None
) -> None:
    """From now on a worker takes back what the import did. Raises UnknownImport, WrongState.

    Whether that may be is asked before, by `undo.blockers`; the worker asks it again.
    """
    job = await import_by_id(connection, import_id)
    if not job.may_be_undone:
        raise WrongState(job.state)
    await _move(
        connection,
        import_id,
        MAY_UNDO,
        state=ImportState.UNDOING,
        done_rows=0,
        total_rows=job.created + job.updated,
        cancel_requested=False,
        error="",
    )
    await audit.record(
        connection,
        user_id=by.id if by else None,
        action="lead.import_undo",
        subject=f"project:{job.project_id}",
        now=now,
        detail={"import_id": import_id, "file": job.file_name},
    )


async def go_on(connection: AsyncConnection, import_id: int) -> None:
    """Takes up an import that failed on its way, where it stopped.

    Raises UnknownImport and WrongState; an import that had not begun is checked again.
    """
    job = await import_by_id(connection, import_id)
    to = ImportState.IMPORTING if job.summary.get("begun") else ImportState.UPLOADED
    await _move(connection, import_id, {ImportState.FAILED}, state=to, error="", finished_at=None)


async def cancel(
    connection: AsyncConnection, import_id: int, *, now: datetime, take_back: bool = False
) -> None:
    """Stops it: what waits at once, what is at work after its next rows.

    `take_back` also undoes what is in by then. Raises UnknownImport and WrongState.
    """
    at_work = {ImportState.CHECKING, ImportState.IMPORTING}
    try:
        await _move(connection, import_id, at_work, cancel_requested=True, take_back=take_back)
    except WrongState:
        await _move(connection, import_id, MAY_CHECK, state=ImportState.CANCELLED, finished_at=now)


async def forget_notes(connection: AsyncConnection, import_id: int) -> None:
    """Removes what a check said, before another says it anew."""
    await connection.execute(
        delete(lead_import_notes).where(lead_import_notes.c.import_id == import_id)
    )


async def unneeded_files(connection: AsyncConnection, *, before: datetime) -> list[str]:
    """Names in the folder of imports that nobody will read again: ended before `before`."""
    rows = await connection.execute(
        select(lead_imports.c.stored_as).where(
            lead_imports.c.stored_as != "",
            lead_imports.c.state.not_in(AT_WORK),
            lead_imports.c.created_at < before,
        )
    )
    return list(rows.scalars())


# --- rows -------------------------------------------------------------------------------

_FROM_THE_START = {"done_rows": 0, "cancel_requested": False, "take_back": False, "error": ""}


async def _move(
    connection: AsyncConnection,
    import_id: int,
    from_states: Collection[ImportState],
    **values: object,
) -> None:
    moved = await connection.execute(
        update(lead_imports)
        .where(lead_imports.c.id == import_id, _is_in(from_states))
        .values(**values)
    )
    if not moved.rowcount:
        raise WrongState((await import_by_id(connection, import_id)).state)


def _is_in(states: Collection[ImportState]) -> ColumnElement[bool]:
    return lead_imports.c.state.in_(sorted(states))


def _jobs() -> Any:
    return select(
        lead_imports, projects.c.name.label("project"), users.c.name.label("by_name")
    ).select_from(
        lead_imports.join(projects, projects.c.id == lead_imports.c.project_id).outerjoin(
            users, users.c.id == lead_imports.c.created_by
        )
    )


def _job(row: Row[Any]) -> ImportJob:
    return ImportJob(
        id=row.id,
        project_id=row.project_id,
        project=row.project,
        file_name=row.file_name,
        stored_as=row.stored_as,
        state=ImportState(row.state),
        choices=choices_from(row.choices),
        created_at=row.created_at,
        created_by=row.by_name or "",
        created_by_id=row.created_by,
        total_rows=row.total_rows,
        done_rows=row.done_rows,
        created=row.created,
        updated=row.updated,
        skipped=row.skipped,
        refused=row.refused,
        warned=row.warned,
        error=row.error,
        cancel_requested=row.cancel_requested,
        take_back=row.take_back,
        finished_at=row.finished_at,
        summary=row.summary,
    )
