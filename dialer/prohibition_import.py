"""Prohibiting, or lifting, the numbers of a file, with a report of every row.

The file was read and judged completely before. The numbers are then written a thousand
to a transaction, so that claims hardly wait; what has been written stays when a later
transaction fails, and the same file can simply be used again.
"""

import csv
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TextIO

from sqlalchemy.exc import SQLAlchemyError

from dialer.prohibition_files import ListedNumber, NumberList
from dialer.prohibitions import lift_many, prohibit_each, standing
from dialer.rules.csv_cell import csv_cell
from dialer.rules.phone_number import UnusableReason, national_format
from dialer.storage.batches import batches
from dialer.storage.engine import Database
from dialer.users import User


class ProhibitionImportError(Exception):
    """The database failed on the way; the message says what was done until then."""


class RowOutcome(StrEnum):
    """What became of a number of the list."""

    ADDED = "added"
    ALREADY_PROHIBITED = "already prohibited"
    LIFTED = "lifted"
    NOT_PROHIBITED = "not prohibited"
    NOT_A_NUMBER = "not a number"
    DUPLICATE = "duplicate"

    def text(self, language: str = "en") -> str:
        """In words; `language` is ``ja`` or ``en``."""
        japanese, english = _OUTCOME_TEXTS[self]
        return japanese if language == "ja" else english


_OUTCOME_TEXTS = {
    RowOutcome.ADDED: ("禁止しました", "prohibited"),
    RowOutcome.ALREADY_PROHIBITED: ("すでに禁止されています", "prohibited already"),
    RowOutcome.LIFTED: ("解除しました", "lifted"),
    RowOutcome.NOT_PROHIBITED: ("禁止されていません", "not prohibited"),
    RowOutcome.NOT_A_NUMBER: ("電話番号ではありません", "not a telephone number"),
    RowOutcome.DUPLICATE: ("ファイル内で重複しています", "stands in the file already"),
}
_OUTCOMES_IF_CHECKED = {
    RowOutcome.ADDED: ("禁止されます", "would be prohibited"),
    RowOutcome.LIFTED: ("解除されます", "would be lifted"),
}


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One number, or what should be one: where it stands and what became of it."""

    row: int
    value: str
    number: str  # as people write it; empty when it is none
    outcome: RowOutcome
    column: str = ""
    why_japanese: str = ""
    why_english: str = ""

    def why(self, language: str = "en") -> str:
        return self.why_japanese if language == "ja" else self.why_english


@dataclass(frozen=True, slots=True)
class ListReport:
    """What became of a list, row by row. `checked_only`: nothing was written."""

    file_name: str
    lines: tuple[ReportLine, ...] = field(repr=False)
    checked_only: bool = False

    def count(self, outcome: RowOutcome) -> int:
        return sum(1 for line in self.lines if line.outcome is outcome)

    def lines_with(self, outcome: RowOutcome) -> tuple[ReportLine, ...]:
        return tuple(line for line in self.lines if line.outcome is outcome)

    def outcome_text(self, outcome: RowOutcome, language: str = "en") -> str:
        """In words; what was only checked would become so."""
        if self.checked_only and outcome in _OUTCOMES_IF_CHECKED:
            japanese, english = _OUTCOMES_IF_CHECKED[outcome]
            return japanese if language == "ja" else english
        return outcome.text(language)


OnProgress = Callable[[int, int], None]
"""Called with the numbers done and the numbers in all."""

OnCommitted = Callable[[list[str]], None]
"""Called after each commit with the numbers that are prohibited now and were not before."""


async def prohibit_list(
    database: Database,
    numbers: NumberList,
    *,
    workgroup_ids: Collection[int] | None,
    now: Callable[[], datetime],
    reason: str = "",
    by: User | None = None,
    check_only: bool = False,
    on_progress: OnProgress | None = None,
    on_committed: OnCommitted | None = None,
) -> ListReport:
    """Prohibits the list's numbers for workgroups, None: for the whole company.

    `reason` stands for rows that give none. `by` None is the program itself. Raises
    NotAllowed as `prohibitions.prohibit` does; ProhibitionImportError.
    """

    async def write(some: Sequence[ListedNumber]) -> Collection[str]:
        async with database.write() as connection:
            added = await prohibit_each(
                connection,
                reasons={one.e164: one.reason or reason for one in some},
                workgroup_ids=workgroup_ids,
                now=now(),
                by=by,
            )
        if added and on_committed:
            on_committed(added)
        return added

    async def check(some: Sequence[ListedNumber]) -> Collection[str]:
        stands = await _standing_in(database, some, workgroup_ids)
        groups = [None] if workgroup_ids is None else list(workgroup_ids)
        return [
            one.e164 for one in some if not all((one.e164, group) in stands for group in groups)
        ]

    added = await _in_batches(numbers, check if check_only else write, on_progress)
    words = (RowOutcome.ADDED, RowOutcome.ALREADY_PROHIBITED)
    return _report(numbers, added, *words, check_only)


async def lift_list(
    database: Database,
    numbers: NumberList,
    *,
    workgroup_id: int | None,
    now: Callable[[], datetime],
    reason: str,
    by: User | None = None,
    check_only: bool = False,
    on_progress: OnProgress | None = None,
) -> ListReport:
    """Lifts the workgroup's prohibitions of the list's numbers, None: the company-wide ones.

    Raises NotAllowed and NoReason as `prohibitions.lift_many` does; ProhibitionImportError.
    """

    async def write(some: Sequence[ListedNumber]) -> Collection[str]:
        async with database.write() as connection:
            return await lift_many(
                connection,
                e164s=[one.e164 for one in some],
                workgroup_id=workgroup_id,
                now=now(),
                reason=reason,
                by=by,
            )

    async def check(some: Sequence[ListedNumber]) -> Collection[str]:
        groups = None if workgroup_id is None else [workgroup_id]
        stands = await _standing_in(database, some, groups)
        return [one.e164 for one in some if (one.e164, workgroup_id) in stands]

    lifted = await _in_batches(numbers, check if check_only else write, on_progress)
    return _report(numbers, lifted, RowOutcome.LIFTED, RowOutcome.NOT_PROHIBITED, check_only)


def write_report(report: ListReport, stream: TextIO, language: str = "en") -> None:
    """Every row of the list as CSV: row, as it is written, number, what became of it, why."""
    writer = csv.writer(stream)
    writer.writerow(
        ("行", "記載", "番号", "結果", "詳細")
        if language == "ja"
        else ("row", "value", "number", "outcome", "detail")
    )
    for line in report.lines:
        writer.writerow(
            [
                line.row,
                csv_cell(line.value),
                csv_cell(line.number),
                report.outcome_text(line.outcome, language),
                line.why(language),
            ]
        )


# --- writing ------------------------------------------------------------------------------


async def _in_batches(
    numbers: NumberList,
    work: Callable[[Sequence[ListedNumber]], Awaitable[Collection[str]]],
    on_progress: OnProgress | None,
) -> set[str]:
    changed: set[str] = set()
    done, total = 0, len(numbers.numbers)
    for some in batches(numbers.numbers):
        try:
            changed.update(await work(some))
        except (SQLAlchemyError, OSError) as error:
            cause = str(error.__cause__ or error).splitlines()[0]
            raise ProhibitionImportError(
                f"{numbers.file_name}: the database failed after {done} of {total} numbers, which "
                f"are done: {cause}; use the same file again when it works"
            ) from error
        done += len(some)
        if on_progress:
            on_progress(done, total)
    return changed


async def _standing_in(
    database: Database, some: Sequence[ListedNumber], workgroup_ids: Collection[int] | None
) -> set[tuple[str, int | None]]:
    async with database.read() as connection:
        found = await standing(
            connection, e164s=[one.e164 for one in some], workgroup_ids=workgroup_ids or ()
        )
    return {(one.e164, one.workgroup_id) for one in found}


# --- the report -----------------------------------------------------------------------------


def _report(
    numbers: NumberList,
    changed: Collection[str],
    done: RowOutcome,
    unchanged: RowOutcome,
    checked_only: bool,
) -> ListReport:
    lines = [*_changed_lines(numbers, changed, done, unchanged), *_refused_lines(numbers)]
    lines.sort(key=lambda line: line.row)
    return ListReport(numbers.file_name, tuple(lines), checked_only)


def _changed_lines(
    numbers: NumberList, changed: Collection[str], done: RowOutcome, unchanged: RowOutcome
) -> Iterator[ReportLine]:
    for one in numbers.numbers:
        outcome = done if one.e164 in changed else unchanged
        yield ReportLine(one.row, one.value, national_format(one.e164), outcome)


def _refused_lines(numbers: NumberList) -> Iterator[ReportLine]:
    for bad in numbers.unusable:
        # The outcome's own words say it already.
        tells_more = bad.why is not UnusableReason.NOT_A_NUMBER
        yield ReportLine(
            bad.row,
            bad.value,
            "",
            RowOutcome.NOT_A_NUMBER,
            column=bad.column,
            why_japanese=bad.why.text("ja") if tells_more else "",
            why_english=bad.why.text("en") if tells_more else "",
        )
    for twice in numbers.repeated:
        yield ReportLine(
            twice.row,
            twice.value,
            national_format(twice.e164),
            RowOutcome.DUPLICATE,
            why_japanese=f"{twice.first_row}行目と同じ番号です",
            why_english=f"the same number as in row {twice.first_row}",
        )
