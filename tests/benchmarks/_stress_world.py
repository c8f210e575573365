"""The world of the gate's stress test: thousands of leads, and some that must never be called.

Half of the numbers are shared by leads of two projects. Triggers of the database write
down every claim and every change of what stands about a number, whoever makes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes, mybox, prohibitions
from dialer.claiming import ClaimRequest
from dialer.messages import UserId
from dialer.rules.calling_hours import WEEKDAYS, CallingHours
from dialer.rules.eligibility import Refusal
from dialer.rules.lane import Lane
from dialer.storage.engine import Database
from dialer.storage.tables import (
    actions,
    callbacks,
    calls,
    campaigns,
    contact_points,
    leads,
    project_users,
    projects,
    user_workgroups,
    users,
    workgroups,
)

MAX_ATTEMPTS = 10_000
GROUPS = (1, 2, 3, 4)
# Each campaign calls for two workgroups; the third is of a project that is closed.
CAMPAIGNS = {1: (1, 2), 2: (2, 3), 3: (1, 2)}
CLOSED = 3
USERS = tuple(UserId(number) for number in range(1, 9))
USER_GROUPS = {user: (1 + user % 4,) for user in USERS}
STRANGER = UserId(90)  # assigned to no project
NOBODY_AT_WORK = UserId(91)  # has callbacks, and never calls
OFFICE = "Asia/Tokyo"
FAR_AWAY = "America/Sao_Paulo"  # half a day from the office: the same hours are closed there

# What may stand against a lead for good: for each reason some leads have exactly that.
FOR_GOOD = (
    Refusal.LEAD_DELETED,
    Refusal.OUTSIDE_HOURS,
    Refusal.CALLBACK_NOT_DUE,
    Refusal.CALLBACK_OF_ANOTHER,
    Refusal.FINISHED,
    Refusal.ATTEMPTS_USED,
    Refusal.WAITING,
    Refusal.ABANDONED_REST,
    Refusal.NO_NUMBER,
    Refusal.NUMBER_KIND,
)


@dataclass(frozen=True, slots=True)
class StressWorld:
    """`never` are the leads that may not be called, and why; `numbers` are each lead's.

    `by_hand` is the share of claims for one chosen lead, many of which must be refused.
    """

    lead_ids: dict[int, tuple[int, ...]]  # by project
    never: dict[int, Refusal]
    numbers: dict[int, tuple[str, ...]]
    hours: CallingHours
    by_hand: float

    def request(self, campaign: int, user: UserId | None = None) -> ClaimRequest:
        """Campaign n calls the leads of project n."""
        return ClaimRequest(
            campaign_id=campaign,
            project_id=campaign,
            workgroup_ids=CAMPAIGNS[campaign],
            max_attempts=MAX_ATTEMPTS,
            hours=self.hours,
            trunk="carrier",
            caller_ids=("0312345678",),
            for_user=user,
        )


async def build(
    database: Database, number: int, now: datetime, *, by_hand: float = 0.5
) -> StressWorld:
    """`number` leads in each of two projects, a few in a third."""
    world = StressWorld({}, {}, {}, _hours(now), by_hand)
    async with database.write() as connection:
        await _people(connection, now)
        for project, some in ((1, number), (2, number), (3, 20)):
            await _leads(connection, world, project, some, now)
        for statement in _TRIGGERS[connection.dialect.name]:
            await connection.execute(text(statement))
        for project in (1, 2):
            await _begin(connection, world.lead_ids[project], world.numbers, now)
    return world


async def _begin(
    connection: AsyncConnection,
    lead_ids: Sequence[int],
    numbers: dict[int, tuple[str, ...]],
    now: datetime,
) -> None:
    """Something is prohibited and boxed from the first claim on; the log has it."""
    for lead_id in lead_ids[3::40]:
        await prohibitions.prohibit(
            connection, e164s=numbers[lead_id], workgroup_ids=[1 + lead_id % 4], now=now
        )
    for lead_id in lead_ids[5::20]:
        await mybox.put(connection, lead_id=lead_id, user_id=USERS[lead_id % 8], now=now)


def project_of(lead_id: int) -> int:
    """Read off the id."""
    return lead_id // 1_000_000


def _hours(now: datetime) -> CallingHours:
    """Open around now in the office, and closed where it is night then."""
    local = now.astimezone(ZoneInfo(OFFICE)).hour
    window = (time(max(0, local - 3)), time.max if local > 19 else time(local + 4))
    return CallingHours(OFFICE, dict.fromkeys(WEEKDAYS, window))


async def _people(connection: AsyncConnection, now: datetime) -> None:
    for group in GROUPS:
        await connection.execute(insert(workgroups).values(id=group, name=f"group {group}"))
    for user in (*USERS, STRANGER, NOBODY_AT_WORK):
        await connection.execute(
            insert(users).values(
                id=user, login=f"user{user}", name=f"担当{user}", password_hash="", created_at=now
            )
        )
    for user, groups in USER_GROUPS.items():
        for group in groups:
            await connection.execute(
                insert(user_workgroups).values(user_id=user, workgroup_id=group)
            )
    for number in CAMPAIGNS:
        closed_at = now if number == CLOSED else None
        await connection.execute(
            insert(projects).values(
                id=number, name=f"project {number}", created_at=now, closed_at=closed_at
            )
        )
        for user in (*USERS, NOBODY_AT_WORK):
            await connection.execute(insert(project_users).values(project_id=number, user_id=user))
        await connection.execute(
            insert(campaigns).values(
                id=number, name=f"campaign-{number}", project_id=number, state_changed_at=now
            )
        )


async def _leads(
    connection: AsyncConnection, world: StressWorld, project: int, number: int, now: datetime
) -> None:
    first = project * 1_000_000
    ids = tuple(range(first, first + number))
    world.lead_ids[project] = ids
    plain = await lanes.lane_id_of(connection, project, Lane())
    rows = []
    points = []
    for place, lead_id in enumerate(ids):
        # One lead in eight has something against it for good.
        reason = FOR_GOOD[place // 8 % len(FOR_GOOD)] if place % 8 == 0 else None
        if reason:
            world.never[lead_id] = reason
        rows.append(_lead(lead_id, project, plain, reason, now))
        numbers = _numbers(project, place, reason)
        world.numbers[lead_id] = numbers
        kind = "premium" if reason is Refusal.NUMBER_KIND else "fixed"
        points += [
            {
                "lead_id": lead_id,
                "kind": "phone",
                "position": position,
                "raw": e164,
                "e164": e164,
                "number_kind": kind,
            }
            for position, e164 in enumerate(numbers)
        ]
    await connection.execute(insert(leads), rows)
    await connection.execute(insert(contact_points), points)
    for lead_id in ids:
        match world.never.get(lead_id):
            case Refusal.CALLBACK_NOT_DUE:
                await _callback(connection, lead_id, project, now + timedelta(days=1), None, now)
            case Refusal.CALLBACK_OF_ANOTHER:
                await _callback(connection, lead_id, project, now, NOBODY_AT_WORK, now)
            case Refusal.ABANDONED_REST:
                await _abandoned(connection, world.numbers[lead_id][0], lead_id, project, now)
    await lanes.refresh(connection, ids, now)


def _lead(
    lead_id: int, project: int, lane_id: int, reason: Refusal | None, now: datetime
) -> dict[str, object]:
    tomorrow = now + timedelta(days=1)
    against: dict[Refusal, dict[str, object]] = {
        Refusal.LEAD_DELETED: {"deleted_at": now},
        Refusal.OUTSIDE_HOURS: {"time_zone": FAR_AWAY},
        Refusal.CALLBACK_NOT_DUE: {"callback_at": tomorrow},
        Refusal.CALLBACK_OF_ANOTHER: {"callback_at": now},
        Refusal.FINISHED: {"finished_at": now},
        Refusal.ATTEMPTS_USED: {"attempts": MAX_ATTEMPTS},
        Refusal.WAITING: {"next_attempt_at": tomorrow},
    }
    return {
        "id": lead_id,
        "project_id": project,
        "lane_id": lane_id,
        "name": f"リード{lead_id}",
        "created_at": now,
        "priority": lead_id % 3,
        "attempts": 0,
        "next_attempt_at": None,
        "finished_at": None,
        "deleted_at": None,
        "callback_at": None,
        "time_zone": "",
        **(against.get(reason, {}) if reason else {}),
    }


def _numbers(project: int, place: int, reason: Refusal | None) -> tuple[str, ...]:
    """Two numbers for every fourth lead; every other number belongs to both projects."""
    if reason is Refusal.NO_NUMBER:
        return ()
    owner = 0 if reason is None and place % 2 else project
    main = f"+8130{owner}{place:06}"
    return (main, f"+8131{project}{place:06}") if place % 4 == 1 else (main,)


async def _callback(
    connection: AsyncConnection,
    lead_id: int,
    project: int,
    due_at: datetime,
    user: UserId | None,
    now: datetime,
) -> None:
    await connection.execute(
        insert(callbacks).values(
            lead_id=lead_id, project_id=project, user_id=user, due_at=due_at, created_at=now
        )
    )


async def _abandoned(
    connection: AsyncConnection, e164: str, lead_id: int, project: int, now: datetime
) -> None:
    call_id = uuid4()
    await connection.execute(
        insert(actions).values(id=call_id, kind="call", at=now, lead_id=lead_id, project_id=project)
    )
    await connection.execute(
        insert(calls).values(
            id=call_id,
            e164=e164,
            trunk="carrier",
            attempt=1,
            claimed_at=now,
            ended_at=now,
            outcome="abandoned",
        )
    )


# --- what the database writes down --------------------------------------------------------------

_EVENTS = (
    ("claim", "INSERT", "calls", "", "NEW.contact_point_id, NEW.e164, NEW.campaign_id, "
     "NEW.for_user_id"),
    ("end", "UPDATE", "calls", "OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL",
     "NEW.contact_point_id, NEW.e164, NEW.campaign_id, NEW.for_user_id"),
    ("prohibit", "INSERT", "prohibitions", "", "NULL, NEW.e164, NEW.workgroup_id, NULL"),
    ("lift", "UPDATE", "prohibitions", "OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL",
     "NULL, NEW.e164, NEW.workgroup_id, NULL"),
    ("box", "INSERT", "mybox_entries", "", "NEW.lead_id, '', NULL, NEW.user_id"),
    ("release", "UPDATE", "mybox_entries",
     "OLD.released_at IS NULL AND NEW.released_at IS NOT NULL",
     "NEW.lead_id, '', NULL, NEW.user_id"),
)  # fmt: skip
_COLUMNS = "kind, subject, e164, about, user_id"


def _sqlite_triggers() -> list[str]:
    made = [
        "CREATE TABLE stress_log (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, "
        "subject INTEGER, e164 TEXT, about INTEGER, user_id INTEGER)"
    ]
    for kind, change, table, when, values in _EVENTS:
        condition = f"WHEN {when} " if when else ""
        made.append(
            f"CREATE TRIGGER stress_{kind} AFTER {change} ON {table} {condition}BEGIN "
            f"INSERT INTO stress_log ({_COLUMNS}) VALUES ('{kind}', {values}); END"
        )
    return made


def _postgresql_triggers() -> list[str]:
    made = [
        "CREATE TABLE stress_log (id bigserial PRIMARY KEY, kind text, subject bigint, "
        "e164 text, about bigint, user_id bigint)"
    ]
    for kind, change, table, when, values in _EVENTS:
        condition = f"WHEN ({when}) " if when else ""
        made += [
            f"CREATE FUNCTION stress_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"INSERT INTO stress_log ({_COLUMNS}) VALUES ('{kind}', {values}); "
            "RETURN NULL; END $$",
            f"CREATE TRIGGER stress_{kind} AFTER {change} ON {table} FOR EACH ROW "
            f"{condition}EXECUTE FUNCTION stress_{kind}()",
        ]
    return made


_TRIGGERS: dict[str, Sequence[str]] = {
    "sqlite": _sqlite_triggers(),
    "postgresql": _postgresql_triggers(),
}
