"""Small worlds full of obstacles, and what the pure gate says about each of their leads."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

from hypothesis import strategies as st
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.claiming import ClaimRequest
from dialer.messages import UserId
from dialer.rules.calling_hours import WEEKDAYS, CallingHours
from dialer.rules.eligibility import (
    UNCALLABLE_KINDS,
    Actor,
    Allowed,
    LeadFacts,
    Refused,
    may_call,
)
from dialer.storage.tables import (
    actions,
    calls,
    campaigns,
    contact_points,
    leads,
    mybox_entries,
    prohibitions,
    projects,
    users,
    workgroups,
)

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
MAX_ATTEMPTS = 3
ALWAYS_OPEN = CallingHours("Asia/Tokyo", dict.fromkeys(WEEKDAYS, (time(0), time.max)))
CAMPAIGN = Actor(user_id=None, hours=ALWAYS_OPEN, max_attempts=MAX_ATTEMPTS)
NUMBERS = [f"+8135254{number:04}" for number in range(7)]
TELEPHONES = {"mobile", "phone", "other"}
TOKYO, OSAKA = 1, 2  # workgroups; the campaign is Tokyo's
HOURS = st.sampled_from([None, -1, 0, 1])  # from now; None: never


@dataclass(frozen=True, slots=True)
class Point:
    kind: str
    e164: str | None
    number_kind: str
    attempts: int

    @property
    def may_be_dialled(self) -> bool:
        return (
            self.e164 is not None
            and self.kind in TELEPHONES
            and self.number_kind not in UNCALLABLE_KINDS
        )


@dataclass(frozen=True, slots=True)
class Box:
    expires_in: int | None
    released: bool


@dataclass(frozen=True, slots=True)
class Lead:
    priority: int
    attempts: int
    due_in: int | None
    finished: bool
    deleted: bool
    box: Box | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Ban:
    e164: str
    workgroup: int | None
    lifted: bool


@dataclass(frozen=True, slots=True)
class Call:
    """To one of the world's leads, by its place in the list."""

    lead: int
    e164: str
    ended: bool


@dataclass(frozen=True, slots=True)
class World:
    leads: tuple[Lead, ...]
    bans: tuple[Ban, ...]
    calls: tuple[Call, ...]
    project_closed: bool


def rarely() -> st.SearchStrategy[bool]:
    return st.sampled_from([False] * 5 + [True])


POINTS = st.builds(
    Point,
    kind=st.sampled_from(["mobile", "phone", "phone", "other", "fax", "email", "line"]),
    e164=st.sampled_from([*NUMBERS, None]),
    number_kind=st.sampled_from(["mobile", "fixed", "", "voip", *sorted(UNCALLABLE_KINDS)]),
    attempts=st.integers(0, 2),
)
LEADS = st.builds(
    Lead,
    priority=st.integers(-1, 1),
    attempts=st.sampled_from([0, 0, 1, 2, MAX_ATTEMPTS, MAX_ATTEMPTS + 1]),
    due_in=HOURS,
    finished=rarely(),
    deleted=rarely(),
    box=st.none() | st.builds(Box, expires_in=HOURS, released=st.booleans()),
    points=st.lists(POINTS, max_size=3).map(tuple),
)
BANS = st.builds(
    Ban,
    e164=st.sampled_from(NUMBERS),
    workgroup=st.sampled_from([TOKYO, OSAKA, None]),
    lifted=st.booleans(),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    some = draw(st.lists(LEADS, min_size=1, max_size=8))
    made = st.builds(
        Call,
        lead=st.integers(0, len(some) - 1),
        e164=st.sampled_from(NUMBERS),
        ended=st.booleans(),
    )
    # The database allows one standing prohibition a number and group, one open call a number.
    bans = draw(st.lists(BANS, max_size=2, unique_by=lambda ban: (ban.e164, ban.workgroup)))
    open_calls = draw(st.lists(made, max_size=2, unique_by=lambda call: call.e164))
    return World(tuple(some), tuple(bans), tuple(open_calls), draw(rarely()))


# --- what the pure gate says ---------------------------------------------------------------------


def facts(world: World, place: int) -> LeadFacts:
    lead = world.leads[place]
    numbers = {point.e164 for point in lead.points} - {None}
    box = lead.box
    boxed = box and not box.released and (box.expires_in is None or box.expires_in > 0)
    return LeadFacts(
        prohibited=any(
            ban.e164 in numbers and not ban.lifted and ban.workgroup in (TOKYO, None)
            for ban in world.bans
        ),
        boxed_by=UserId(1) if boxed else None,
        deleted=lead.deleted,
        project_closed=world.project_closed,
        finished=lead.finished,
        attempts=lead.attempts,
        next_attempt_at=_in_hours(lead.due_in),
        callable_numbers=sum(point.may_be_dialled for point in lead.points),
        in_call=any(
            not call.ended and (call.lead == place or call.e164 in numbers) for call in world.calls
        ),
    )


def answer(world: World, place: int) -> Allowed | Refused:
    return may_call(facts(world, place), CAMPAIGN, NOON)


def word(world: World, place: int) -> str:
    """The answer as the database spells it."""
    found = answer(world, place)
    return "allowed" if isinstance(found, Allowed) else found.reason.value


def expected_claims(world: World, count: int) -> list[tuple[int, str]]:
    """Lead and number in calling order; of leads that share a number the first is taken.

    `count` × 2 leads are looked at, so that many shared numbers may leave a claim short.
    """
    allowed = [n for n in range(len(world.leads)) if answer(world, n) == Allowed()]
    in_order = sorted(allowed, key=lambda n: (-world.leads[n].priority, world.leads[n].attempts, n))
    chosen: list[tuple[int, str]] = []
    for place in in_order[: count * 2]:
        e164 = next_number(world.leads[place])
        if e164 not in {number for _, number in chosen} and len(chosen) < count:
            chosen.append((place, e164))
    return chosen


def next_number(lead: Lead) -> str:
    """The number that was tried least, the first of the list among equals."""
    tried_least = min(
        (point for point in lead.points if point.may_be_dialled),
        key=lambda point: point.attempts,
    )
    assert tried_least.e164 is not None
    return tried_least.e164


# --- the world in the database -------------------------------------------------------------------


async def build(connection: AsyncConnection, world: World) -> tuple[ClaimRequest, list[int]]:
    """Replaces whatever is in the database; the leads' ids in the world's order."""
    await _empty(connection)
    await _insert(
        connection, workgroups, {"id": TOKYO, "name": "東京"}, {"id": OSAKA, "name": "大阪"}
    )
    await _insert(
        connection,
        users,
        {"id": 1, "login": "sato", "name": "佐藤", "password_hash": "", "created_at": NOON},
    )
    await _insert(
        connection,
        projects,
        {
            "id": 1,
            "name": "光回線",
            "created_at": NOON,
            "closed_at": NOON if world.project_closed else None,
        },
    )
    await _insert(
        connection,
        campaigns,
        {"id": 1, "name": "autumn", "project_id": 1, "state_changed_at": NOON},
    )
    # Higher numbers first: the order of insertion is no accident of the answer.
    lead_ids = [1000 + place for place in range(len(world.leads))]
    await _insert(connection, leads, *map(_lead_row, world.leads, lead_ids))
    await _insert(
        connection,
        contact_points,
        *(
            _point_row(point, lead_id, position)
            for lead, lead_id in zip(world.leads, lead_ids, strict=True)
            for position, point in enumerate(lead.points)
        ),
    )
    await _insert(
        connection,
        mybox_entries,
        *(
            _box_row(lead.box, lead_id)
            for lead, lead_id in zip(world.leads, lead_ids, strict=True)
            if lead.box
        ),
    )
    await _insert(connection, prohibitions, *map(_ban_row, world.bans))
    for call in world.calls:
        await _insert_call(connection, call, lead_ids[call.lead])
    return request(), lead_ids


def request() -> ClaimRequest:
    return ClaimRequest(
        campaign_id=1,
        project_id=1,
        workgroup_ids=(TOKYO,),
        max_attempts=MAX_ATTEMPTS,
        trunk="carrier",
        caller_ids=("0312345678", "0312345679"),
    )


async def _empty(connection: AsyncConnection) -> None:
    for table in (
        calls,
        actions,
        mybox_entries,
        contact_points,
        leads,
        prohibitions,
        campaigns,
        projects,
        users,
        workgroups,
    ):
        await connection.execute(delete(table))


async def _insert(connection: AsyncConnection, table: object, *rows: dict[str, object]) -> None:
    for row in rows:
        await connection.execute(insert(table).values(row))  # type: ignore[arg-type]


def _lead_row(lead: Lead, lead_id: int) -> dict[str, object]:
    return {
        "id": lead_id,
        "project_id": 1,
        "name": f"リード{lead_id}",
        "created_at": NOON,
        "priority": lead.priority,
        "attempts": lead.attempts,
        "next_attempt_at": _in_hours(lead.due_in),
        "finished_at": NOON if lead.finished else None,
        "deleted_at": NOON if lead.deleted else None,
    }


def _point_row(point: Point, lead_id: int, position: int) -> dict[str, object]:
    return {
        "lead_id": lead_id,
        "kind": point.kind,
        "position": position,
        "raw": point.e164 or "不明",
        "e164": point.e164,
        "number_kind": point.number_kind,
        "attempts": point.attempts,
    }


def _box_row(box: Box, lead_id: int) -> dict[str, object]:
    return {
        "lead_id": lead_id,
        "user_id": 1,
        "since": NOON,
        "expires_at": _in_hours(box.expires_in),
        "released_at": NOON if box.released else None,
    }


def _ban_row(ban: Ban) -> dict[str, object]:
    return {
        "e164": ban.e164,
        "workgroup_id": ban.workgroup,
        "prohibited_at": NOON,
        "lifted_at": NOON if ban.lifted else None,
    }


async def _insert_call(connection: AsyncConnection, call: Call, lead_id: int) -> None:
    call_id = uuid4()
    await _insert(
        connection,
        actions,
        {"id": call_id, "kind": "call", "at": NOON, "lead_id": lead_id, "project_id": 1},
    )
    await _insert(
        connection,
        calls,
        {
            "id": call_id,
            "campaign_id": 1,
            "e164": call.e164,
            "trunk": "carrier",
            "attempt": 1,
            "claimed_at": NOON,
            "ended_at": NOON if call.ended else None,
        },
    )


def _in_hours(hours: int | None) -> datetime | None:
    return None if hours is None else NOON + timedelta(hours=hours)
