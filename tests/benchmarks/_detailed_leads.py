"""Leads with everything that the table filters and sorts by, written by the database itself.

A lead's particulars depend on its number alone: every tenth of the list has one branch
(lists come in one after another), its date, size and stage are spread. Of the prefectures
東京都 has a third of the list and `RARE_PREFECTURE` two leads; so it is with cities and attempts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import custom_fields, lanes, projects, result_sets, users, workgroups
from dialer.custom_fields import FieldDraft
from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.lane import Lane
from dialer.rules.prefectures import REGIONS
from dialer.storage.engine import Database
from dialer.storage.tables import contact_points, custom_values, leads, stages
from dialer.storage.tables import projects as projects_table
from dialer.users import User
from tests.benchmarks._big_project import _count, _numbers, _time

BRANCHES = ("札幌", "仙台", "東京", "横浜", "名古屋", "京都", "大阪", "神戸", "広島", "福岡")
_WORDS = ("青葉", "みどり", "さくら", "光", "北斗", "日の出", "若葉", "大和")
_KANA = ("あおば", "みどり", "さくら", "ひかり", "ほくと", "ひので", "わかば", "やまと")
RARE_PREFECTURE, RARE_CITY, RARE_ATTEMPTS = "鳥取県", "西伯郡大山町", 12
COMMON_PREFECTURE, COMMON_CITY = "東京都", "中央区"
_CITIES = (COMMON_CITY, "港区", "北区", "西区", "南区", "旭区", "緑区", "青葉区", "府中市", "堺市")
_SPREAD = 7919  # a prime: what depends on n * _SPREAD is spread over the list
_HISTORY = 300_000


@dataclass(frozen=True, slots=True)
class DetailedLeads:
    """`fields` are 支店 (choice), 契約日 (date), 席数 (number) and 顧客番号 (text), by name."""

    project_id: int
    viewer: User
    fields: dict[str, CustomField]
    stage_ids: tuple[int, ...]
    result_ids: tuple[int, ...]


async def build(database: Database, number: int, now: datetime) -> DetailedLeads:
    """`number` leads; the indexes that an import would fill row by row are made afterwards."""
    async with database.write() as connection:
        made = await _set_up(connection, now)
        secondary = sorted(
            [*leads.indexes, *contact_points.indexes], key=lambda index: str(index.name)
        )
        for index in secondary:
            await connection.run_sync(index.drop)
        await _leads(connection, made, number, now)
        await _values(connection, made, number)
        for index in secondary:
            await connection.run_sync(index.create)
        await _history(connection, made, min(number, _HISTORY), now)
        await _boxes_and_prohibitions(connection, made, number, now)
    await _count(database)
    return made


async def _set_up(connection: AsyncConnection, now: datetime) -> DetailedLeads:
    group = await workgroups.create_workgroup(connection, name="東京", now=now)
    results = await result_sets.create_default_result_set(connection, language="ja", now=now)
    project = await projects.create_project(
        connection, name="光回線", result_set_id=results, now=now
    )
    viewer = await users.create_user(
        connection,
        login="sato",
        name="佐藤",
        password="only for this run",
        workgroups=[group.id],
        may_administer=True,
        now=now,
    )
    set_id = await custom_fields.create_set(connection, name="光回線", now=now)
    for draft in (
        FieldDraft("支店", FieldKind.SINGLE_CHOICE, choices=BRANCHES),
        FieldDraft("契約日", FieldKind.DATE),
        FieldDraft("席数", FieldKind.NUMBER),
        FieldDraft("顧客番号", FieldKind.TEXT),
    ):
        await custom_fields.add_field(connection, set_id=set_id, draft=draft, now=now)
    await connection.execute(
        projects_table.update()
        .where(projects_table.c.id == project.id)
        .values(custom_field_set_id=set_id)
    )
    stage_ids = await connection.execute(
        select(stages.c.id).where(stages.c.result_set_id == results).order_by(stages.c.id).limit(3)
    )
    known = await result_sets.results_of_project(connection, project.id)
    return DetailedLeads(
        project_id=project.id,
        viewer=viewer,
        fields={one.name: one for one in await custom_fields.fields_of_set(connection, set_id)},
        stage_ids=tuple(stage_ids.scalars()),
        result_ids=tuple(one.id for one in known),
    )


async def _leads(
    connection: AsyncConnection, made: DetailedLeads, number: int, now: datetime
) -> None:
    lane = await lanes.lane_id_of(connection, made.project_id, Lane())
    branch, day, size, code = (made.fields[name].key for name in made.fields)
    rare = f"n IN ({number // 2 + 1}, {number - 1})"
    stage = " ".join(f"WHEN {place} THEN {one}" for place, one in enumerate(made.stage_ids))
    custom = (
        f"""'{{"{branch}": "' || {_pick(BRANCHES, f"(n - 1) * 10 / {number}")} || '", """
        f""""{day}": "' || {_day(connection)} || '", """
        f""""{size}": "' || {_SIZE} || '", "{code}": "C' || n || '"}}'"""
    )
    if connection.dialect.name == "postgresql":
        custom = f"({custom})::json"
    await connection.execute(
        text(
            "INSERT INTO leads (id, project_id, lane_id, name, name_kana, search_key, prefecture,"
            " city, stage_id, custom, created_at, attempts, last_attempt_at) SELECT n,"
            f" {made.project_id}, {lane}, '株式会社' || {_pick(_WORDS, _MIXED)} || n,"
            f" {_pick(_KANA, _MIXED)},"
            f" {_pick(_KANA, _MIXED)} || {_line(connection)} || '株式会社' ||"
            f" {_pick(_WORDS, _MIXED)} || n, {_prefecture(rare)},"
            f" {_city(rare)}, CASE n * {_SPREAD} % 5 {stage} END, {custom}, :now,"
            f" CASE WHEN {rare} THEN {RARE_ATTEMPTS} WHEN n % 3 = 0 THEN 1 + n % 7 ELSE 0 END,"
            f" CASE WHEN n % 3 = 0 THEN {_some_time_ago(connection)} END"
            f" FROM {_numbers(connection, number)}"
        ).bindparams(now=_time(connection, now))
    )
    await connection.execute(
        text(
            "INSERT INTO contact_points (id, lead_id, kind, position, raw, e164, number_kind) "
            "SELECT n, n, 'phone', 0, '', '+81' || (3000000000 + n), 'fixed' "
            f"FROM {_numbers(connection, number)}"
        )
    )


def _prefecture(rare: str) -> str:
    others = [one for _, some in REGIONS for one in some if one != RARE_PREFECTURE]
    spread = _pick(others, f"n * {_SPREAD} % {len(others)}")
    return _rare_or_common(rare, RARE_PREFECTURE, COMMON_PREFECTURE, spread)


def _city(rare: str) -> str:
    """With what many lists have in the same column: the rest of the address."""
    spread = f"{_pick(_CITIES, f'n * {_SPREAD} % {len(_CITIES)}')} || (n % 9000) || '番地'"
    return _rare_or_common(rare, RARE_CITY, COMMON_CITY, spread)


def _rare_or_common(rare: str, one: str, other: str, spread: str) -> str:
    return f"CASE WHEN {rare} THEN '{one}' WHEN n % 3 = 1 THEN '{other}' ELSE {spread} END"


_MIXED = f"n * {_SPREAD} % 8"
_SIZE = f"(n * {_SPREAD} % 997)"


def _pick(values: Sequence[object], index: str) -> str:
    """The value in the place that `index` computes."""
    cases = " ".join(f"WHEN {place} THEN {value!r}" for place, value in enumerate(values))
    return f"CASE {index} {cases} END"


def _line(connection: AsyncConnection) -> str:
    return "char(10)" if connection.dialect.name == "sqlite" else "chr(10)"


def _day(connection: AsyncConnection) -> str:
    days = f"(n * {_SPREAD} % 1000)"
    if connection.dialect.name == "sqlite":
        return f"date('2024-01-01', '+' || {days} || ' days')"
    return f"to_char(date '2024-01-01' + {days}::int, 'YYYY-MM-DD')"


def _some_time_ago(connection: AsyncConnection) -> str:
    minutes = f"(n * {_SPREAD} % 90000)"
    if connection.dialect.name == "sqlite":
        return f"datetime('2026-11-24', '-' || {minutes} || ' minutes') || '.000000'"
    return f"timestamptz '2026-11-24' - make_interval(mins => {minutes}::int)"


async def _values(connection: AsyncConnection, made: DetailedLeads, number: int) -> None:
    sqlite = connection.dialect.name == "sqlite"
    padded = "printf('%015d', {0})" if sqlite else "lpad(({0})::text, 15, '0')"
    keys = {
        "支店": _pick(BRANCHES, f"(n - 1) * 10 / {number}"),
        "契約日": _day(connection),
        "席数": f"'1' || {padded.format(_SIZE)} || '.000000'",
        "顧客番号": "'c' || n",
    }
    for name, key in keys.items():
        await connection.execute(
            text(
                f"INSERT INTO {custom_values.name} (project_id, field_id, sort_key, lead_id) "
                f"SELECT {made.project_id}, {made.fields[name].id}, key, n FROM "
                f"(SELECT {key} AS key, n FROM {_numbers(connection, number)}) AS made "
                "ORDER BY key, n"
            )
        )


async def _history(
    connection: AsyncConnection, made: DetailedLeads, number: int, now: datetime
) -> None:
    chance = (
        "lower(hex(randomblob(16)))" if connection.dialect.name == "sqlite" else "gen_random_uuid()"
    )
    result = _pick(made.result_ids, f"n % {len(made.result_ids)}")
    for week in range(4):
        await connection.execute(
            text(
                "INSERT INTO actions (id, kind, at, lead_id, project_id, user_id, result_id) "
                f"SELECT {chance}, 'call', :at, n, {made.project_id}, {made.viewer.id}, {result} "
                f"FROM {_numbers(connection, number)} WHERE n % 4 = {week}"
            ).bindparams(at=_time(connection, now - timedelta(days=7 * week)))
        )


async def _boxes_and_prohibitions(
    connection: AsyncConnection, made: DetailedLeads, number: int, now: datetime
) -> None:
    """Of every hundred leads five are in the viewer's box, and one must not be called."""
    numbers, at = _numbers(connection, number), {"now": _time(connection, now)}
    await connection.execute(
        text(
            "INSERT INTO mybox_entries (lead_id, user_id, since) "
            f"SELECT n, {made.viewer.id}, :now FROM {numbers} WHERE n % 20 = 1"
        ).bindparams(**at)
    )
    await connection.execute(
        text(
            "INSERT INTO prohibitions (e164, prohibited_at) SELECT '+81' || (3000000000 + n), :now "
            f"FROM {numbers} WHERE n % 100 = 50"
        ).bindparams(**at)
    )
