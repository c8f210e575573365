"""How long the history takes to answer: `python -m tests.benchmarks.history [--quick]`.

A million actions over years, with memos, transcripts, recordings and comments, on SQLite and
PostgreSQL. What is timed is all that the list of one page takes in the database: which actions
it shows and what it shows of them. Medians in milliseconds; the last line is one JSON object
with one key for each question and database, as `sqlite_first_page_ms`, and

- `slowest_ms`: the slowest of all questions on either database
- `slowest_word_ms` and `slowest_filter_ms`: the slowest of those whose names begin with
  ``word_`` and ``by_``
- `sqlite_refresh_memo_ms` and so on: what keeping the index costs whoever writes a memo or a
  transcript, in his own transaction
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts
from dialer.history_list import list_history
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.history_filter import HistoryFilter
from dialer.storage.engine import Database
from dialer.storage.tables import actions, transcripts
from dialer.users import User
from tests.benchmarks._big_project import postgresql_database, sqlite_database
from tests.benchmarks._long_history import (
    COMMON_WORD,
    FREQUENT_WORD,
    RARE_WORD,
    LongHistory,
    build,
    days_ago,
)
from tests.postgres_server import postgres_server

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ROUNDS = 7

Question = Callable[[Database], Awaitable[int]]


def questions(made: LongHistory, number: int) -> dict[str, Question]:
    """What is asked, by name; each answers how many actions it showed."""
    large, small, tiny = made.projects

    def page(*, viewer: User = made.admin, page_number: int = 1, **wanted: object) -> Question:
        async def ask(database: Database) -> int:
            after, shown = None, 0
            async with database.read() as connection:
                for _ in range(page_number):
                    found = await list_history(
                        connection,
                        wanted=HistoryFilter(**wanted),  # type: ignore[arg-type]
                        viewer=viewer,
                        after=after,
                    )
                    shown, after = len(found.rows), found.next_key
            return shown

        return ask

    days = number * 20 // 86_400
    middle = days_ago(NOW, days // 2)
    return {
        "first_page": page(),
        "first_page_of_an_agent": page(viewer=made.agent),
        "from_the_middle": page(until=middle),
        "by_project": page(project_id=small),
        "by_tiny_project": page(project_id=tiny),
        "by_user": page(user_id=made.user_id),
        "by_workgroup": page(workgroup_id=made.workgroup_id),
        "by_outcome": page(outcome=CallOutcome.BUSY),
        "by_rare_outcome": page(outcome=CallOutcome.MACHINE),
        "by_no_outcome": page(outcome=CallOutcome.ABANDONED),
        "by_rare_outcome_of_a_project": page(outcome=CallOutcome.MACHINE, project_id=small),
        "by_kind": page(kind="memo"),
        "by_rare_kind": page(kind="visit"),
        "by_inbound": page(direction="inbound"),
        "by_outbound": page(direction="outbound"),
        "by_result": page(result_id=made.result_id),
        "by_result_of_a_user": page(result_id=made.result_id, user_id=made.user_id),
        "by_number": page(number=made.last_call),
        "by_beginning_of_number": page(number="03-0001-999"),
        "by_common_beginning": page(number="03-0"),
        "by_long_talk": page(talk_least=3600),
        "by_short_talk": page(talk_least=30, talk_most=60),
        "by_recording": page(has_recording=True),
        "by_no_recording": page(has_recording=False),
        "by_transcript": page(has_transcript=True),
        "by_comment": page(has_comment=True),
        "by_days": page(since=days_ago(NOW, days // 2 + 1), until=middle),
        "by_what_never_meets": page(
            project_id=tiny, outcome=CallOutcome.BUSY, has_comment=False, talk_least=100
        ),
        "by_much_at_once": page(
            project_id=large,
            user_id=made.user_id,
            outcome=CallOutcome.CONNECTED,
            talk_least=60,
            has_recording=True,
            since=days_ago(NOW, days),
        ),
        "word_common": page(text=COMMON_WORD),
        "word_common_by_an_agent": page(text=COMMON_WORD, viewer=made.agent),
        "word_common_from_the_middle": page(text=COMMON_WORD, until=middle),
        "word_common_in_tiny_project": page(text=COMMON_WORD, project_id=tiny),
        "word_common_of_a_user": page(text=COMMON_WORD, user_id=made.user_id),
        "word_two_characters": page(text="解約"),
        "word_one_character": page(text="席"),
        "word_in_memos": page(text=FREQUENT_WORD),
        "word_rare": page(text=RARE_WORD),
        "word_rare_by_an_agent": page(text=RARE_WORD, viewer=made.agent),
        "word_rare_in_a_project": page(text=RARE_WORD, project_id=small),
        "word_never": page(text="麒麟"),
        "word_never_of_common_pairs": page(text="ありがとうの手数料"),
        "word_two_words": page(text="解約 水曜日"),
        "word_of_a_name": page(text="青葉199999"),
        "word_of_all_names": page(text="株式会社"),
    }


async def measure(database: Database, number: int) -> dict[str, float]:
    """The median of each question, in milliseconds."""
    started = time.perf_counter()
    made = await build(database, number, NOW)
    print(f"  made in {time.perf_counter() - started:.0f} s", flush=True)
    figures = {}
    for name, ask in questions(made, number).items():
        shown = await ask(database)
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            await ask(database)
            times.append((time.perf_counter() - started) * 1000)
        figures[f"{name}_ms"] = round(statistics.median(times), 1)
        print(f"  {name:30} {figures[f'{name}_ms']:8} ms  {shown:4} actions", flush=True)
    return figures | await _writing(database)


async def _writing(database: Database) -> dict[str, float]:
    """What the index adds to the transaction that writes a memo or a transcript."""
    figures = {}
    for name, of_calls in (("memo", False), ("transcript", True)):
        times = []
        for turn in range(20):
            async with database.write() as connection:
                action_id = await _some_action(connection, of_calls, turn)
                await connection.execute(
                    update(actions)
                    .where(actions.c.id == action_id)
                    .values(memo=f"社長不在、来週{turn}日に再コール")
                )
                started = time.perf_counter()
                await action_texts.refresh(connection, [action_id])
                times.append((time.perf_counter() - started) * 1000)
        figures[f"refresh_{name}_ms"] = round(statistics.median(times), 2)
        print(f"  refresh_{name:22} {figures[f'refresh_{name}_ms']:8} ms", flush=True)
    return figures


async def _some_action(connection: AsyncConnection, with_transcript: bool, turn: int) -> UUID:
    query = select(transcripts.c.call_id) if with_transcript else select(actions.c.id)
    action_id: UUID = (await connection.execute(query.limit(1).offset(turn))).scalar_one()
    return action_id


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fifty thousand actions only")
    parser.add_argument("--actions", type=int, default=1_000_000)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    given = parser.parse_args()
    number = 50_000 if given.quick else given.actions
    figures: dict[str, float] = {}
    if given.only != "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            print(f"SQLite, {number:,} actions", flush=True)
            async with sqlite_database(Path(folder)) as database:
                found = await measure(database, number)
            figures |= {f"sqlite_{name}": value for name, value in found.items()}
    if given.only != "sqlite":
        with postgres_server() as server:
            print(f"PostgreSQL, {number:,} actions", flush=True)
            async with postgresql_database(server, "history") as database:
                found = await measure(database, number)
            figures |= {f"postgresql_{name}": value for name, value in found.items()}
    asked = {name: one for name, one in figures.items() if "_refresh_" not in name}
    whole = {"slowest_ms": max(asked.values())}
    for kind, beginning in (("word", "word"), ("filter", "by")):
        named = [one for name, one in asked.items() if name.split("_")[1] == beginning]
        whole[f"slowest_{kind}_ms"] = max(named)
    print(json.dumps({**whole, **figures}))


if __name__ == "__main__":
    asyncio.run(main())
