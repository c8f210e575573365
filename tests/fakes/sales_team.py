"""A sales team on an afternoon, with its list, calls and recordings: what the pages show.

Deterministic by seed, so that pictures of the pages can be compared.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import mybox, prohibitions, projects, result_sets, users, workgroups
from dialer.campaign import CampaignSettings, Mode
from dialer.campaign_state import ensure_campaign, set_state
from dialer.recording_keeper import write_finished
from dialer.result_sets import ActionResult
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.engine import Database
from dialer.storage.tables import actions, calls, contact_points, leads, recordings
from dialer.users import User
from recordings.store import LocalRecordingStore
from tests.checkout import ROOT
from tests.lists import import_now

AFTERNOON = datetime(2026, 11, 24, 5, 32, tzinfo=UTC)  # 14:32 in Tokyo
PASSWORD = "correct horse"
PROJECT = "光回線 秋の新規開拓"
SCRIPT = (
    "お忙しいところ恐れ入ります。かける通信の〇〇と申します。\n"
    "本日は、事務所のインターネット料金の見直しについて、2分ほどご案内のお時間をいただけますでしょうか。"
)
# The list has the same kana for all; pictures are nicer with each company's own.
_KANA = {
    "山﨑クリニック": "ヤマザキクリニック",
    "有限会社みどり園": "ミドリエン",
    "東都システム": "トウトシステム",
    "髙島物産": "タカシマブッサン",
    "はまだ工務店": "ハマダコウムテン",
    "㈱北斗": "ホクト",
    "丸の内，会計": "マルノウチカイケイ",
    "日の出“急便”": "ヒノデキュウビン",
    "Ｓｋｙ企画": "スカイキカク",
    "①商店": "イチバンショウテン",
}
_SAMPLES = ROOT / "tests" / "samples"
_RATE = 8000

# What happens to a list, roughly, in percent.
_OUTCOMES = (
    (CallOutcome.NO_ANSWER, 46),
    (CallOutcome.CONNECTED, 31),
    (CallOutcome.BUSY, 7),
    (CallOutcome.MACHINE, 6),
    (CallOutcome.UNREACHABLE, 4),
    (CallOutcome.REJECTED, 3),
    (CallOutcome.HUNG_UP, 2),
    (CallOutcome.ABANDONED, 1),
)
_CAUSES = {
    CallOutcome.NO_ANSWER: 19,
    CallOutcome.BUSY: 17,
    CallOutcome.UNREACHABLE: 1,
    CallOutcome.REJECTED: 21,
}
_MEMOS = (
    "ご担当の総務部長は15時以降にお戻り。あらためてお電話するお約束。",
    "現在の契約は来年3月まで。更新前の2月に再度ご案内してほしいとのこと。",
    "複合機の入れ替えと合わせて検討したい。見積書をメールで送付する。",
    "受付の方が対応。担当部署は大阪本社。",
    "料金より障害時の対応を重視。導入事例の資料を希望。",
    "11/27(金) 10:30 に訪問のお約束。先方は2名で対応。",
    "",
    "",
)


@dataclass(frozen=True, slots=True)
class SalesTeam:
    """`admin` may call too; `outsider` is assigned to no project."""

    project_id: int
    workgroup_id: int
    campaigns: tuple[CampaignSettings, ...]
    admin: User
    agents: tuple[User, ...]
    outsider: User
    results: tuple[ActionResult, ...]
    lead_ids: tuple[int, ...]


async def build_sales_team(
    database: Database, store: LocalRecordingStore, *, calls_made: int = 120, seed: int = 7
) -> SalesTeam:
    """Fills an empty, migrated database; the afternoon's calls lie before `AFTERNOON`."""
    chance = random.Random(seed)
    morning = AFTERNOON - timedelta(hours=5)
    async with database.write() as connection:
        group = (await workgroups.create_workgroup(connection, name="東京営業部", now=morning)).id
        result_set = await result_sets.create_default_result_set(
            connection, language="ja", now=morning
        )
        project = await projects.create_project(
            connection, name=PROJECT, result_set_id=result_set, script=SCRIPT, now=morning
        )
        people = {
            login: await users.create_user(
                connection,
                login=login,
                name=name,
                password=PASSWORD,
                may_administer=login == "admin",
                workgroups=[group],
                phone_account=f"phone-{login}",
                phone_password="secret",
                now=morning,
            )
            for login, name in (
                ("admin", "中村 香織"),
                ("sato", "佐藤 美咲"),
                ("suzuki", "鈴木 健太"),
                ("takahashi", "高橋 直樹"),
                ("watanabe", "渡辺 彩"),
                ("outsider", "小川 蓮"),
            )
        }
        await projects.assign_users(
            connection,
            project_id=project.id,
            user_ids=[user.id for login, user in people.items() if login != "outsider"],
            now=morning,
        )
    await import_now(database, _SAMPLES / "leads_utf8_bom.csv", project=PROJECT, now=morning)
    campaigns = (
        _campaign("hikari-autumn", Mode.POWER, 2.5),
        _campaign("hikari-callback", Mode.PROGRESSIVE, 1.0),
    )
    async with database.write() as connection:
        campaign_id, _ = [
            await ensure_campaign(
                connection, name=one.name, project_id=project.id, named=one.project, now=morning
            )
            for one in campaigns
        ]
        await set_state(connection, name=campaigns[0].name, state="running", now=morning)
        people = {login: await _again(connection, user) for login, user in people.items()}
        team = SalesTeam(
            project_id=project.id,
            workgroup_id=group,
            campaigns=campaigns,
            admin=people["admin"],
            agents=tuple(people[n] for n in ("sato", "suzuki", "takahashi", "watanabe")),
            outsider=people["outsider"],
            results=await result_sets.results_of_project(connection, project.id),
            lead_ids=await _lead_ids(connection, project.id),
        )
        for name, kana in _KANA.items():
            await connection.execute(
                update(leads).where(leads.c.name == name).values(name_kana=kana)
            )
        made = await _make_calls(connection, team, campaign_id, chance, calls_made)
        for lead_id in team.lead_ids[150:154]:
            await mybox.put(connection, lead_id=lead_id, user_id=team.agents[1].id, now=morning)
        await mybox.put(
            connection, lead_id=team.lead_ids[156], user_id=team.agents[0].id, now=morning
        )
        for lead_id in team.lead_ids[160:165]:
            await prohibitions.prohibit_lead(
                connection,
                lead_id=lead_id,
                reason="今後の電話は不要とのこと",
                by=team.agents[2],
                now=morning,
            )
    await _record(database, store, made, chance)
    return team


def _campaign(name: str, mode: Mode, lines_per_agent: float) -> CampaignSettings:
    return CampaignSettings(
        name=name,
        project=PROJECT,
        workgroups=["東京営業部"],
        mode=mode,
        lines_per_agent=lines_per_agent,
        trunk="main-sip",
        caller_ids=["+81312345678"],
    )


async def _again(connection: AsyncConnection, user: User) -> User:
    found = await users.user_by_id(connection, user.id)
    assert found is not None
    return found


async def _lead_ids(connection: AsyncConnection, project_id: int) -> tuple[int, ...]:
    """Leads with a number, in the order of the list."""
    found = await connection.execute(
        select(leads.c.id)
        .where(leads.c.project_id == project_id, contact_points.c.e164.is_not(None))
        .join(contact_points, contact_points.c.lead_id == leads.c.id)
        .group_by(leads.c.id)
        .order_by(leads.c.id)
    )
    return tuple(found.scalars())


async def add_call(
    connection: AsyncConnection,
    team: SalesTeam,
    *,
    call_id: UUID,
    lead_id: int,
    campaign_id: int,
    at: datetime,
    outcome: CallOutcome | None,
    user: User | None = None,
    result: ActionResult | None = None,
    memo: str = "",
    ring_seconds: float = 9.0,
    talk_seconds: float = 60.0,
    attempt: int = 1,
) -> str:
    """One call; without an outcome it goes on. Returns the number called."""
    e164: str = (
        await connection.execute(
            select(contact_points.c.e164)
            .where(contact_points.c.lead_id == lead_id, contact_points.c.e164.is_not(None))
            .order_by(contact_points.c.position)
            .limit(1)
        )
    ).scalar_one()
    answered = outcome in (None, CallOutcome.CONNECTED, CallOutcome.HUNG_UP, CallOutcome.ABANDONED)
    answered_at = at + timedelta(seconds=ring_seconds) if answered else None
    talks = outcome in (None, CallOutcome.CONNECTED)
    length = ring_seconds + (talk_seconds if talks else 1.5 if answered else 0)
    await connection.execute(
        insert(actions).values(
            id=call_id,
            kind="call",
            at=at,
            lead_id=lead_id,
            project_id=team.project_id,
            user_id=user.id if user else None,
            result_id=result.id if result else None,
            result_at=at + timedelta(seconds=length + 12) if result else None,
            memo=memo,
        )
    )
    await connection.execute(
        insert(calls).values(
            id=call_id,
            campaign_id=campaign_id,
            e164=e164,
            trunk="main-sip",
            caller_id="+81312345678",
            attempt=attempt,
            claimed_at=at,
            dialled_at=at + timedelta(milliseconds=40),
            ringing_at=at + timedelta(seconds=1),
            answered_at=answered_at,
            connected_at=answered_at if talks else None,
            ended_at=at + timedelta(seconds=length) if outcome else None,
            outcome=outcome,
            hangup_cause=_CAUSES.get(outcome, 16) if outcome else None,
            hung_up_by="" if outcome is None else "customer" if answered else "system",
        )
    )
    await connection.execute(
        update(leads)
        .where(leads.c.id == lead_id)
        .values(attempts=attempt, last_attempt_at=at, next_attempt_at=at + timedelta(hours=2))
    )
    return e164


async def _make_calls(
    connection: AsyncConnection,
    team: SalesTeam,
    campaign_id: int,
    chance: random.Random,
    number: int,
) -> Mapping[UUID, tuple[datetime, float]]:
    """The conversations among them, with start and length in seconds."""
    outcomes = [outcome for outcome, share in _OUTCOMES for _ in range(share)]
    talked: dict[UUID, tuple[datetime, float]] = {}
    for index in range(number):
        at = AFTERNOON - timedelta(seconds=60 + (number - index) * 95 + chance.randrange(60))
        outcome = chance.choice(outcomes)
        connected = outcome is CallOutcome.CONNECTED
        call_id, length = UUID(int=chance.getrandbits(128), version=4), chance.uniform(18, 95)
        await add_call(
            connection,
            team,
            call_id=call_id,
            lead_id=team.lead_ids[index % len(team.lead_ids)],
            campaign_id=campaign_id,
            at=at,
            outcome=outcome,
            user=chance.choice(team.agents) if connected else None,
            result=chance.choice(team.results) if connected else None,
            memo=chance.choice(_MEMOS) if connected else "",
            ring_seconds=chance.uniform(3, 28),
            talk_seconds=length,
        )
        if connected:
            talked[call_id] = (at, length)
    return talked


async def _record(
    database: Database,
    store: LocalRecordingStore,
    talked: Mapping[UUID, tuple[datetime, float]],
    chance: random.Random,
) -> None:
    """Recordings of the last ten conversations; their sound is noise in the rhythm of speech."""
    for call_id, (at, length) in list(talked.items())[-10:]:
        store.raw_path(call_id, at).write_bytes(two_voices(length, chance.randrange(1000)))
        facts = await store.finish(call_id, at)
        assert facts is not None
        async with database.write() as connection:
            await connection.execute(
                recordings.insert().values(
                    call_id=call_id, path=facts.path, state="recording", started_at=at
                )
            )
            await write_finished(connection, call_id, facts)


def two_voices(seconds: float, seed: int) -> bytes:
    """Raw stereo as Asterisk writes it: s16le, 8 kHz, customer left and agent right."""
    noise = np.random.default_rng(seed)
    frames = int(seconds * _RATE)
    sides = np.zeros((frames, 2))
    at, side = 0, 1
    while at < frames:
        turn = int(noise.uniform(1.2, 6) * _RATE)
        time = np.arange(min(turn, frames - at)) / _RATE
        syllables = np.abs(np.sin(2 * np.pi * noise.uniform(1.6, 2.6) * time)) ** 0.6
        phrase = 0.55 + 0.45 * np.sin(2 * np.pi * 0.35 * time + noise.uniform(0, 6))
        voice = np.sin(2 * np.pi * (130 + 90 * side) * time) + 0.5 * noise.standard_normal(
            len(time)
        )
        sides[at : at + len(time), side] = 5200 * syllables * phrase * voice
        at += turn - int(noise.uniform(-0.2, 0.6) * _RATE)
        side = 1 - side
    hiss = 60 * noise.standard_normal(sides.shape)
    return bytes(np.clip(sides + hiss, -32000, 32000).astype("<i2").tobytes())
