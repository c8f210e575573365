"""How long the lead table takes to answer: `python -m tests.benchmarks.lead_table [--quick]`.

A project of a million leads, each with four custom fields, on SQLite and PostgreSQL. What is
timed is what a page needs to know which leads it shows and all that it shows of them.
Medians in milliseconds; the last line is one JSON object with one key for each question and
database, as `sqlite_first_page_ms`, and

- `slowest_ms`: the slowest of the first page, the last page, the search by a number and the
  filter by a custom field, on either database
- `slowest_of_all_ms`: the slowest of all questions
- `slowest_filter_ms`, `slowest_order_ms`, `slowest_tab_ms`, `slowest_search_ms` and
  `slowest_count_ms`: the slowest of the questions whose names begin with ``by_``, ``sort_``,
  ``tab_``, ``search_`` and ``count_``
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path

from dialer.lead_table import TableRequest, count_leads, list_leads
from dialer.lead_tabs import InBoxes, Prohibited, Whose, Within
from dialer.rules.lead_filter import Days, FieldFilter, LeadFilter, LeadState
from dialer.rules.lead_view import LeadView, Sort
from dialer.rules.prefectures import REGIONS
from dialer.storage.engine import Database
from tests.benchmarks._big_project import postgresql_database, sqlite_database
from tests.benchmarks._detailed_leads import (
    BRANCHES,
    COMMON_CITY,
    COMMON_PREFECTURE,
    RARE_ATTEMPTS,
    RARE_CITY,
    RARE_PREFECTURE,
    DetailedLeads,
    build,
)
from tests.postgres_server import postgres_server

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ROUNDS = 5
PROMISED = ("first_page", "last_page", "by_number", "by_custom_field", "by_custom_range")
KINDS = {"filter": "by", "order": "sort", "tab": "tab", "search": "search", "count": "count"}

Question = Callable[[Database], Awaitable[int]]


def questions(made: DetailedLeads, number: int) -> dict[str, Question]:
    """What is asked, by name; each answers how many leads it showed or counted."""
    branch, day, size, code = (made.fields[name].id for name in made.fields)
    last_branch = FieldFilter(branch, any_of=(BRANCHES[-1],))
    in_spring = FieldFilter(day, least="2026-04-01", most="2026-04-30")
    one_day = Days(date(2026, 11, 20), date(2026, 11, 20))
    boxes = InBoxes(Whose("all"))

    def page(
        wanted: LeadFilter = LeadFilter(),  # noqa: B008 - it is frozen
        sort: Sort | None = None,
        *,
        last: bool = False,
        within: Within | None = None,
    ) -> Question:
        async def ask(database: Database) -> int:
            async with database.read() as connection:
                found = await list_leads(connection, request(wanted, sort, within), last=last)
            return len(found.rows)

        return ask

    def counted(wanted: LeadFilter, within: Within | None = None) -> Question:
        async def ask(database: Database) -> int:
            async with database.read() as connection:
                return (await count_leads(connection, request(wanted, within=within))).number

        return ask

    def request(
        wanted: LeadFilter, sort: Sort | None = None, within: Within | None = None
    ) -> TableRequest:
        return TableRequest(
            made.project_id,
            made.viewer,
            NOW,
            view=LeadView(wanted, sort),
            custom={field.id: field for field in made.fields.values()},
            within=within,
        )

    combined = LeadFilter(
        prefectures=("東京都", "大阪府"),
        stages=made.stage_ids[:1],
        states=(LeadState.CALLABLE,),
        fields=(last_branch, FieldFilter(size, least="100")),
    )
    return {
        "first_page": page(),
        "last_page": page(last=True),
        "by_number": page(LeadFilter(text=f"0{3_000_000_000 + number // 2}")),
        "by_custom_field": page(LeadFilter(fields=(last_branch,))),
        "by_custom_range": page(LeadFilter(fields=(in_spring,))),
        "by_custom_text": page(LeadFilter(fields=(FieldFilter(code, begins=f"C{number // 2}"),))),
        "by_beginning_of_number": page(LeadFilter(text="03-0")),
        "search_many": page(LeadFilter(text="アオバ")),
        "search_few": page(LeadFilter(text=f"みどり{number - 1}")),
        "search_two_words": page(LeadFilter(text=f"みどり {number // 10 - 1}")),
        "search_nobody": page(LeadFilter(text="どこにもない")),
        "search_two_characters": page(LeadFilter(text="麒麟")),
        "search_one_character": page(LeadFilter(text="麒")),
        "search_common_character": page(LeadFilter(text="社")),
        "by_stage": page(LeadFilter(stages=made.stage_ids[:1])),
        "by_stages": page(LeadFilter(stages=made.stage_ids)),
        "by_rare_prefecture": page(LeadFilter(prefectures=(RARE_PREFECTURE,))),
        "by_common_prefecture": page(LeadFilter(prefectures=(COMMON_PREFECTURE,))),
        "by_common_prefecture_last": page(LeadFilter(prefectures=(COMMON_PREFECTURE,)), last=True),
        "by_no_prefecture": page(LeadFilter(prefectures=("無い県",))),
        "by_region": page(LeadFilter(prefectures=REGIONS[2][1])),
        "by_rare_city": page(LeadFilter(city=RARE_CITY)),
        "by_common_city": page(LeadFilter(city=COMMON_CITY)),
        "by_no_city": page(LeadFilter(city="無い町")),
        "by_city_in_prefecture": page(LeadFilter(prefectures=("大阪府",), city="北区12")),
        "by_rare_attempts": page(LeadFilter(attempts_least=RARE_ATTEMPTS)),
        "by_common_attempts": page(LeadFilter(attempts_most=0)),
        "by_one_attempt": page(LeadFilter(attempts_least=1, attempts_most=1)),
        "by_day_of_adding": page(LeadFilter(created=Days(date(2026, 11, 1), date(2026, 11, 2)))),
        "by_state": page(LeadFilter(states=(LeadState.CALLABLE,))),
        "by_result_of_a_day": page(
            LeadFilter(results=made.result_ids[:2], acted=Days(date(2026, 11, 24)))
        ),
        "by_last_attempt": page(LeadFilter(tried=one_day)),
        "sort_name": page(sort=Sort("name")),
        "sort_name_last": page(sort=Sort("name"), last=True),
        "sort_last_attempt": page(sort=Sort("tried", descending=True)),
        "sort_area": page(sort=Sort("area")),
        "sort_area_last": page(sort=Sort("area"), last=True),
        "sort_stage": page(sort=Sort("stage")),
        "sort_stage_last": page(sort=Sort("stage"), last=True),
        "sort_attempts": page(sort=Sort("attempts", descending=True)),
        "sort_attempts_last": page(sort=Sort("attempts"), last=True),
        "sort_callback": page(sort=Sort("callback")),
        "sort_callback_last": page(sort=Sort("callback"), last=True),
        "sort_custom_field": page(sort=Sort(f"f{day}", descending=True)),
        "sort_custom_field_last": page(sort=Sort(f"f{day}"), last=True),
        "range_in_order_of_import": page(LeadFilter(fields=(in_spring,)), Sort("imported")),
        "combined": page(combined),
        "tab_boxes": page(within=boxes),
        "tab_boxes_last": page(within=boxes, last=True),
        "tab_boxes_in_prefecture": page(LeadFilter(prefectures=("大阪府",)), within=boxes),
        "tab_boxes_by_name": page(sort=Sort("name"), within=boxes),
        "tab_prohibited": page(within=Prohibited()),
        "tab_prohibited_last": page(within=Prohibited(), last=True),
        "tab_prohibited_by_attempts": page(sort=Sort("attempts"), within=Prohibited()),
        "count_all": counted(LeadFilter()),
        "count_common_city": counted(LeadFilter(city=COMMON_CITY)),
        "count_boxes": counted(LeadFilter(), boxes),
        "count_prohibited": counted(LeadFilter(), Prohibited()),
        "count_custom_field": counted(LeadFilter(fields=(last_branch,))),
        "count_combined": counted(combined),
    }


async def measure(database: Database, number: int) -> dict[str, float]:
    """The median of each question, in milliseconds."""
    made = await build(database, number, NOW)
    print("  made", flush=True)
    figures = {}
    for name, ask in questions(made, number).items():
        shown = await ask(database)
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            await ask(database)
            times.append((time.perf_counter() - started) * 1000)
        figures[name] = round(statistics.median(times), 1)
        print(f"  {name:28} {figures[name]:8} ms  {shown:6} leads", flush=True)
    return figures


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fifty thousand leads only")
    parser.add_argument("--leads", type=int, default=1_000_000)
    given = parser.parse_args()
    number = 50_000 if given.quick else given.leads
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        print(f"SQLite, {number:,} leads", flush=True)
        async with sqlite_database(Path(folder)) as database:
            found = await measure(database, number)
        figures |= {f"sqlite_{name}_ms": value for name, value in found.items()}
    with postgres_server() as server:
        print(f"PostgreSQL, {number:,} leads", flush=True)
        async with postgresql_database(server, "lead_table") as database:
            found = await measure(database, number)
        figures |= {f"postgresql_{name}_ms": value for name, value in found.items()}
    promised = [
        figures[f"{database}_{name}_ms"]
        for database in ("sqlite", "postgresql")
        for name in PROMISED
    ]
    whole = {"slowest_ms": max(promised), "slowest_of_all_ms": max(figures.values())}
    for kind, beginning in KINDS.items():
        named = [one for name, one in figures.items() if name.split("_")[1] == beginning]
        whole[f"slowest_{kind}_ms"] = max(named)
    print(json.dumps({**whole, **figures}))


if __name__ == "__main__":
    asyncio.run(main())
