"""A small sales team in a database: what most tests about leads and people start from."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts, lanes, projects, result_sets, users, workgroups
from dialer.campaign_state import ensure_campaign
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.lane import Lane
from dialer.rules.search_text import lead_key
from dialer.storage.tables import actions, calls, contact_points, leads, recordings
from dialer.users import User

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # in Tokyo
PASSWORD = "correct horse"


@dataclass(frozen=True, slots=True)
class SmallWorld:
    """東京 has Sato, the admin, and Suzuki; 大阪 has Tanaka. Only Takahashi is in no project."""

    tokyo: int
    osaka: int
    project_id: int
    other_project_id: int
    campaign_id: int
    sato: User
    suzuki: User
    tanaka: User
    takahashi: User


async def build_small_world(connection: AsyncConnection) -> SmallWorld:
    tokyo = (await workgroups.create_workgroup(connection, name="東京", now=NOON)).id
    osaka = (await workgroups.create_workgroup(connection, name="大阪", now=NOON)).id
    results = await result_sets.create_default_result_set(connection, language="ja", now=NOON)
    project = await projects.create_project(
        connection, name="光回線", result_set_id=results, now=NOON
    )
    other = await projects.create_project(connection, name="保険", now=NOON)
    made = {}
    for login, name, group, admin in (
        ("sato", "佐藤", tokyo, True),
        ("suzuki", "鈴木", tokyo, False),
        ("tanaka", "田中", osaka, False),
        ("takahashi", "高橋", tokyo, False),
    ):
        made[login] = await users.create_user(
            connection,
            login=login,
            name=name,
            password=PASSWORD,
            may_administer=admin,
            workgroups=[group],
            phone_account=f"phone-{login}",
            phone_password="secret",
            now=NOON,
        )
    await projects.assign_users(
        connection,
        project_id=project.id,
        user_ids=[made[login].id for login in ("sato", "suzuki", "tanaka")],
        now=NOON,
    )
    campaign_id = await ensure_campaign(connection, name="autumn", project_id=project.id, now=NOON)
    return SmallWorld(
        tokyo=tokyo,
        osaka=osaka,
        project_id=project.id,
        other_project_id=other.id,
        campaign_id=campaign_id,
        **{login: await again(connection, user) for login, user in made.items()},
    )


async def again(connection: AsyncConnection, user: User) -> User:
    """The user as he is now."""
    found = await users.user_by_id(connection, user.id)
    assert found is not None
    return found


async def add_lead(
    connection: AsyncConnection,
    project_id: int,
    *numbers: str,
    name: str = "山田商店",
    kana: str = "ヤマダショウテン",
    number_kind: str = "fixed",
) -> int:
    """A lead with these E.164 numbers, in this order."""
    lane_id = await lanes.lane_id_of(connection, project_id, Lane())
    lead_id: int = (
        await connection.execute(
            insert(leads)
            .values(
                project_id=project_id,
                lane_id=lane_id,
                name=name,
                name_kana=kana,
                search_key=lead_key(name=name, name_kana=kana, contact_person="", email=""),
                created_at=NOON,
            )
            .returning(leads.c.id)
        )
    ).scalar_one()
    for position, number in enumerate(numbers):
        await connection.execute(
            insert(contact_points).values(
                lead_id=lead_id,
                kind="phone",
                position=position,
                raw=number,
                e164=number,
                number_kind=number_kind,
            )
        )
    await lanes.refresh(connection, [lead_id], NOON)
    return lead_id


async def add_call(
    connection: AsyncConnection,
    world: SmallWorld,
    lead_id: int,
    *,
    at: datetime = NOON,
    e164: str = "+81352542287",
    outcome: CallOutcome | None = CallOutcome.NO_ANSWER,
    user: User | None = None,
    result_id: int | None = None,
    memo: str = "",
    recorded: bool = False,
) -> UUID:
    """A call that rang 5 s and, when it was connected, lasted 60 s; open without an outcome."""
    call_id = uuid4()
    connected = outcome is CallOutcome.CONNECTED
    answered_at = at + timedelta(seconds=6) if connected else None
    await connection.execute(
        insert(actions).values(
            id=call_id,
            kind="call",
            at=at,
            lead_id=lead_id,
            project_id=world.project_id,
            user_id=user.id if user else None,
            result_id=result_id,
            memo=memo,
        )
    )
    await action_texts.refresh(connection, [call_id] if memo else [])
    await connection.execute(
        insert(calls).values(
            id=call_id,
            campaign_id=world.campaign_id,
            e164=e164,
            trunk="carrier",
            attempt=1,
            claimed_at=at,
            dialled_at=at,
            ringing_at=at + timedelta(seconds=1),
            answered_at=answered_at,
            connected_at=answered_at,
            ended_at=at + timedelta(seconds=66) if outcome else None,
            outcome=outcome,
            hangup_cause=16 if outcome else None,
            hung_up_by="customer" if outcome else "",
        )
    )
    if recorded:
        await connection.execute(
            insert(recordings).values(
                call_id=call_id,
                path=f"2026/11/24/{call_id}.wav",
                state="ready",
                duration_ms=60_000,
                size_bytes=1_920_044,
                sha256="0" * 64,
                started_at=answered_at or at,
            )
        )
    return call_id
