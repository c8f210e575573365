"""Small worlds full of obstacles, and what the pure gate says about each of their leads."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from dialer.campaign import HoursSettings
from dialer.claiming import ClaimRequest, looked_at
from dialer.messages import UserId
from dialer.rules.calling_hours import WEEKDAYS, CallingHours
from dialer.rules.eligibility import (
    UNCALLABLE_KINDS,
    Actor,
    Allowed,
    Box,
    LeadFacts,
    OpenCallback,
    Refused,
    may_call,
)

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # in Tokyo; in New York it is ten in the evening
MAX_ATTEMPTS = 3
DAYTIME = CallingHours("Asia/Tokyo", dict.fromkeys(WEEKDAYS, (time(8), time(21))))
NUMBERS = [f"+8135254{number:04}" for number in range(7)]
TELEPHONES = {"mobile", "phone", "other"}
TOKYO, OSAKA, NAGOYA = 1, 2, 3  # workgroups; the campaign is Tokyo's and Osaka's
CALLING = (TOKYO, OSAKA)
# Sato and Suzuki call the campaign, Tanaka does not, and Mori is in no workgroup.
SATO, SUZUKI, TANAKA, MORI = (UserId(number) for number in (1, 2, 3, 4))
WORKGROUPS = {SATO: (TOKYO, NAGOYA), SUZUKI: (OSAKA,), TANAKA: (NAGOYA,), MORI: ()}
HOLDERS = st.sampled_from(list(WORKGROUPS))
HOURS = st.sampled_from([None, -1, 0, 1])  # from now; None: never


@dataclass(frozen=True, slots=True)
class Point:
    kind: str
    e164: str | None
    number_kind: str
    attempts: int

    @property
    def is_telephone(self) -> bool:
        return self.e164 is not None and self.kind in TELEPHONES

    @property
    def may_be_dialled(self) -> bool:
        return self.is_telephone and self.number_kind not in UNCALLABLE_KINDS


@dataclass(frozen=True, slots=True)
class HeldBox:
    holder: UserId
    expires_in: int | None
    released: bool

    @property
    def stands(self) -> bool:
        return not self.released and (self.expires_in is None or self.expires_in > 0)


@dataclass(frozen=True, slots=True)
class Promise:
    """A callback."""

    due_in: int
    user: UserId | None
    closed: bool


@dataclass(frozen=True, slots=True)
class Lead:
    points: tuple[Point, ...]
    priority: int = 0
    attempts: int = 0
    tried_at: int | None = None  # hours from now
    due_in: int | None = None
    finished: bool = False
    deleted: bool = False
    box: HeldBox | None = None
    callback: Promise | None = None
    time_zone: str = ""
    project: int = 1

    @property
    def numbers(self) -> set[str]:
        return {point.e164 for point in self.points if point.e164 is not None}


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
    ended_in: int | None  # hours from now; None: open
    abandoned: bool


@dataclass(frozen=True, slots=True)
class World:
    leads: tuple[Lead, ...]
    bans: tuple[Ban, ...] = ()
    calls: tuple[Call, ...] = ()
    project_closed: bool = False
    assigned: frozenset[UserId] = frozenset({SATO, SUZUKI})
    time_zone: str = "Asia/Tokyo"  # the project's
    hours: HoursSettings | None = None  # the project's own


def rarely() -> st.SearchStrategy[bool]:
    return st.sampled_from([False] * 5 + [True])


POINTS = st.builds(
    Point,
    kind=st.sampled_from(["mobile", "phone", "phone", "other", "fax", "email", "line"]),
    e164=st.sampled_from([*NUMBERS, None]),
    number_kind=st.sampled_from(["mobile", "fixed", "", "voip", *sorted(UNCALLABLE_KINDS)]),
    attempts=st.integers(0, 2),
)
BOXES = st.builds(HeldBox, holder=HOLDERS, expires_in=HOURS, released=st.booleans())
CALLBACKS = st.builds(
    Promise,
    due_in=st.sampled_from([-2, -1, 0, 1]),
    user=st.none() | HOLDERS,
    closed=rarely(),
)
LEADS = st.builds(
    Lead,
    points=st.lists(POINTS, max_size=3).map(tuple),
    priority=st.integers(-1, 1),
    attempts=st.sampled_from([0, 0, 1, 2, MAX_ATTEMPTS, MAX_ATTEMPTS + 1]),
    tried_at=st.sampled_from([None, None, -3, -2]),
    due_in=HOURS,
    finished=rarely(),
    deleted=rarely(),
    box=st.none() | BOXES,
    callback=st.none() | CALLBACKS,
    time_zone=st.sampled_from(["", "", "", "Asia/Seoul", "America/New_York"]),
    project=st.sampled_from([1, 1, 1, 1, 2]),
)
BANS = st.builds(
    Ban,
    e164=st.sampled_from(NUMBERS),
    workgroup=st.sampled_from([TOKYO, NAGOYA, None]),
    lifted=st.booleans(),
)
EVERY_DAY = HoursSettings()
SHORT_DAY = HoursSettings(weekdays=dict.fromkeys(WEEKDAYS, "10:00-13:00"))
AFTERNOONS = HoursSettings(weekdays=dict.fromkeys(WEEKDAYS, "13:00-24:00"))
DAY_OFF = HoursSettings(exceptions={NOON.date(): "closed"})
PROJECT_HOURS = st.sampled_from([None, None, EVERY_DAY, SHORT_DAY, AFTERNOONS, DAY_OFF])
PROJECT_ZONES = st.sampled_from(["Asia/Tokyo"] * 5 + ["America/New_York"])
ACTORS = st.sampled_from([None, None, SATO, SUZUKI])  # None: the campaign, for whoever is free


@st.composite
def worlds(draw: st.DrawFn) -> World:
    some = draw(st.lists(LEADS, min_size=1, max_size=8))
    made = st.builds(
        Call,
        lead=st.integers(0, len(some) - 1),
        e164=st.sampled_from(NUMBERS),
        ended_in=st.sampled_from([None, -1, -71, -72, -73]),
        abandoned=st.booleans(),
    )
    # The database allows one standing prohibition a number and group, one open call a number.
    bans = draw(st.lists(BANS, max_size=2, unique_by=lambda ban: (ban.e164, ban.workgroup)))
    some_calls = draw(st.lists(made, max_size=2, unique_by=lambda call: call.e164))
    assigned = draw(st.sampled_from([frozenset({SATO, SUZUKI}), frozenset({SATO})]))
    return World(
        tuple(some),
        tuple(bans),
        tuple(some_calls),
        draw(rarely()),
        assigned,
        draw(PROJECT_ZONES),
        draw(PROJECT_HOURS),
    )


# --- what the pure gate says ---------------------------------------------------------------------


def facts(world: World, place: int) -> LeadFacts:
    lead = world.leads[place]
    bans = [ban for ban in world.bans if ban.e164 in lead.numbers and not ban.lifted]
    boxes = [Box(lead.box.holder)] if lead.box and lead.box.stands else []
    for other_place, other in enumerate(world.leads):
        shared = other_place != place and other.numbers & lead.numbers
        if shared and other.box and other.box.stands:
            groups = frozenset(WORKGROUPS[other.box.holder])
            boxes.append(Box(other.box.holder, own=False, holder_workgroups=groups))
    callback = lead.callback if lead.callback and not lead.callback.closed else None
    abandoned = [
        NOON + timedelta(hours=call.ended_in)
        for call in world.calls
        if call.abandoned and call.ended_in is not None and call.e164 in lead.numbers
    ]
    return LeadFacts(
        project_id=lead.project,
        prohibited_for=frozenset(ban.workgroup for ban in bans),
        boxes=tuple(boxes),
        deleted=lead.deleted,
        project_closed=world.project_closed,
        time_zone=lead.time_zone,
        callback=OpenCallback(in_hours(callback.due_in), callback.user) if callback else None,
        finished=lead.finished,
        attempts=lead.attempts,
        next_attempt_at=None if lead.due_in is None else in_hours(lead.due_in),
        abandoned_at=max(abandoned, default=None),
        in_call=any(
            call.ended_in is None and (call.lead == place or call.e164 in lead.numbers)
            for call in world.calls
        ),
        telephone_kinds=tuple(point.number_kind for point in lead.points if point.is_telephone),
    )


def answer(world: World, place: int, user: UserId | None = None) -> Allowed | Refused:
    return may_call(facts(world, place), actor_in(world, user), NOON)


def actor_in(world: World, user: UserId | None = None) -> Actor:
    """With the hours of the campaign and those of the project together."""
    own = world.hours.calling_hours(world.time_zone) if world.hours else None
    actor = request(user).actor(assigned=user is None or user in world.assigned)
    return replace(actor, hours=replace(DAYTIME, time_zone=world.time_zone, within=own))


def expected_claims(world: World, count: int, user: UserId | None = None) -> list[tuple[int, str]]:
    """Lead and number in calling order; of leads that share a number the first is taken.

    For a user only his own leads and callbacks. A few more than `count` leads are looked at,
    so that many shared numbers may leave a claim short.
    """
    allowed = [
        place
        for place in range(len(world.leads))
        if answer(world, place, user) == Allowed() and (user is None or _is_his(world, place, user))
    ]
    in_order = sorted(allowed, key=lambda place: calling_order(world.leads[place], place))
    chosen: dict[str, int] = {}
    for place in in_order[: looked_at(count)]:
        if len(chosen) < count:
            chosen.setdefault(next_number(world.leads[place]), place)
    return [(place, e164) for e164, place in chosen.items()]


def calling_order(lead: Lead, place: int) -> tuple[Any, ...]:
    """Callbacks that are due, by time; then priority; then those least recently tried."""
    callback = lead.callback if lead.callback and not lead.callback.closed else None
    return (
        callback is None,
        callback.due_in if callback else 0,
        -lead.priority,
        lead.tried_at is not None,
        lead.tried_at or 0,
        place,
    )


def _is_his(world: World, place: int, user: UserId) -> bool:
    lead = world.leads[place]
    boxed = lead.box is not None and lead.box.stands and lead.box.holder == user
    callback = lead.callback if lead.callback and not lead.callback.closed else None
    return boxed or (callback is not None and callback.user == user)


def next_number(lead: Lead) -> str:
    """The number that was tried least, the first of the list among equals."""
    tried_least = min(
        (point for point in lead.points if point.may_be_dialled),
        key=lambda point: point.attempts,
    )
    assert tried_least.e164 is not None
    return tried_least.e164


def request(user: UserId | None = None) -> ClaimRequest:
    return ClaimRequest(
        campaign_id=1,
        project_id=1,
        workgroup_ids=CALLING,
        max_attempts=MAX_ATTEMPTS,
        hours=DAYTIME,
        trunk="carrier",
        caller_ids=("0312345678", "0312345679"),
        for_user=user,
    )


def in_hours(hours: int) -> datetime:
    return NOON + timedelta(hours=hours)
