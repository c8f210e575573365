"""Years of an office: actions with memos, recordings and words, written by the database itself.

Of `number` actions most are calls, a quarter of them conversations; every fifth has a transcript,
every third a memo. What is rare, `RARE_WORD` among it, is a handful among all.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes, projects, result_sets, users, workgroups
from dialer.campaign_state import ensure_campaign
from dialer.rules.lane import Lane
from dialer.rules.search_grams import grams_of, searchable
from dialer.rules.transcript import Utterance, Word, to_json
from dialer.storage.engine import Database
from dialer.storage.tables import action_texts, actions, calls
from dialer.users import User
from tests.benchmarks._big_project import _count, _indexes, _numbers

COMMON_WORD, FREQUENT_WORD, RARE_WORD = "ありがとう", "見積書", "弁護士"
LEADS, USERS, VARIANTS = 200_000, 50, 400
SECONDS_APART = 20
_SAID = (
    "お電話ありがとうございます",
    "光回線の料金についてご案内しております",
    "今の契約はいつまででしょうか",
    "解約の手数料がかかるのではないですか",
    "担当者が席を外しております",
    "来週の水曜日にもう一度お電話ください",
    "資料を郵送していただけますか",
    "値段を聞いてから考えます",
    "はい承知いたしました",
    "それでは訪問の日程を決めさせてください",
    "社長に確認してから折り返します",
    "ネットの速度が遅いと感じることはありますか",
)
_MEMOS = ("不在、また夕方に", "担当者と話した", "資料送付済み", "社長不在、来週水曜に再コール")


@dataclass(frozen=True, slots=True)
class LongHistory:
    """`projects`: a large, a small and a tiny one. `agent` is in the first and the tiny one."""

    admin: User
    agent: User
    projects: tuple[int, int, int]
    workgroup_id: int
    user_id: int
    result_id: int
    last_call: str  # its E.164 number


async def build(database: Database, number: int, now: datetime) -> LongHistory:
    """`number` actions; indexes are made after the rows."""
    async with database.write() as connection:
        made = await _people(connection, number, now)
        secondary = [*_indexes(actions), *_indexes(calls)]
        for index in secondary:
            await connection.run_sync(index.drop)
        await _leads(connection, made, now)
        await _variants(connection)
        await _actions(connection, made, number, now)
        for index in secondary:
            await connection.run_sync(index.create)
        await _words(connection)
        await connection.execute(text("DROP TABLE bench_rows"))
        await connection.execute(text("DROP TABLE bench_variants"))
    await _count(database)
    return made


async def _people(connection: AsyncConnection, number: int, now: datetime) -> LongHistory:
    group = (await workgroups.create_workgroup(connection, name="東京", now=now)).id
    results = await result_sets.create_default_result_set(connection, language="ja", now=now)
    known = [
        (await projects.create_project(connection, name=name, result_set_id=results, now=now)).id
        for name in ("光回線", "保険", "求人")
    ]
    people = [
        await users.create_user(
            connection,
            login=f"user{one}",
            name=f"担当{one}",
            password="only for this run",
            workgroups=[group] if one < 5 else [],
            may_administer=one == 0,
            now=now,
        )
        for one in range(USERS)
    ]
    ids = [user.id for user in people]
    assert ids == list(range(ids[0], ids[0] + USERS))
    for project in (known[0], known[2]):
        await projects.assign_users(connection, project_id=project, user_ids=ids, now=now)
    await ensure_campaign(connection, name="autumn", project_id=known[0], now=now)
    admin, agent = await users.users_by_id(connection, [ids[0], ids[7]])
    picked = await result_sets.results_of_project(connection, known[0])
    return LongHistory(
        admin if admin.may_administer else agent,
        agent if admin.may_administer else admin,
        (known[0], known[1], known[2]),
        group,
        ids[3],
        picked[0].id,
        f"+81{3_000_000_000 + number % LEADS}",
    )


async def _leads(connection: AsyncConnection, made: LongHistory, now: datetime) -> None:
    lane = await lanes.lane_id_of(connection, made.projects[0], Lane())
    await connection.execute(
        text(
            "INSERT INTO leads (id, project_id, lane_id, name, search_key, created_at) "
            f"SELECT n, {made.projects[0]}, {lane}, '株式会社青葉' || n, '株式会社青葉' || n, "
            f"{_time(connection, str(_epoch(now)))} FROM {_numbers(connection, LEADS)}"
        )
    )


async def _variants(connection: AsyncConnection) -> None:
    """What was said, written and is found of one action, in as many forms."""
    await connection.execute(
        text(
            "CREATE TABLE bench_variants (k BIGINT PRIMARY KEY, said TEXT, memo TEXT, words TEXT, "
            "grams TEXT)"
        )
    )
    chance = random.Random(5)
    rows = [_variant(k, chance) for k in range(VARIANTS + 1)]
    await connection.execute(
        text("INSERT INTO bench_variants VALUES (:k, :said, :memo, :words, :grams)"), rows
    )


def _variant(k: int, chance: random.Random) -> dict[str, object]:
    said: list[Utterance] = []
    memo = chance.choice(_MEMOS) if k % 3 == 0 else ""
    if k % 5 == 0:
        said = _conversation([chance.choice(_SAID) for _ in range(24)])
    if k == 201:
        memo = f"{FREQUENT_WORD}を送る"
    if k == VARIANTS:
        memo, said = "", _conversation([*_SAID, f"{RARE_WORD}に相談します"])
    words = searchable([*memo.splitlines(), *(one.text for one in said)])
    return {
        "k": k,
        "said": json.dumps(to_json(said), ensure_ascii=False) if said else None,
        "memo": memo,
        "words": words,
        "grams": " ".join(grams_of(words)),
    }


def _conversation(lines: Sequence[str]) -> list[Utterance]:
    at, said = 0, []
    for place, line in enumerate(lines):
        parts = [line[one : one + 4] for one in range(0, len(line), 4)]
        words = [
            Word(one, at + step * 500, at + step * 500 + 450, 0.9) for step, one in enumerate(parts)
        ]
        said.append(Utterance("customer" if place % 2 else "agent", tuple(words)))
        at += 4000
    return said


async def _actions(
    connection: AsyncConnection, made: LongHistory, number: int, now: datetime
) -> None:
    sqlite = connection.dialect.name == "sqlite"
    chance = "lower(hex(randomblob(16)))" if sqlite else "gen_random_uuid()"
    first, begin = made.admin.id, _epoch(now) - number * SECONDS_APART
    large, small, tiny = made.projects
    await connection.execute(
        text(
            f"CREATE TABLE bench_rows AS SELECT n, {chance} AS id, "
            f"{begin} + n * {SECONDS_APART} AS s, n % {LEADS} + 1 AS lead_id, "
            f"CASE WHEN n % 20000 = 9 THEN {VARIANTS} ELSE (n * 7919) % {VARIANTS} END AS k, "
            f"CASE WHEN n % 4000 = 11 THEN {tiny} WHEN n % 10 < 7 THEN {large} ELSE {small} END "
            f"AS project_id, {first} + (n * 31) % {USERS} AS user_id, "
            "CASE WHEN n % 100000 = 5 THEN 'visit' WHEN n % 200 = 7 THEN 'memo' ELSE 'call' END "
            "AS kind, CASE WHEN n % 4 = 0 THEN 'connected' WHEN n % 50000 = 21 THEN 'machine' "
            "WHEN n % 4 = 1 THEN 'busy' ELSE 'no_answer' END AS outcome, "
            "CASE WHEN n % 100000 = 8 THEN 7200 ELSE 20 + (n / 4) % 400 END AS talk "
            f"FROM {_numbers(connection, number)}"
        )
    )
    at, connected = _time(connection, "s"), _time(connection, "s + 6")
    await connection.execute(
        text(
            "INSERT INTO actions (id, kind, at, lead_id, project_id, user_id, result_id, "
            f"result_at, memo) SELECT id, kind, {at}, lead_id, project_id, user_id, "
            f"CASE WHEN outcome = 'connected' THEN {made.result_id} + n % 3 END, {at}, memo "
            "FROM bench_rows r JOIN bench_variants v ON v.k = r.k"
        )
    )
    await connection.execute(
        text(
            "INSERT INTO calls (id, campaign_id, e164, trunk, attempt, claimed_at, dialled_at, "
            "answered_at, connected_at, ended_at, outcome, hung_up_by) "
            f"SELECT id, 1, '+81' || (3000000000 + lead_id - 1), 'carrier', 1, {at}, {at}, "
            f"CASE WHEN outcome = 'connected' THEN {connected} END, "
            f"CASE WHEN outcome = 'connected' THEN {connected} END, "
            f"{_time(connection, 's + 6 + talk')}, outcome, 'customer' "
            "FROM bench_rows WHERE kind = 'call'"
        )
    )
    await connection.execute(
        text(
            "INSERT INTO recordings (call_id, path, state, duration_ms, started_at) "
            f"SELECT id, 'x', 'ready', talk * 1000, {connected} FROM bench_rows "
            "WHERE kind = 'call' AND outcome = 'connected'"
        )
    )
    await connection.execute(
        text(
            "INSERT INTO transcripts (call_id, engine, model, language, made_at, utterances) "
            f"SELECT id, 'vosk', 'ja', 'ja', {connected}, "
            f"{'said' if sqlite else 'said::json'} FROM bench_rows r "
            "JOIN bench_variants v ON v.k = r.k WHERE said IS NOT NULL AND kind = 'call'"
        )
    )
    await connection.execute(
        text(
            "INSERT INTO comments (action_id, user_id, text, created_at) "
            f"SELECT id, {first}, '良い応対', {at} FROM bench_rows WHERE n % 5000 = 20"
        )
    )


async def _words(connection: AsyncConnection) -> None:
    """As `dialer.action_texts` writes them."""
    some = (
        "FROM bench_rows r JOIN bench_variants v ON v.k = r.k WHERE words <> '' "
        "AND (kind = 'call' OR memo <> '')"
    )
    await connection.execute(
        text(
            f"INSERT INTO {action_texts.name} (doc_id, action_id, text) "
            f"SELECT s * 1000000000, id, words {some}"
        )
    )
    if connection.dialect.name == "sqlite":
        grams = f"(rowid, grams) SELECT s * 1000000000, grams {some}"
        await connection.execute(text(f"INSERT INTO action_grams {grams}"))
        return
    as_vector = "array_to_tsvector(string_to_array(grams, ' '))"
    await connection.execute(text("DROP INDEX ix_action_grams_grams"))
    await connection.execute(
        text(f"INSERT INTO action_grams (doc_id, grams) SELECT s * 1000000000, {as_vector} {some}")
    )
    await connection.execute(
        text("CREATE INDEX ix_action_grams_grams ON action_grams USING gin (grams)")
    )


def _time(connection: AsyncConnection, seconds: str) -> str:
    if connection.dialect.name == "sqlite":
        return f"datetime({seconds}, 'unixepoch') || '.000000'"
    return f"to_timestamp({seconds})"


def _epoch(now: datetime) -> int:
    return int(now.timestamp())


def days_ago(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)
